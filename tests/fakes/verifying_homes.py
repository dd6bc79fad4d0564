"""What tests of verifications do with homes."""

from __future__ import annotations

from fakes.identity_homes import Home
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption.trust import Trust
from scop.matrix.json_values import JsonObject
from scop.matrix.verification import VerificationCancelled

__all__ = [
    "ask_other",
    "ended_by",
    "everyone_hears",
    "made_ready",
    "send_raw",
    "shown_to",
    "trust_of",
    "with_identities",
]


def everyone_hears(people: list[Home], times: int = 1) -> None:
    """Let all sync in turn."""
    for _ in range(times):
        for home in people:
            home.hear()


def ask_other(asker: Home, other: Home, *devices: str) -> str:
    """Ask to verify; return the id."""
    flow_id = asker.do(asker.identity.verifications.request(other.place[0], devices))
    other.hear()
    return flow_id


def made_ready(asker: Home, other: Home, *devices: str) -> str:
    """Ask, and let the other agree."""
    flow_id = ask_other(asker, other, *devices)
    other.act(other.identity.verifications.accept(flow_id))
    asker.hear()
    return flow_id


def shown_to(asker: Home, other: Home) -> str:
    """Go on until both see strings."""
    flow_id = made_ready(asker, other)
    asker.act(asker.identity.verifications.start_sas(flow_id))
    everyone_hears([other, asker], 2)
    return flow_id


def trust_of(home: Home, other: Home) -> Trust:
    """Return how far a device is trusted."""
    device = home.machine.devices.get(*other.place)
    assert device is not None
    return home.identity.trust.trust(device)


def with_identities(*people: Home) -> None:
    """Give everyone cross-signing keys, and let them know of each other."""
    for home in people:
        home.do(home.identity.cross_signing.bootstrap())
    everyone_hears(list(people))
    for home in people:
        home.do(home.machine.track([other.place[0] for other in people]))


def ended_by(home: Home) -> tuple[str, bool]:
    """Return by which code the last verification ended, and whether by us."""
    cancelled = home.last(VerificationCancelled)
    assert isinstance(cancelled, VerificationCancelled)
    return cancelled.code, cancelled.is_by_us


def send_raw(home: Home, other: Home, kind: str, content: JsonObject) -> None:
    """Send a forged message of a verification."""
    request = SendToDevice(
        event_type=f"m.key.verification.{kind}",
        txn_id=f"forged{len(home.homeserver.asked)}",
        messages={other.place[0]: {other.place[1]: content}},
    )
    home.homeserver.answer(home.place, request)
