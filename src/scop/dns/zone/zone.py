"""A zone: the names we answer for, as a value.

An update makes a new `Zone`, so who holds the old one still answers from a whole zone. Signatures stand with the
RRsets that they cover; NSEC3 records, whose owners are hashes and no names of the zone, stand apart.

Standards: RFC 1034 §4.2, RFC 1035 §5, RFC 2181 §5.2 and §10, RFC 4592 §2.2.2, RFC 5155 §3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from scop.dns.message import Record
from scop.dns.names import is_at_or_below, normal_name, parent_name
from scop.dns.rdata import NSEC3, NSEC3PARAM, SOA
from scop.dns.rrset import RRset, gather
from scop.dns.zone.order import SortedNames

__all__ = ["Node", "Nodes", "Zone"]

Node: TypeAlias = Mapping[str, RRset]  # by type
Nodes: TypeAlias = Mapping[str, Node]  # by owner

_NSEC, _NSEC3, _PARAMETERS = "NSEC", "NSEC3", "NSEC3PARAM"
_EMPTY: Node = {}
_BESIDE_CNAME = frozenset({"CNAME", "NSEC", "RRSIG", "KEY"})  # RFC 4034 §3 and §4, RFC 2535 §2.3.5


@dataclass(frozen=True, slots=True)
class Zone:
    """The records of one zone, by owner and type; names are in normal form.

    Valid by construction: exactly one SOA and at least one NS at the apex, nothing outside of the
    zone, nothing beside a CNAME. Raises `ValueError` otherwise.

    `names` are all that exist, the empty ones between them too (RFC 4592 §2.2.2), each with the number of those that
    stand one label below it.
    """

    origin: str
    nodes: Nodes
    hashed: Mapping[str, RRset] = field(default_factory=dict)  # NSEC3 RRsets by owner
    names: Mapping[str, int] = field(init=False, compare=False, repr=False)
    # Sorted when first asked for: most zones never are, and a changed zone takes over what its elder had sorted.
    _sorted: dict[str, SortedNames] = field(init=False, compare=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for name, node in self.nodes.items():
            _check_node(self.origin, name, node)
        _check_apex(self.origin, self.nodes)
        object.__setattr__(self, "names", _existing_names(self.origin, self.nodes))

    @classmethod
    def of(cls, origin: str, rrsets: Iterable[RRset]) -> Zone:
        """Build from RRsets, each owner and type once."""
        nodes: dict[str, dict[str, RRset]] = {}
        hashed: dict[str, RRset] = {}
        for rrset in rrsets:
            if rrset.type == _NSEC3:
                hashed[rrset.owner] = rrset
            else:
                nodes.setdefault(rrset.owner, {})[rrset.type] = rrset
        return cls(normal_name(origin), nodes, hashed)

    @classmethod
    def of_records(cls, origin: str, records: Iterable[Record]) -> Zone:
        """Build from records in any order."""
        return cls.of(origin, gather(records))

    @classmethod
    def parse(cls, text: str, origin: str) -> Zone:
        """Read a master file; raises `RemoteProtocolError` that names the line where there is one."""
        from scop.base import RemoteProtocolError
        from scop.dns.zone.own_form import read_own_records

        origin = normal_name(origin)
        try:
            records = read_own_records(text, origin)
            if records is None:
                from scop.dns.zone.master_file import read_any_records  # dnspython is loaded for it, and only for it

                records = read_any_records(text, origin)
            return cls.of_records(origin, records)
        except RemoteProtocolError:
            raise
        except ValueError as error:
            raise RemoteProtocolError(str(error)) from error

    def to_text(self) -> str:
        """Write the zone as a master file that `parse` reads back as the same zone: full names, SOA first."""
        from scop.dns.zone.own_form import write_records

        return write_records(self.records())

    @property
    def soa(self) -> RRset:
        """The start of authority."""
        return self.nodes[self.origin]["SOA"]

    @property
    def soa_rdata(self) -> SOA:
        """The one record of it."""
        rdata = self.soa.rdatas[0]
        assert isinstance(rdata, SOA)
        return rdata

    @property
    def serial(self) -> int:
        """The version of the zone (RFC 1982 arithmetic)."""
        return self.soa_rdata.serial

    @property
    def nsec_names(self) -> SortedNames:
        """The owners of NSEC records in canonical order."""
        found = self._sorted.get(_NSEC)
        if found is None:
            found = SortedNames.of(name for name, node in self.nodes.items() if _NSEC in node)
            self._sorted[_NSEC] = found
        return found

    @property
    def nsec3_names(self) -> SortedNames:
        """The owners of those NSEC3 records that the apex's NSEC3PARAM speaks of, in the order of their hashes."""
        found = self._sorted.get(_NSEC3)
        if found is None:
            parameters = self.nsec3_parameters
            found = SortedNames.of(o for o, rrset in self.hashed.items() if _is_hashed_by(parameters, rrset))
            self._sorted[_NSEC3] = found
        return found

    @property
    def nsec3_parameters(self) -> NSEC3PARAM | None:
        """How the names of the NSEC3 records are hashed; None without a whole set of them (RFC 5155 §4.1.2)."""
        rrset = self.nodes[self.origin].get(_PARAMETERS)
        for rdata in rrset.rdatas if rrset is not None else ():
            if isinstance(rdata, NSEC3PARAM) and not rdata.flags:
                return rdata
        return None

    def rrsets(self) -> Iterator[RRset]:
        """Yield every RRset, the SOA first, then by name and type; NSEC3 last."""
        yield self.soa
        for name in sorted(self.nodes):
            node = self.nodes[name]
            yield from (node[type_] for type_ in sorted(node) if type_ != "SOA")
        yield from (self.hashed[owner] for owner in sorted(self.hashed))

    def records(self) -> Iterator[Record]:
        """Yield every record, signatures after what they cover."""
        for rrset in self.rrsets():
            yield from rrset.records(with_signatures=True)

    def get(self, owner: str, type_: str) -> RRset | None:
        """Return one RRset, None where there is none."""
        return self.hashed.get(owner) if type_ == _NSEC3 else self.nodes.get(owner, _EMPTY).get(type_)

    def changed(self, put: Iterable[RRset] = (), removed: Iterable[tuple[str, str]] = ()) -> Zone:
        """Return the zone without the RRsets `removed` (owner and type), and then with those of `put`.

        Each of `put` takes the place of what has its owner and type. Only the names that change are looked at, so in
        a large zone this costs the copying of its tables and no more. Raises `ValueError` as the constructor does.
        """
        nodes, hashed = dict(self.nodes), dict(self.hashed)
        touched: dict[str, dict[str, RRset]] = {}
        rehashed: dict[str, None] = {}
        for owner, type_ in removed:
            if type_ == _NSEC3:
                hashed.pop(owner, None)
                rehashed[owner] = None
            elif owner in nodes:
                touched.setdefault(owner, dict(nodes[owner])).pop(type_, None)
        for rrset in put:
            if rrset.type == _NSEC3:
                hashed[rrset.owner] = rrset
                rehashed[rrset.owner] = None
            else:
                touched.setdefault(rrset.owner, dict(nodes.get(rrset.owner, _EMPTY)))[rrset.type] = rrset
        below = self._exchanged(nodes, touched)
        parts = {"origin": self.origin, "nodes": nodes, "hashed": hashed, "names": below}
        zone = object.__new__(Zone)  # its parts are valid already: __post_init__ would look at every name again
        for part, value in {**parts, "_sorted": self._still_sorted(touched, rehashed, nodes, hashed)}.items():
            object.__setattr__(zone, part, value)
        return zone

    def _exchanged(self, nodes: dict[str, Node], touched: Nodes) -> dict[str, int]:
        """Put the touched nodes among all, and return which names exist then."""
        below = dict(self.names)
        for name, node in touched.items():
            if node:
                _check_node(self.origin, name, node)
                nodes[name] = node
                _appear(below, self.origin, name)
            else:
                nodes.pop(name, None)
        _check_apex(self.origin, nodes)
        for name, node in touched.items():
            if not node:
                _vanish(below, self.origin, name, nodes)
        return below

    def _still_sorted(
        self, touched: Nodes, rehashed: Iterable[str], nodes: Nodes, hashed: Mapping[str, RRset]
    ) -> dict[str, SortedNames]:
        """Return what is sorted of this zone as it is after a change."""
        found: dict[str, SortedNames] = {}
        if _NSEC in self._sorted:
            found[_NSEC] = self._sorted[_NSEC].moved({name: _NSEC in node for name, node in touched.items()})
        apex, earlier = nodes[self.origin], self.nodes[self.origin]
        if _NSEC3 in self._sorted and apex.get(_PARAMETERS) == earlier.get(_PARAMETERS):
            used = self.nsec3_parameters
            there = {owner: owner in hashed and _is_hashed_by(used, hashed[owner]) for owner in rehashed}
            found[_NSEC3] = self._sorted[_NSEC3].moved(there)
        return found


