"""What the examiner is asked by the filter: what is in this mail's attachments?"""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = ["ExamineMail", "Examined", "FoundThing"]


class FoundThing(msgspec.Struct, frozen=True):
    """One finding, in the words of `scop.attachments` (the filter does not load that library)."""

    kind: str
    severity: str
    place: str
    reason: str


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
