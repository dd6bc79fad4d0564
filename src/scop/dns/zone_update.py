"""Dynamic update of a zone: prerequisites, permission, then all changes in order, or none.

`apply_update` takes the zone as it is and returns the zone as it should be: nothing is changed in
place, so a refusal halfway leaves no trace. Who calls it stores the new zone before it answers.

Standards: RFC 2136 §3 (each function names its step), RFC 1982 for serial numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.update
from dns.name import Name
from dns.rdata import Rdata
from dns.rdataclass import ANY, IN, NONE
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rrset import RRset
from dns.serial import Serial

from scop.dns.words import Rcode
from scop.dns.zone import SIGNED_ZONE_TYPES, Zone, soa_rdata, zone_name

__all__ = ["Grant", "UpdateOutcome", "apply_update"]

_SINGLE = frozenset({RdataType.CNAME, RdataType.DNAME, RdataType.SOA})  # an RRset of these holds one record
_Records = dict[Name, dict[RdataType, Rdataset]]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key may write: these types, at and below this name."""

    key_name: str
    name_suffix: str
    types: frozenset[str]

    def permits(self, owner: Name, rdtype: RdataType) -> bool:
        """Say whether it covers a record; compared label by label, so an escaped dot opens nothing."""
        return rdtype.name in self.types and owner.is_subdomain(zone_name(self.name_suffix))


@dataclass(frozen=True, slots=True)
class UpdateOutcome:
    """How an update ended: the zone as it is now, and why it was refused (for the log)."""

    rcode: Rcode
    zone: Zone
    reason: str = ""


class _Refusal(Exception):
    """Ends an update before anything was changed."""

    def __init__(self, rcode: Rcode, reason: str) -> None:
        super().__init__(reason)
        self.rcode = rcode


def apply_update(zone: Zone, message: bytes, grants: Iterable[Grant]) -> UpdateOutcome:
    """Apply an UPDATE's octets (its TSIG checked and taken off) under the grants of the key that signed it."""
    try:
        update = _parse(message)
        # RFC 2136 §3: steps 1 to 4 may refuse, step 5 cannot
        _check_zone_section(zone, update)
        _check_prerequisites(zone, update.prerequisite)
        _check_permission(tuple(grants), update.update)
        _prescan(zone, update.update)
        return UpdateOutcome(Rcode.NOERROR, _changed(zone, update.update))
    except _Refusal as refusal:
        return UpdateOutcome(refusal.rcode, zone, str(refusal))


def update_zone_name(message: bytes) -> Name | None:
    """Return the zone that an UPDATE speaks of; None where it is malformed."""
    try:
        return _parse(message).zone[0].name
    except (_Refusal, IndexError):
        return None


