"""Carries one load to one of a domain's hosts, over connections that are kept for a few seconds.

Standards: RFC 5321 §4.5.4; RFC 3207 and RFC 7435 (TLS where the other side can); RFC 1870 (SIZE),
RFC 6152 (8BITMIME) and RFC 6531 (SMTPUTF8): what a host does not offer is not asked of it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from scop.cells.relay.route import Route
from scop.net.dialer import Dialer, tcp_dialer
from scop.net.faults import TemporaryFailure
from scop.net.mail_client import MailClient, Transaction
from scop.smtp import Envelope

__all__ = ["Carried", "Post", "PostOptions"]

KEPT_SECONDS = 5.0
CONNECT_SECONDS = 30.0
REPLY_SECONDS = 120.0  # RFC 5321 §4.5.3.2 asks for minutes of patience with foreign hosts


_P = TypeVar("_P", bound=asyncio.BaseProtocol)


@dataclass(frozen=True, slots=True)
class PostOptions:
    """How we go out."""

    name: str  # what we call ourselves: our mail host
    port: int
    source: str
    reply_seconds: float = REPLY_SECONDS

    def dialer(self, address: str) -> Dialer:
        """Return how to reach an address."""
        source = self.source if (":" in address) == (":" in self.source) else ""
        return _in_time(tcp_dialer(address, self.port, source=source))


@dataclass(frozen=True, slots=True)
class Carried:
    """What a host answered, or why there was no answer; `status` is an enhanced code."""

    host: str
    transaction: Transaction | None
    reason: str = ""
    status: str = "4.4.1"
    offers_dsn: bool = False  # the host answers for notices from here on (RFC 3461 §5.2)
    tls: str = ""  # protocol and suite under which it was said, '' for the clear


class _Unable(Exception):
    """The host cannot take the mail as it is, and a sealed mail is never converted."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


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
        self._timers: dict[MailClient, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Future[None]] = set()

    async def carry(self, route: Route, envelope: Envelope, octets: bytes, *, tls_optional: bool = False) -> Carried:
        """Hand a message to the first host that speaks with us."""
        reason = "there is no host"
        for host in route.hosts:
            if self._options.source in host.addresses:
                # RFC 5321 §5.1: the host is ourselves by another name, as are all behind it
                return Carried(host.name, None, "the mail would come back to us", "5.4.6")
            for address in host.addresses:
                try:
                    return Carried(host.name, await self._hand_over(address, envelope, octets))
                except TemporaryFailure as failure:
                    reason = f"{host.name} [{address}]: {failure}"
                except _Unable as lack:
                    return Carried(host.name, None, str(lack), lack.status)
        return Carried(route.hosts[0].name if route.hosts else "", None, reason)

    async def close(self) -> None:
        """Take leave everywhere."""
        idle = [client for clients in self._idle.values() for client in clients]
        self._idle.clear()
        for client in idle:
            self._timers.pop(client).cancel()
            await client.quit()
        await asyncio.gather(*self._leaving)

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
            _check_able(client.extensions, envelope, octets)
            transaction = await client.transaction(envelope, octets)
        except _Unable:
            self._keep(client, address)
            raise
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
            self._timers.pop(client).cancel()
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
        self._timers[client] = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._expire, client, clients)

    def _expire(self, client: MailClient, clients: list[MailClient]) -> None:
        """Take leave of a host that was not needed again."""
        del self._timers[client]
        clients.remove(client)
        leaving = asyncio.ensure_future(client.quit())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


def _check_able(extensions: Mapping[str, str], envelope: Envelope, octets: bytes) -> None:
    """Raise `_Unable` where the host lacks what the mail needs."""
    size = extensions.get("SIZE", "")
    if size.isascii() and size.isdigit() and 0 < int(size) < len(octets):  # RFC 1870 §4: 0 means no limit
        raise _Unable("5.3.4", f"the mail has {len(octets)} octets, the host takes {size}")
    if envelope.mail.body == "8BITMIME" and "8BITMIME" not in extensions:
        raise _Unable("5.6.3", "the mail is 8-bit text, the host takes 7-bit")
    if envelope.mail.smtputf8 and "SMTPUTF8" not in extensions:
        raise _Unable("5.6.7", "the mail needs SMTPUTF8, the host does not offer it")


def _in_time(dial: Dialer) -> Dialer:
    async def dial_in_time(new_protocol: Callable[[], _P], /) -> tuple[asyncio.Transport, _P]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await dial(new_protocol)
        except TimeoutError as error:
            raise TemporaryFailure(f"no connection within {CONNECT_SECONDS} s") from error

    return dial_in_time
