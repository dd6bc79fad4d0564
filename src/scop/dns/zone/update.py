"""Dynamic update of a zone: prerequisites, permission, then all changes in order, or none.

`apply_update` takes the zone as it is and returns the zone as it should be: nothing is changed in
place, so a refusal halfway leaves no trace. Who calls it stores the new zone before it answers.

Standards: RFC 2136 §3 (each function names its step), RFC 1982 for serial numbers, RFC 6895 §3.1 (meta types).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scop.base import RemoteProtocolError
from scop.dns.names import is_at_or_below
from scop.dns.rdata import SOA, Rdata, type_number
from scop.dns.rrset import RRset
from scop.dns.words import Rcode
from scop.dns.zone.grants import PROOF_TYPES, SIGNERS_TYPES, Grant
from scop.dns.zone.serial import following, is_later
from scop.dns.zone.update_message import CLASS_ANY, CLASS_IN, CLASS_NONE, UpdateMessage, UpdateRecord, parse_update
from scop.dns.zone.zone import Zone

__all__ = ["Grant", "UpdateOutcome", "apply_update", "apply_update_message", "zone_section_rcode"]

_SINGLE = frozenset({"CNAME", "DNAME", "SOA"})  # an RRset of these holds one record
_BESIDE_CNAME = frozenset({"KEY", "NSEC"})  # RFC 2535 §2.3.5, RFC 4034 §4
# Whatever octets our own classes take of these, a master file can hold; of others dnspython may want more than we do.
_ALWAYS_WRITTEN = frozenset({"A", "AAAA", "CNAME", "DNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"})
_TYPE_OPT = 41
_FIRST_META, _LAST_META = 128, 255
_WKS_KEY_OCTETS = 5  # address and protocol
_KEPT_AT_APEX = frozenset({"SOA", "NS"})


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


def apply_update(zone: Zone, message: bytes, grants: Iterable[Grant], *, is_signed_here: bool = False) -> UpdateOutcome:
    """Apply an UPDATE's octets (its TSIG checked and taken off) under the grants of the key that signed it."""
    try:
        update = parse_update(message)
    except RemoteProtocolError as fault:
        return UpdateOutcome(Rcode.FORMERR, zone, f"malformed: {fault}")
    return apply_update_message(zone, update, tuple(grants), is_signed_here=is_signed_here)


def apply_update_message(
    zone: Zone, update: UpdateMessage, grants: Sequence[Grant], *, is_signed_here: bool = False
) -> UpdateOutcome:
    """Apply an UPDATE; where the zone `is_signed_here`, what its signer makes cannot be written."""
    try:
        # RFC 2136 §3: steps 1 to 4 may refuse, step 5 cannot
        _check_zone_section(zone, update)
        if not grants:  # before the prerequisites, which would tell what is in the zone
            raise _Refusal(Rcode.REFUSED, "the key may write nothing")
        _check_prerequisites(zone, update.prerequisites)
        _check_permission(zone, grants, update.updates, is_signed_here=is_signed_here)
        _prescan(zone, update.updates)
        return UpdateOutcome(Rcode.NOERROR, _changed(zone, update.updates))
    except _Refusal as refusal:
        return UpdateOutcome(refusal.rcode, zone, str(refusal))
    except ValueError as error:  # what is no zone any more; the rules of §3.4.2 leave no way to it that we know
        return UpdateOutcome(Rcode.REFUSED, zone, str(error))


def zone_section_rcode(zones: Sequence[tuple[str, str, int]], ours: Iterable[str]) -> Rcode:
    """Say whether the zone section is one, and names a zone of `ours` (RFC 2136 §3.1)."""
    if len(zones) != 1 or zones[0][1] != "SOA":
        return Rcode.FORMERR
    name, _, class_ = zones[0]
    return Rcode.NOERROR if class_ == CLASS_IN and name in ours else Rcode.NOTAUTH


def _check_zone_section(zone: Zone, update: UpdateMessage) -> None:
    """RFC 2136 §3.1.1 and §3.1.2."""
    rcode = zone_section_rcode(update.zones, (zone.origin,))
    if rcode is not Rcode.NOERROR:
        raise _Refusal(rcode, "the zone section names not one SOA, or another zone")


