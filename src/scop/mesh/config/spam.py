"""`[spam]`: how the filter learns, and where people forward what it got wrong."""

from __future__ import annotations

import msgspec

__all__ = ["Spam"]


class Spam(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people teach, and what the filter teaches itself."""

    # Local parts of our domain: what our own users forward there, attached, is learned as spam and as ham.
    spam_mailbox: str = "spam"
    ham_mailbox: str = "ham"
    # Learn from verdicts that are as sure as can be, as long as people teach too.
    learn_from_own_verdicts: bool = True
