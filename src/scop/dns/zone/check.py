"""What is wrong with a zone, or with the step from one version of it to the next, before the world sees it.

Errors break something for whoever asks; warnings are what most people did not mean. What needs the world's answers
(does the delegation at the parent fit, do servers answer) is not looked at.

Standards: RFC 1034 §3.6.2 and §4.2.1, RFC 1035 §3.3, RFC 1912 §2, RFC 1982, RFC 2181 §10.3, RFC 2782, RFC 7208 §3.2 and
§4.6.4, RFC 6672 §2.4, RFC 7505, RFC 9471, RFC 9989.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from scop.dns.names import is_at_or_below, parent_name
from scop.dns.rdata import CNAME, MX, NS, SRV, TXT, Rdata
from scop.dns.rrset import RRset
from scop.dns.zone.difference import difference
from scop.dns.zone.serial import is_later
from scop.dns.zone.zone import Zone

__all__ = ["Finding", "Severity", "check_step", "check_zone"]

MAX_SPF_LOOKUPS = 10  # RFC 7208 §4.6.4
MAX_LONG_TXT_OCTETS = 4_000  # what no longer fits any datagram makes every answer go by TCP
MAX_CNAME_STEPS = 8
MIN_SERVERS = 2  # RFC 1034 §4.1
_SPF = b"v=spf1"
_DMARC = b"v=DMARC1"
_COSTLY = ("include:", "a", "mx", "ptr", "exists:", "redirect=")  # RFC 7208 §4.6.4: what asks


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where, and what."""

    severity: Severity
    owner: str
    type: str
    reason: str


def check_step(before: Zone, after: Zone) -> tuple[Finding, ...]:
    """Return what is wrong with the step from one version to the next."""
    if before.origin != after.origin:
        return (_error(after.origin, "SOA", f"this is another zone than {before.origin or '.'}"),)
    if not difference(before, after) or is_later(after.serial, before.serial):
        return ()
    if after.serial == before.serial:
        reason = f"the serial is {after.serial} as before, so secondaries will not see the change (RFC 1982)"
    else:
        reason = f"the serial goes back from {before.serial} to {after.serial} (RFC 1982)"
    return (_error(after.origin, "SOA", reason),)


def check_zone(zone: Zone) -> tuple[Finding, ...]:
    """Return what is wrong with a zone, errors first."""
    found = [
        *_apex(zone),
        *(finding for rrset in zone.rrsets() for finding in _rrset(zone, rrset)),
        *_occluded(zone),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.severity is not Severity.ERROR))


def _error(owner: str, type_: str, reason: str) -> Finding:
    return Finding(Severity.ERROR, owner, type_, reason)


def _warning(owner: str, type_: str, reason: str) -> Finding:
    return Finding(Severity.WARNING, owner, type_, reason)


def _apex(zone: Zone) -> Iterator[Finding]:
    soa = zone.soa_rdata
    if len(zone.nodes[zone.origin]["NS"].rdatas) < MIN_SERVERS:  # RFC 1034 §4.1
        yield _warning(zone.origin, "NS", "there is one name server; with two the zone outlives one of them")
    if soa.retry_seconds >= soa.refresh_seconds:  # RFC 1912 §2.2
        yield _warning(zone.origin, "SOA", "retry is not shorter than refresh")
    if soa.expire_seconds <= soa.refresh_seconds + soa.retry_seconds:
        yield _error(zone.origin, "SOA", "secondaries would forget the zone before they ask twice: expire is too short")
    if not zone.serial:
        yield _warning(zone.origin, "SOA", "serial 0, which many read as unset")


def _rrset(zone: Zone, rrset: RRset) -> Iterator[Finding]:
    for rdata in rrset.rdatas:
        yield from _targets(zone, rrset, rdata)
        if isinstance(rdata, TXT):
            yield from _text(rrset, rdata)
    if rrset.type == "TXT":
        yield from _policies(rrset)
    if rrset.type == "MX" and len(rrset.rdatas) > 1 and any(isinstance(r, MX) and r.is_null for r in rrset.rdatas):
        yield _error(rrset.owner, "MX", 'the null MX "0 ." stands beside others (RFC 7505 §3)')
    if rrset.type == "CNAME":
        yield from _cname(zone, rrset)
    if rrset.type == "DS" and "NS" not in zone.nodes[rrset.owner]:
        yield _error(rrset.owner, "DS", "a DS where nothing is delegated (RFC 4035 §2.4)")


