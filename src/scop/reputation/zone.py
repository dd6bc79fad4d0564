"""The list as a DNS zone, so that any mail server can ask it: who is shut out, and which domains stand to be.

An address is asked for by its octets, or nibbles, in reverse below the zone's apex; a domain by its name below it. The
answer 127.0.0.N says by N what for, a TXT record says it in words. Networks stand as wildcards. Whatever lies in a
network that is listed is left out, since a name of its own would hide the wildcard (RFC 4592 §2.2.1).

What cannot be written so that it means nothing else is left out: IPv4 networks wider than a /16, and those whose
octets all have one digit, whose wildcard would also answer for IPv6 addresses.

Standards: RFC 5782 §2.1 (IPv4), §2.2 (TXT), §2.3 (networks), §2.4 (IPv6), §3 (domains), §5 (test entries); RFC 4592.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from scop.base import printable
from scop.base.days import moment_of
from scop.dns.rdata import TXT, A
from scop.reputation.entries import Action, Cause, Entry
from scop.reputation.subjects import Network, is_v4_address, network_of

__all__ = ["Listed", "ListedNames", "listed_names", "owner_of"]

# What the last octet says. RFC 5782 §2.1: 127.0.0.2 is the usual "listed"; §5 has it for the test entry.
CODES = {
    Cause.OPERATOR: 2,
    Cause.FORGERY: 3,
    Cause.SPAM: 4,
    Cause.MALWARE: 5,
    Cause.BROKEN_COMMANDS: 6,
    Cause.REFUSED_RECIPIENTS: 7,
}
MAX_TTL_SECONDS = 300  # for which whoever is let in again is still refused elsewhere
MAX_TEXT_OCTETS = 250  # one string
MAX_NAME_CHARACTERS = 253  # RFC 1035 §2.3.4: 255 octets, two of which are no text
WIDEST_V4 = 16
WIDEST_V6 = 16
# RFC 5782 §5: what is always listed; 127.0.0.1 and INVALID never are.
_TEST_V4, _TEST_V6, _TEST_DOMAIN = "127.0.0.2", "::ffff:127.0.0.2", "test"
_TEST_TEXT = "a test entry (RFC 5782 section 5)"


@dataclass(frozen=True, slots=True)
class Listed:
    """What stands at one name; a cache may hold it for `ttl_seconds`."""

    address: A
    text: TXT
    ttl_seconds: int


ListedNames: TypeAlias = dict[str, Listed]  # by owner
_Keys: TypeAlias = set[tuple[int, int, int]]  # networks: version, prefix, first address


def listed_names(entries: Iterable[Entry], apex: str, now_unix: float) -> ListedNames:
    """Return every name of the zone below its apex."""
    test = Listed(A("127.0.0.2"), TXT.of(_TEST_TEXT.encode()), MAX_TTL_SECONDS)
    names = {f"{owner_of(each)}.{apex}": test for each in (_TEST_V4, _TEST_V6)} | {f"{_TEST_DOMAIN}.{apex}": test}
    holding = [entry for entry in entries if entry.holds(now_unix)]
    for entry in _widest(_not_allowed(holding)):
        listed = _listed(entry, now_unix)
        for owner in _owners(entry.subject):
            name = f"{owner}.{apex}"
            if len(name) <= MAX_NAME_CHARACTERS:
                names.setdefault(name, listed)
    return names


def owner_of(address: str) -> str:
    """Return the name of one address, or of a domain, below the apex."""
    network = network_of(address)
    return address if network is None else ".".join(reversed(_parts(network)))


def _not_allowed(holding: list[Entry]) -> list[Entry]:
    """Return who is shut out, without what lies in a network that is let in, or has one in it: these we do not refuse.

    A hole in a wildcard would be a hole for its neighbours too (RFC 4592 §3.3.1), so the whole network is left out.
    """
    blocking = [entry for entry in holding if entry.action is Action.BLOCK]
    if len(blocking) == len(holding):
        return blocking
    allowed = _keys(network_of(entry.subject) for entry in holding if entry.action is Action.ALLOW)
    around = {key for each in allowed for key in _keys_around(each)}
    return [entry for entry in blocking if not _meets(network_of(entry.subject), allowed, around)]


def _meets(network: Network | None, allowed: _Keys, around: _Keys) -> bool:
    if network is None:
        return False
    return bool(_keys([network]) & around) or _is_within(network, allowed, widest=0)


def _widest(entries: list[Entry]) -> Iterator[Entry]:
    """Yield the entries that lie in no other, the domains too."""
    if all(is_v4_address(entry.subject) for entry in entries):  # as nearly always, and in a storm of thousands
        yield from entries
        return
    networks = {entry.subject: network_of(entry.subject) for entry in entries}
    wide = _keys(network for subject, network in networks.items() if any(_owners(subject)))
    for entry in entries:
        network = networks[entry.subject]
        if network is None or not _is_within(network, wide, widest=_widest_prefix(network)):
            yield entry


def _keys(networks: Iterable[Network | None]) -> _Keys:
    return {(each.version, each.prefixlen, int(each.network_address)) for each in networks if each is not None}


def _keys_around(key: tuple[int, int, int]) -> Iterator[tuple[int, int, int]]:
    version, longest, address = key
    bits = 32 if version == 4 else 128
    return ((version, prefix, address >> (bits - prefix) << (bits - prefix)) for prefix in range(longest + 1))


def _is_within(network: Network, wide: _Keys, *, widest: int) -> bool:
    bits, address = network.max_prefixlen, int(network.network_address)
    prefixes = range(widest, network.prefixlen)
    return any((network.version, prefix, address >> (bits - prefix) << (bits - prefix)) in wide for prefix in prefixes)


def _widest_prefix(network: Network) -> int:
    return WIDEST_V4 if network.version == 4 else WIDEST_V6


def _owners(subject: str) -> Iterator[str]:
    if is_v4_address(subject):
        yield ".".join(reversed(subject.split(".")))
        return
    network = network_of(subject)
    if network is None:
        yield subject
        return
    if network.prefixlen < _widest_prefix(network):
        return
    step = 8 if network.version == 4 else 4
    whole = -(-network.prefixlen // step) * step
    for piece in network.subnets(new_prefix=whole):  # 128 at most
        yield from _owners_of_whole(piece, whole // step)


def _owners_of_whole(network: Network, labels: int) -> Iterator[str]:
    parts = _parts(network)[:labels]
    name = ".".join(reversed(parts))
    if network.prefixlen == network.max_prefixlen:
        yield name
    elif network.version == 6 or any(len(part) > 1 for part in parts):
        yield f"*.{name}"


def _parts(network: Network) -> list[str]:
    packed = network.network_address.packed
    return list(map(str, packed)) if network.version == 4 else list(packed.hex())


def _listed(entry: Entry, now_unix: float) -> Listed:
    left = MAX_TTL_SECONDS if entry.until_unix is None else int(entry.until_unix - now_unix)
    until = "" if entry.until_unix is None else f", until {moment_of(entry.until_unix)}"
    reason = printable(entry.reason.encode("ascii", "backslashreplace"), limit=MAX_TEXT_OCTETS - 100)
    text = f"{entry.subject}: {entry.cause}{f': {reason}' if reason else ''}{until}"
    address = A(f"127.0.0.{CODES[entry.cause]}")
    return Listed(address, TXT.of(text.encode("ascii", "backslashreplace")), max(1, min(MAX_TTL_SECONDS, left)))
