"""What shows an asker who wants DNSSEC that something is not there: the zone's own NSEC or NSEC3 records.

They are signed beforehand, so here they are only chosen; a zone that came from elsewhere serves as well as one that
was signed here. Where a zone has none, there is no proof.

Standards: RFC 4035 §3.1.3; RFC 5155 §7.2.
"""

from __future__ import annotations

from collections.abc import Iterable

from scop.dns.hashed_names import hash_label, hash_name
from scop.dns.names import parent_name
from scop.dns.rdata import NSEC3PARAM
from scop.dns.rrset import RRset
from scop.dns.zone.lookup import Found, Match, next_closer, wildcard_below
from scop.dns.zone.zone import Zone

__all__ = ["proofs", "span"]


def proofs(zone: Zone, found: Found, qname: str) -> tuple[RRset, ...]:
    """Return what proves that there is no more than `found`, which `find` said of `qname`; each RRset once."""
    if "NSEC" in zone.nodes[zone.origin]:
        names = _proving_names(zone, found, qname)
        return _each_once(zone.nodes[zone.nsec_names.at_or_before(name)]["NSEC"] for name in names)
    parameters = zone.nsec3_parameters
    if parameters is None or not len(zone.nsec3_names):
        return ()
    return _each_once(_Hashed(zone, parameters).proofs(found, qname))


def span(zone: Zone, name: str, encloser: str) -> str:
    """Return by what alone the proofs differ for names that do not exist and have the same closest encloser.

    It is the owner of the record that covers the name, or the next closer one's hash; '' where nothing is proved.
    """
    if "NSEC" in zone.nodes[zone.origin]:
        return zone.nsec_names.at_or_before(name)
    parameters = zone.nsec3_parameters
    if parameters is None or not len(zone.nsec3_names):
        return ""
    return _Hashed(zone, parameters).covering(next_closer(name, encloser)).owner


def _proving_names(zone: Zone, found: Found, qname: str) -> tuple[str, ...]:
    """Return the names whose own NSEC, or that of the name before them, belongs to the answer."""
    match found.match:
        case Match.NO_NAME:  # RFC 4035 §3.1.3.2: neither the name nor a wildcard for it
            return qname, wildcard_below(found.encloser or "")
        case Match.NO_DATA:  # §3.1.3.1, §3.1.3.4
            return (found.wildcard, qname) if found.wildcard else (qname,)
        case Match.REFERRAL:  # §3.1.4: a delegation without a DS
            return _unsigned_cut(zone, found)
        case _:  # §3.1.3.3: no name stands nearer than the wildcard
            return (qname,) if found.wildcard else ()


class _Hashed:
    """A zone whose names are hashed, as RFC 5155 §7.2 answers from it."""

    def __init__(self, zone: Zone, parameters: NSEC3PARAM) -> None:
        self._zone = zone
        self._parameters = parameters

    def proofs(self, found: Found, qname: str) -> tuple[RRset, ...]:
        """Return the NSEC3 records for one answer."""
        encloser = found.encloser
        match found.match:
            case Match.NO_NAME if encloser is not None:  # §7.2.2
                return *self._enclosed(qname, encloser), self.covering(wildcard_below(encloser))
            case Match.NO_DATA if encloser is not None:  # §7.2.5
                return *self._enclosed(qname, encloser), self.covering(found.wildcard)
            case Match.NO_DATA:  # §7.2.3, §7.2.4
                return self._at(qname)
            case Match.REFERRAL:  # §7.2.7
                return tuple(rrset for cut in _unsigned_cut(self._zone, found) for rrset in self._at(cut))
            case _ if encloser is not None:  # §7.2.6
                return (self.covering(next_closer(qname, encloser)),)
            case _:
                return ()

    def covering(self, name: str) -> RRset:
        """Return the record that shows that a name has none of its own."""
        return self._zone.hashed[self._zone.nsec3_names.at_or_before(self._owner(name))]

    def _at(self, name: str) -> tuple[RRset, ...]:
        """Return what names the types of a name that exists; with opt-out it may have none (§7.2.4)."""
        own = self._matching(name)
        return (own,) if own is not None else self._enclosed(name, parent_name(name))

    def _enclosed(self, name: str, encloser: str) -> tuple[RRset, RRset]:
        """Return the proof of the closest encloser (§7.2.1): the nearest to it that has a record, and what is below.

        Names between signed ones exist without a record where only unsigned delegations are below (§7.1).
        """
        own = self._matching(encloser)
        while own is None and encloser != self._zone.origin:
            encloser = parent_name(encloser)
            own = self._matching(encloser)
        below = self.covering(next_closer(name, encloser))
        return below if own is None else own, below

    def _matching(self, name: str) -> RRset | None:
        return self._zone.hashed.get(self._owner(name))

    def _owner(self, name: str) -> str:
        label = hash_label(hash_name(name, self._parameters.salt, self._parameters.iterations))
        return f"{label}.{self._zone.origin}" if self._zone.origin else label


def _unsigned_cut(zone: Zone, found: Found) -> tuple[str, ...]:
    cut = found.rrsets[0].owner
    return () if "DS" in zone.nodes[cut] else (cut,)


def _each_once(rrsets: Iterable[RRset]) -> tuple[RRset, ...]:
    return tuple({rrset.owner: rrset for rrset in rrsets}.values())
