"""The driver of `scop.smtp.ClientConnection`: speaks SMTP or LMTP with one server.

Replies are returned, whatever they say. Only what keeps a reply from coming (no connection, silence,
a server that does not speak SMTP) is raised, as `TemporaryFailure`; the connection is of no use then.

Standards: RFC 5321 §4.5.3.2 (timeouts); RFC 2920 (pipelining); RFC 2033 (LMTP); RFC 3207 (STARTTLS).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from scop.base import RemoteProtocolError
from scop.net.faults import TemporaryFailure
from scop.smtp import (
    Authenticate,
    ClientConnection,
    DataBegin,
    Envelope,
    Event,
    Forwarded,
    Hello,
    Mail,
    NeedData,
    Quit,
    Recipient,
    Reply,
    Reset,
    StartTls,
    State,
    reply,
)
from scop.smtp.states import allows

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from scop.net.dialer import Dialer

__all__ = ["MailClient", "Transaction"]

WRITE_OCTETS = 262_144  # written at once; the timeout begins anew with each piece

# The replies to MAIL, to each RCPT, and to the message where it was sent.
Transaction = tuple[Reply, tuple[Reply, ...], "Reply | None"]

_NO_SMTPUTF8 = reply(550, "5.6.7", "The next server does not take SMTPUTF8")


class _Wire(asyncio.Protocol):
    """Octets of one connection turned into a queue of replies."""

    def __init__(self, *, lmtp: bool, timeout_seconds: float) -> None:
        self.connection = ClientConnection(lmtp=lmtp)
        self.timeout_seconds = timeout_seconds
        self.fault = ""  # why the connection is of no use any more
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are none by class
        self._loop = asyncio.get_running_loop()

    def data_received(self, octets: bytes) -> None:
        self.connection.receive_data(octets)
        try:
            while not isinstance(event := self.connection.next_event(), NeedData):
                self._replies.append(event.reply)
        except RemoteProtocolError as fault:
            self.break_off(f"the server broke the protocol: {fault}")
        _wake(self._waiter)

    def connection_lost(self, fault: Exception | None) -> None:
        self.break_off(f"the server closed the connection: {fault or 'at its end'}")

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        _wake(self._drained)
        self._drained = None

    def break_off(self, reason: str) -> None:
        """End the connection; the first reason is the one that is told."""
        if not self.fault:
            self.fault = reason
            self.transport.close()
        _wake(self._waiter)
        _wake(self._drained)

    async def write(self, octets: bytes) -> None:
        for start in range(0, len(octets), WRITE_OCTETS):
            if self.fault:
                raise TemporaryFailure(self.fault)
            self.transport.write(octets[start : start + WRITE_OCTETS] if len(octets) > WRITE_OCTETS else octets)
            if self._drained is not None:
                await self._wait(self._drained)

    async def reply(self) -> Reply:
        while not self._replies:
            if self.fault:
                raise TemporaryFailure(self.fault)
            self._waiter = self._loop.create_future()
            await self._wait(self._waiter)
            self._waiter = None
        return self._replies.popleft()

    async def _wait(self, waiter: asyncio.Future[None]) -> None:
        timer = self._loop.call_later(self.timeout_seconds, self.break_off, "the server is silent")
        try:
            await waiter
        finally:
            timer.cancel()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


class MailClient:
    """One open connection to a mail server, past its greeting and our hello."""

    def __init__(self, wire: _Wire, name: str, *, lmtp: bool) -> None:
        self._wire = wire
        self._connection = wire.connection
        self._name = name
        self._lmtp = lmtp
        self.is_reused = False  # the pool's mark: the server may have gone while it lay idle
        self.answers = 0  # replies that came since the pool gave it out

    @classmethod
    async def open(cls, dial: Dialer, *, name: str, lmtp: bool, timeout_seconds: float = 30.0) -> MailClient:
        """Connect, wait for the greeting, say hello as `name`; raises `TemporaryFailure`."""
        _, wire = await dial(lambda: _Wire(lmtp=lmtp, timeout_seconds=timeout_seconds))
        client = cls(wire, name, lmtp=lmtp)
        try:
            greeting = await client._wire.reply()
            if not greeting.is_positive:
                raise TemporaryFailure(f"the server greets with {greeting.code}")
            await client._hello()
        except BaseException:
            client.close()
            raise
        return client

    @property
    def extensions(self) -> Mapping[str, str]:
        """What the server offers: keyword in capitals to its parameters."""
        return self._connection.extensions

    @property
    def is_usable(self) -> bool:
        """Whether a new transaction can begin on this connection."""
        return (
            not self._wire.fault
            and self._connection.state is State.IDLE
            and not self._connection.open_commands
            and not self._wire.transport.is_closing()
        )

    @property
    def tls(self) -> ssl.SSLObject | None:
        """Whom to ask for protocol, suite and certificates; None in the clear."""
        return cast("ssl.SSLObject | None", self._wire.transport.get_extra_info("ssl_object"))

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """Go on under TLS with a server that must bear `server_name`; raises `TemporaryFailure`."""
        (answer,) = await self._say(StartTls())
        if not answer.is_positive:
            raise TemporaryFailure(f"STARTTLS is answered by {answer.code}")
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(
                self._wire.transport, self._wire, context, server_hostname=server_name or None
            )
            self._connection.start_tls_done()
        except (OSError, RemoteProtocolError) as fault:
            self.close()
            raise TemporaryFailure(f"no TLS with the server: {fault}") from fault
        if transport is None:
            raise TemporaryFailure("the server closed the connection in the handshake")
        self._wire.transport = transport
        await self._hello()

    async def authenticate(self, login: str, password: str) -> Reply:
        """Say who we are (PLAIN)."""
        (answer,) = await self._say(Authenticate("PLAIN", login, password))
        return answer

    async def begin(self, mail: Mail, recipients: Sequence[Recipient]) -> tuple[Reply, tuple[Reply, ...]]:
        """Begin a transaction, in one write where the server pipelines; return the replies to MAIL and each RCPT."""
        if mail.smtputf8 and "SMTPUTF8" not in self.extensions:
            return _NO_SMTPUTF8, (_NO_SMTPUTF8,) * len(recipients)
        origin = [Forwarded(mail.origin)] if mail.origin and "XFORWARD" in self.extensions else []
        replies = await self._say(*origin, mail, *recipients)
        told = replies[len(origin) :]
        return told[0], tuple(told[1:])

    async def mail(self, mail: Mail) -> Reply:
        """Begin a transaction."""
        return (await self.begin(mail, ()))[0]

    async def recipient(self, recipient: Recipient) -> Reply:
        """Name one more recipient."""
        (answer,) = await self._say(recipient)
        return answer

    async def message(self, octets: bytes) -> Reply:
        """Send the message to the recipients that were accepted.

        LMTP answers for each; our own cells answer all alike, of others the worst is returned.
        """
        (answer,) = await self._say(DataBegin())
        if answer.code != 354:
            return answer
        await self._wire.write(self._connection.send_message(octets))
        return _worst([await self._reply() for _ in range(self._connection.open_commands)])

    async def transaction(self, envelope: Envelope, octets: bytes) -> Transaction:
        """Hand over one message, its size told first; `origin` and `auth` only a neighbour may know."""
        mail = replace(envelope.mail, size_octets=len(octets))
        answer, answers = await self.begin(mail, envelope.recipients)
        if not answer.is_positive or not any(each.is_positive for each in answers):
            await self.reset()
            return answer, answers, None
        return answer, answers, await self.message(octets)

    async def reset(self) -> None:
        """Abandon the transaction."""
        if not self._wire.fault and self._connection.state in (State.MAIL, State.RECIPIENTS):
            await self._say(Reset())

    async def quit(self) -> None:
        """Take leave and close; never raises."""
        try:
            if self.is_usable:
                await self._say(Quit())
        except TemporaryFailure:
            pass
        self.close()

    def close(self) -> None:
        """Close without a word."""
        self._wire.break_off("closed by us")

    async def _hello(self) -> None:
        verb = "LHLO" if self._lmtp else "EHLO"
        (answer,) = await self._say(Hello(verb, self._name))
        if answer.is_permanent and not self._lmtp:  # RFC 5321 §3.2: an old server
            (answer,) = await self._say(Hello("HELO", self._name))
        if not answer.is_positive:
            raise TemporaryFailure(f"our hello is answered by {answer.code}")

    async def _say(self, *commands: Event) -> list[Reply]:
        if len(commands) > 1 and "PIPELINING" not in self.extensions:
            return await self._say_one_by_one(commands)
        await self._wire.write(b"".join([self._connection.send(command) for command in commands]))
        return [await self._reply() for _ in commands]

    async def _say_one_by_one(self, commands: Sequence[Event]) -> list[Reply]:
        replies: list[Reply] = []
        for command in commands:
            if allows(self._connection.state, type(command)):
                replies += await self._say(command)
            else:
                replies.append(replies[-1])  # MAIL was refused: so is every recipient
        return replies

    async def _reply(self) -> Reply:
        answer = await self._wire.reply()
        self.answers += 1
        return answer


def _worst(replies: Sequence[Reply]) -> Reply:
    """Return the reply that holds for all recipients: what must be tried again, else what failed."""
    return max(replies, key=lambda each: (each.is_temporary, each.is_permanent))
