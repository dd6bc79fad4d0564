"""Carries one load to one of a domain's hosts, each proved as its domain asks, over connections that are kept.

Theory of operation. Hosts are tried in their order, each at all of its addresses. For each host it is decided first
how sure we must be of it (`tls_choice`); a connection that is not as sure is not used. A host that cannot be
reached, or cannot prove itself, leads to the next. A host that spoke has spoken for all. So has one that was lost
after the message had been handed over: it may have taken it, and to ask the next at once would only double it.

Standards: RFC 5321 §4.5.4, §5.1; RFC 1870 §4 (SIZE); RFC 8689 §4.2.1 (REQUIRETLS).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from scop.cells.relay.post_links import LinkKey, Links
from scop.cells.relay.route import Host, Route
from scop.cells.relay.tls_choice import TlsChoice
from scop.cells.relay.tls_link import Link, LinkOptions, NoTls, TlsFailed, open_link
from scop.cells.relay.tls_policy import (
    ENCRYPTION_NEEDED,
    Demand,
    HostPolicy,
    Level,
    Needs,
    Refused,
    TlsResult,
)
from scop.cells.relay.tls_tally import TlsTally
from scop.mesh.config import Smarthost
from scop.net.client_wire import RFC_5321, ClientTimeouts
from scop.net.dialer import Dialer, tcp_dialer
from scop.net.faults import TemporaryFailure
from scop.net.mail_client import MailClient, Transaction
from scop.net.trust import web_trust
from scop.smtp import Envelope

__all__ = ["Carried", "Post", "PostOptions"]

CONNECT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class PostOptions:
    """How we go out."""

    name: str  # what we call ourselves: our mail host
    port: int
    source: str
    timeouts: ClientTimeouts = RFC_5321  # a host may look at a mail for ten minutes; who hangs up sends it twice
    trust: ssl.SSLContext = field(default_factory=web_trust)  # whose certificates PKIX means
    https_port: int = 443  # where policies are fetched
    passwords: Mapping[str, str] = field(default_factory=dict)  # of smarthosts, by the name of their file

    def dialer(self, address: str, port: int, *, tls: ssl.SSLContext | None = None, server_name: str = "") -> Dialer:
        """Return how to reach an address."""
        source = self.source if (":" in address) == (":" in self.source) else ""
        return tcp_dialer(
            address, port, source=source, tls=tls, server_name=server_name, connect_seconds=CONNECT_SECONDS
        )

    def link_options(self, address: str, port: int) -> LinkOptions:
        """Return how to open a connection to an address."""

        def dial_tls(server_name: str) -> Dialer:
            return self.dialer(address, port, tls=self.trust, server_name=server_name)

        return LinkOptions(self.dialer(address, port), dial_tls, self.name, self.trust, self.timeouts)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a host answered, or why there was no answer; `status` is an enhanced code."""

    host: str
    transaction: Transaction | None
    reason: str = ""
    status: str = "4.4.1"
    offers_dsn: bool = False  # the host answers for notices from here on (RFC 3461 §5.2)
    offers_deliver_by: bool = False  # and for the time of delivery (RFC 2852)
    tls: str = ""  # protocol and suite under which it was said, '' for the clear


@dataclass(frozen=True, slots=True)
class _Load:
    """What is to be carried, and along which way."""

    route: Route
    envelope: Envelope
    octets: bytes


