"""A zone: the names we answer for, read from and written as a master file, and looked up as RFC 1034 says.

A `Zone` is a value: an update makes a new one, so who holds the old one still answers from a whole zone.
Signed zones (RRSIG, NSEC) are refused for now: served without their proofs they would be bogus everywhere.

Standards: RFC 1034 §4.3.2, RFC 1035 §5, RFC 2181 §5.2 and §10, RFC 4592, RFC 6672, RFC 8482.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, cast

import dns.exception
import dns.name
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.DNAME
import dns.rdtypes.ANY.SOA
import dns.rrset
from dns.name import Name
from dns.rdataclass import IN
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.rrset import RRset

from scop.base import RemoteProtocolError

__all__ = ["SIGNED_ZONE_TYPES", "Found", "Match", "Node", "Nodes", "Zone", "zone_name"]

Node: TypeAlias = Mapping[RdataType, Rdataset]
Nodes: TypeAlias = Mapping[Name, Node]

SIGNED_ZONE_TYPES = frozenset({RdataType.RRSIG, RdataType.NSEC, RdataType.NSEC3, RdataType.NSEC3PARAM})
_EMPTY: Node = {}
_WILDCARD = Name((b"*",))


class Match(StrEnum):
    """How a look-up in a zone ended."""

    RRSET = "rrset"
    ALIAS = "alias"  # go on at `target`
    TOO_LONG = "too_long"  # a DNAME's substitution does not fit a name
    REFERRAL = "referral"
    NO_DATA = "no_data"
    NO_NAME = "no_name"


@dataclass(frozen=True, slots=True)
class Found:
    """What a zone says to a question: the RRsets to show, and where an alias leads."""

    match: Match
    rrsets: tuple[RRset, ...] = ()
    target: Name | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """The records of one zone, by owner and type.

    Valid by construction: exactly one SOA and at least one NS at the apex, nothing outside of the
    zone, nothing beside a CNAME. Raises `ValueError` otherwise.
    """

    origin: Name
    nodes: Nodes
    names: frozenset[Name] = field(init=False)  # all that exist, the empty ones between them too (RFC 4592 §2.2.2)

    def __post_init__(self) -> None:
        for name, node in self.nodes.items():
            _check_node(self.origin, name, node)
        apex = self.nodes.get(self.origin, _EMPTY)
        if len(apex.get(RdataType.SOA, ())) != 1:
            raise ValueError(f"zone {self.origin} needs exactly one SOA at {self.origin}")
        if RdataType.NS not in apex:
            raise ValueError(f"zone {self.origin} needs an NS at {self.origin}")
        object.__setattr__(self, "names", _existing_names(self.origin, self.nodes))

    @classmethod
    def parse(cls, text: str, origin: str) -> Zone:
        """Read a master file; raises `RemoteProtocolError` that names the line where there is one."""
        from scop.dns.master_file import read_nodes  # the other module needs this one's types

        name = zone_name(origin)
        nodes = read_nodes(text, name)
        try:
            return cls(name, nodes)
        except ValueError as error:
            raise RemoteProtocolError(str(error)) from error

    @property
    def soa(self) -> Rdataset:
        """The start of authority."""
        return self.nodes[self.origin][RdataType.SOA]

    @property
    def serial(self) -> int:
        """The version of the zone (RFC 1982 arithmetic)."""
        return soa_rdata(self.soa).serial

    def to_text(self) -> str:
        """Write the zone as a master file that `parse` reads back as the same zone: full names, SOA first."""
        lines = [self.soa.to_text(self.origin)]
        for name in sorted(self.nodes):
            node = self.nodes[name]
            lines += [node[type_].to_text(name) for type_ in sorted(node) if type_ is not RdataType.SOA]
        return "\n".join(lines) + "\n"

    def find(self, qname: Name, qtype: RdataType) -> Found:
        """Look up a name at or below the origin."""
        # RFC 1034 §4.3.2 step 3: match down, label by label
        for depth in range(len(self.origin), len(qname) + 1):
            name = qname.split(depth)[1]
            found = self._crossing(name, qname, qtype)
            if found is not None:
                return found
        if qname in self.names:  # step 3a; an empty non-terminal exists
            return _found_at(self.nodes.get(qname, _EMPTY), qname, qtype)
        # step 3c, RFC 4592 §3.3.1: the source of synthesis hangs below the closest encloser, nowhere else
        wildcard = _WILDCARD + self._closest_encloser(qname)
        if wildcard not in self.names:
            return Found(Match.NO_NAME)
        return _found_at(self.nodes.get(wildcard, _EMPTY), qname, qtype)

    def glue(self, referral: RRset) -> tuple[RRset, ...]:
        """Return the addresses, from below our origin, of the servers that a referral names."""
        found: list[RRset] = []
        for rdata in referral:
            target = rdata.target
            node = self.nodes.get(target, _EMPTY)
            found += [_rrset(target, node[type_]) for type_ in (RdataType.A, RdataType.AAAA) if type_ in node]
        return tuple(found)

    def _crossing(self, name: Name, qname: Name, qtype: RdataType) -> Found | None:
        """Return what a delegation or a DNAME at `name` makes of the question, if there is one."""
        node = self.nodes.get(name, _EMPTY)
        # RFC 4035 §3.1.4.1: the DS of a delegation is the parent's own data
        own_ds = qtype is RdataType.DS and name == qname
        if RdataType.NS in node and name != self.origin and not own_ds:  # step 3b
            return Found(Match.REFERRAL, (_rrset(name, node[RdataType.NS]),))
        if RdataType.DNAME in node and name != qname:  # RFC 6672 §3.2
            return _substituted(name, node[RdataType.DNAME], qname)
        return None

    def _closest_encloser(self, qname: Name) -> Name:
        name = qname.parent()
        while name not in self.names:
            name = name.parent()
        return name


def zone_name(origin: str) -> Name:
    """Return the absolute name of a zone; '' and '.' are the root. Raises `ValueError`."""
    try:
        return dns.name.from_text(origin or ".", dns.name.root)
    except dns.exception.DNSException as error:
        raise ValueError(f"not a zone name: {origin!r}") from error


def soa_rdata(rdataset: Rdataset) -> dns.rdtypes.ANY.SOA.SOA:
    """Return the one record of an SOA RRset."""
    return cast(dns.rdtypes.ANY.SOA.SOA, rdataset[0])


def _check_node(origin: Name, name: Name, node: Node) -> None:
    if not name.is_subdomain(origin):
        raise ValueError(f"{name} is outside of zone {origin}")
    if RdataType.CNAME in node and (len(node) > 1 or len(node[RdataType.CNAME]) > 1):  # RFC 2181 §10.1
        raise ValueError(f"{name} has other records beside a CNAME")
    if RdataType.SOA in node and name != origin:
        raise ValueError(f"{name} has an SOA below the apex {origin}")
    signed = SIGNED_ZONE_TYPES & node.keys()
    if signed:
        raise ValueError(f"{name} has {min(t.name for t in signed)}: signed zones cannot be served yet")


def _existing_names(origin: Name, nodes: Nodes) -> frozenset[Name]:
    names: set[Name] = set()
    for name in nodes:
        while name not in names:
            names.add(name)
            if name == origin:
                break
            name = name.parent()
    return frozenset(names)


def _found_at(node: Node, owner: Name, qtype: RdataType) -> Found:
    if qtype is RdataType.ANY and node:
        # RFC 8482 §4.1: one RRset is enough, so that ANY does not amplify
        return Found(Match.RRSET, (_rrset(owner, node[min(node)]),))
    if qtype in node:
        return Found(Match.RRSET, (_rrset(owner, node[qtype]),))
    if RdataType.CNAME in node:
        alias = _rrset(owner, node[RdataType.CNAME])
        return Found(Match.ALIAS, (alias,), cast(dns.rdtypes.ANY.CNAME.CNAME, alias[0]).target)
    return Found(Match.NO_DATA)


def _substituted(owner: Name, dname: Rdataset, qname: Name) -> Found:
    """Answer by a DNAME and the CNAME made from it (RFC 6672 §2.2, §3.1)."""
    shown = _rrset(owner, dname)
    try:
        target = qname.relativize(owner) + cast(dns.rdtypes.ANY.DNAME.DNAME, shown[0]).target
    except dns.name.NameTooLong:
        return Found(Match.TOO_LONG, (shown,))
    alias = dns.rrset.from_text(qname, shown.ttl, IN, RdataType.CNAME, target.to_text())
    return Found(Match.ALIAS, (shown, alias), target)


def _rrset(owner: Name, rdataset: Rdataset) -> RRset:
    return dns.rrset.from_rdata_list(owner, rdataset.ttl, list(rdataset))
