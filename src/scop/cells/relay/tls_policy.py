"""How sure we must be of one mail host before it is handed a mail, decided from what its domain says.

REQUIRETLS stands above all and is never lowered. Then comes DANE, which the domain's signed DNS proves, then
MTA-STS, then TLS where the host can. `TLS-Required: No` of an author sets the domain's wishes aside, not REQUIRETLS.

Standards: RFC 8689 §3, §4.2.1, §4.2.2 (TLS-Required, REQUIRETLS), RFC 7672 §2.2 (DANE), RFC 8461 §2, §5 (MTA-STS),
RFC 7435 (opportunistic security), RFC 8314 §3.3 (implicit TLS), RFC 8460 §4.2, §4.3 (what is reported).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.cells.relay.route import Host, Route
from scop.dane import DaneState, TlsaFound
from scop.dns import TLSA
from scop.mtasts import Mode, Policy

__all__ = ["Demand", "HostPolicy", "Level", "Needs", "PolicyType", "Refused", "Reported", "TlsResult", "host_policy"]

# RFC 3463 §3.8 and RFC 8689 §7
CRYPTOGRAPHIC_FAILURE = "7.5"
ENCRYPTION_NEEDED = "7.10"
REQUIRETLS_SUPPORT_NEEDED = "7.30"

MAX_REPORTED = 64  # lines, patterns or records of one policy: strangers write them
MAX_REPORTED_CHARACTERS = 300  # of each: a line with a host's name, a record with a digest


class Level(StrEnum):
    """How sure."""

    OPPORTUNISTIC = "opportunistic"  # TLS where the host can, with any certificate; else in the clear
    ENCRYPTED = "encrypted"  # TLS, with any certificate
    DANE = "dane"  # TLS, with a certificate that the TLSA records name
    PKIX = "pkix"  # TLS, with a certificate for the host's name that the web would trust


class PolicyType(StrEnum):
    """Whose wish it is (RFC 8460 §4.2)."""

    TLSA = "tlsa"
    STS = "sts"
    NONE = "no-policy-found"


class TlsResult(StrEnum):
    """What was in the way of TLS (RFC 8460 §4.3); SUCCESS is counted apart and has no word there."""

    SUCCESS = ""
    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    HOST_MISMATCH = "certificate-host-mismatch"
    EXPIRED = "certificate-expired"
    NOT_TRUSTED = "certificate-not-trusted"
    VALIDATION_FAILURE = "validation-failure"
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    STS_FETCH_ERROR = "sts-policy-fetch-error"
    STS_INVALID = "sts-policy-invalid"
    STS_WEBPKI_INVALID = "sts-webpki-invalid"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a connection must be proved to be. Equal demands may share a connection; no others may."""

    level: Level = Level.OPPORTUNISTIC
    server_name: str = ""  # sent as SNI; for PKIX also the name to be proved
    tlsa: tuple[TLSA, ...] = ()
    names: tuple[str, ...] = ()  # of which a certificate under a trust anchor of DANE bears one
    implicit: bool = False  # TLS from the first octet


@dataclass(frozen=True, slots=True)
class Reported:
    """A policy as reports name it (RFC 8460 §4.4)."""

    type: PolicyType
    domain: str
    strings: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Needs:
    """What the mail itself asks for."""

    require_tls: bool = False  # its sender said REQUIRETLS
    tls_optional: bool = False  # its author wrote `TLS-Required: No`


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """What to demand of a host, and what to be content with where a policy only tests."""

    demands: tuple[Demand, ...]
    reported: Reported
    flaw: TlsResult = TlsResult.SUCCESS  # found before the host was even called
    needs_requiretls: bool = False  # the host must offer REQUIRETLS too


@dataclass(frozen=True, slots=True)
class Refused:
    """The host gets no mail now; `status` is an enhanced code."""

    result: TlsResult
    status: str
    reason: str
    reported: Reported


