"""What lies in the queue, as values: letters that come in, loads that go out, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from scop.smtp import Mail, Recipient

__all__ = ["SIGNER", "Departure", "Held", "Letter", "Load", "Settled", "Waiting"]

SIGNER = "<signer>"  # the destination of a notice that is still to be sealed; no domain looks like this


class Departure(IntEnum):
    """How it stands with the last look before a mail leaves; the numbers are on the disk."""

    ASKED = 0  # each time
    KEPT_BACK = 1  # it would not pass, and is asked about again by itself
    WAIVED = 2  # the operator lets it leave without


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be carried; without a delivery id it is one of our own and always new.

    A hold that its sender asked for (RFC 4865) is given as a time, not as a pause.
    """

    trace: str
    mail: Mail
    recipients: tuple[tuple[str, Recipient], ...]  # destination (a domain, or SIGNER) and recipient
    octets: bytes
    delivery_id: str = ""
    tls_optional: bool = False  # its author wrote `TLS-Required: No` (RFC 8689 §3)

    @property
    def release_unix(self) -> float:
        """Before when its sender does not want it to go on."""
        hold = self.mail.hold
        return 0.0 if hold is None or hold.until_unix is None else hold.until_unix


@dataclass(frozen=True, slots=True)
class Waiting:
    """One recipient that still waits for its mail."""

    id: int
    recipient: Recipient
    attempts: int = 0  # so far
    delay_told: bool = False  # its sender has heard of the delay
    departure: Departure = Departure.ASKED


@dataclass(frozen=True, slots=True)
class Load:
    """One message's recipients at one destination, to be tried now.

    `mail` is what was handed in: a `deliver_by` counts from `queued_unix`.
    """

    message: int
    destination: str
    trace: str
    mail: Mail
    tls_optional: bool
    queued_unix: float
    recipients: tuple[Waiting, ...]
    size_octets: int = 0  # of the message

    @property
    def first_due_unix(self) -> float:
        """When it could be carried at first: the time for delivery runs from here."""
        hold = self.mail.hold
        return max(self.queued_unix, 0.0 if hold is None or hold.until_unix is None else hold.until_unix)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one recipient: done, or to be tried again at `next_unix`.

    A recipient that failed is told, so that the same mail may be handed in for it again. With `untried` it was no
    attempt: the mail was not let go.
    """

    id: int
    last_reply: str
    next_unix: float | None = None
    failed: Recipient | None = None
    delay_told: bool = False  # its sender has heard of the delay, now or before
    last_host: str = ""  # who said it, '' where nobody was reached
    untried: Departure | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What is passed over for now: recipients that are underway, destinations that are busy enough."""

    recipients: frozenset[int] = frozenset()
    destinations: frozenset[str] = frozenset()