def _targets(zone: Zone, rrset: RRset, rdata: Rdata) -> Iterator[Finding]:
    """RFC 2181 §10.3, RFC 2782: names that others go to must have addresses, and be no aliases."""
    target = _target(rdata)
    if not target or not is_at_or_below(target, zone.origin):
        return
    cut = _delegation_above(zone, target)
    node = zone.nodes.get(target, {})
    if "CNAME" in node:
        yield _error(rrset.owner, rrset.type, f"{target}. is an alias, to which nothing may lead (RFC 2181 §10.3)")
    elif cut is not None:
        if rrset.type == "NS" and is_at_or_below(target, rrset.owner) and not node.keys() & {"A", "AAAA"}:
            yield _error(rrset.owner, "NS", f"{target}. lies in what it serves and has no glue (RFC 9471)")
    elif not node.keys() & {"A", "AAAA"} and not _wildcard(zone, target):
        yield _error(rrset.owner, rrset.type, f"{target}. has no address")


def _target(rdata: Rdata) -> str:
    if isinstance(rdata, MX):
        return rdata.exchange
    return rdata.target if isinstance(rdata, NS | SRV) else ""


def _delegation_above(zone: Zone, name: str) -> str | None:
    """Return the delegation that a name lies at or below, None where it is ours."""
    while name != zone.origin:
        if "NS" in zone.nodes.get(name, {}):
            return name
        name = parent_name(name)
    return None


def _redirection_above(zone: Zone, name: str) -> str | None:
    """Return the nearest name above this one that has a DNAME."""
    while name != zone.origin:
        name = parent_name(name)
        if "DNAME" in zone.nodes.get(name, {}):
            return name
    return None


def _wildcard(zone: Zone, name: str) -> bool:
    while name != zone.origin and name not in zone.names:
        name = parent_name(name)
        if zone.nodes.get(f"*.{name}", {}).keys() & {"A", "AAAA", "CNAME"}:
            return True
    return False


def _cname(zone: Zone, rrset: RRset) -> Iterator[Finding]:
    name, seen = rrset.owner, {rrset.owner}
    while is_at_or_below(name, zone.origin) and (found := zone.get(name, "CNAME")) is not None:
        rdata = found.rdatas[0]
        assert isinstance(rdata, CNAME)
        name = rdata.target
        if name in seen:
            yield _error(rrset.owner, "CNAME", "leads in a circle")
            return
        seen.add(name)
    if len(seen) > MAX_CNAME_STEPS:
        yield _warning(rrset.owner, "CNAME", f"leads over {len(seen) - 1} aliases")
    if is_at_or_below(name, zone.origin) and name not in zone.names and _leads_nowhere(zone, name):
        yield _warning(rrset.owner, "CNAME", f"{name}. is not there")


def _leads_nowhere(zone: Zone, name: str) -> bool:
    return _delegation_above(zone, name) is None and not _wildcard(zone, name)


def _text(rrset: RRset, rdata: TXT) -> Iterator[Finding]:
    octets = sum(map(len, rdata.strings))
    if octets > MAX_LONG_TXT_OCTETS:
        yield _warning(rrset.owner, "TXT", f"{octets} octets of text: every answer will need TCP")


def _policies(rrset: RRset) -> Iterator[Finding]:
    texts = [rdata.joined for rdata in rrset.rdatas if isinstance(rdata, TXT)]
    policies = [text for text in texts if text.lower() == _SPF or text.lower().startswith(_SPF + b" ")]
    if len(policies) > 1:  # RFC 7208 §4.5
        yield _error(rrset.owner, "TXT", f"{len(policies)} SPF records: receivers take this for an error")
    for policy in policies:
        yield from _spf(rrset, policy)
    if rrset.owner.startswith("_dmarc.") and sum(text.startswith(_DMARC) for text in texts) > 1:
        yield _error(rrset.owner, "TXT", "several DMARC records: receivers take none of them")


def _spf(rrset: RRset, policy: bytes) -> Iterator[Finding]:
    terms = [term.lstrip("+-~?").lower() for term in policy.decode("ascii", "replace").split()[1:]]
    asking = [term for term in terms if term.startswith(_COSTLY) and not term.startswith(("all", "exp="))]
    if len(asking) > MAX_SPF_LOOKUPS:
        yield _error(rrset.owner, "TXT", f"the SPF record asks {len(asking)} times, which is over {MAX_SPF_LOOKUPS}")
    if not any(term == "all" or term.startswith("redirect=") for term in terms):
        yield _warning(rrset.owner, "TXT", "the SPF record ends without `all` or `redirect`, so it refuses nobody")


def _occluded(zone: Zone) -> Iterator[Finding]:
    """RFC 1034 §4.2.1: below a delegation only addresses of name servers stand; nobody will ever see more."""
    for name, node in zone.nodes.items():
        if (other := _redirection_above(zone, name)) is not None:  # RFC 6672 §2.4
            yield _error(name, min(node), f"the DNAME of {other}. leads away from everything below it")
        cut = _delegation_above(zone, name)
        if cut is None:
            continue
        hidden = node.keys() - ({"A", "AAAA"} if name != cut else {"NS", "DS", "A", "AAAA", "NSEC", "RRSIG"})
        if hidden:
            shown = ", ".join(sorted(hidden))
            yield _warning(name, min(hidden), f"{shown} below the delegation of {cut}. is never seen")
