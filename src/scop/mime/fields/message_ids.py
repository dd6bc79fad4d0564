"""Message-ID and the fields that point at one: identifiers, compared octet by octet.

Standards: RFC 5322 §3.6.4, §4.5.4 (obsolete phrases between them); RFC 2045 §7 (Content-ID); RFC 6532.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MessageId"]


@dataclass(frozen=True, slots=True)
class MessageId:
    """One identifier, as in `<left@right>`; `right` is "" where no "@" stands."""

    left: str
    right: str = ""

    def __str__(self) -> str:
        return f"<{self.left}@{self.right}>" if self.right else f"<{self.left}>"
