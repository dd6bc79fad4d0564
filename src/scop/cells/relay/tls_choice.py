"""Brings together what a domain says of TLS, and what the mail asks for, before a host is called.

Standards: RFC 7672 §2.2 (DANE before), RFC 8461 §2 (MTA-STS), RFC 8689 (REQUIRETLS).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from scop.cells.relay.route import Host, Route
from scop.cells.relay.tls_policy import HostPolicy, Needs, Refused, host_policy
from scop.dane import DaneState, TlsaFound, lookup
from scop.mtasts import Policy
from scop.net.dns_client import Names, drive

__all__ = ["TlsChoice"]


class TlsChoice:
    """Asks for policies; `sts` gives the MTA-STS policy of a domain, `port` is the one that hosts listen on."""

    def __init__(self, names: Names, sts: Callable[[str], Awaitable[Policy | None]], port: int) -> None:
        self._names = names
        self._sts = sts
        self._port = port

    async def of_domain(self, route: Route, needs: Needs) -> Policy | None:
        """Return the MTA-STS policy that bears on a route."""
        return None if _asks_nobody(route, needs) else await self._sts(route.domain)

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
