"""`[reports]`: which reports are sent, and where those arrive that are for us."""

from __future__ import annotations

import re

import msgspec

from scop.mesh.config.checks import check_positive
from scop.mesh.config.publish import Publish

__all__ = ["Reports"]

_LOCAL_PART = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")  # a part of RFC 5322's dot-atom, without `+`
_MAILTO = re.compile(r"mailto:([^@,;!\s]+)@([^,;!\s]+)", re.IGNORECASE)
MAX_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1


class Reports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the reporter does."""

    aggregate: bool = True  # RFC 9990, daily
    failure: bool = False  # RFC 9991: they show strangers what our people got
    tls: bool = True  # RFC 8460, daily
    # Local part: reports to it are read by the reporter, and reports are sent from it. An account of this name gets
    # that mail too.
    mailbox: str = "reports"
    kept_days: int = 400  # how long what came and what was sent is kept: a year can be seen beside the last

    def __post_init__(self) -> None:
        """Check each value."""
        if len(self.mailbox) > MAX_LOCAL_PART or not _LOCAL_PART.fullmatch(self.mailbox):
            raise ValueError(f"mailbox: {self.mailbox!r} is no lower-case local part of an address")
        check_positive("kept_days", self.kept_days)

    def local_parts(self, domain: str, publish: Publish) -> frozenset[str]:
        """Return the local parts whose mail the reporter reads: its own, and those that `[publish]` asks reports to."""
        asked = f"{publish.dmarc} {publish.tls_reports}"
        # Without a +detail, as recipients are compared with it.
        named = {local.lower().partition("+")[0] for local, host in _MAILTO.findall(asked) if host.lower() == domain}
        return frozenset({self.mailbox, *named})
