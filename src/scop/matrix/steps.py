"""The shape of everything a client does: a generator that yields what it needs and returns its outcome.

It yields a `Request` and is sent the response, or the `MatrixError` is thrown into it; it yields a `Keep` and goes on
when that is durable; it yields a `Stretch` and is sent the key, which takes a while. Who drives it owns sockets,
retries, threads and the disk (`scop.net.matrix`), and tells `Client.keeps` of each `Keep`; in tests a dict does.

    def rename(client: Client, room_id: str, name: str) -> Steps[str]:
        sent = yield from ask(SetRoomStateWithKey(room_id=room_id, event_type="m.room.name", ...))
        return sent.event_id
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from scop.base import Clock
from scop.matrix.api.request import Request, Response

__all__ = [
    "AskElsewhere",
    "Chance",
    "Change",
    "Forget",
    "Keep",
    "Needed",
    "Shelf",
    "Steps",
    "Stretch",
    "Surroundings",
    "ask",
    "ask_at",
    "keep",
    "run",
    "stretch",
]

_Outcome = TypeVar("_Outcome")
_Answer = TypeVar("_Answer", bound=Response)


class Shelf(StrEnum):
    """What kind of thing is kept: one table each of whatever keeps them; keys are unique within one."""

    SESSION = "session"  # homeserver, user, device, tokens
    SYNC = "sync"  # how far was read, and how far rooms were
    ROOM = "room"  # state of rooms, by room id
    OUTBOX = "outbox"  # what is to be sent, by transaction id
    ACCOUNT_DATA = "account-data"
    ACCOUNT = "olm-account"
    OLM = "olm-session"
    OUTBOUND = "outbound-group-session"
    INBOUND = "inbound-group-session"
    DEVICES = "devices"  # of users, by user id
    SECRETS = "secrets"  # private halves of cross-signing and backup keys
    WAITING = "waiting"  # events that cannot be decrypted yet
    TRUST = "trust"  # whose identity was seen and verified, by user id
    BACKED_UP = "backed-up"  # sessions that are in the key backup, by session id
    UNTOLD = "untold"  # news that nobody was shown yet, in order


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is to be kept as octets, or, as None, no longer."""

    shelf: Shelf
    key: str
    octets: bytes | None = field(repr=False)  # private keys, which logs do not show


@dataclass(frozen=True, slots=True)
class Keep:
    """Changes that become durable together, before anything else is done."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Forget:
    """Nothing that was kept is kept any longer: the session is over."""


@dataclass(frozen=True, slots=True)
class AskElsewhere:
    """A request to another server than the session's, without its token: where a homeserver is, and logging in."""

    base_url: str  # as https://example.org, without a slash at its end
    request: Request[Any]  # Any: as in Needed
    token: str | None = field(default=None, repr=False)  # what is shown in place of the session's


@dataclass(frozen=True, slots=True)
class Stretch:
    """A key that is made of a passphrase by PBKDF2 with SHA-512, in so many rounds that it holds up who does it."""

    passphrase: str = field(repr=False)
    salt: bytes
    rounds: int
    octets: int

    def key(self) -> bytes:
        """Return the key, after some tenths of a second; other threads run meanwhile."""
        return hashlib.pbkdf2_hmac("sha512", self.passphrase.encode(), self.salt, self.rounds, self.octets)


# What a step may need. The response to a Request is sent in, the key of a Stretch; nothing (None) for a Keep or Forget.
Needed: TypeAlias = (
    Request[Any] | AskElsewhere | Keep | Forget | Stretch
)  # Any: the response of each request is its own; `ask` says which
Steps: TypeAlias = Generator[Needed, object, _Outcome]


class Chance(Protocol):
    """Gives random octets; tests hand in a counter."""

    def __call__(self, octets: int, /) -> bytes:
        """Return so many octets that nobody can guess."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a client is handed of the world: the time, and chance."""

    clock: Clock
    chance: Chance

    def unix_ms(self) -> int:
        """Return the time as Matrix writes it."""
        return int(self.clock.unix() * 1000)


def ask(request: Request[_Answer]) -> Steps[_Answer]:
    """Ask, and return the response; raises `MatrixError` where the server refuses."""
    answer = yield request
    return cast("_Answer", answer)  # who drives reads it by the request's own type


def ask_at(base_url: str, request: Request[_Answer], token: str | None = None) -> Steps[_Answer]:
    """Ask another server than that of the session, and return the response; raises `MatrixError`."""
    answer = yield AskElsewhere(base_url, request, token)
    return cast("_Answer", answer)


def keep(*changes: Change) -> Steps[None]:
    """Go on when the changes are durable."""
    if changes:
        yield Keep(changes)


def stretch(passphrase: str, salt: bytes, rounds: int, octets: int) -> Steps[bytes]:
    """Return a key that is made of a passphrase, when it is made."""
    key = yield Stretch(passphrase, salt, rounds, octets)
    return cast("bytes", key)


def run(steps: Steps[_Outcome], answer: Callable[[Needed], object]) -> _Outcome:
    """Drive steps to their end by a function that answers at once; what it raises is thrown into them.

    Keys are made here.
    """
    try:
        needed = next(steps)
        while True:
            try:
                answered = needed.key() if isinstance(needed, Stretch) else answer(needed)
            except Exception as fault:  # whatever it is, it is for the steps to know
                needed = steps.throw(fault)
            else:
                needed = steps.send(answered)
    except StopIteration as end:
        return cast("_Outcome", end.value)
