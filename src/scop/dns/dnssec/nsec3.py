"""Proofs by NSEC3: as by NSEC, but of names that were hashed.

Standards: RFC 5155 §5 and §8; RFC 6840 §4 and §5.2; RFC 9276 §3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from scop.dns.dnssec.absence import Absence, Cut, denies_names_below, denies_type, is_delegation
from scop.dns.dnssec.canonical import label_count, rightmost
from scop.dns.dnssec.effort import Effort
from scop.dns.hashed_names import SHA1, hash_name, label_hash
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.rdata import NSEC3
from scop.dns.rrset import RRset

__all__ = ["MAX_ITERATIONS", "Nsec3Proofs", "hash_covers"]

# RFC 9276 §3.2 leaves the number to us: what most resolvers agreed upon in 2021. Zones should have 0.
MAX_ITERATIONS = 150
MAX_WAYS = 2  # RFC 5155 §8.2: a zone that changes its salt may show records of both
_KNOWN_FLAGS = 0x01  # RFC 5155 §8.2: a record with any other is passed over


def hash_covers(first: bytes, last: bytes, hashed: bytes) -> bool:
    """Say whether a hash lies between an NSEC3's owner and its next hash; after the last comes the first again."""
    if first < last:
        return first < hashed < last
    return hashed > first or hashed < last


class _Encloser(NamedTuple):
    """The closest encloser, and the record that covers the next closer name (RFC 5155 §8.3)."""

    name: str
    gap: NSEC3


@dataclass(frozen=True, slots=True)
class Nsec3Proofs:
    """The verified NSEC3 records of one response, all of one zone and hashed in one way; there is at least one."""

    zone: str
    entries: tuple[tuple[bytes, NSEC3], ...]
    effort: Effort

    @classmethod
    def of(cls, zone: str, rrsets: Iterable[RRset], effort: Effort) -> tuple[Nsec3Proofs, ...]:
        """Take the NSEC3 records out of RRsets that were verified by the keys of `zone`, by how they are hashed."""
        ways: dict[tuple[int, bytes], list[tuple[bytes, NSEC3]]] = {}
        for rrset in rrsets:
            hashed = label_hash(rrset.owner.partition(".")[0])
            if hashed is None or parent_name(rrset.owner) != zone:
                continue
            for rdata in rrset.rdatas:
                if isinstance(rdata, NSEC3) and _is_known(rdata):
                    ways.setdefault((rdata.iterations, rdata.salt), []).append((hashed, rdata))
        return tuple(cls(zone, tuple(entries), effort) for entries in list(ways.values())[:MAX_WAYS])

    @property
    def is_costly(self) -> bool:
        """Whether names are hashed more often than is worth it (RFC 9276 §3.2)."""
        return self.entries[0][1].iterations > MAX_ITERATIONS

    def no_name(self, name: str) -> Absence:
        """Say whether `name` does not exist, and no wildcard stands in for it (RFC 5155 §8.4)."""
        if self.is_costly:
            return Absence.COSTLY
        encloser = self._closest_encloser(name)
        if encloser is None or self._covering(_wildcard(encloser.name)) is None:
            return Absence.MISSING
        return _by(encloser)

    def no_type(self, name: str, type_: str) -> Absence:
        """Say whether `name`, or the wildcard that stands in for it, has no `type_` (RFC 5155 §8.5 to §8.7)."""
        if self.is_costly:
            return Absence.COSTLY
        record = self._matching(name)
        if record is not None:
            return Absence.PROVED if denies_type(record.types, type_, name) else Absence.MISSING
        encloser = self._closest_encloser(name)
        if encloser is None:
            return Absence.MISSING
        wildcard = self._matching(_wildcard(encloser.name))
        if wildcard is not None:
            return _by(encloser) if denies_type(wildcard.types, type_, name) else Absence.MISSING
        # §8.6, and erratum 3441: a name that is there only for unsigned delegations below it may have no record
        return Absence.OPT_OUT if encloser.gap.is_opt_out else Absence.MISSING

    def no_closer(self, name: str, labels: int) -> Absence:
        """Say whether the wildcard below the ancestor with `labels` labels stands in for `name` (RFC 5155 §8.8)."""
        if self.is_costly:
            return Absence.COSTLY
        gap = self._covering(rightmost(name, labels + 1))
        return Absence.MISSING if gap is None else _by(_Encloser(name, gap))

    def no_ds(self, name: str) -> Cut:
        """Say what stands at `name`, of which no DS came (RFC 5155 §8.6 and §8.9)."""
        if self.is_costly:
            return Cut.COSTLY
        record = self._matching(name)
        if record is not None:
            if not denies_type(record.types, "DS", name):
                return Cut.MISSING
            return Cut.UNSIGNED if is_delegation(record.types) else Cut.NONE
        encloser = self._closest_encloser(name)
        if encloser is None:
            return Cut.MISSING
        return Cut.OPT_OUT if encloser.gap.is_opt_out else Cut.NONE

    def _closest_encloser(self, name: str) -> _Encloser | None:
        """Return the longest ancestor that exists, if the next closer name is proved not to (RFC 5155 §8.3)."""
        if not is_at_or_below(name, self.zone):
            return None
        for labels in range(label_count(name) - 1, label_count(self.zone) - 1, -1):
            ancestor = rightmost(name, labels)
            record = self._matching(ancestor)
            if record is None:
                continue
            gap = self._covering(rightmost(name, labels + 1))
            # RFC 5155 §8.3: neither a delegation nor a DNAME may be the closest encloser
            return None if gap is None or not denies_names_below(record.types) else _Encloser(ancestor, gap)
        return None

    def _matching(self, name: str) -> NSEC3 | None:
        hashed = self._hash(name)
        return next((record for owner, record in self.entries if owner == hashed), None)

    def _covering(self, name: str) -> NSEC3 | None:
        if not is_at_or_below(name, self.zone):
            return None
        hashed = self._hash(name)
        return next((r for owner, r in self.entries if hash_covers(owner, r.next_hash, hashed)), None)

    def _hash(self, name: str) -> bytes:
        _, record = self.entries[0]
        self.effort.spend_hash(record.iterations)
        return hash_name(name, record.salt, record.iterations)


def _is_known(record: NSEC3) -> bool:
    return record.hash_algorithm == SHA1 and not record.flags & ~_KNOWN_FLAGS  # RFC 5155 §8.1 and §8.2


def _by(encloser: _Encloser) -> Absence:
    return Absence.OPT_OUT if encloser.gap.is_opt_out else Absence.PROVED


def _wildcard(encloser: str) -> str:
    return f"*.{encloser}" if encloser else "*"
