"""The connection of `scop smtp send`: opened, secured and logged in once, and used for one mail after the other.

Standards: RFC 3207 (STARTTLS); RFC 8314 §3 (implicit TLS); RFC 7435 §3 (opportunistic TLS); RFC 5321 §4.5.3.1.10 (more
recipients than a server takes at once).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from scop.net.dialer import Dialer, tcp_dialer
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.mail_client import MailClient, Transaction
from scop.net.mail_transcript import Heard
from scop.net.peer import tls_facts
from scop.smtp import Envelope, Reply

__all__ = ["Server", "Tls", "Worker"]

CONNECT_SECONDS = 30.0
HINT_SECONDS = 5.0  # without a greeting, after which a person is told what that may mean

_SLOW = "the server does not greet yet"
_SILENT = f"{_SLOW}; if it speaks TLS from the beginning, as port 465 does, say --tls implicit"


class Tls(StrEnum):
    """How a connection is secured."""

    NONE = "none"
    OPPORTUNISTIC = "opportunistic"  # where it is offered
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Server:
    """Where the mails go, and what is agreed on there before the first."""

    host: str
    port: int
    tls: Tls
    context: ssl.SSLContext
    lmtp: bool
    helo: str
    login: str = ""
    password: str = ""


class Worker:
    """Sends mails to one server, over a new connection where the old one is of no more use."""

    def __init__(self, server: Server, heard: Heard | None, note: Callable[[str], None]) -> None:
        self._server = server
        self._heard = heard
        self._note = note
        self._client: MailClient | None = None
        self.tls = ""  # protocol and suite of the last connection

    @property
    def keywords(self) -> Sequence[str]:
        """What the server offered."""
        return tuple(self._client.extensions) if self._client else ()

    async def open(self) -> None:
        """Connect, secure and log in; raises `TemporaryFailure` and `PermanentFailure`."""
        server = self._server
        secure = server.context if server.tls is Tls.IMPLICIT else None
        dial = tcp_dialer(
            server.host, server.port, tls=secure, server_name=server.host, connect_seconds=CONNECT_SECONDS
        )
        try:
            client = await self._greeted(dial)
            try:
                await self._agree(client)
            except BaseException:
                client.close()
                await client.gone()
                raise
        except TemporaryFailure as failure:
            raise TemporaryFailure(f"{failure}{_fix(failure.__cause__, server.tls)}") from failure
        self._client = client

    async def _greeted(self, dial: Dialer) -> MailClient:
        """Connect; who waits for a greeting, as long as RFC 5321 §4.5.3.2.1 says, hears early what may be wrong."""
        loop = asyncio.get_running_loop()
        hint = loop.call_later(HINT_SECONDS, self._note, _SILENT if self._server.tls is not Tls.IMPLICIT else _SLOW)
        try:
            return await MailClient.open(dial, name=self._server.helo, lmtp=self._server.lmtp, heard=self._heard)
        finally:
            hint.cancel()

    async def _agree(self, client: MailClient) -> None:
        server = self._server
        opportune = server.tls is Tls.OPPORTUNISTIC and "STARTTLS" in client.extensions
        if server.tls is Tls.STARTTLS or opportune:
            await client.start_tls(server.context, server.host)
        self.tls = tls_facts(client.tls)
        if self.tls and self._heard is not None:
            self._heard("-", self.tls)
        if server.login:
            answer = await client.authenticate(server.login, server.password)
            if not answer.is_positive:
                raise PermanentFailure(f"the server does not let {server.login} in: {answer}")

    async def send(self, envelope: Envelope, octets: bytes) -> tuple[Reply, ...]:
        """Hand a mail over, in as many transactions as the server wants; return the outcome of each recipient."""
        outcomes: dict[int, Reply] = {}
        left = list(range(len(envelope.recipients)))
        while left:
            part = replace(envelope, recipients=tuple([envelope.recipients[index] for index in left]))
            told = await self._transaction(part, octets)
            outcomes.update(zip(left, told.outcomes, strict=True))
            # RFC 5321 §4.5.3.1.10: to whom the server said 452 it is offered again, in a further transaction.
            too_many = [index for index, each in zip(left, told.recipients, strict=True) if each.code == 452]
            if len(too_many) == len(left) or not told.mail.is_positive:
                break
            if told.message is not None and not told.message.is_positive:  # of the mail, not of whom it is for
                outcomes.update(dict.fromkeys(too_many, told.message))
                break
            left = too_many
        return tuple([outcomes[index] for index in sorted(outcomes)])

    async def _transaction(self, envelope: Envelope, octets: bytes) -> Transaction:
        if self._client is None or not self._client.is_usable:
            await self.close()
            await self.open()
        elif self._client.is_reused:
            return await self._on_reused(self._client, envelope, octets)
        assert self._client is not None
        self._client.is_reused = True
        return await self._client.transaction(envelope, octets)

    async def _on_reused(self, client: MailClient, envelope: Envelope, octets: bytes) -> Transaction:
        client.answers = 0
        try:
            return await client.transaction(envelope, octets)
        except TemporaryFailure:
            if client.answers:
                raise
        await self.open()  # it had closed while we read the next mail
        assert self._client is not None
        return await self._client.transaction(envelope, octets)

    async def close(self) -> None:
        """Take leave."""
        client, self._client = self._client, None
        if client is not None:
            await client.quit()
            await client.gone()


def _fix(cause: BaseException | None, tls: Tls) -> str:
    """Return which option helps against a failure, '' where none does."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "; --ca FILE names whom to trust, --insecure takes any certificate"
    if isinstance(cause, ssl.SSLError) and tls is Tls.IMPLICIT and cause.reason == "WRONG_VERSION_NUMBER":
        return "; it does not begin with TLS: say --tls starttls"
    return ""
