"""Brings together what a domain says of TLS, and what the mail asks for, before a host is called.

Standards: RFC 7672 §2.2 (DANE before), RFC 8461 §2 (MTA-STS), RFC 8689 (REQUIRETLS).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from scop.cells.relay.route import Host, Route
from scop.cells.relay.sts_policies import StsFound
from scop.cells.relay.tls_policy import (
    CRYPTOGRAPHIC_FAILURE,
    HostPolicy,
    Needs,
    PolicyType,
    Refused,
    Reported,
    TlsResult,
    host_policy,
)
from scop.dane import DaneState, TlsaFound, lookup
from scop.mtasts import Policy
from scop.net.dns_client import Names, drive

__all__ = ["TlsChoice"]


class TlsChoice:
    """Asks for policies; `sts` gives the MTA-STS policy of a domain, `port` is the one that hosts listen on."""

    def __init__(self, names: Names, sts: Callable[[str], Awaitable[StsFound]], port: int) -> None:
        self._names = names
        self._sts = sts
        self._port = port

    async def of_domain(self, route: Route, needs: Needs) -> Policy | Refused | None:
        """Return the MTA-STS policy that bears on a route, or why none of its hosts can be proved now."""
        if _asks_nobody(route, needs):
            return None
        found = await self._sts(route.domain)
        if needs.require_tls and not route.secure and not found.is_known:
            # The policy may be all that proves the hosts (RFC 8689 §4.2.1): that is to be known before all is lost.
            reason = "the mail requires TLS, and whether the domain has an MTA-STS policy cannot be found out now"
            return Refused(
                TlsResult.STS_FETCH_ERROR, f"4.{CRYPTOGRAPHIC_FAILURE}", reason, Reported(PolicyType.STS, route.domain)
            )
        return found.policy

    async def of_host(self, route: Route, host: Host, needs: Needs, sts: Policy | None) -> HostPolicy | Refused:
        """Decide for one host."""
        # RFC 7672 §2.2.1: an MX that is not proved could name a host of somebody else, with records of its own.
        if _asks_nobody(route, needs) or not route.secure:
            tlsa = TlsaFound(DaneState.NONE, host=host.name)
        else:
            tlsa = await drive(lookup(host.name, port=self._port), self._names)
        return host_policy(route, host, needs, sts, tlsa)


def _asks_nobody(route: Route, needs: Needs) -> bool:
    """Tell whether the domain's wishes count for nothing: for a smarthost, and where the author said so."""
    return route.smarthost is not None or (needs.tls_optional and not needs.require_tls)
