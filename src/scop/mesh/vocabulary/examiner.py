"""What the examiner is asked by the filter: what is in this mail's attachments?"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from scop.mesh.calls import Call

__all__ = ["ExamineMail", "Examined", "FoundThing", "Severity", "unscannable"]

# As `scop.attachments.Severity` has them: neither the filter nor the examiner's long-lived half loads that library.
Severity: TypeAlias = Literal["note", "suspicious", "dangerous"]
MAX_TEXT_CHARACTERS = 400  # of a place and of a reason


class FoundThing(msgspec.Struct, frozen=True):
    """One finding, in the words of `scop.attachments`; `place` and `reason` may bear what a stranger wrote."""

    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{1,20}\Z")]
    severity: Severity
    place: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARACTERS)]
    reason: Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARACTERS)]


def unscannable(reason: str) -> FoundThing:
    """Return the finding that a mail could not be examined."""
    return FoundThing("unscannable", "suspicious", "", reason)


class Examined(msgspec.Struct, frozen=True):
    """What was found; before the last piece of a mail, nothing."""

    findings: tuple[FoundThing, ...] = ()


class ExamineMail(Call[Examined], frozen=True):
    """Take this piece of a mail; the last one (offset + piece = total) has it examined.

    `ident` tells the mails apart that travel at once; `client` is who sent it, so that one who sends mails that take
    long waits behind others.
    """

    ident: str
    offset: int
    total_octets: int
    octets: bytes
    client: str = ""