def _check_prerequisites(zone: Zone, prerequisites: Iterable[UpdateRecord]) -> None:
    """RFC 2136 §3.2.5; RRsets with values are gathered first and compared whole (§3.2.3)."""
    wanted: dict[tuple[str, str], set[Rdata]] = {}
    for record in prerequisites:
        if record.ttl_seconds != 0:
            raise _Refusal(Rcode.FORMERR, "prerequisite with a TTL")
        if not is_at_or_below(record.owner, zone.origin):
            raise _Refusal(Rcode.NOTZONE, f"prerequisite outside of the zone: {record.owner}")
        if record.class_ in (CLASS_ANY, CLASS_NONE):
            _check_existence(zone, record)
        elif record.class_ != CLASS_IN or record.rdata is None or _is_meta(record.type):
            raise _Refusal(Rcode.FORMERR, "prerequisite of another class, or without a value")
        else:
            wanted.setdefault((record.owner, record.type), set()).add(record.rdata)
    for (owner, type_), rdatas in wanted.items():
        found = zone.get(owner, type_)
        if set(found.rdatas if found else ()) != rdatas:
            raise _Refusal(Rcode.NXRRSET, f"{owner} {type_} has other values")


def _check_existence(zone: Zone, record: UpdateRecord) -> None:
    # Lenient: type 0 is none, so that nothing of it exists; BIND takes the question as one
    if not record.is_empty or (_is_meta(record.type) and record.type not in ("ANY", "TYPE0")):
        raise _Refusal(Rcode.FORMERR, "prerequisite with a value that its class forbids")
    node = zone.nodes.get(record.owner, {})
    must_exist = record.class_ == CLASS_ANY
    if record.type == "ANY":  # §3.2.4: a name is in use if it owns a record
        exists, absent, present = bool(node), Rcode.NXDOMAIN, Rcode.YXDOMAIN
    else:
        exists, absent, present = record.type in node, Rcode.NXRRSET, Rcode.YXRRSET
    if exists != must_exist:
        raise _Refusal(absent if must_exist else present, f"prerequisite at {record.owner} {record.type}")


def _check_permission(
    zone: Zone, grants: Sequence[Grant], records: Iterable[UpdateRecord], *, is_signed_here: bool
) -> None:
    """RFC 2136 §3.3: one record too many refuses all."""
    never = PROOF_TYPES | SIGNERS_TYPES if is_signed_here else PROOF_TYPES
    for record in records:
        types = {record.type}
        if record.type == "ANY":  # the whole name: all that would go has to be granted
            types = set(zone.nodes.get(record.owner, ())) or types
            types -= _KEPT_AT_APEX if record.owner == zone.origin else frozenset()
        for type_ in types:
            if type_ in never or not _is_granted(grants, record.owner, type_):
                raise _Refusal(Rcode.REFUSED, f"no grant for {record.owner} {type_}")


def _is_granted(grants: Sequence[Grant], owner: str, type_: str) -> bool:
    if type_ == "ANY":  # a name that is not there: nothing goes, whatever is granted at it
        return any(grant.permits(owner, written) for grant in grants for written in grant.types)
    return any(grant.permits(owner, type_) for grant in grants)


def _prescan(zone: Zone, records: Iterable[UpdateRecord]) -> None:
    """RFC 2136 §3.4.1.3."""
    for record in records:
        if not is_at_or_below(record.owner, zone.origin):
            raise _Refusal(Rcode.NOTZONE, f"outside of the zone: {record.owner}")
        if record.class_ == CLASS_IN:
            is_good = record.rdata is not None and not _is_meta(record.type)
        elif record.class_ == CLASS_ANY:
            is_good = record.ttl_seconds == 0 and record.is_empty and _is_deletable(record.type)
        elif record.class_ == CLASS_NONE:
            is_good = record.ttl_seconds == 0 and record.rdata is not None and not _is_meta(record.type)
        else:
            is_good = False
        if not is_good:
            raise _Refusal(Rcode.FORMERR, f"class, TTL, type and value do not go together at {record.owner}")
        if record.class_ == CLASS_IN and record.rdata is not None and record.type not in _ALWAYS_WRITTEN:
            _check_written(record.rdata)


def _is_meta(type_: str) -> bool:
    number = type_number(type_)
    return number == 0 or number == _TYPE_OPT or _FIRST_META <= number <= _LAST_META


def _is_deletable(type_: str) -> bool:
    return type_ == "ANY" or not _is_meta(type_)


def _check_written(rdata: Rdata) -> None:
    """Refuse what a master file could not hold: a zone must be read back as it was written."""
    from scop.dns.zone.master_file import rdata_from_text, rdata_text  # dnspython, for the rare types only

    try:
        is_same = rdata_from_text(rdata.type, rdata_text(rdata)).to_wire() == rdata.to_wire()
    except Exception:  # dnspython has no common class for what it cannot read
        is_same = False
    if not is_same:
        raise _Refusal(Rcode.FORMERR, f"octets that are no {rdata.type}")


