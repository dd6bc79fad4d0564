"""Carries one load to one of a domain's hosts, over connections that are kept for a few seconds.

Standards: RFC 5321 §4.5.4; RFC 3207 and RFC 7435 (TLS where the other side can).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from scop.cells.relay.route import Host
from scop.net.dialer import Dialer, tcp_dialer
from scop.net.faults import TemporaryFailure
from scop.net.mail_client import MailClient, Transaction
from scop.smtp import Envelope

__all__ = ["Carried", "Post", "PostOptions"]

KEPT_SECONDS = 5.0
REPLY_SECONDS = 120.0  # RFC 5321 §4.5.3.2 asks for minutes of patience with foreign hosts


@dataclass(frozen=True, slots=True)
class PostOptions:
    """How we go out; `dial` is replaced in tests."""

    name: str  # what we call ourselves: our mail host
    port: int
    source: str
    reply_seconds: float = REPLY_SECONDS

    def dialer(self, address: str) -> Dialer:
        """Return how to reach an address."""
        source = self.source if (":" in address) == (":" in self.source) else ""
        return tcp_dialer(address, self.port, source=source)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a host answered, or why none of the hosts could."""

    host: str
    transaction: Transaction | None
    reason: str = ""


def _opportunistic() -> ssl.SSLContext:
    """Return a context that encrypts and does not verify.

    RFC 7435: a certificate that cannot be checked still keeps passive listeners out, and refusing it
    would only fall back to the clear. DANE and MTA-STS, which can be checked, come with their own library.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Post:
    """Open connections by address, each used by one load at a time."""

    def __init__(self, options: PostOptions) -> None:
        self._options = options
        self._tls = _opportunistic()
        self._idle: dict[str, list[MailClient]] = {}

    async def carry(self, hosts: tuple[Host, ...], envelope: Envelope, octets: bytes) -> Carried:
        """Hand a message to the first host that speaks with us."""
        reason = "there is no host"
        for host in hosts:
            for address in host.addresses:
                try:
                    transaction = await self._hand_over(address, envelope, octets)
                except TemporaryFailure as failure:
                    reason = f"{host.name} [{address}]: {failure}"
                else:
                    return Carried(host.name, transaction)
        return Carried(hosts[0].name if hosts else "", None, reason)

    async def close(self) -> None:
        """Take leave everywhere."""
        idle = [client for clients in self._idle.values() for client in clients]
        self._idle.clear()
        for client in idle:
            await client.quit()

    async def _hand_over(self, address: str, envelope: Envelope, octets: bytes) -> Transaction:
        kept = self._take(address)
        if kept is not None:
            try:
                return await self._transact(kept, address, envelope, octets)
            except TemporaryFailure:
                if kept.answers:
                    raise
        # Nothing was kept, or it had died while it lay idle.
        client = await self._open(address)
        return await self._transact(client, address, envelope, octets)

    async def _transact(self, client: MailClient, address: str, envelope: Envelope, octets: bytes) -> Transaction:
        try:
            transaction = await client.transaction(envelope, octets)
        except BaseException:
            client.close()
            raise
        self._keep(client, address)
        return transaction

    async def _open(self, address: str) -> MailClient:
        client = await self._connect(address)
        if "STARTTLS" not in client.extensions:
            return client
        try:
            await client.start_tls(self._tls, "")
        except TemporaryFailure:
            client.close()
            return await self._connect(address)  # RFC 7435 §3: better in the clear than not at all
        return client

    async def _connect(self, address: str) -> MailClient:
        options = self._options
        dial = options.dialer(address)
        return await MailClient.open(dial, name=options.name, lmtp=False, timeout_seconds=options.reply_seconds)

    def _take(self, address: str) -> MailClient | None:
        clients = self._idle.get(address, [])
        while clients:
            client = clients.pop()
            if client.is_usable:
                client.answers = 0
                return client
            client.close()
        return None

    def _keep(self, client: MailClient, address: str) -> None:
        if not client.is_usable:
            client.close()
            return
        clients = self._idle.setdefault(address, [])
        clients.append(client)
        asyncio.get_running_loop().call_later(KEPT_SECONDS, _expire(clients, client))


def _expire(clients: list[MailClient], client: MailClient) -> Callable[[], None]:
    """Return what closes a connection unless it is in use when its time is over."""
    answers = client.answers

    def expire() -> None:
        if client in clients and client.answers == answers:
            clients.remove(client)
            client.close()

    return expire