def _parse(message: bytes) -> dns.update.UpdateMessage:
    try:
        update = dns.message.from_wire(message, keyring=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise _Refusal(Rcode.FORMERR, f"malformed: {error}") from error
    assert isinstance(update, dns.update.UpdateMessage)
    return update


def _check_zone_section(zone: Zone, update: dns.update.UpdateMessage) -> None:
    """RFC 2136 §3.1.1 and §3.1.2."""
    if len(update.zone) != 1 or update.zone[0].rdtype is not RdataType.SOA:
        raise _Refusal(Rcode.FORMERR, "the zone section names not one SOA")
    if update.zone[0].name != zone.origin or update.zone[0].rdclass != IN:
        raise _Refusal(Rcode.NOTAUTH, f"not our zone: {update.zone[0].name}")


def _check_prerequisites(zone: Zone, prerequisites: list[RRset]) -> None:
    """RFC 2136 §3.2.5; RRsets with values are gathered first and compared whole (§3.2.3)."""
    wanted: dict[tuple[Name, RdataType], set[Rdata]] = {}
    for record in prerequisites:
        if not record.name.is_subdomain(zone.origin):
            raise _Refusal(Rcode.NOTZONE, f"prerequisite outside of the zone: {record.name}")
        if record.ttl != 0 or record.rdclass != IN:
            raise _Refusal(Rcode.FORMERR, "prerequisite with a TTL or of another class")
        if record.deleting is None:
            wanted.setdefault((record.name, record.rdtype), set()).update(record)
        else:
            _check_existence(zone, record)
    for (name, rdtype), records in wanted.items():
        if set(zone.nodes.get(name, {}).get(rdtype, ())) != records:
            raise _Refusal(Rcode.NXRRSET, f"{name} {rdtype.name} has other values")


def _check_existence(zone: Zone, record: RRset) -> None:
    node = zone.nodes.get(record.name, {})
    must_exist = record.deleting == ANY
    if record.rdtype is RdataType.ANY:  # §3.2.4: a name is in use if it owns a record
        exists, absent, present = bool(node), Rcode.NXDOMAIN, Rcode.YXDOMAIN
    else:
        exists, absent, present = record.rdtype in node, Rcode.NXRRSET, Rcode.YXRRSET
    if exists != must_exist:
        raise _Refusal(absent if must_exist else present, f"prerequisite at {record.name} {record.rdtype.name}")


def _check_permission(grants: tuple[Grant, ...], records: list[RRset]) -> None:
    """RFC 2136 §3.3: one record too many refuses all."""
    for record in records:
        if record.rdtype in SIGNED_ZONE_TYPES or not any(g.permits(record.name, record.rdtype) for g in grants):
            raise _Refusal(Rcode.REFUSED, f"no grant for {record.name} {record.rdtype.name}")


def _prescan(zone: Zone, records: list[RRset]) -> None:
    """RFC 2136 §3.4.1.3."""
    for record in records:
        if not record.name.is_subdomain(zone.origin):
            raise _Refusal(Rcode.NOTZONE, f"outside of the zone: {record.name}")
        if record.rdclass != IN:
            raise _Refusal(Rcode.FORMERR, "a class that is not the zone's")
        whole_name = record.rdtype is RdataType.ANY and record.deleting == ANY
        if dns.rdatatype.is_metatype(record.rdtype) and not whole_name:
            raise _Refusal(Rcode.FORMERR, f"type {record.rdtype.name} cannot be written")
        if record.deleting is not None and record.ttl != 0:  # Lenient: dnspython shows no TTL where there is no rdata
            raise _Refusal(Rcode.FORMERR, "deletion with a TTL")


def _changed(zone: Zone, records: list[RRset]) -> Zone:
    """Make the changes in order (RFC 2136 §3.4.2.7) and move the serial (§3.6)."""
    nodes: _Records = {name: dict(node) for name, node in zone.nodes.items()}
    for record in records:
        if record.deleting is None:
            _add(zone.origin, nodes, record)
        elif record.deleting == NONE:
            _delete_record(zone.origin, nodes, record)
        else:
            _delete_rrsets(zone.origin, nodes, record)
    kept = {name: node for name, node in nodes.items() if node}
    if _same(kept, zone):
        return zone
    if soa_rdata(kept[zone.origin][RdataType.SOA]).serial == zone.serial:
        kept[zone.origin][RdataType.SOA] = _next_soa(zone.soa)
    return Zone(zone.origin, kept)


def _same(nodes: _Records, zone: Zone) -> bool:
    return nodes == zone.nodes and all(
        rdataset.ttl == zone.nodes[name][rdtype].ttl
        for name, node in nodes.items()
        for rdtype, rdataset in node.items()
    )


def _add(origin: Name, nodes: _Records, record: RRset) -> None:
    """RFC 2136 §3.4.2.2: an RRset takes the TTL of what was added last (RFC 2181 §5.2)."""
    node = nodes.setdefault(record.name, {})
    others = node.keys() - {record.rdtype}
    if others and (record.rdtype is RdataType.CNAME or RdataType.CNAME in others):
        return  # nothing stands beside a CNAME: silently ignored
    if record.rdtype is RdataType.SOA and not _is_newer_soa(origin, node, record):
        return
    if record.rdtype in _SINGLE:
        node[record.rdtype] = _rdataset(record.rdtype, record.ttl, record)
    else:
        node[record.rdtype] = _rdataset(record.rdtype, record.ttl, [*node.get(record.rdtype, ()), *record])


def _is_newer_soa(origin: Name, node: dict[RdataType, Rdataset], record: RRset) -> bool:
    if record.name != origin:
        return False
    return bool(Serial(soa_rdata(record).serial) > Serial(soa_rdata(node[RdataType.SOA]).serial))


def _delete_rrsets(origin: Name, nodes: _Records, record: RRset) -> None:
    """RFC 2136 §3.4.2.3: the apex keeps its SOA and NS."""
    node = nodes.get(record.name, {})
    doomed = set(node) if record.rdtype is RdataType.ANY else {record.rdtype}
    if record.name == origin:
        doomed -= {RdataType.SOA, RdataType.NS}
    for rdtype in doomed:
        node.pop(rdtype, None)


def _delete_record(origin: Name, nodes: _Records, record: RRset) -> None:
    """RFC 2136 §3.4.2.4: neither the SOA nor the last NS of the apex goes."""
    node = nodes.get(record.name, {})
    if record.rdtype not in node or record.rdtype is RdataType.SOA:
        return
    left = [rdata for rdata in node[record.rdtype] if rdata not in record]
    if left:
        node[record.rdtype] = _rdataset(record.rdtype, node[record.rdtype].ttl, left)
    elif record.name != origin or record.rdtype is not RdataType.NS:
        del node[record.rdtype]


def _rdataset(rdtype: RdataType, ttl: int, records: Iterable[Rdata]) -> Rdataset:
    made = Rdataset(IN, rdtype, ttl=ttl)
    for rdata in records:
        made.add(rdata, ttl)
    return made


def _next_soa(soa: Rdataset) -> Rdataset:
    """RFC 2136 §3.6, RFC 1982 §3.1; zero is passed over, since many read it as "unset"."""
    following = (soa_rdata(soa).serial + 1) % 2**32 or 1
    return _rdataset(RdataType.SOA, soa.ttl, [soa_rdata(soa).replace(serial=following)])
