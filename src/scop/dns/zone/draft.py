"""A response in the making: what each zone on the way of a question adds to its sections.

Answers are minimal: what was asked, the SOA where there is nothing, glue where a delegation needs it, addresses beside
the names of servers, since resolvers begin with those of the root; and no favours beside it. An asker who wants DNSSEC
gets signatures and proofs too.

Standards: RFC 1035 §4.1.1, RFC 2308 §3, RFC 4035 §3.1, RFC 6604 §3, RFC 6672 §2.2, RFC 9471 §2, RFC 9609 §4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from scop.dns.edns import ExtendedError
from scop.dns.message import Record
from scop.dns.rdata import NS
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Rcode
from scop.dns.zone.lookup import Found, Match, addresses, glue
from scop.dns.zone.proofs import proofs
from scop.dns.zone.zone import Zone

__all__ = ["Draft"]


@dataclass(slots=True)
class Draft:
    """The sections of a response; `required` is the glue without which a referral is of no use (RFC 9471 §2.1)."""

    dnssec_ok: bool = False
    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = False
    answer: list[RRset] = field(default_factory=list)
    authority: list[RRset] = field(default_factory=list)
    required: list[RRset] = field(default_factory=list)
    additional: list[RRset] = field(default_factory=list)
    errors: list[ExtendedError] = field(default_factory=list)

    def refuse(self, rcode: Rcode, reason: Ede | None = None) -> None:
        """Say no, and why (RFC 8914)."""
        self.rcode = rcode
        if reason is not None:
            self.errors.append(ExtendedError(reason))

    def take(self, zone: Zone, found: Found, qname: str) -> None:
        """Note what one zone said about one name of the chain."""
        if found.match is Match.REFERRAL:
            self._refer(zone, found)
        else:
            self.authoritative = True
            self.answer += found.rrsets
            if found.match is Match.RRSET and found.rrsets[0].type == "NS":
                self.additional += _server_addresses(zone, found.rrsets[0])
        if found.match in (Match.NO_DATA, Match.NO_NAME):
            self.authority.append(_negative_soa(zone))
        if self.dnssec_ok:
            self.authority += [rrset for rrset in proofs(zone, found, qname) if rrset not in self.authority]
        if found.match is Match.NO_NAME:
            self.rcode = Rcode.NXDOMAIN  # RFC 6604 §3: the last name of the chain decides
        elif found.match is Match.TOO_LONG:
            self.rcode = Rcode.YXDOMAIN  # RFC 6672 §2.2

    def records(self, rrsets: Iterable[RRset]) -> tuple[Record, ...]:
        """Return a section's records, with their signatures where those are wanted."""
        return tuple(record for rrset in rrsets for record in rrset.records(with_signatures=self.dnssec_ok))

    def _refer(self, zone: Zone, found: Found) -> None:
        # RFC 1035 §4.1.1: AA speaks of the first owner, so an alias before the referral keeps it
        referral = found.rrsets[0]
        self.authority.append(referral)
        signer = zone.get(referral.owner, "DS")
        if self.dnssec_ok and signer is not None:  # RFC 4035 §3.1.4
            self.authority.append(signer)
        within, beside = glue(zone, referral)
        self.required += within
        self.additional += beside


def _server_addresses(zone: Zone, servers: RRset) -> list[RRset]:
    hosts = (rdata.target for rdata in servers.rdatas if isinstance(rdata, NS))
    return [rrset for host in hosts for rrset in addresses(zone, host)]


def _negative_soa(zone: Zone) -> RRset:
    # RFC 2308 §3: the lesser of the SOA's own TTL and its MINIMUM says how long "no" is remembered
    ttl = min(zone.soa.ttl_seconds, zone.soa_rdata.minimum_seconds)
    return RRset(zone.origin, "SOA", ttl, zone.soa.rdatas, zone.soa.signatures)
