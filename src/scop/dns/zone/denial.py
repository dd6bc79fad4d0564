"""The chain of a zone's names, by which can be proved what is not there: NSEC, or NSEC3 over their hashes.

A zone keeps its links sorted, so that a new name costs a search and one changed neighbour, not a new chain.

Standards: RFC 4034 §4 and §6.1, RFC 4035 §2.3, RFC 5155 §7.1 and appendix A, RFC 6672 §5.3, RFC 9077 (the TTL),
RFC 9276 §3.1 (no iterations, no salt, no opt-out).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from scop.dns.hashed_names import SHA1, hash_label, hash_name, label_hash
from scop.dns.names import parent_name
from scop.dns.rdata import NSEC, NSEC3, NSEC3PARAM
from scop.dns.rdata.bitmap import bitmap_of
from scop.dns.rrset import RRset
from scop.dns.zone.order import SortedNames
from scop.dns.zone.zone import Node, Zone

__all__ = [
    "Denial",
    "chain_of",
    "chained_names",
    "is_chained",
    "is_cut",
    "is_occluded",
    "link",
    "link_owner",
    "negative_ttl",
    "nsec3_owner",
    "nsec3_parameters",
    "relinked",
]

_AT_DELEGATION = frozenset({"NS", "DS"})  # RFC 4035 §2.3: what counts at a delegation
_NONE: Node = {}


class Denial(StrEnum):
    """How absence is proved."""

    NSEC = "nsec"
    NSEC3 = "nsec3"


def nsec3_owner(origin: str, name: str) -> str:
    """Return where the NSEC3 record of a name stands: under its hash (RFC 5155 §3 and §5)."""
    label = hash_label(hash_name(name))  # no salt, no iterations
    return f"{label}.{origin}" if origin else label


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


def chain_of(zone: Zone, denial: Denial) -> SortedNames:
    """Return the owners of a signed zone's links, in their order."""
    return zone.nsec_names if denial is Denial.NSEC else zone.nsec3_names


def link_owner(zone: Zone, denial: Denial, name: str) -> str:
    """Return where the link of a name stands."""
    return name if denial is Denial.NSEC else nsec3_owner(zone.origin, name)


def link(zone: Zone, denial: Denial, name: str, node: Node, chain: SortedNames) -> RRset:
    """Return the NSEC or NSEC3 RRset of a name, unsigned; `node` is what else shall stand there."""
    owner = link_owner(zone, denial, name)
    is_delegation = "NS" in node and name != zone.origin
    types = node.keys() & _AT_DELEGATION if is_delegation else node.keys() - {"NSEC"}
    following = chain.after(owner)
    if denial is Denial.NSEC:
        rdata: NSEC | NSEC3 = NSEC.of(following, types | {"NSEC", "RRSIG"})
    else:
        # RFC 5155 §7.1: RRSIG only where anything but the NSEC3 is signed, so not at an unsigned delegation
        shown = types | {"RRSIG"} if types - {"NS"} or name == zone.origin else types
        rdata = NSEC3(SHA1, 0, 0, b"", _hash_in(following), bitmap_of(shown))
    return RRset(owner, rdata.type, negative_ttl(zone), (rdata,))


def relinked(rrset: RRset, following: str) -> RRset:
    """Return a link, unsigned, whose next name is another one now."""
    rdata = rrset.rdatas[0]
    if isinstance(rdata, NSEC):
        return RRset(rrset.owner, rrset.type, rrset.ttl_seconds, (NSEC(following, rdata.bitmap),))
    assert isinstance(rdata, NSEC3)
    return RRset(rrset.owner, rrset.type, rrset.ttl_seconds, (replace(rdata, next_hash=_hash_in(following)),))


def negative_ttl(zone: Zone) -> int:
    """Return how long a "no" may be remembered: the TTL of every link (RFC 9077 §3)."""
    return min(zone.soa.ttl_seconds, zone.soa_rdata.minimum_seconds)


def _hash_in(owner: str) -> bytes:
    hashed = label_hash(owner.partition(".")[0])
    assert hashed is not None
    return hashed
