"""What goes into a verification and comes out of it, whatever its method."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from scop.matrix.json_values import JsonObject
from scop.matrix.verification.happenings import IdentityHappening
from scop.matrix.verification.reciprocate import RECIPROCATE, SCAN, SHOW
from scop.matrix.verification.sas import SAS_METHOD, SasOptions

__all__ = ["FlowOptions", "GrowingTurn", "Outgoing", "Stage", "Turn"]


class Stage(StrEnum):
    """How far a verification is."""

    ASKED = "asked"
    READY = "ready"
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class FlowOptions:
    """What our device can do."""

    sas: SasOptions = field(default_factory=SasOptions)
    can_show: bool = True  # a QR code
    can_scan: bool = True

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that requests and answers to them name."""
        qr = ((SHOW,) if self.can_show else ()) + ((SCAN,) if self.can_scan else ())
        return (SAS_METHOD, *qr, *((RECIPROCATE,) if qr else ()))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be sent: to these devices of the other user, or in the room of the verification."""

    event_type: str
    content: JsonObject
    device_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one thing that happened."""

    outgoing: tuple[Outgoing, ...] = ()
    happenings: tuple[IdentityHappening, ...] = ()


@dataclass(slots=True)
class GrowingTurn:
    """One that is not at its end."""

    outgoing: list[Outgoing] = field(default_factory=list)
    happenings: list[IdentityHappening] = field(default_factory=list)

    def done(self) -> Turn:
        """Return what came of it."""
        return Turn(tuple(self.outgoing), tuple(self.happenings))