def host_policy(route: Route, host: Host, needs: Needs, sts: Policy | None, tlsa: TlsaFound) -> HostPolicy | Refused:
    """Decide for one host of a route, given the domain's MTA-STS policy and the host's TLSA records."""
    if route.smarthost is not None:
        return _smarthost_policy(route, host, needs)
    if needs.tls_optional and not needs.require_tls:
        # RFC 8689 §4.2.2: what the recipient's domain asks for is set aside; TLS is still taken where it is offered.
        return HostPolicy((Demand(),), _reported_none(route))
    if tlsa.state is DaneState.FAILED:
        # RFC 7672 §2.1.1: who can suppress an answer must not win by it.
        reported = Reported(PolicyType.TLSA, route.domain)
        return Refused(TlsResult.DNSSEC_INVALID, f"4.{CRYPTOGRAPHIC_FAILURE}", tlsa.reason, reported)
    if tlsa.state is DaneState.USABLE:
        demand = Demand(Level.DANE, tlsa.base_domain, tlsa.records, tlsa.names(route.domain))
        return HostPolicy((demand,), _reported_tlsa(route, tlsa), needs_requiretls=needs.require_tls)
    if sts is not None and not (tlsa.state is DaneState.UNUSABLE and sts.mode is not Mode.ENFORCE):
        return _sts_policy(route, host, needs, sts)
    return _policy_without_proof(route, host, needs, tlsa)


def _policy_without_proof(route: Route, host: Host, needs: Needs, tlsa: TlsaFound) -> HostPolicy | Refused:
    """Decide where neither usable TLSA records nor MTA-STS say whom to expect."""
    is_unusable = tlsa.state is DaneState.UNUSABLE
    reported = _reported_tlsa(route, tlsa) if is_unusable else _reported_none(route)
    flaw = TlsResult.TLSA_INVALID if is_unusable else TlsResult.SUCCESS
    if needs.require_tls:
        # RFC 8689 §4.2.1: a certificate proves a name, so something must prove that the name is the domain's.
        if not route.secure:
            reason = "the mail requires TLS, and nothing proves which hosts are the domain's (no DNSSEC, no MTA-STS)"
            return Refused(TlsResult.VALIDATION_FAILURE, f"5.{REQUIRETLS_SUPPORT_NEEDED}", reason, reported)
        return HostPolicy((Demand(Level.PKIX, host.name),), reported, flaw, needs_requiretls=True)
    if is_unusable:
        # RFC 7672 §2.2: such records still say that there is TLS.
        return HostPolicy((Demand(Level.ENCRYPTED, tlsa.base_domain),), reported, flaw)
    return HostPolicy((Demand(),), reported)


def _sts_policy(route: Route, host: Host, needs: Needs, sts: Policy) -> HostPolicy | Refused:
    lines = tuple(sts.to_octets().decode().splitlines())
    reported = Reported(PolicyType.STS, route.domain, lines[:MAX_REPORTED], sts.mx[:MAX_REPORTED])
    is_binding = sts.mode is Mode.ENFORCE or needs.require_tls
    is_allowed = sts.allows(host.name)
    proved = Demand(Level.PKIX, host.name)
    if not is_allowed and is_binding:
        # RFC 8461 §4.1: such a host is not the domain's, whatever the DNS says.
        reason = f"{host.name} is none of the hosts that the domain's MTA-STS policy names"
        return Refused(TlsResult.VALIDATION_FAILURE, f"4.{CRYPTOGRAPHIC_FAILURE}", reason, reported)
    if not is_allowed:
        return HostPolicy((Demand(),), reported, TlsResult.VALIDATION_FAILURE)
    if is_binding:
        return HostPolicy((proved,), reported, needs_requiretls=needs.require_tls)
    return HostPolicy((proved, Demand()), reported)  # RFC 8461 §5: `testing` reports and delivers


def _smarthost_policy(route: Route, host: Host, needs: Needs) -> HostPolicy | Refused:
    """Decide for the host that our own configuration names: its owner said how to be sure of it."""
    smarthost, reported = route.smarthost, _reported_none(route)
    assert smarthost is not None
    if smarthost.tls != "none":
        demand = Demand(Level.PKIX, smarthost.host, implicit=smarthost.tls == "implicit")
        return HostPolicy((demand,), reported, needs_requiretls=needs.require_tls)
    if needs.require_tls:
        reason = "the mail requires TLS, and the smarthost is configured without"
        return Refused(TlsResult.VALIDATION_FAILURE, f"5.{ENCRYPTION_NEEDED}", reason, reported)
    return HostPolicy((Demand(),), reported)


def _reported_none(route: Route) -> Reported:
    return Reported(PolicyType.NONE, route.domain)


def _reported_tlsa(route: Route, tlsa: TlsaFound) -> Reported:
    # RFC 8460 §4.4: the records as they stand in a zone
    strings = tuple(
        f"{each.usage} {each.selector} {each.matching_type} {each.association.hex()}"[:MAX_REPORTED_CHARACTERS]
        for each in tlsa.records[:MAX_REPORTED]
    )
    return Reported(PolicyType.TLSA, route.domain, strings, (tlsa.host,))