class _Unable(Exception):
    """The host cannot take the mail as it is, and a sealed mail is never converted."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _InDoubt(TemporaryFailure):
    """The host was lost with the whole message in its hands."""


class Post:
    """Hands mail to hosts; one for the relay's life."""

    def __init__(self, options: PostOptions, choice: TlsChoice, tally: TlsTally) -> None:
        self._options = options
        self._choice = choice
        self._tally = tally
        self._links = Links()

    async def carry(self, route: Route, envelope: Envelope, octets: bytes, *, tls_optional: bool = False) -> Carried:
        """Hand a message to the first host that speaks with us."""
        needs = Needs(envelope.mail.require_tls, tls_optional)
        load = _Load(route, envelope, octets)
        sts = await self._choice.of_domain(route, needs)
        if isinstance(sts, Refused):
            return Carried("", None, sts.reason, sts.status)
        failures: list[Carried] = []
        for host in route.hosts:
            policy = await self._choice.of_host(route, host, needs, sts)
            if isinstance(policy, Refused):
                self._tally.note(policy.reported, policy.result, mx_host=host.name, reason=policy.reason)
                failures.append(Carried(host.name, None, policy.reason, policy.status))
                continue
            tried = await self._try_host(load, host, policy)
            if isinstance(tried, Carried):
                return tried
            failures += tried
        if not failures:
            return Carried("", None, "there is no host")
        # What may go well later counts for more than what cannot.
        return max(failures, key=lambda each: each.status.startswith("4"))

    async def close(self) -> None:
        """Take leave everywhere."""
        await self._links.close()

    async def _try_host(self, load: _Load, host: Host, policy: HostPolicy) -> Carried | list[Carried]:
        """Return what a host said, or why it said nothing at each of its addresses."""
        failures: list[Carried] = []
        for address in host.addresses:
            where = f"{host.name} [{address}]"
            try:
                return await self._hand_over(load, host, address, policy)
            except _InDoubt as failure:
                return Carried(host.name, None, f"{where}: {failure}", "4.4.2")
            except TlsFailed as failure:
                is_hopeless = policy.needs_requiretls and isinstance(failure, NoTls)
                status = f"5.{ENCRYPTION_NEEDED}" if is_hopeless else failure.status
                failures.append(Carried(host.name, None, f"{where}: {failure}", status))
            except TemporaryFailure as failure:
                failures.append(Carried(host.name, None, f"{where}: {failure}"))
            except _Unable as lack:
                if not policy.needs_requiretls:
                    return Carried(host.name, None, str(lack), lack.status)
                failures.append(Carried(host.name, None, f"{where}: {lack}", lack.status))
        return failures

    async def _hand_over(self, load: _Load, host: Host, address: str, policy: HostPolicy) -> Carried:
        for demand in policy.demands:
            key = self._key(load.route, address, demand)
            kept = self._links.take(key)
            if kept is not None:
                try:
                    return await self._transact(kept, key, load, host)
                except TemporaryFailure:
                    if kept.client.answers:
                        raise
        # Nothing was kept, or it had died while it lay idle.
        link = await self._open(load.route, host, address, policy)
        return await self._transact(link, self._key(load.route, address, link.demand), load, host)

    async def _transact(self, link: Link, key: LinkKey, load: _Load, host: Host) -> Carried:
        client = link.client
        client.answers = 0
        try:
            _check_able(client, load)
            link.transactions += 1
            transaction = await client.transaction(load.envelope, load.octets)
        except _Unable:
            self._links.keep(key, link)
            raise
        except TemporaryFailure as failure:
            client.close()
            if client.has_begun_message:
                raise _InDoubt(str(failure)) from failure
            raise
        except BaseException:
            client.close()
            raise
        carried = Carried(
            host.name,
            transaction,
            status="",
            offers_dsn="DSN" in client.extensions,
            offers_deliver_by="DELIVERBY" in client.extensions,
            tls=link.tls,
        )
        self._links.keep(key, link)
        return carried

    async def _open(self, route: Route, host: Host, address: str, policy: HostPolicy) -> Link:
        """Open a connection as sure as the policy asks; a policy that tests is content with less, and counts it."""
        if policy.flaw is not TlsResult.SUCCESS:
            self._note(policy, policy.flaw, host, address, "the policy does not fit the host")
        *tested, last = policy.demands
        for demand in tested:
            try:
                return await self._open_for(demand, route, host, address, policy)
            except TlsFailed:
                continue
        return await self._open_for(last, route, host, address, policy, is_counted=not tested)

    async def _open_for(
        self, demand: Demand, route: Route, host: Host, address: str, policy: HostPolicy, *, is_counted: bool = True
    ) -> Link:
        key = self._key(route, address, demand)
        try:
            link = await open_link(demand, self._options.link_options(address, key.port))
        except TlsFailed as failure:
            if is_counted:
                self._note(policy, failure.result, host, address, str(failure))
            raise
        if is_counted and policy.flaw is TlsResult.SUCCESS:
            self._note(policy, link.lack, host, address, link.reason)
        if route.smarthost is not None and route.smarthost.login:
            await self._log_in(link, route.smarthost)
        return link

    async def _log_in(self, link: Link, smarthost: Smarthost) -> None:
        assert link.demand.level is Level.PKIX  # the configuration admits no login without
        password = self._options.passwords.get(smarthost.password_file, "")
        try:
            answer = await link.client.authenticate(smarthost.login, password)
        except BaseException:
            link.client.close()
            raise
        if not answer.is_positive:
            await link.client.quit()
            raise TemporaryFailure(f"the login is answered by {answer}")

    def _key(self, route: Route, address: str, demand: Demand) -> LinkKey:
        smarthost = route.smarthost
        if smarthost is None:
            return LinkKey(address, self._options.port, "", demand)
        return LinkKey(address, smarthost.port, smarthost.login, demand)

    def _note(self, policy: HostPolicy, result: TlsResult, host: Host, address: str, reason: str) -> None:
        self._tally.note(policy.reported, result, mx_host=host.name, address=address, reason=reason)


def _check_able(client: MailClient, load: _Load) -> None:
    """Raise `_Unable` where the host lacks what the mail needs."""
    objection = client.objection(replace(load.envelope.mail, size_octets=len(load.octets)))
    if objection is not None and objection.is_permanent:
        raise _Unable(objection.enhanced, " ".join(objection.text))
