"""What lies in the queue, as values: letters that come in, loads that go out, and what became of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from scop.smtp import Mail, Recipient

__all__ = ["SIGNER", "Held", "Letter", "Load", "Settled", "Waiting"]

SIGNER = "<signer>"  # the destination of a notice that is still to be sealed; no domain looks like this


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be carried; without a delivery id it is one of our own and always new."""

    trace: str
    mail: Mail
    recipients: tuple[tuple[str, Recipient], ...]  # destination (a domain, or SIGNER) and recipient
    octets: bytes
    delivery_id: str = ""
    tls_optional: bool = False  # its author wrote `TLS-Required: No` (RFC 8689 §5)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One recipient that still waits for its mail."""

    id: int
    recipient: Recipient
    attempts: int = 0  # so far
    delay_told: bool = False  # its sender has heard of the delay


@dataclass(frozen=True, slots=True)
class Load:
    """One message's recipients at one destination, to be tried now."""

    message: int
    destination: str
    trace: str
    mail: Mail
    tls_optional: bool
    queued_unix: float
    recipients: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one recipient: done, or to be tried again at `next_unix`.

    A recipient that failed is told, so that the same mail may be handed in for it again.
    """

    id: int
    last_reply: str
    next_unix: float | None = None
    failed: Recipient | None = None
    delay_told: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What is passed over for now: recipients that are underway, destinations that are busy enough."""

    recipients: frozenset[int] = frozenset()
    destinations: frozenset[str] = frozenset()

    def parameters(self) -> tuple[str, str]:
        """Return both as JSON, for `json_each`."""
        return json.dumps(sorted(self.recipients)), json.dumps(sorted(self.destinations))
