"""`[spam]`: how the filter learns, and where people forward what it got wrong."""

from __future__ import annotations

import re

import msgspec

__all__ = ["Spam"]

_LOCAL_PART = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")  # a part of RFC 5322's dot-atom, without `+`
_MAX_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1


class Spam(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people teach, and what the filter teaches itself."""

    # Local parts of our domain: what our own users forward there, attached, is learned as spam and as ham.
    spam_mailbox: str = "spam"
    ham_mailbox: str = "ham"
    # Learn from verdicts that are as sure as can be, as long as people teach too.
    learn_from_own_verdicts: bool = True

    def __post_init__(self) -> None:
        """Check the names."""
        for name in ("spam_mailbox", "ham_mailbox"):
            value = getattr(self, name)
            if len(value) > _MAX_LOCAL_PART or not _LOCAL_PART.fullmatch(value):
                raise ValueError(f"{name}: {value!r} is no lower-case local part of an address")
        if self.spam_mailbox == self.ham_mailbox:
            raise ValueError(f"ham_mailbox: {self.ham_mailbox!r} is where spam is sent to be learned already")
