"""Signing a whole zone, and signing it again after a change for the price of the change.

Theory of operation. `sign_zone` takes the zone as it was written and the set of keys, and returns the zone as it is
shown: keys and wishes to the parent at the apex, signatures with the RRsets that they cover, a chain of NSEC or NSEC3
through the names. Given what it made before, it takes over every RRset that is the same and whose signatures last, as
the same object; only names that changed, and their neighbours in the chain, are looked at. Where a delegation came or
went, or the keys are others, every name is looked at, and still only what changed is signed.

Signatures begin an hour early and end at different times, so that a zone that was signed at once is not due at once.

Standards: RFC 4035 §2, RFC 5155 §7.1, RFC 6781 §4.4.2 (how long signatures last), RFC 7344 §4.1.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import compress
from operator import is_not
from typing import Protocol

from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.signatures import Validity, sign
from scop.dns.names import parent_name
from scop.dns.rdata import RRSIG, Rdata
from scop.dns.rrset import RRset
from scop.dns.zone.cds import wishes
from scop.dns.zone.denial import (
    Denial,
    chain_of,
    chained_names,
    is_chained,
    is_cut,
    is_occluded,
    link,
    link_owner,
    negative_ttl,
    nsec3_parameters,
    relinked,
)
from scop.dns.zone.order import SortedNames
from scop.dns.zone.signing_keys import SigningSet
from scop.dns.zone.zone import Node, Nodes, Zone

__all__ = [
    "OWN_TYPES",
    "Earlier",
    "Signed",
    "SigningPolicy",
    "first_expiration",
    "gone_names",
    "is_due",
    "max_ttl",
    "other_names",
    "sign_zone",
    "unsigned",
]

OWN_TYPES = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY"})  # what signing writes
_KEY_TYPES = frozenset({"DNSKEY", "CDS", "CDNSKEY"})
_AT_DELEGATION = frozenset({"DS", "NSEC"})  # RFC 4035 §2.2: what is signed at a delegation
_TIMES = 1 << 32
_HALF = 1 << 31
_DAY = 86_400
_NONE: Node = {}


@dataclass(frozen=True, slots=True)
class SigningPolicy:
    """How a zone is signed; all times in seconds.

    RFC 6781 §4.4.2: longer than the SOA's expiry, so that a secondary drops the zone before its signatures end.
    """

    denial: Denial = Denial.NSEC
    early_seconds: int = 3600  # for clocks of others that are behind
    validity_seconds: int = 14 * _DAY
    refresh_seconds: int = 7 * _DAY  # signed anew when it lasts no longer than that: a week to repair what is broken
    jitter_seconds: int = 1 * _DAY
    key_ttl_seconds: int = 3600

    def __post_init__(self) -> None:
        if not self.refresh_seconds + self.jitter_seconds < self.validity_seconds:
            raise ValueError("signatures must last longer than until they are made anew")


@dataclass(frozen=True, slots=True)
class Signed:
    """A zone as it was written and as it is shown, and what has to be known to sign the next version of it.

    No signature is due from `fresh_from_unix` until `fresh_until_unix`.
    """

    source: Zone
    zone: Zone
    keys: SigningSet
    policy: SigningPolicy
    fresh_from_unix: int
    fresh_until_unix: int


class Earlier(Protocol):
    """Signed RRsets of before, to take over from: a zone, or what was kept of one."""

    def get(self, owner: str, type_: str) -> RRset | None:
        """Return one, None where there is none."""


def sign_zone(
    source: Zone, keys: SigningSet, policy: SigningPolicy, now_unix: int, previous: Signed | Earlier | None = None
) -> Signed:
    """Sign a zone; `previous` is what the last call returned for it, or whatever signatures there are, or nothing."""
    if not isinstance(previous, Signed):
        return _Run(unsigned(source), keys, policy, now_unix, previous).whole()
    others = other_names(previous.source.nodes, source.nodes)
    source = unsigned(source, others)
    run = _Run(source, keys, policy, now_unix, previous.zone)
    changed = _changed_names(previous, run, others)
    is_fresh = previous.fresh_from_unix <= now_unix < previous.fresh_until_unix
    return run.partial(previous, changed) if is_fresh and changed is not None else run.whole()


def unsigned(zone: Zone, among: Iterable[str] | None = None) -> Zone:
    """Return a zone without everything that signing writes; the same zone where nothing of it is there.

    Only the names `among` are looked at, if the others are known to have nothing of it.
    """
    looked_at = zone.nodes if among is None else among
    found = {name for name in looked_at if any(map(_is_signed, zone.nodes[name].items()))}
    if not found and not zone.hashed:
        return zone
    nodes = {name: _plain(node) if name in found else node for name, node in zone.nodes.items()}
    return Zone(zone.origin, {name: node for name, node in nodes.items() if node})


def other_names(old: Nodes, new: Nodes) -> list[str]:
    """Return the names in `new` whose node is not the very same in `old`; fast, since most are in a large zone."""
    return list(compress(new, map(is_not, new.values(), map(old.get, new))))


def gone_names(old: Nodes, new: Nodes) -> Set[str]:
    """Return the names of `old` that are not in `new`."""
    # Cheaper than a difference, which is nearly always empty.
    return old.keys() - new.keys() if sum(map(old.__contains__, new)) < len(old) else frozenset()


def is_due(zone: Zone, policy: SigningPolicy, now_unix: int) -> bool:
    """Say whether any signature of a signed zone has to be made anew."""
    return any(not _lasts(signature, policy, now_unix) for signature in _signatures(zone))


def first_expiration(zone: Zone, now_unix: int) -> int | None:
    """Return when the first signature of a zone ends, in seconds of Unix time; None where there is none."""
    left = [_seconds_left(signature, now_unix) for signature in _signatures(zone)]
    return now_unix + min(left) if left else None


def max_ttl(zone: Zone) -> int:
    """Return how long anything of a zone may stay in caches."""
    return max(rrset.ttl_seconds for rrset in zone.rrsets())


@dataclass(slots=True)
class _Run:
    """One signing of one version."""

    source: Zone
    keys: SigningSet
    policy: SigningPolicy
    now_unix: int
    before: Earlier | None  # what was shown, to take over from

    def whole(self) -> Signed:
        """Look at every name."""
        denial = self.policy.denial
        nodes = {name: self._node(name) for name in self.source.nodes}
        names = tuple(chained_names(self.source, denial))
        chain = SortedNames.of(link_owner(self.source, denial, name) for name in names)
        links = [self._link(name, nodes.get(name, _NONE), chain) for name in names]
        rrsets = [rrset for node in nodes.values() for rrset in node.values()]
        zone = Zone.of(self.source.origin, (*rrsets, *links))
        return Signed(self.source, zone, self.keys, self.policy, *_freshness(zone, self.policy, self.now_unix))

    def partial(self, previous: Signed, changed: frozenset[str]) -> Signed:
        """Look at the names that changed, and at their neighbours in the chain."""
        shown, denial = previous.zone, self.policy.denial
        gone, new = self._moves(previous.source, changed)
        moves = {link_owner(shown, denial, name): name in new for name in gone | new}
        chain = chain_of(shown, denial).moved(moves)
        nodes = {name: self._node(name) if name in self.source.nodes else {} for name in changed}
        links = [
            self._link(name, nodes.get(name, _NONE), chain)
            for name in changed | new
            if is_chained(self.source, name, denial)
        ]
        # Whoever stood before what came or went has another one after it.
        neighbours = {chain.before(owner) for owner in moves} - {link.owner for link in links}
        links += [self._relink(shown, owner, chain) for owner in neighbours]
        put = [rrset for node in nodes.values() for rrset in node.values()]
        link_type = denial.upper()
        removed = [(link_owner(shown, denial, name), link_type) for name in gone]
        removed += [
            (name, type_)
            for name, node in nodes.items()
            for type_ in shown.nodes.get(name, _NONE)
            if type_ not in node and type_ != "NSEC"
        ]
        zone = shown.changed((*put, *links), removed)
        policy = self.policy
        soonest = self.now_unix + policy.validity_seconds - policy.jitter_seconds - policy.refresh_seconds
        fresh_from = max(previous.fresh_from_unix, self.now_unix - policy.early_seconds)
        return Signed(self.source, zone, self.keys, policy, fresh_from, min(previous.fresh_until_unix, soonest))

    def _moves(self, before: Zone, changed: frozenset[str]) -> tuple[set[str], set[str]]:
        """Return which names leave the chain and which come into it; the empty ones above a name may do so too."""
        denial = self.policy.denial
        concerned = set(changed)
        if denial is Denial.NSEC3:
            concerned |= {above for name in changed for above in _ancestors(name, self.source.origin)}
        was = {name for name in concerned if is_chained(before, name, denial)}
        now = {name for name in concerned if is_chained(self.source, name, denial)}
        return was - now, now - was

    def _node(self, name: str) -> dict[str, RRset]:
        """Return what is shown at a name, but for its link in the chain."""
        node = dict(self.source.nodes[name])
        if name == self.source.origin:
            node |= {rrset.type: rrset for rrset in self._apex()}
        if is_occluded(self.source, name):
            return node
        is_delegation = "NS" in node and name != self.source.origin
        signed = node.keys() & _AT_DELEGATION if is_delegation else node.keys()
        return node | {type_: self._rrset(node[type_]) for type_ in signed}

    def _apex(self) -> Iterator[RRset]:
        """Yield what signing writes at the apex."""
        origin, ttl = self.source.origin, self.policy.key_ttl_seconds
        if self.keys.shown:
            yield RRset(origin, "DNSKEY", ttl, self.keys.shown)
        yield from wishes(origin, ttl, self.keys.wanted, is_ending=self.keys.is_ending)
        if self.policy.denial is Denial.NSEC3:
            yield RRset(origin, "NSEC3PARAM", 0, (nsec3_parameters(),))  # for servers only: no cache needs it

    def _link(self, name: str, node: Node, chain: SortedNames) -> RRset:
        return self._rrset(link(self.source, self.policy.denial, name, node, chain))

    def _relink(self, shown: Zone, owner: str, chain: SortedNames) -> RRset:
        earlier = shown.get(owner, self.policy.denial.upper())
        assert earlier is not None
        return self._rrset(relinked(earlier, chain.after(owner)))

    def _rrset(self, rrset: RRset) -> RRset:
        """Return an RRset with its signatures: the earlier one itself if it is the same and lasts."""
        signers = self.keys.key_signers if rrset.type in _KEY_TYPES else self.keys.zone_signers
        earlier = None if self.before is None else self.before.get(rrset.owner, rrset.type)
        kept = {} if earlier is None or not _is_same(earlier, rrset) else self._lasting(earlier.signatures)
        made = [kept.get((key.dnskey.algorithm, key.key_tag)) or self._signature(rrset, key) for key in signers]
        if earlier is not None and kept and tuple(made) == earlier.signatures:
            return earlier
        return RRset(rrset.owner, rrset.type, rrset.ttl_seconds, rrset.rdatas, tuple(made))

    def _lasting(self, signatures: Iterable[Rdata]) -> dict[tuple[int, int], RRSIG]:
        own = (signature for signature in signatures if isinstance(signature, RRSIG))
        return {
            (signature.algorithm, signature.key_tag): signature
            for signature in own
            if signature.signer == self.source.origin and _lasts(signature, self.policy, self.now_unix)
        }

    def _signature(self, rrset: RRset, key: SigningKey) -> RRSIG:
        # Drawn from the name, not from chance: the same zone at the same time gets the same times.
        spread = zlib.crc32(f"{rrset.owner} {rrset.type}".encode()) % (self.policy.jitter_seconds + 1)
        until = self.now_unix + self.policy.validity_seconds - spread
        return sign(rrset, key, self.source.origin, Validity(self.now_unix - self.policy.early_seconds, until))


def _changed_names(previous: Signed, run: _Run, others: Iterable[str]) -> frozenset[str] | None:
    """Return the names whose records are others than before; None where every name has to be looked at."""
    before, source = previous.source, run.source
    if previous.keys != run.keys or previous.policy != run.policy or source.origin != before.origin:
        return None
    if negative_ttl(before) != negative_ttl(source):
        return None  # RFC 9077: it is the TTL of every link
    old, new = before.nodes, source.nodes
    changed = [name for name in others if name in new and old.get(name) != new[name]]
    changed += gone_names(old, new)
    for name in changed:
        # A cut decides whether what lies below it is ours to sign.
        if is_cut(before, name, old.get(name, _NONE)) != is_cut(source, name, new.get(name, _NONE)):
            return None
    return frozenset(changed)


def _ancestors(name: str, origin: str) -> Iterator[str]:
    while name != origin:
        name = parent_name(name)
        yield name


def _is_signed(item: tuple[str, RRset]) -> bool:
    type_, rrset = item
    return type_ in OWN_TYPES or bool(rrset.signatures)


def _plain(node: Node) -> dict[str, RRset]:
    return {
        type_: RRset(rrset.owner, type_, rrset.ttl_seconds, rrset.rdatas)
        for type_, rrset in node.items()
        if type_ not in OWN_TYPES
    }


def _is_same(one: RRset, other: RRset) -> bool:
    return one.ttl_seconds == other.ttl_seconds and (
        one.rdatas is other.rdatas or one.rdatas == other.rdatas or set(one.rdatas) == set(other.rdatas)
    )


def _signatures(zone: Zone) -> Iterator[RRSIG]:
    for rrset in zone.rrsets():
        yield from (signature for signature in rrset.signatures if isinstance(signature, RRSIG))


def _freshness(zone: Zone, policy: SigningPolicy, now_unix: int) -> tuple[int, int]:
    """Return from when until when no signature of a zone is due."""
    found = tuple(_signatures(zone))
    begun = max((now_unix - (now_unix - signature.inception) % _TIMES for signature in found), default=now_unix)
    left = min((_seconds_left(signature, now_unix) for signature in found), default=policy.validity_seconds)
    return begun, now_unix + left - policy.refresh_seconds


def _lasts(signature: RRSIG, policy: SigningPolicy, now_unix: int) -> bool:
    begun = (now_unix - signature.inception) % _TIMES < _HALF  # not so after our clock was set back
    return begun and _seconds_left(signature, now_unix) > policy.refresh_seconds


def _seconds_left(signature: RRSIG, now_unix: int) -> int:
    """Return for how long a signature holds; RFC 4034 §3.1.5: its times go round."""
    left = (signature.expiration - now_unix) % _TIMES
    return left if left < _HALF else left - _TIMES
