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
from scop.dns.rdata import SOA
from scop.dns.rrset import RRset, gather

__all__ = ["Node", "Nodes", "Zone"]

Node: TypeAlias = Mapping[str, RRset]  # by type
Nodes: TypeAlias = Mapping[str, Node]  # by owner

_NSEC3 = "NSEC3"
_EMPTY: Node = {}
_BESIDE_CNAME = frozenset({"CNAME", "NSEC", "RRSIG", "KEY"})  # RFC 4034 §3 and §4, RFC 2535 §2.3.5


@dataclass(frozen=True, slots=True)
class Zone:
    """The records of one zone, by owner and type; names are in normal form.

    Valid by construction: exactly one SOA and at least one NS at the apex, nothing outside of the
    zone, nothing beside a CNAME. Raises `ValueError` otherwise.
    """

    origin: str
    nodes: Nodes
    hashed: Mapping[str, RRset] = field(default_factory=dict)  # NSEC3 RRsets by owner
    names: frozenset[str] = field(init=False)  # all that exist, the empty ones between them too (RFC 4592 §2.2.2)

    def __post_init__(self) -> None:
        for name, node in self.nodes.items():
            _check_node(self.origin, name, node)
        apex = self.nodes.get(self.origin, _EMPTY)
        if "SOA" not in apex or len(apex["SOA"].rdatas) != 1:
            raise ValueError(f"zone {self.origin or '.'} needs exactly one SOA at {self.origin or '.'}")
        if "NS" not in apex:
            raise ValueError(f"zone {self.origin or '.'} needs an NS at {self.origin or '.'}")
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
        from scop.dns.zone.master_file import read_records  # dnspython is loaded for it, and only for it

        try:
            return cls.of_records(origin, read_records(text, normal_name(origin)))
        except RemoteProtocolError:
            raise
        except ValueError as error:
            raise RemoteProtocolError(str(error)) from error

    def to_text(self) -> str:
        """Write the zone as a master file that `parse` reads back as the same zone: full names, SOA first."""
        from scop.dns.zone.master_file import write_records

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


def _check_node(origin: str, name: str, node: Node) -> None:
    if not is_at_or_below(name, origin):
        raise ValueError(f"{name} is outside of zone {origin}")
    if "CNAME" in node and (node.keys() - _BESIDE_CNAME or len(node["CNAME"].rdatas) > 1):  # RFC 2181 §10.1
        raise ValueError(f"{name} has other records beside a CNAME")
    if "SOA" in node and name != origin:
        raise ValueError(f"{name} has an SOA below the apex {origin}")


def _existing_names(origin: str, nodes: Nodes) -> frozenset[str]:
    names: set[str] = set()
    for name in nodes:
        while name not in names:
            names.add(name)
            if name == origin:
                break
            name = parent_name(name)
    return frozenset(names)
