"""The SCRAM exchanges that are open: few, short, and each good for one answer.

Standards: RFC 5802 §5 (messages), §5.1 (nonces are new for every exchange).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from scop.base import Clock
from scop.base.sources import Sources
from scop.cells.keeper.account import MAX_APP_PASSWORDS, ScramSha256
from scop.cells.keeper.salts import ScramTerms
from scop.mesh.vocabulary.keeper import BeginScram
from scop.smtp.sasl import ScramVerifier, ServerExchange

__all__ = ["Exchange", "Exchanges"]

MAX_OPEN = 1000  # above what all connections of submission have at once; the oldest ends first
MAX_OPEN_PER_HOST = 100  # so that one that begins and never ends only ends its own
MAX_SECONDS = 60.0  # a program answers at once, a person has typed the password before
NONCE_OCTETS = 18
_KEY_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Exchange:
    """One login that was begun."""

    asked: BeginScram
    login: str
    nonce: str
    terms: ScramTerms
    began: float
    host: str = ""  # IPv6: the /64

    def first(self) -> bytes:
        """Return the server's first message."""
        return self._at_challenge(nobody(self.terms))[1]

    def find(self, client_final: bytes, verifiers: tuple[ScramSha256, ...]) -> tuple[ScramSha256, bytes] | None:
        """Return the verifier that the proof fits, with the server's last message; raises `RemoteProtocolError`.

        An account may have many app passwords, and the client does not say which one it has: they share
        their salt, so the same first message stands for all of them. Nor does the time tell how many there are.
        """
        found, missing = None, MAX_APP_PASSWORDS + 1 - len(verifiers)  # and the account's own
        for verifier in (*verifiers, *[ScramSha256.of(nobody(self.terms))] * missing):
            final = self._at_challenge(verifier.verifier())[0].finish(client_final)
            if final is not None and found is None:
                found = (verifier, final)
        return found

    def _at_challenge(self, verifier: ScramVerifier) -> tuple[ServerExchange, bytes]:
        exchange = new_exchange(self.asked, self.nonce)
        exchange.read_first(self.asked.client_first)
        return exchange, exchange.challenge(verifier)


class Exchanges:
    """Keeps what is open; used on one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Exchange] = {}  # in the order in which they began
        self._sources = Sources()

    def add(self, asked: BeginScram, login: str, nonce: str, terms: ScramTerms) -> tuple[str, Exchange]:
        """Keep one more; return the name by which it is taken out."""
        source = self._sources.of(asked.address)
        host = source.host if source else ""
        self._make_room([name for name, each in self._open.items() if host and each.host == host], MAX_OPEN_PER_HOST)
        self._make_room(list(self._open), MAX_OPEN)
        name = secrets.token_hex(16)
        self._open[name] = Exchange(asked, login, nonce, terms, self._clock.monotonic(), host)
        return name, self._open[name]

    def _make_room(self, names: list[str], limit: int) -> None:
        for name in names[: max(0, len(names) - limit + 1)]:
            del self._open[name]

    def take(self, name: str) -> Exchange | None:
        """Return an exchange, for the first time and in time only."""
        found = self._open.pop(name, None)
        if found is None or self._clock.monotonic() - found.began > MAX_SECONDS:
            return None
        return found


def new_nonce() -> str:
    """Return a server's part of a nonce."""
    return secrets.token_urlsafe(NONCE_OCTETS)


def new_exchange(asked: BeginScram, nonce: str) -> ServerExchange:
    """Return the machine of an exchange; raises `LocalProtocolError` for a mechanism that it does not know."""
    return ServerExchange(asked.mechanism, nonce=nonce, channel_binding=asked.channel_binding)


def nobody(terms: ScramTerms) -> ScramVerifier:
    """Return a verifier that no proof fits: nobody knows a password whose keys are these."""
    return ScramVerifier(
        terms.salt, terms.iterations, secrets.token_bytes(_KEY_OCTETS), secrets.token_bytes(_KEY_OCTETS)
    )
