"""What a bounce tells: which recipients failed, why, and of which mail.

Standards: RFC 3464 §2.2 and §2.3, RFC 3463 (status codes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scop.smtp import ForwardPath, Mailbox, Reply

__all__ = ["Failure", "Notice"]

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")  # RFC 3463 §2


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient that will not get the mail; `explanation` is for people, `reply` the last server's own words."""

    forward_path: ForwardPath
    status: str
    explanation: str
    reply: Reply | None = None
    remote_host: str = ""

    def __post_init__(self) -> None:
        if not _STATUS.fullmatch(self.status):
            raise ValueError(f"{self.status!r} is no status code")


@dataclass(frozen=True, slots=True)
class Notice:
    """Everything a bounce says but the mail it is about; `ident` makes its ids, times are Unix seconds."""

    reporting_host: str
    author: Mailbox
    recipient: Mailbox  # the reverse path of the mail that failed
    failures: tuple[Failure, ...]
    arrived_unix: float
    now_unix: float
    ident: str

    def __post_init__(self) -> None:
        if not self.failures:
            raise ValueError("a bounce tells of at least one failure")

    @property
    def is_international(self) -> bool:
        """Whether an address in it needs UTF-8 (RFC 6533)."""
        mailboxes = (failure.forward_path.mailbox for failure in self.failures)
        return not all(mailbox is None or mailbox.is_ascii for mailbox in (self.recipient, *mailboxes))
