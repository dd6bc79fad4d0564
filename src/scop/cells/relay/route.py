"""Where mail for a domain goes: a check that asks the DNS and returns hosts in the order to try them.

Standards: RFC 5321 §5 (MX), RFC 7505 (null MX), RFC 5321 §4.1.3 (address literals), RFC 3974 (both address families).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias

from scop.dns import AAAA, MX, A, Answer, Question
from scop.mesh.config import Smarthost

__all__ = ["Host", "Route", "Routing", "Unroutable", "route"]

MAX_HOSTS = 10  # tried in one attempt; RFC 5321 §5.1 wants at least two
MAX_ADDRESSES = 4  # of one host


@dataclass(frozen=True, slots=True)
class Host:
    """One mail host with where it can be reached."""

    name: str
    addresses: tuple[str, ...]
    secure: bool = False  # the addresses were proved by DNSSEC


@dataclass(frozen=True, slots=True)
class Route:
    """The hosts to try, the preferred first."""

    domain: str
    hosts: tuple[Host, ...]
    secure: bool = False  # that these are the domain's hosts was proved by DNSSEC
    smarthost: Smarthost | None = None  # by configuration, not by MX: how to log in there


@dataclass(frozen=True, slots=True)
class Unroutable:
    """There is no way, for good or for now; `status` is an enhanced code (RFC 3463)."""

    permanent: bool
    status: str
    reason: str


Routing: TypeAlias = Generator[Question, Answer, Route | Unroutable]


def route(domain: str, our_name: str, chance: Callable[[], float]) -> Routing:
    """Ask for the hosts of a domain; `chance` gives random numbers that order hosts of equal preference."""
    if domain.startswith("["):
        return Route(domain, (Host(domain, (domain.strip("[]").removeprefix("IPv6:"),)),))
    try:
        question = Question(domain, "MX")
    except ValueError:
        return Unroutable(permanent=True, status="5.1.2", reason="this is no domain name")
    answer = yield question
    if answer.is_temporary:
        return Unroutable(permanent=False, status="4.4.3", reason="the domain's MX could not be looked up")
    if not answer.exists:
        return Unroutable(permanent=True, status="5.1.2", reason="there is no such domain")
    found = [record for record in answer.records if isinstance(record, MX)]
    if any(record.is_null for record in found):
        # RFC 7505 §3: a null MX says that the domain takes no mail.
        return Unroutable(permanent=True, status="5.1.10", reason="the domain takes no mail (null MX)")
    # RFC 5321 §5.1: no MX at all means the domain itself, with preference 0.
    names = _in_order(found, our_name, chance) if found else (answer.canonical_name,)
    if not names:
        return Unroutable(permanent=True, status="5.4.6", reason="the domain's best mail host is ourselves")
    return (yield from _with_addresses(domain, names))


def _in_order(found: list[MX], our_name: str, chance: Callable[[], float]) -> tuple[str, ...]:
    """Return host names by preference, equals in random order; none at or behind ourselves."""
    # RFC 5321 §5.1: if we are in the list, only better hosts may be tried, else mail would circle.
    ours = [record.preference for record in found if record.exchange == our_name.lower()]
    allowed = [record for record in found if not ours or record.preference < min(ours)]
    shuffled = sorted(allowed, key=lambda record: (record.preference, chance()))
    return tuple(record.exchange for record in shuffled[:MAX_HOSTS])


def _with_addresses(domain: str, names: tuple[str, ...]) -> Routing:
    hosts: list[Host] = []
    is_temporary = False
    for name in names:
        addresses: list[str] = []
        for type_ in ("AAAA", "A"):
            answer = yield Question(name, type_)
            is_temporary = is_temporary or answer.is_temporary
            addresses += [record.address for record in answer.records if isinstance(record, (A, AAAA))]
        if addresses:
            hosts.append(Host(name, tuple(addresses[:MAX_ADDRESSES])))
    if hosts:
        return Route(domain, tuple(hosts))
    if is_temporary:
        return Unroutable(permanent=False, status="4.4.3", reason="the mail hosts' addresses could not be looked up")
    return Unroutable(permanent=True, status="5.4.4", reason="none of the domain's mail hosts has an address")
