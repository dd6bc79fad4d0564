"""`[attachments]`: what is done with mail whose attachments are bad, and who else looks into them."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from scop.mesh.config.checks import check_address, check_port, check_positive

__all__ = ["Attachments", "Policy"]

MIN_SECONDS = 1.0  # below that the first mail after a pause could not be looked into on a busy machine
MAX_SECONDS = 12.0  # with the wait for a turn below the 25 s that a caller waits
_PLACE = re.compile(r"(?:\[([^\]]*)\]|([^:\[\]]*)):([0-9]{1,9})")


class Policy(StrEnum):
    """What is done with a mail."""

    TAG = "tag"  # it says so on top, and goes where it would
    QUARANTINE = "quarantine"  # it is kept apart
    REFUSE = "refuse"  # the sender is told no


class Attachments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each severity leads to; a note is only ever told."""

    suspicious: Policy = Policy.TAG
    dangerous: Policy = Policy.QUARANTINE
    # What could not be examined: it broke the examiner's child, or took too long.
    unscannable: Policy = Policy.QUARANTINE
    yara_rules: str = ""  # a file or folder of YARA rules
    clamav: str = ""  # where clamd listens, as 127.0.0.1:3310; it is handed each mail with attachments
    seconds: float = 10.0  # for one mail

    def __post_init__(self) -> None:
        """Check the time, and where the scanner is."""
        check_positive("seconds", self.seconds)
        if not MIN_SECONDS <= self.seconds <= MAX_SECONDS:
            raise ValueError(
                f"seconds: a mail is examined for {MIN_SECONDS:g} s at least and {MAX_SECONDS:g} s at most, "
                f"not {self.seconds:g}"
            )
        if self.clamd is not None:
            check_address("clamav", self.clamd[0])
            check_port("clamav", self.clamd[1])

    @property
    def clamd(self) -> tuple[str, int] | None:
        """The address and the port of the scanner; None for none."""
        if not self.clamav:
            return None
        place = _PLACE.fullmatch(self.clamav)
        if place is None:
            raise ValueError(f"clamav: an address and a port such as 127.0.0.1:3310 or [::1]:3310, not {self.clamav!r}")
        return place[1] or place[2], int(place[3])
