"""Where the server of a name is: which hosts and ports, and as whom it must prove itself.

A check that asks: it yields DNS questions (SRV) and `WellKnownQuestion`s, and returns a `Destination`. The addresses of
the hosts it names, redirects, certificates and caches are of whoever connects. A name leads where its owner wants, into
the asker's own network too: who connects looks at the addresses that come out, not at the names, and ends circles.

    destination = run(locate("example.org"), answers)
    destination.places   # (Place("matrix.example.org", 443),)
    destination.host     # "example.org": for the Host header; its certificate must be for `certified_name`

Standards: Matrix v1.19, Server-Server API §Resolving server names; RFC 2782 (SRV), RFC 8615 (well-known).
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from scop.base import Check, RemoteProtocolError
from scop.dns import Answer, Question
from scop.dns.rdata import SRV
from scop.matrix.ids import ServerName

__all__ = [
    "FEDERATION_PORT",
    "MAX_WELL_KNOWN_OCTETS",
    "Destination",
    "Place",
    "WellKnownAnswer",
    "WellKnownQuestion",
    "locate",
    "well_known_seconds",
]

FEDERATION_PORT = 8448
MAX_WELL_KNOWN_OCTETS = 50 * 1024  # a server's name has 230 characters; whoever fetches reads no more than this
_HOUR_SECONDS = 3600
_USUAL_SECONDS = 24 * _HOUR_SECONDS  # Matrix v1.19 SS §Resolving server names 3: the three recommended times
_LONGEST_SECONDS = 48 * _HOUR_SECONDS
_LONGEST_ERROR_SECONDS = _HOUR_SECONDS
_MAX_AGE = re.compile(r"(?:\A|[,\s])max-age\s*=\s*\"?([0-9]{1,10})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:\A|[,\s])no-(?:cache|store)\b", re.IGNORECASE)
_decode = msgspec.json.Decoder(dict[str, object]).decode


@dataclass(frozen=True, slots=True)
class WellKnownQuestion:
    """What https://<host>/.well-known/matrix/server says; redirects are followed, certificates checked."""

    host: str


@dataclass(frozen=True, slots=True)
class WellKnownAnswer:
    """What came back in the end; status 0 where nothing did."""

    status: int
    body: bytes = b""


Asked: TypeAlias = Question | WellKnownQuestion
Answered: TypeAlias = Answer | WellKnownAnswer


@dataclass(frozen=True, slots=True)
class Place:
    """A host, by name or address (IPv6 without brackets), and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to connect, each place tried in turn, what to say as Host, and for whom the certificate must be.

    No places: the server's DNS says that it is nowhere (an SRV target of ".").
    """

    places: tuple[Place, ...]
    host: str
    certified_name: str


def locate(server_name: str) -> Check[Asked, Answered, Destination]:
    """Return where a server is; raises `RemoteProtocolError` for what is no server's name."""
    server = ServerName.parse(server_name)
    # Steps 1 and 2: an address, or a port, is all that is needed.
    if server.is_address or server.port is not None:
        return _at(server)
    # Step 3: the host may name another server, which is then located by its steps 3.1 to 3.5.
    answered = yield WellKnownQuestion(server.host)
    delegated = _delegated(answered)
    if delegated is None:
        # Steps 4, 5 and 6.
        return (yield from _by_records(server))
    if delegated.is_address or delegated.port is not None:
        return _at(delegated)
    return (yield from _by_records(delegated))


def _at(server: ServerName) -> Destination:
    """Return the destination that a name without further questions is."""
    bare = server.host.strip("[]")
    return Destination((Place(bare, server.port or FEDERATION_PORT),), str(server), bare)


def _delegated(answered: Answered) -> ServerName | None:
    """Return whom a well-known names; None for any that is not valid, as step 3 has it."""
    if not isinstance(answered, WellKnownAnswer) or answered.status != 200:
        return None
    if len(answered.body) > MAX_WELL_KNOWN_OCTETS:
        return None
    try:
        # "servers parsing the response should assume that the body is JSON regardless of type"
        named = _decode(answered.body).get("m.server")
        return ServerName.parse(named) if isinstance(named, str) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, RemoteProtocolError):
        return None


def _by_records(server: ServerName) -> Generator[Asked, Answered, Destination]:
    """Return where SRV records say that a server is, or the port of federation on its host."""
    # Steps 3.3 and 4; and, deprecated, 3.4 and 5.
    for service in ("_matrix-fed._tcp", "_matrix._tcp"):
        try:
            question = Question(f"{service}.{server.host}", SRV.type)
        except ValueError:
            break  # the host is longer than a name of the DNS, and has no records
        answered = yield question
        records = answered.records if isinstance(answered, Answer) and not answered.is_temporary else ()
        if found := [record for record in records if isinstance(record, SRV)]:
            return Destination(_in_order(found), server.host, server.host)
    # Steps 3.5 and 6.
    return Destination((Place(server.host, FEDERATION_PORT),), server.host, server.host)


def _in_order(records: list[SRV]) -> tuple[Place, ...]:
    # Simpler than RFC 2782: within one priority the heavier comes first, where it would be drawn by weight.
    ordered = sorted(records, key=lambda record: (record.priority, -record.weight))
    # RFC 2782 §Target: "A Target of "." means that the service is decidedly not available at this domain."
    return tuple(Place(record.target, record.port) for record in ordered if record.target)


def well_known_seconds(answered: WellKnownAnswer, cache_control: str | None) -> int:
    """Return for how long the answer of a host is kept."""
    usual, longest = _USUAL_SECONDS, _LONGEST_SECONDS
    if _delegated(answered) is None:
        usual = longest = _LONGEST_ERROR_SECONDS
    said = cache_control or ""
    if _NO_CACHE.search(said):
        return 0
    found = _MAX_AGE.search(said)
    return min(int(found[1]) if found else usual, longest)