def _is_hashed_by(parameters: NSEC3PARAM | None, rrset: RRset) -> bool:
    rdata = rrset.rdatas[0]
    if parameters is None or not isinstance(rdata, NSEC3):
        return False
    used = (parameters.hash_algorithm, parameters.iterations, parameters.salt)
    return used == (rdata.hash_algorithm, rdata.iterations, rdata.salt)


def _check_apex(origin: str, nodes: Nodes) -> None:
    apex = nodes.get(origin, _EMPTY)
    if "SOA" not in apex or len(apex["SOA"].rdatas) != 1:
        raise ValueError(f"zone {origin or '.'} needs exactly one SOA at {origin or '.'}")
    if "NS" not in apex:
        raise ValueError(f"zone {origin or '.'} needs an NS at {origin or '.'}")


def _check_node(origin: str, name: str, node: Node) -> None:
    if not is_at_or_below(name, origin):
        raise ValueError(f"{name} is outside of zone {origin}")
    if "CNAME" in node and (node.keys() - _BESIDE_CNAME or len(node["CNAME"].rdatas) > 1):  # RFC 2181 §10.1
        raise ValueError(f"{name} has other records beside a CNAME")
    if "DNAME" in node and len(node["DNAME"].rdatas) > 1:  # RFC 6672 §2.4
        raise ValueError(f"{name} has a second DNAME")
    if "SOA" in node and name != origin:
        raise ValueError(f"{name} has an SOA below the apex {origin}")


def _existing_names(origin: str, nodes: Nodes) -> dict[str, int]:
    below: dict[str, int] = {}
    for name in nodes:
        _appear(below, origin, name)
    return below


def _appear(below: dict[str, int], origin: str, name: str) -> None:
    """Note that a name exists, and with it all between it and the apex."""
    if name in below:
        return
    below[name] = 0
    while name != origin:
        name = parent_name(name)
        count = below.get(name)
        below[name] = (count or 0) + 1
        if count is not None:
            return


def _vanish(below: dict[str, int], origin: str, name: str, nodes: Nodes) -> None:
    """Note that a name owns nothing any more, and neither it nor those above it exist unless something is below."""
    while name != origin and name not in nodes and below.get(name) == 0:
        del below[name]
        name = parent_name(name)
        below[name] -= 1
