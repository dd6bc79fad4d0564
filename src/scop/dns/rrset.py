"""RRsets: the records of one name and type, with the signatures over them, as one value.

Standards: RFC 2181 §5 (an RRset has one TTL, no record twice), RFC 4034 §3 (RRSIG), §6.3 (their order).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scop.dns.message import Record
from scop.dns.rdata import RRSIG, Rdata

__all__ = ["RRset", "gather"]


@dataclass(frozen=True, slots=True)
class RRset:
    """The records at `owner` (normal form) of one type; `signatures` are the RRSIG records that cover them."""

    owner: str
    type: str
    ttl_seconds: int
    rdatas: tuple[Rdata, ...]
    signatures: tuple[Rdata, ...] = ()

    def records(self, *, with_signatures: bool = False) -> tuple[Record, ...]:
        """Return it record by record, the signatures after them where they are wanted."""
        rdatas = (*self.rdatas, *self.signatures) if with_signatures else self.rdatas
        return tuple(Record(self.owner, self.ttl_seconds, rdata) for rdata in rdatas)


def gather(records: Iterable[Record]) -> tuple[RRset, ...]:
    """Return the RRsets of a message's section in the order of their first records, signatures attached.

    RFC 2181 §5.2: TTLs that differ within a set are an error; the lowest holds. A record that stands twice counts
    once. Signatures over what is not there make an RRset of type RRSIG of their own.
    """
    found: dict[tuple[str, str], list[Record]] = {}
    signatures: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.rdata.type == RRSIG.type:
            signatures.setdefault((record.name, _covered(record.rdata)), []).append(record)
        else:
            found.setdefault((record.name, record.rdata.type), []).append(record)
    rrsets = [_rrset(*key, members, signatures.pop(key, [])) for key, members in found.items()]
    alone: dict[str, list[Record]] = {}
    for (owner, _), members in signatures.items():
        alone.setdefault(owner, []).extend(members)
    return (*rrsets, *(_rrset(owner, RRSIG.type, members, []) for owner, members in alone.items()))


def _covered(rdata: Rdata) -> str:
    return rdata.covered if isinstance(rdata, RRSIG) else ""  # one without octets covers nothing


def _rrset(owner: str, type_: str, members: list[Record], signatures: list[Record]) -> RRset:
    ttl = min(record.ttl_seconds for record in (*members, *signatures))
    rdatas = tuple(dict.fromkeys(record.rdata for record in members))
    return RRset(owner, type_, ttl, rdatas, tuple(dict.fromkeys(record.rdata for record in signatures)))
