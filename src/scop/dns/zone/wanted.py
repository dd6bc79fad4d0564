"""What the zone of a mail domain has to say so that its mail, its clients and its certificates work: as values.

From what a domain is (its host, addresses, keys, certificate, policies) the wanted RRsets follow. What is published is
not looked at here, `scop.dns.zone.plan` compares.

Standards: RFC 5321 §5.1 (MX), RFC 7208 §2.3 and §3 (SPF, also of the HELO name), RFC 6376 §3.6.2 (DKIM), RFC 9989
(DMARC), RFC 8461 §3.1 (MTA-STS), RFC 8460 §3 (TLS-RPT), RFC 6698, RFC 7671 §8.1 and RFC 7672 §3.1 (TLSA 3 1 1), RFC
2782, RFC 6186 and RFC 8314 §5.1 (SRV of mail clients), RFC 8659 (CAA), Matrix v1.19 Server-Server API §2.1
(`_matrix-fed._tcp`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from scop.dns.names import is_at_or_below
from scop.dns.rdata import AAAA, CAA, CNAME, MX, SRV, TLSA, TXT, A, Rdata

__all__ = ["TTL_SECONDS", "Client", "DkimKey", "Fit", "Purpose", "Site", "Wanted", "spf_mechanism", "wanted_records"]

TTL_SECONDS = 300  # addresses move, keys roll: what stands for long is not asked for often anyway
MAIL_PREFERENCE = 10


class Purpose(StrEnum):
    """What a record is for."""

    ADDRESS = "address"
    MAIL = "MX"
    SPF = "SPF"
    DKIM = "DKIM"
    DMARC = "DMARC"
    MTA_STS = "MTA-STS"
    TLS_REPORTS = "TLS-RPT"
    DANE = "TLSA"
    CLIENTS = "SRV"
    AUTOCONFIG = "autoconfig"
    AUTHORITIES = "CAA"
    MATRIX = "Matrix"


class Fit(StrEnum):
    """When what is published is as wanted."""

    WHOLE = "whole"  # the RRset is exactly this; none where nothing is wanted
    TEXT = "text"  # of the TXT records one begins as the wanted one does, and is the same; the others are not ours
    ANY_TEXT = "any text"  # one begins as the wanted one does, whatever follows: a person's own policy
    SPF = "SPF"  # the one SPF record names our addresses, and maybe more


@dataclass(frozen=True, slots=True)
class Wanted:
    """One RRset that has to be there, or with Fit.WHOLE and no rdatas, must not."""

    purpose: Purpose
    owner: str
    type: str
    rdatas: tuple[Rdata, ...]
    fit: Fit = Fit.WHOLE


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A public key of ours: the name where it stands, and its text (RFC 6376 §3.6.1)."""

    record_name: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Client:
    """A service that mail clients look for by SRV (RFC 6186, RFC 8314 §5.1); port 0: we do not offer it."""

    service: str  # such as submissions
    port: int


@dataclass(frozen=True, slots=True)
class Site:
    """A mail domain as it is. Names are in normal form, addresses are text; what is empty is not wanted."""

    domain: str
    hostname: str
    addresses: tuple[str, ...]  # of the host: all of them
    smtp_port: int = 25
    key_hash: bytes = b""  # SHA-256 of our certificate's public key (selector 1, matching type 1)
    next_key_hash: bytes = b""  # of the one that will take its place, known ahead to who remembers records
    tls_ports: tuple[int, ...] = ()  # besides SMTP, where that certificate is shown
    dkim: tuple[DkimKey, ...] = ()
    dmarc: str = ""  # the policy as we want it; empty: any that is there, or the strict one
    reports_to: str = ""  # a mailto: or https: URI for TLS reports; empty: any that is there, or `report_mailbox`
    report_mailbox: str = ""  # local part of the address at which we read reports; empty: none are asked for
    mta_sts_id: str = ""  # names the version of the policy that is served
    mta_sts_host: str = ""  # the host that serves it
    clients: tuple[Client, ...] = ()
    autoconfig_host: str = ""
    authorities: tuple[str, ...] = ()  # who may issue certificates
    matrix_host: str = ""
    matrix_port: int = 8448


def wanted_records(site: Site) -> tuple[Wanted, ...]:
    """Return every RRset that the world should find, each within the domain."""
    makers = (_addresses, _mail, _spf, _dkim, _dmarc, _transport, _dane, _clients, _authorities, _matrix)
    found = (wanted for maker in makers for wanted in maker(site))
    return tuple(wanted for wanted in found if is_at_or_below(wanted.owner, site.domain))


def _addresses(site: Site) -> Iterator[Wanted]:
    yield Wanted(Purpose.ADDRESS, site.hostname, "A", _v4(site))
    yield Wanted(Purpose.ADDRESS, site.hostname, "AAAA", _v6(site))


