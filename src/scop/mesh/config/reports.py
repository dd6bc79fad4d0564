"""`[reports]`: which reports are sent, and where those arrive that are for us."""

from __future__ import annotations

import msgspec

__all__ = ["Reports"]


class Reports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the reporter does."""

    aggregate: bool = True  # RFC 9990, daily
    failure: bool = False  # RFC 9991: they show strangers what our people got
    tls: bool = True  # RFC 8460, daily
    mailbox: str = "reports"  # local part: reports to it are read by the reporter, and reports are sent from it
