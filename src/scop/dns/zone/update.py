"""Dynamic update of a zone: prerequisites, permission, then all changes in order, or none.

`apply_update` takes the zone as it is and returns the zone as it should be: nothing is changed in
place, so a refusal halfway leaves no trace. Who calls it stores the new zone before it answers.

Standards: RFC 2136 §3 (each function names its step), RFC 1982 for serial numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import dns.exception
import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update
from dns.rdataclass import ANY, IN, NONE
from dns.rdatatype import RdataType

from scop.dns.names import is_at_or_below, normal_name
from scop.dns.rdata import SOA, Rdata, read_rdata
from scop.dns.rrset import RRset
from scop.dns.words import Rcode
from scop.dns.zone.zone import Zone

__all__ = ["Grant", "UpdateOutcome", "apply_update", "update_zone_name"]

SIGNED_ZONE_TYPES = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM"})
_SINGLE = frozenset({"CNAME", "DNAME", "SOA"})  # an RRset of these holds one record
_Nodes = dict[str, dict[str, RRset]]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key may write: these types, at and below this name."""

    key_name: str
    name_suffix: str
    types: frozenset[str]

    def permits(self, owner: str, type_: str) -> bool:
        """Say whether it covers a record; compared label by label, so an escaped dot opens nothing."""
        return type_ in self.types and is_at_or_below(owner, normal_name(self.name_suffix))


@dataclass(frozen=True, slots=True)
class UpdateOutcome:
    """How an update ended: the zone as it is now, and why it was refused (for the log)."""

    rcode: Rcode
    zone: Zone
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """One record of the prerequisite or update section; `deleting` is a class, or None for an addition."""

    owner: str
    type: str
    class_: int
    ttl_seconds: int
    rdatas: tuple[Rdata, ...]
    deleting: int | None


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
        changes = _lines(update.update)
        _check_prerequisites(zone, _lines(update.prerequisite))
        _check_permission(tuple(grants), changes)
        _prescan(zone, changes)
        return UpdateOutcome(Rcode.NOERROR, _changed(zone, changes))
    except _Refusal as refusal:
        return UpdateOutcome(refusal.rcode, zone, str(refusal))


def update_zone_name(message: bytes) -> str | None:
    """Return the zone that an UPDATE speaks of; None where it is malformed."""
    try:
        return normal_name(str(_parse(message).zone[0].name))
    except (_Refusal, IndexError):
        return None


