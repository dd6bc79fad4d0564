"""What the two ends agree on: the changes that a filter may ask for, and the steps that are told it or left out.

Standards: Sendmail libmilter/mfdef.h (SMFIF_*, SMFIP_*).
"""

from __future__ import annotations

import enum

__all__ = ["Action", "Step"]


class Action(enum.IntFlag):
    """A change that a filter may ask for (SMFIF_*); those that we never ask for have no name here."""

    ADD_FIELDS = 0x01
    CHANGE_FIELDS = 0x10
    QUARANTINE = 0x20


class Step(enum.IntFlag):
    """What the mail server leaves out (NO_…), wants no answer to (SILENT_…), or understands (SMFIP_*)."""

    NO_CONNECT = 0x000001
    NO_HELO = 0x000002
    NO_MAIL = 0x000004
    NO_RECIPIENT = 0x000008
    NO_BODY = 0x000010
    NO_FIELD = 0x000020
    NO_HEADER_END = 0x000040
    SILENT_FIELD = 0x000080
    NO_UNKNOWN = 0x000100
    NO_DATA = 0x000200
    SKIP = 0x000400  # the rest of a body may be declined
    REFUSED_RECIPIENTS = 0x000800  # are told, too
    SILENT_CONNECT = 0x001000
    SILENT_HELO = 0x002000
    SILENT_MAIL = 0x004000
    SILENT_RECIPIENT = 0x008000
    SILENT_DATA = 0x010000
    SILENT_UNKNOWN = 0x020000
    SILENT_HEADER_END = 0x040000
    SILENT_BODY = 0x080000
    LEADING_SPACE = 0x100000  # a field's body comes and goes with the space behind the colon
