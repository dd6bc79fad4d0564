"""`[attachments]`: what is done with mail whose attachments are bad, and who else looks into them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Attachments", "Policy"]


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