def _parse(message: bytes) -> dns.update.UpdateMessage:
    try:
        update = dns.message.from_wire(message, keyring=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise _Refusal(Rcode.FORMERR, f"malformed: {error}") from error
    assert isinstance(update, dns.update.UpdateMessage)
    return update


def _lines(section: list[dns.rrset.RRset]) -> list[_Line]:
    return [
        _Line(
            normal_name(str(found.name)),
            found.rdtype.name,
            found.rdclass,
            found.ttl,
            tuple(read_rdata(found.rdtype.name, rdata.to_wire() or b"") for rdata in found),
            found.deleting,
        )
        for found in section
    ]


def _check_zone_section(zone: Zone, update: dns.update.UpdateMessage) -> None:
    """RFC 2136 §3.1.1 and §3.1.2."""
    if len(update.zone) != 1 or update.zone[0].rdtype is not RdataType.SOA:
        raise _Refusal(Rcode.FORMERR, "the zone section names not one SOA")
    if normal_name(str(update.zone[0].name)) != zone.origin or update.zone[0].rdclass != IN:
        raise _Refusal(Rcode.NOTAUTH, f"not our zone: {update.zone[0].name}")


def _check_prerequisites(zone: Zone, prerequisites: list[_Line]) -> None:
    """RFC 2136 §3.2.5; RRsets with values are gathered first and compared whole (§3.2.3)."""
    wanted: dict[tuple[str, str], set[Rdata]] = {}
    for line in prerequisites:
        if not is_at_or_below(line.owner, zone.origin):
            raise _Refusal(Rcode.NOTZONE, f"prerequisite outside of the zone: {line.owner}")
        if line.ttl_seconds != 0 or line.class_ != IN:
            raise _Refusal(Rcode.FORMERR, "prerequisite with a TTL or of another class")
        if line.deleting is None:
            wanted.setdefault((line.owner, line.type), set()).update(line.rdatas)
        else:
            _check_existence(zone, line)
    for (owner, type_), rdatas in wanted.items():
        found = zone.get(owner, type_)
        if set(found.rdatas if found else ()) != rdatas:
            raise _Refusal(Rcode.NXRRSET, f"{owner} {type_} has other values")


def _check_existence(zone: Zone, line: _Line) -> None:
    node = zone.nodes.get(line.owner, {})
    must_exist = line.deleting == ANY
    if line.type == "ANY":  # §3.2.4: a name is in use if it owns a record
        exists, absent, present = bool(node), Rcode.NXDOMAIN, Rcode.YXDOMAIN
    else:
        exists, absent, present = line.type in node, Rcode.NXRRSET, Rcode.YXRRSET
    if exists != must_exist:
        raise _Refusal(absent if must_exist else present, f"prerequisite at {line.owner} {line.type}")


def _check_permission(grants: tuple[Grant, ...], lines: list[_Line]) -> None:
    """RFC 2136 §3.3: one record too many refuses all."""
    for line in lines:
        if line.type in SIGNED_ZONE_TYPES or not any(g.permits(line.owner, line.type) for g in grants):
            raise _Refusal(Rcode.REFUSED, f"no grant for {line.owner} {line.type}")


def _prescan(zone: Zone, lines: list[_Line]) -> None:
    """RFC 2136 §3.4.1.3."""
    for line in lines:
        if not is_at_or_below(line.owner, zone.origin):
            raise _Refusal(Rcode.NOTZONE, f"outside of the zone: {line.owner}")
        if line.class_ != IN:
            raise _Refusal(Rcode.FORMERR, "a class that is not the zone's")
        whole_name = line.type == "ANY" and line.deleting == ANY
        if dns.rdatatype.is_metatype(dns.rdatatype.from_text(line.type)) and not whole_name:
            raise _Refusal(Rcode.FORMERR, f"type {line.type} cannot be written")
        # Lenient: dnspython shows no TTL where there is no rdata
        if line.deleting is not None and line.ttl_seconds != 0:
            raise _Refusal(Rcode.FORMERR, "deletion with a TTL")


def _changed(zone: Zone, lines: list[_Line]) -> Zone:
    """Make the changes in order (RFC 2136 §3.4.2.7) and move the serial (§3.6)."""
    nodes: _Nodes = {name: dict(node) for name, node in zone.nodes.items()}
    for line in lines:
        if line.deleting is None:
            _add(zone.origin, nodes, line)
        elif line.deleting == NONE:
            _delete_record(zone.origin, nodes, line)
        else:
            _delete_rrsets(zone.origin, nodes, line)
    kept = {name: node for name, node in nodes.items() if node}
    if kept == zone.nodes:
        return zone
    soa = kept[zone.origin]["SOA"]
    if _soa_of(soa).serial == zone.serial:
        kept[zone.origin]["SOA"] = next_soa(soa)
    return Zone(zone.origin, kept, zone.hashed)


def _add(origin: str, nodes: _Nodes, line: _Line) -> None:
    """RFC 2136 §3.4.2.2: an RRset takes the TTL of what was added last (RFC 2181 §5.2)."""
    node = nodes.setdefault(line.owner, {})
    others = node.keys() - {line.type}
    if others and (line.type == "CNAME" or "CNAME" in others):
        return  # nothing stands beside a CNAME: silently ignored
    if line.type == "SOA" and not _is_newer_soa(origin, node, line):
        return
    earlier = node[line.type].rdatas if line.type in node and line.type not in _SINGLE else ()
    rdatas = tuple(dict.fromkeys((*earlier, *line.rdatas)))
    node[line.type] = RRset(line.owner, line.type, line.ttl_seconds, rdatas)


def _is_newer_soa(origin: str, node: dict[str, RRset], line: _Line) -> bool:
    if line.owner != origin:
        return False
    new, old = line.rdatas[0], _soa_of(node["SOA"])
    assert isinstance(new, SOA)
    return is_later(new.serial, old.serial)


def _delete_rrsets(origin: str, nodes: _Nodes, line: _Line) -> None:
    """RFC 2136 §3.4.2.3: the apex keeps its SOA and NS."""
    node = nodes.get(line.owner, {})
    doomed = set(node) if line.type == "ANY" else {line.type}
    if line.owner == origin:
        doomed -= {"SOA", "NS"}
    for type_ in doomed:
        node.pop(type_, None)


def _delete_record(origin: str, nodes: _Nodes, line: _Line) -> None:
    """RFC 2136 §3.4.2.4: neither the SOA nor the last NS of the apex goes."""
    node = nodes.get(line.owner, {})
    if line.type not in node or line.type == "SOA":
        return
    found = node[line.type]
    left = tuple(rdata for rdata in found.rdatas if rdata not in line.rdatas)
    if left:
        node[line.type] = RRset(line.owner, line.type, found.ttl_seconds, left)
    elif line.owner != origin or line.type != "NS":
        del node[line.type]


def is_later(serial: int, than: int) -> bool:
    """Say whether one serial number comes after another (RFC 1982 §3.2)."""
    return 0 < (serial - than) % 2**32 < 2**31


def next_soa(soa: RRset) -> RRset:
    """Return the SOA with the serial after it (RFC 2136 §3.6, RFC 1982 §3.1).

    Zero is passed over, since many read it as "unset".
    """
    rdata = _soa_of(soa)
    following = replace(rdata, serial=(rdata.serial + 1) % 2**32 or 1)
    return RRset(soa.owner, soa.type, soa.ttl_seconds, (following,))


def _soa_of(rrset: RRset) -> SOA:
    rdata = rrset.rdatas[0]
    assert isinstance(rdata, SOA)
    return rdata