def _v4(site: Site) -> tuple[A, ...]:
    return tuple(A(address) for address in site.addresses if ":" not in address)


def _v6(site: Site) -> tuple[AAAA, ...]:
    return tuple(AAAA(address) for address in site.addresses if ":" in address)


def spf_mechanism(rdata: A | AAAA) -> str:
    """Return the SPF mechanism that an address passes (RFC 7208 §5.6)."""
    return f"{'ip4' if isinstance(rdata, A) else 'ip6'}:{rdata.address}"


def _mail(site: Site) -> Iterator[Wanted]:
    yield Wanted(Purpose.MAIL, site.domain, "MX", (MX(MAIL_PREFERENCE, site.hostname),))


def _spf(site: Site) -> Iterator[Wanted]:
    addresses: tuple[A | AAAA, ...] = (*_v4(site), *_v6(site))
    mechanisms = [spf_mechanism(rdata) for rdata in addresses]
    policy = TXT.of(" ".join(("v=spf1", *mechanisms, "-all")).encode("ascii"))
    yield Wanted(Purpose.SPF, site.domain, "TXT", (policy,), Fit.SPF)
    # RFC 7208 §2.3: bounces have no reverse-path, so the HELO name needs an SPF record of its own
    if site.hostname != site.domain:
        yield Wanted(Purpose.SPF, site.hostname, "TXT", (policy,), Fit.SPF)


def _dkim(site: Site) -> Iterator[Wanted]:
    for key in site.dkim:
        yield Wanted(Purpose.DKIM, key.record_name, "TXT", (TXT.of(key.text),), Fit.TEXT)


def _dmarc(site: Site) -> Iterator[Wanted]:
    asking = f"; rua=mailto:{site.report_mailbox}@{site.domain}" if site.report_mailbox else ""
    policy = TXT.of((site.dmarc or f"v=DMARC1; p=reject{asking}").encode("ascii"))
    yield Wanted(Purpose.DMARC, f"_dmarc.{site.domain}", "TXT", (policy,), Fit.TEXT if site.dmarc else Fit.ANY_TEXT)


def _transport(site: Site) -> Iterator[Wanted]:
    if site.mta_sts_id:
        policy = TXT.of(f"v=STSv1; id={site.mta_sts_id};".encode("ascii"))
        yield Wanted(Purpose.MTA_STS, f"_mta-sts.{site.domain}", "TXT", (policy,), Fit.TEXT)
        if site.mta_sts_host:
            yield Wanted(Purpose.MTA_STS, f"mta-sts.{site.domain}", "CNAME", (CNAME(site.mta_sts_host),))
    ours = f"mailto:{site.report_mailbox}@{site.domain}" if site.report_mailbox else ""
    if site.reports_to or ours:
        policy = TXT.of(f"v=TLSRPTv1; rua={site.reports_to or ours}".encode("ascii"))
        fit = Fit.TEXT if site.reports_to else Fit.ANY_TEXT
        yield Wanted(Purpose.TLS_REPORTS, f"_smtp._tls.{site.domain}", "TXT", (policy,), fit)


def _dane(site: Site) -> Iterator[Wanted]:
    if site.key_hash:
        # RFC 7672 §3.1: DANE-EE, SPKI, SHA-256; RFC 7671 §8.1: the next key's stands there before it is used
        hashes = dict.fromkeys(each for each in (site.key_hash, site.next_key_hash) if each)
        records = tuple(TLSA(3, 1, 1, each) for each in hashes)
        for port in (site.smtp_port, *site.tls_ports):
            yield Wanted(Purpose.DANE, f"_{port}._tcp.{site.hostname}", "TLSA", records)


def _clients(site: Site) -> Iterator[Wanted]:
    for client in site.clients:
        place = SRV(0, 1, client.port, site.hostname) if client.port else SRV(0, 0, 0, "")  # RFC 6186 §3.4
        yield Wanted(Purpose.CLIENTS, f"_{client.service}._tcp.{site.domain}", "SRV", (place,))
    if site.autoconfig_host:
        yield Wanted(Purpose.AUTOCONFIG, f"autoconfig.{site.domain}", "CNAME", (CNAME(site.autoconfig_host),))


def _authorities(site: Site) -> Iterator[Wanted]:
    if site.authorities:
        rdatas = tuple(CAA(0, b"issue", name.encode("ascii")) for name in site.authorities)
        yield Wanted(Purpose.AUTHORITIES, site.domain, "CAA", rdatas)


def _matrix(site: Site) -> Iterator[Wanted]:
    if site.matrix_host:
        place = SRV(10, 1, site.matrix_port, site.matrix_host)
        yield Wanted(Purpose.MATRIX, f"_matrix-fed._tcp.{site.domain}", "SRV", (place,))
