"""Where mail for a domain goes: a check that asks the DNS and returns hosts in the order to try them.

A smarthost of the configuration comes first, then MX, then the domain itself. What leads back to ourselves, by name or
by address, is no way. What DNSSEC proved is noted, because DANE is worth nothing without it.

Standards: RFC 5321 §5 (MX) and §4.1.3 (address literals), RFC 7505 (null MX), RFC 3974 (both address families),
RFC 7672 §2.2 (which of it must be secure).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from scop.base.sources import unmapped
from scop.dns import AAAA, MX, A, Answer, Question, Security
from scop.mesh.config import Smarthost
from scop.net.dialer import in_turn

__all__ = ["Host", "Ourselves", "Route", "Routing", "Unroutable", "route", "shuffled", "through_smarthost"]

MAX_HOSTS = 10  # tried in one attempt; RFC 5321 §5.1 wants at least two
MAX_ADDRESSES = 4  # of one host
_BEHIND_ALL = 0x10000  # no preference is so high

Chance: TypeAlias = Callable[[], float]  # gives random numbers from 0 to 1


@dataclass(frozen=True, slots=True)
class Host:
    """One mail host with where it can be reached."""

    name: str
    addresses: tuple[str, ...]
    preference: int = 0


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


@dataclass(frozen=True, slots=True)
class Ourselves:
    """Who sends: the names and the address that we go by, which must not be where the mail is to go."""

    names: frozenset[str]
    address: str = ""  # from which we send; '' or an unspecified one: whichever the system picks

    @property
    def address_types(self) -> tuple[str, ...]:
        """Which addresses of others we can reach from ours."""
        # RFC 3974 §3: both, IPv6 first; a source of one family reaches that family only, and SPF names it.
        if not self.address or self.address == "::":
            return ("AAAA", "A")
        return ("AAAA",) if ":" in self.address else ("A",)

    def has_address(self, address: str) -> bool:
        """Tell whether a connection to an address would end at ourselves."""
        other = unmapped(ipaddress.ip_address(address))
        if other.is_unspecified:
            return True
        if not self.address or (own := unmapped(ipaddress.ip_address(self.address))).is_unspecified:
            return other.is_loopback
        # Loopback is ourselves, unless we are on it with the rest of the world, as in a demonstration.
        return other == own or (other.is_loopback and not own.is_loopback)


_OURSELVES = Unroutable(permanent=True, status="5.4.6", reason="the domain's best mail host is ourselves")


_NO_ADDRESS = Unroutable(permanent=True, status="5.4.4", reason="none of the domain's mail hosts has an address")
_NO_ADDRESS_LOOKUP = Unroutable(
    permanent=False, status="4.4.3", reason="the mail hosts' addresses could not be looked up"
)
_NO_LOOKUP = Unroutable(permanent=False, status="4.4.3", reason="the domain's MX could not be looked up")


def route(domain: str, ourselves: Ourselves, chance: Chance) -> Routing:
    """Ask for the hosts of a domain; `chance` gives random numbers that order hosts of equal preference."""
    if domain.startswith("["):
        return _of_literal(domain, ourselves)
    try:
        question = Question(domain, "MX")
    except ValueError:
        return Unroutable(permanent=True, status="5.1.2", reason="this is no domain name")
    answer = yield question
    if answer.is_temporary:
        return _NO_LOOKUP
    if not answer.exists:
        return Unroutable(permanent=True, status="5.1.2", reason="there is no such domain")
    found = [record for record in answer.records if isinstance(record, MX)]
    if any(record.is_null for record in found):
        # RFC 7505 §3: a null MX says that the domain takes no mail.
        return Unroutable(permanent=True, status="5.1.10", reason="the domain takes no mail (null MX)")
    # RFC 5321 §5.1: no MX at all means the domain itself, with preference 0.
    records = _in_order(found or [MX(0, answer.canonical_name)], ourselves, chance)
    if not records:
        return _OURSELVES
    # RFC 7672 §2.2.1: an MX that is not proved could name anybody's host.
    is_secure = answer.security is Security.SECURE
    return (yield from _with_addresses(Route(domain, (), is_secure), records, ourselves))


def through_smarthost(domain: str, smarthost: Smarthost, ourselves: Ourselves) -> Routing:
    """Ask for the addresses of the host that the configuration names for a domain; it may well be on loopback."""
    empty = Route(domain, (), smarthost=smarthost)
    try:
        address = ipaddress.ip_address(smarthost.host)
    except ValueError:
        answers = yield from _lookups(smarthost.host, ourselves.address_types)
        host = _host(MX(0, smarthost.host), answers)
        if host.addresses:
            # The owner named this host, so that it is the right one needs no proof.
            return replace(empty, hosts=(host,), secure=True)
        if any(answer.is_temporary for answer in answers):
            return _NO_ADDRESS_LOOKUP
        # A name that is wrong in the configuration is for the owner to mend; the mail waits for it.
        return Unroutable(permanent=False, status="4.4.4", reason=f"the smarthost {smarthost.host} has no address")
    return replace(empty, hosts=(Host(smarthost.host, (str(address),)),))


def shuffled(route: Route, chance: Chance) -> Route:
    """Return a route with its hosts of equal preference in a new random order (RFC 5321 §5.1)."""
    return replace(route, hosts=tuple(sorted(route.hosts, key=lambda host: (host.preference, chance()))))


def _of_literal(domain: str, ourselves: Ourselves) -> Route | Unroutable:
    text = domain.strip("[]")
    address = text[5:] if text[:5].lower() == "ipv6:" else text  # RFC 5321 §4.1.3
    if ourselves.has_address(address):
        return _OURSELVES
    return Route(domain, (Host(domain, (address,)),))


def _in_order(found: Iterable[MX], ourselves: Ourselves, chance: Chance) -> list[MX]:
    """Return records by preference, equals in random order; none at or behind ourselves."""
    # RFC 5321 §5.1: if we are in the list, only better hosts may be tried, else mail would circle.
    records = list(found)
    ours = [record.preference for record in records if record.exchange in ourselves.names]
    allowed = [record for record in records if not ours or record.preference < min(ours)]
    return sorted(allowed, key=lambda record: (record.preference, chance()))[:MAX_HOSTS]


def _with_addresses(empty: Route, records: list[MX], ourselves: Ourselves) -> Routing:
    """Ask for the addresses of hosts, until one is ourselves: the hosts behind it would only send the mail back."""
    hosts: list[Host] = []
    is_temporary, our_preference = False, _BEHIND_ALL
    for record in records:
        if record.preference >= our_preference:
            break
        answers = yield from _lookups(record.exchange, ourselves.address_types)
        is_temporary = is_temporary or any(answer.is_temporary for answer in answers)
        host = _host(record, answers)
        if any(map(ourselves.has_address, host.addresses)):
            our_preference = record.preference
        elif host.addresses:
            hosts.append(host)
    hosts = [host for host in hosts if host.preference < our_preference]
    if hosts:
        return replace(empty, hosts=tuple(hosts))
    if our_preference != _BEHIND_ALL:
        return _OURSELVES
    return _NO_ADDRESS_LOOKUP if is_temporary else _NO_ADDRESS


def _lookups(name: str, types: tuple[str, ...]) -> Generator[Question, Answer, tuple[Answer, ...]]:
    answers: tuple[Answer, ...] = ()
    for type_ in types:
        answers = (*answers, (yield Question(name, type_)))
    return answers


def _host(record: MX, answers: tuple[Answer, ...]) -> Host:
    # RFC 5321 §5.1 leaves open what an MX that names an alias means. Lenient: it is followed, as everywhere.
    families = [[each.address for each in answer.records if isinstance(each, (A, AAAA))] for answer in answers]
    return Host(record.exchange, in_turn(families)[:MAX_ADDRESSES], record.preference)
