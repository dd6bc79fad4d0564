"""Looking a name up in a zone, as RFC 1034 says: down from the apex, past delegations and aliases, to wildcards.

Standards: RFC 1034 §4.3.2, RFC 4035 §3.1.4.1, RFC 4592 §3.3.1, RFC 6672 §3, RFC 8482 §4.1,
RFC 9471 §2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from scop.dns.names import is_at_or_below, name_labels, parent_name
from scop.dns.rdata import CNAME, DNAME, NS
from scop.dns.rrset import RRset
from scop.dns.zone.zone import Node, Zone

__all__ = ["Found", "Match", "addresses", "closest_encloser", "find", "glue", "next_closer", "wildcard_below"]

_EMPTY: Node = {}
_LAST_FOR_ANY = frozenset({"NSEC", "NSEC3PARAM"})  # of no use to who wants "anything"
_ANSWERED_BY_ALIAS = frozenset({"CNAME", "ANY"})
_BESIDE_ALIAS = frozenset({"NSEC", "RRSIG"})  # RFC 4034 §3 and §4: of the alias itself, and never of what it leads to


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

    `wildcard` is the name that the answer was made from, '' for one that stands there. `encloser` is the deepest name
    above the one asked for that exists, where that one does not; None where it does.
    """

    match: Match
    rrsets: tuple[RRset, ...] = ()
    target: str | None = None
    wildcard: str = ""
    encloser: str | None = None


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
    wildcard = wildcard_below(encloser)
    if wildcard not in zone.names:
        return Found(Match.NO_NAME, encloser=encloser)
    return replace(_found_at(zone.nodes.get(wildcard, _EMPTY), qname, qtype), wildcard=wildcard, encloser=encloser)


def closest_encloser(zone: Zone, qname: str) -> str:
    """Return the deepest name above `qname` that exists (RFC 4592 §3.3.1)."""
    name = parent_name(qname)
    while name not in zone.names:
        name = parent_name(name)
    return name


def next_closer(name: str, encloser: str) -> str:
    """Return the name one label longer than its encloser, on the way to `name` (RFC 5155 §1.3)."""
    above = parent_name(name)
    while above != encloser:
        name, above = above, parent_name(above)
    return name


def wildcard_below(encloser: str) -> str:
    """Return the wildcard that would stand for the names right below this one."""
    return f"*.{encloser}" if encloser else "*"


def glue(zone: Zone, referral: RRset) -> tuple[tuple[RRset, ...], tuple[RRset, ...]]:
    """Return the addresses, from below our origin, of the servers that a referral names.

    First those without which nobody finds the zone, since their names are below it (RFC 9471 §2.1), then the rest.
    """
    within: list[RRset] = []
    beside: list[RRset] = []
    for rdata in referral.rdatas:
        assert isinstance(rdata, NS)
        place = within if is_at_or_below(rdata.target, referral.owner) else beside
        place += addresses(zone, rdata.target)
    return tuple(within), tuple(beside)


def addresses(zone: Zone, host: str) -> tuple[RRset, ...]:
    """Return the addresses of a host that stand in the zone itself, at a delegation's edge too."""
    node = zone.nodes.get(host, _EMPTY)
    return tuple(node[type_] for type_ in ("A", "AAAA") if type_ in node)


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
        return _substituted(node["DNAME"], qname, qtype)
    return None


def _found_at(node: Node, owner: str, qtype: str) -> Found:
    if qtype == "ANY" and node:
        # RFC 8482 §4.1: one RRset is enough, so that ANY does not amplify
        return Found(Match.RRSET, (_at(node[min(node.keys() - _LAST_FOR_ANY or node)], owner),))
    if qtype in node:
        return Found(Match.RRSET, (_at(node[qtype], owner),))
    if qtype == "RRSIG" and (signatures := _signatures(node, owner)):
        return Found(Match.RRSET, signatures)
    if "CNAME" in node and qtype not in _BESIDE_ALIAS:
        alias = node["CNAME"].rdatas[0]
        assert isinstance(alias, CNAME)
        return Found(Match.ALIAS, (_at(node["CNAME"], owner),), alias.target)
    return Found(Match.NO_DATA)


def _signatures(node: Node, owner: str) -> tuple[RRset, ...]:
    """Return a node's signatures as RRsets of their own, each with the TTL of what it covers (RFC 4034 §3)."""
    covered = (rrset for rrset in node.values() if rrset.signatures)
    return tuple(RRset(owner, "RRSIG", rrset.ttl_seconds, rrset.signatures) for rrset in covered)


def _at(rrset: RRset, owner: str) -> RRset:
    if rrset.owner == owner:
        return rrset
    return RRset(owner, rrset.type, rrset.ttl_seconds, rrset.rdatas, rrset.signatures)


def _substituted(dname: RRset, qname: str, qtype: str) -> Found:
    """Answer by a DNAME and the CNAME made from it (RFC 6672 §2.2, §3.1)."""
    rdata = dname.rdatas[0]
    assert isinstance(rdata, DNAME)
    head = qname[: len(qname) - len(dname.owner)].removesuffix(".")
    target = f"{head}.{rdata.target}".removesuffix(".")
    try:
        name_labels(target)
    except ValueError:
        return Found(Match.TOO_LONG, (dname,))
    alias = RRset(qname, "CNAME", dname.ttl_seconds, (CNAME(target),))
    # Who asks for the CNAME itself, or for anything, has it: there is nothing to look for at its end.
    return Found(Match.ALIAS, (dname, alias), None if qtype in _ANSWERED_BY_ALIAS else target)