class _Draft:
    """The names that an update touches, as they are after each of its records."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.touched: dict[str, dict[str, RRset]] = {}

    def node(self, owner: str) -> dict[str, RRset]:
        """Return a name's RRsets, to be changed."""
        if owner not in self.touched:
            self.touched[owner] = dict(self.zone.nodes.get(owner, {}))
        return self.touched[owner]

    def result(self) -> Zone:
        """Return the zone with all changes and a later serial; the very same zone where nothing changed."""
        put: list[RRset] = []
        removed: list[tuple[str, str]] = []
        for owner, node in self.touched.items():
            before = self.zone.nodes.get(owner, {})
            put += [rrset for type_, rrset in node.items() if not _is_same(before.get(type_), rrset)]
            removed += [(owner, type_) for type_ in before if type_ not in node]
        if not put and not removed:
            return self.zone
        soa = next((rrset for rrset in put if rrset.type == "SOA"), None)
        if soa is None:
            put.append(_with_next_serial(self.zone.soa))  # RFC 2136 §3.6
        return self.zone.changed(put, removed)


def _is_same(before: RRset | None, after: RRset) -> bool:
    if before is None or before is after:
        return before is after
    return before.ttl_seconds == after.ttl_seconds and set(before.rdatas) == set(after.rdatas)


def _changed(zone: Zone, records: Iterable[UpdateRecord]) -> Zone:
    """Make the changes in order (RFC 2136 §3.4.2.7)."""
    draft = _Draft(zone)
    for record in records:
        if record.class_ == CLASS_IN:
            _add(draft, record)
        elif record.class_ == CLASS_NONE:
            _delete_record(draft, record)
        else:
            _delete_rrsets(draft, record)
    return draft.result()


def _add(draft: _Draft, record: UpdateRecord) -> None:
    """RFC 2136 §3.4.2.2: an RRset takes the TTL of what was added last (RFC 2181 §5.2)."""
    assert record.rdata is not None
    node = draft.node(record.owner)
    others = node.keys() - {record.type} - _BESIDE_CNAME
    if others and (record.type == "CNAME" or "CNAME" in others) and record.type not in _BESIDE_CNAME:
        return  # nothing stands beside a CNAME: silently ignored
    if record.type == "SOA" and not _is_newer_soa(draft, record, node):
        return
    found = node.get(record.type)
    earlier = () if found is None or record.type in _SINGLE else found.rdatas
    if record.type == "WKS":  # one list of services for an address and a protocol
        earlier = tuple(rdata for rdata in earlier if not _is_same_service(rdata, record.rdata))
    rdatas = earlier if record.rdata in earlier else (*earlier, record.rdata)
    node[record.type] = RRset(record.owner, record.type, record.ttl_seconds, rdatas)


def _is_same_service(one: Rdata, other: Rdata) -> bool:
    return one.to_wire()[:_WKS_KEY_OCTETS] == other.to_wire()[:_WKS_KEY_OCTETS]


def _is_newer_soa(draft: _Draft, record: UpdateRecord, node: dict[str, RRset]) -> bool:
    if record.owner != draft.zone.origin:
        return False
    return is_later(_soa_of(record.rdata).serial, _soa_of(node["SOA"].rdatas[0]).serial)


def _delete_rrsets(draft: _Draft, record: UpdateRecord) -> None:
    """RFC 2136 §3.4.2.3: the apex keeps its SOA and NS."""
    node = draft.node(record.owner)
    doomed = set(node) if record.type == "ANY" else {record.type}
    if record.owner == draft.zone.origin:
        doomed -= _KEPT_AT_APEX
    for type_ in doomed:
        node.pop(type_, None)


def _delete_record(draft: _Draft, record: UpdateRecord) -> None:
    """RFC 2136 §3.4.2.4: neither the SOA nor the last NS of the apex goes."""
    node = draft.node(record.owner)
    found = node.get(record.type)
    if found is None or record.type == "SOA":
        return
    left = tuple(rdata for rdata in found.rdatas if rdata != record.rdata)
    if left:
        node[record.type] = RRset(record.owner, record.type, found.ttl_seconds, left)
    elif record.owner != draft.zone.origin or record.type != "NS":
        del node[record.type]


def _with_next_serial(soa: RRset) -> RRset:
    rdata = _soa_of(soa.rdatas[0])
    return RRset(soa.owner, soa.type, soa.ttl_seconds, (replace(rdata, serial=following(rdata.serial)),))


def _soa_of(rdata: Rdata | None) -> SOA:
    assert isinstance(rdata, SOA)
    return rdata
