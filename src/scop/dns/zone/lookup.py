"""Looking a name up in a zone, as RFC 1034 says: down from the apex, past delegations and aliases, to wildcards.

Standards: RFC 1034 §4.3.2, RFC 4035 §3.1.4.1, RFC 4592 §3.3.1, RFC 6672 §3, RFC 8482 §4.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.dns.names import name_labels, parent_name
from scop.dns.rdata import CNAME, NS
from scop.dns.rrset import RRset
from scop.dns.zone.zone import Node, Zone

__all__ = ["Found", "Match", "find", "glue"]

MAX_WIRE_OCTETS = 255  # RFC 1035 §2.3.4
_EMPTY: Node = {}


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
    """What a zone says to a question: the RRsets to show, and where an alias leads.

    `wildcard` is the name that the answer was made from, '' for one that stands there.
    """

    match: Match
    rrsets: tuple[RRset, ...] = ()
    target: str | None = None
    wildcard: str = ""


def find(zone: Zone, qname: str, qtype: str) -> Found:
    """Look up a name at or below the origin."""
    # RFC 1034 §4.3.2 step 3: match down, label by label
    for name in _way_down(zone.origin, qname):
        found = _crossing(zone, name, qname, qtype)
        if found is not None:
            return found
    if qname in zone.names:  # step 3a; an empty non-terminal exists
        return _found_at(zone.nodes.get(qname, _EMPTY), qname, qtype)
    # step 3c, RFC 4592 §3.3.1: the source of synthesis hangs below the closest encloser, nowhere else
    encloser = closest_encloser(zone, qname)
    wildcard = f"*.{encloser}" if encloser else "*"
    if wildcard not in zone.names:
        return Found(Match.NO_NAME)
    return _found_at(zone.nodes.get(wildcard, _EMPTY), qname, qtype, wildcard)


def glue(zone: Zone, referral: RRset) -> tuple[RRset, ...]:
    """Return the addresses, from below our origin, of the servers that a referral names."""
    found: list[RRset] = []
    for rdata in referral.rdatas:
        assert isinstance(rdata, NS)
        node = zone.nodes.get(rdata.target, _EMPTY)
        found += [node[type_] for type_ in ("A", "AAAA") if type_ in node]
    return tuple(found)


def closest_encloser(zone: Zone, qname: str) -> str:
    """Return the deepest name above `qname` that exists (RFC 4592 §3.3.1)."""
    name = parent_name(qname)
    while name not in zone.names:
        name = parent_name(name)
    return name


def _way_down(origin: str, qname: str) -> list[str]:
    way, name = [qname], qname
    while name != origin:
        name = parent_name(name)
        way.append(name)
    way.reverse()
    return way


def _crossing(zone: Zone, name: str, qname: str, qtype: str) -> Found | None:
    """Return what a delegation or a DNAME at `name` makes of the question, if there is one."""
    node = zone.nodes.get(name, _EMPTY)
    # RFC 4035 §3.1.4.1: the DS of a delegation is the parent's own data
    own_ds = qtype == "DS" and name == qname
    if "NS" in node and name != zone.origin and not own_ds:  # step 3b
        return Found(Match.REFERRAL, (node["NS"],))
    if "DNAME" in node and name != qname:  # RFC 6672 §3.2
        return _substituted(node["DNAME"], qname)
    return None


def _found_at(node: Node, owner: str, qtype: str, wildcard: str = "") -> Found:
    if qtype == "ANY" and node:
        # RFC 8482 §4.1: one RRset is enough, so that ANY does not amplify
        return Found(Match.RRSET, (_at(node[min(node)], owner),), None, wildcard)
    if qtype in node:
        return Found(Match.RRSET, (_at(node[qtype], owner),), None, wildcard)
    if "CNAME" in node:
        alias = node["CNAME"].rdatas[0]
        assert isinstance(alias, CNAME)
        return Found(Match.ALIAS, (_at(node["CNAME"], owner),), alias.target, wildcard)
    return Found(Match.NO_DATA, (), None, wildcard)


def _at(rrset: RRset, owner: str) -> RRset:
    if rrset.owner == owner:
        return rrset
    return RRset(owner, rrset.type, rrset.ttl_seconds, rrset.rdatas, rrset.signatures)


def _substituted(dname: RRset, qname: str) -> Found:
    """Answer by a DNAME and the CNAME made from it (RFC 6672 §2.2, §3.1)."""
    head = qname[: len(qname) - len(dname.owner)].removesuffix(".")
    end = dname.rdatas[0].to_wire()
    target = f"{head}.{_target_text(end)}".removesuffix(".")
    try:
        name_labels(target)
    except ValueError:
        return Found(Match.TOO_LONG, (dname,))
    alias = RRset(qname, "CNAME", dname.ttl_seconds, (CNAME(target),))
    return Found(Match.ALIAS, (dname, alias), target)


def _target_text(wire: bytes) -> str:
    from scop.dns.names import read_name

    return read_name(wire, 0, {})[0]
