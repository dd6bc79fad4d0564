"""Proofs by NSEC: a record shows two neighbours, and that nothing stands between them.

Standards: RFC 4034 §4 and §6.1, RFC 4035 §5.4 and §5.3.4, RFC 4592 §4.9, RFC 6840 §4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scop.dns.dnssec.absence import Absence, Cut, denies_names_below, denies_type, is_delegation
from scop.dns.dnssec.canonical import name_key, rightmost
from scop.dns.names import is_at_or_below
from scop.dns.rdata import NSEC
from scop.dns.rrset import RRset

__all__ = ["NsecProofs", "covers"]

_Entry = tuple[str, NSEC]


def covers(owner: str, next_name: str, name: str, zone: str) -> bool:
    """Say whether `name` lies between an NSEC's owner and its next name in the order of `zone`."""
    if not is_at_or_below(name, zone):
        return False
    first, last, wanted = name_key(owner), name_key(next_name), name_key(name)
    if first < last:
        return first < wanted < last
    return next_name == zone and first < wanted  # RFC 4034 §4.1.1: after the last name comes the apex


@dataclass(frozen=True, slots=True)
class NsecProofs:
    """The verified NSEC records of one response, all of one zone."""

    zone: str
    entries: tuple[_Entry, ...]

    @classmethod
    def of(cls, zone: str, rrsets: Iterable[RRset]) -> NsecProofs:
        """Take the NSEC records out of RRsets that were verified by the keys of `zone`."""
        rdatas = ((rrset.owner, rdata) for rrset in rrsets for rdata in rrset.rdatas)
        return cls(zone, tuple((owner, rdata) for owner, rdata in rdatas if isinstance(rdata, NSEC)))

    def no_name(self, name: str) -> Absence:
        """Say whether `name` does not exist, and no wildcard stands in for it (RFC 4035 §5.4)."""
        entry = self._gap(name)
        if entry is None:
            return Absence.MISSING
        wildcard = _wildcard(_encloser(name, entry))
        # What is below the wildcard makes it exist all the same (RFC 4592 §2.2.2).
        return Absence.PROVED if self._gap(wildcard) is not None else Absence.MISSING

    def no_type(self, name: str, type_: str) -> Absence:
        """Say whether `name`, or the wildcard that stands in for it, has no `type_`."""
        if self._has_no(name, type_):
            return Absence.PROVED
        entry = self._gap(name)
        # RFC 4035 §3.1.3.4: nothing closer, and the wildcard has none of the type
        proved = entry is not None and self._has_no(_wildcard(_encloser(name, entry)), type_)
        return Absence.PROVED if proved else Absence.MISSING

    def no_closer(self, name: str, labels: int) -> Absence:
        """Say whether the wildcard below the ancestor with `labels` labels is what stands in for `name`.

        RFC 4035 §5.3.4: there is neither the name nor anything between them.
        """
        entry = self._gap(name)
        proved = entry is not None and _encloser(name, entry) == rightmost(name, labels)
        return Absence.PROVED if proved else Absence.MISSING

    def no_ds(self, name: str) -> Cut:
        """Say what stands at `name`, of which no DS came."""
        for owner, record in self.entries:
            if owner == name:
                if not denies_type(record.types, "DS", name):
                    return Cut.MISSING
                return Cut.UNSIGNED if is_delegation(record.types) else Cut.NONE
        return Cut.NONE if self._inside(name) is not None else Cut.MISSING

    def _has_no(self, name: str, type_: str) -> bool:
        for owner, record in self.entries:
            if owner == name:
                return denies_type(record.types, type_, name)
        entry = self._inside(name)
        # The next name lies below: `name` exists only for its sake and has no types at all.
        return entry is not None and is_at_or_below(entry[1].next_name, name)

    def _gap(self, name: str) -> _Entry | None:
        """Return the record that shows that neither `name` nor anything below it exists."""
        entry = self._inside(name)
        return None if entry is None or is_at_or_below(entry[1].next_name, name) else entry

    def _inside(self, name: str) -> _Entry | None:
        for owner, record in self.entries:
            if covers(owner, record.next_name, name, self.zone) and (
                denies_names_below(record.types) or not is_at_or_below(name, owner)
            ):
                return owner, record
        return None


def _encloser(name: str, entry: _Entry) -> str:
    """Return the closest ancestor of `name` that exists, since it has one of two neighbours below it or is one."""
    owner, record = entry
    return rightmost(name, max(_common_labels(name, owner), _common_labels(name, record.next_name)))


def _common_labels(one: str, other: str) -> int:
    count = 0
    for mine, its in zip(name_key(one), name_key(other), strict=False):
        if mine != its:
            break
        count += 1
    return count


def _wildcard(encloser: str) -> str:
    return f"*.{encloser}" if encloser else "*"
