"""The chain of a zone's names, by which can be proved what is not there: NSEC, or NSEC3 over their hashes.

A chain is kept sorted, so that a new name costs a search and one changed neighbour, not a new chain.

Standards: RFC 4034 §4 and §6.1, RFC 4035 §2.3, RFC 5155 §7.1 and appendix A, RFC 6672 §5.3, RFC 9077 (the TTL),
RFC 9276 §3.1 (no iterations, no salt, no opt-out).
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from scop.dns.dnssec.canonical import name_key
from scop.dns.names import name_to_wire, parent_name
from scop.dns.rdata import NSEC, NSEC3, NSEC3PARAM
from scop.dns.rdata.bitmap import bitmap_of
from scop.dns.rrset import RRset
from scop.dns.zone.zone import Node, Zone

__all__ = [
    "CUTS",
    "Chain",
    "Denial",
    "chained_names",
    "is_chained",
    "is_cut",
    "is_occluded",
    "link",
    "link_owner",
    "nsec3_parameters",
]

SHA1 = 1  # RFC 5155 §11: the one hash algorithm there is
CUTS = frozenset({"NS", "DNAME"})  # below such a name nothing of ours is seen
_AT_DELEGATION = frozenset({"NS", "DS"})  # RFC 4035 §2.3: what counts at a delegation
_NONE: Node = {}


class Denial(StrEnum):
    """How absence is proved."""

    NSEC = "nsec"
    NSEC3 = "nsec3"


_Key: TypeAlias = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """The names of a zone in the order of their proofs: sorted keys, and the name at each."""

    denial: Denial
    keys: tuple[_Key, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, denial: Denial, names: Iterable[str]) -> Chain:
        """Sort names into a chain."""
        places = sorted((_key(denial, name), name) for name in names)
        return cls(denial, tuple(key for key, _ in places), tuple(name for _, name in places))

    def changed(self, gone: Iterable[str], new: Iterable[str]) -> tuple[Chain, frozenset[str]]:
        """Return the chain without and with names, and the names whose next one is another now."""
        keys, names = list(self.keys), list(self.names)
        touched: list[_Key] = []
        for name in gone:
            key = _key(self.denial, name)
            at = bisect_left(keys, key)
            del keys[at], names[at]
            touched.append(key)
        for name in new:
            key = _key(self.denial, name)
            at = bisect_left(keys, key)
            keys.insert(at, key)
            names.insert(at, name)
            touched.append(key)
        chain = Chain(self.denial, tuple(keys), tuple(names))
        before = {names[bisect_left(keys, key) - 1] for key in touched}  # of the first it is the last: a circle
        return chain, frozenset(before | set(new))

    def after(self, name: str) -> str:
        """Return the name that follows; the first after the last."""
        return self.names[(bisect_left(self.keys, _key(self.denial, name)) + 1) % len(self.names)]


def _key(denial: Denial, name: str) -> _Key:
    return name_key(name) if denial is Denial.NSEC else (_hash(name),)


def _hash(name: str) -> bytes:
    # RFC 5155 §5 with no salt and no iterations
    return hashlib.sha1(name_to_wire(name), usedforsecurity=False).digest()


def nsec3_parameters() -> NSEC3PARAM:
    """Return how the names of our zones are hashed (RFC 9276 §3.1)."""
    return NSEC3PARAM(SHA1, 0, 0, b"")


def is_cut(zone: Zone, name: str, node: Node) -> bool:
    """Say whether what lies below `name` is not ours to show: a delegation, or a DNAME."""
    return "DNAME" in node or ("NS" in node and name != zone.origin)


def is_occluded(zone: Zone, name: str) -> bool:
    """Say whether a name lies below a delegation or a DNAME: it is glue, or never seen, and not signed."""
    while name != zone.origin:
        name = parent_name(name)
        if is_cut(zone, name, zone.nodes.get(name, _NONE)):
            return True
    return False


def is_chained(zone: Zone, name: str, denial: Denial) -> bool:
    """Say whether a name has a place in the chain; under NSEC3 the empty ones between names have one too.

    RFC 4035 §2.3, RFC 5155 §7.1.
    """
    exists = name in zone.nodes if denial is Denial.NSEC else name in zone.names
    return exists and not is_occluded(zone, name)


def chained_names(zone: Zone, denial: Denial) -> Iterable[str]:
    """Yield every name that has a place in the chain."""
    names: Iterable[str] = zone.nodes if denial is Denial.NSEC else zone.names
    return (name for name in names if not is_occluded(zone, name))


def link(zone: Zone, chain: Chain, name: str, node: Node) -> RRset:
    """Return the NSEC or NSEC3 RRset of a name, unsigned; `node` is what shall stand there, without it."""
    # RFC 9077 §3: as long as a negative answer, which is the lesser of the two
    ttl = min(zone.soa.ttl_seconds, zone.soa_rdata.minimum_seconds)
    is_delegation = "NS" in node and name != zone.origin
    types = node.keys() & _AT_DELEGATION if is_delegation else node.keys() - {"NSEC"}
    if chain.denial is Denial.NSEC:
        return RRset(name, "NSEC", ttl, (NSEC.of(chain.after(name), types | {"NSEC", "RRSIG"}),))
    return _hashed_link(zone, chain, name, ttl, types)


def link_owner(zone: Zone, denial: Denial, name: str) -> str:
    """Return where the link of a name stands."""
    if denial is Denial.NSEC:
        return name
    label = base64.b32hexencode(_hash(name)).decode("ascii").lower()
    return f"{label}.{zone.origin}" if zone.origin else label


def _hashed_link(zone: Zone, chain: Chain, name: str, ttl_seconds: int, types: frozenset[str] | set[str]) -> RRset:
    # RFC 5155 §3.2.1 and §7.1: RRSIG only where something but the NSEC3 is signed, so not at an unsigned delegation
    is_signed = bool(types - {"NS"}) or name == zone.origin
    shown = bitmap_of(types | {"RRSIG"} if is_signed else types)
    rdata = NSEC3(SHA1, 0, 0, b"", _hash(chain.after(name)), shown)
    return RRset(link_owner(zone, Denial.NSEC3, name), "NSEC3", ttl_seconds, (rdata,))
