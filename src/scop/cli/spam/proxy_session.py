"""One conversation of the proxy: every command is asked onward, the message is weighed on its way.

Nothing is kept: 250 is the next server's own, for each recipient where it speaks LMTP. What the next server does not
offer is not offered to the client either, so that no wish of a sender ends here.

Standards: RFC 5321 §4.2.5, §2.3.8 (line ends); RFC 2033 §4.2; RFC 3461, RFC 6152, RFC 6531 (passed on); Postfix
SMTPD_PROXY_README, FILTER_README, XFORWARD_README.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scop.base import printable
from scop.cli.spam.filter_examining import BUSY, MailExaminer
from scop.cli.spam.filter_policies import Judged
from scop.cli.spam.filter_weighing import Scales, fields_of, stamped, without_our_fields
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.onward import Onward
from scop.net.pipe_session import Passage
from scop.net.trace import new_trace_id
from scop.smtp import Mail, Origin, Reply, ServerOptions, reply
from scop.smtp.data import is_strict
from scop.smtp.extensions import built_in
from scop.smtp.stamps import date_time
from scop.spam.connection import Connection

__all__ = ["ANSWER_SECONDS", "NextServer", "ProxyOffice", "ProxyPassage", "mended"]

# Postfix waits 100 s for a filter before its queue (smtpd_proxy_timeout), and longer for one behind it.
ANSWER_SECONDS = 90.0
ASK_AGAIN_SECONDS = 60.0  # whether the next server offers what it did
RETRY_SECONDS = 0.5  # to learn it where that one is away
FIRST_SECONDS = 5.0  # that a client waits for its greeting at first, should both have been started at once
MAX_RECIPIENTS = 1000

_OURS = ("PIPELINING", "SIZE", "ENHANCEDSTATUSCODES", "CHUNKING", "XFORWARD", "LIMITS")  # from hop to hop
_PASSED_ON = ("8BITMIME", "SMTPUTF8", "DSN")  # to be kept by all servers on the way
_STRAY = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
_AWAY = reply(421, "4.4.1", "The next server is away, try again later")


class NextServer:
    """The server that mail is passed on to, and what it offers."""

    def __init__(self, pool: MailPool) -> None:
        self.pool = pool
        self.offered: Mapping[str, str] | None = None  # None until it was heard for the first time
        self._was_heard = asyncio.Event()

    async def heard(self) -> None:
        """Wait until it was heard for the first time; whoever starts both does not start them in one instant."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SECONDS):
                await self._was_heard.wait()

    async def watch(self) -> None:
        """Ask again and again what it offers; an answer of a minute ago is good enough for a server that is away."""
        while True:
            try:
                async with self.pool.client() as client:
                    self.offered = dict(client.extensions)
                self._was_heard.set()
                await asyncio.sleep(ASK_AGAIN_SECONDS)
            except TemporaryFailure:
                await asyncio.sleep(RETRY_SECONDS if self.offered is None else ASK_AGAIN_SECONDS)

    def speech(self, hostname: str, max_message_octets: int, *, lmtp: bool) -> ServerOptions:
        """Return how we speak with a client that connects now."""
        offered = self.offered or {}
        size = offered.get("SIZE", "")
        limit = int(size) if size.isascii() and size.isdigit() and int(size) else max_message_octets
        return ServerOptions(
            hostname=hostname,
            lmtp=lmtp,
            trusted=True,
            extensions=built_in(*_OURS, *(keyword for keyword in _PASSED_ON if keyword in offered)),
            max_message_octets=max(65_536, min(limit, max_message_octets)),
            max_recipients=MAX_RECIPIENTS,
            stray_octets=True,
        )


@dataclass(frozen=True, slots=True)
class ProxyOffice:
    """What every passage works with."""

    hostname: str
    server: NextServer
    scales: Scales
    log: Log
    clock: Callable[[], float] = time.time
    examiner: MailExaminer | None = None  # None where attachments are not looked into


class ProxyPassage(Passage):
    """What a mail server's SMTP or LMTP means; a `scop.net.mail_server.MailSession`."""

    def __init__(self, office: ProxyOffice) -> None:
        super().__init__(f"{office.hostname} spam filter", office.server.pool)
        self._onward = Onward(office.server.pool, answer_seconds=ANSWER_SECONDS)
        self._office = office
        self._trace = ""
        self._origin: Origin | None = None

    async def connected(self) -> Reply:
        """Greet; while it is not known what the next server offers nothing can be promised."""
        return _AWAY if self._office.server.offered is None else await super().connected()

    async def mail(self, mail: Mail) -> Reply:
        """Begin a transaction at the next server, with where the mail came from."""
        self._origin = mail.origin
        self._trace = mail.origin.ident if mail.origin and mail.origin.ident else new_trace_id()
        return await self._onward.mail(mail, mail.origin)

    async def message(self, octets: bytes) -> Reply | tuple[Reply, ...]:
        """Weigh the message and pass it on with the verdict on top."""
        below = without_our_fields(mended(octets))
        try:
            examined = await self._examined(below)
        except TemporaryFailure:
            return await self._refused(BUSY)
        if examined.refusal is not None:
            return await self._refused(examined.refusal)
        verdict = self._office.scales.weigh_stamped(below, _client(self._origin, self._office.clock()))
        fields = fields_of(verdict, examined.found, examined.policy)
        answers = await self._onward.message_replies(stamped(below, fields))
        self._office.log.info(
            "mail.weighed",
            trace=printable(self._trace),
            address=self._origin.address if self._origin else "",
            label=verdict.label,
            score=round(verdict.score, 3),
            replies=[printable(str(each)) for each in answers],
            reason="" if all(each.is_positive for each in answers) else printable(self._onward.last_failure),
        )
        return answers

    async def _examined(self, octets: bytes) -> Judged:
        examiner = self._office.examiner
        client = self._origin.address if self._origin else ""
        return Judged() if examiner is None else await examiner.examine(octets, client)

    async def _refused(self, answer: Reply) -> tuple[Reply, ...]:
        """Say no, to all recipients; the next server never hears of the mail's octets."""
        await self._onward.abandon()
        address = self._origin.address if self._origin else ""
        self._office.log.warning(
            "mail.refused", trace=printable(self._trace), address=address, replies=[printable(str(answer))]
        )
        return (answer,)


def _client(origin: Origin | None, unix: float) -> Connection | None:
    """Return what XFORWARD tells of who brought the mail just now, None where it tells nothing."""
    if origin is None or not origin.address:
        return None
    return Connection(address=origin.address, name=origin.name.lower(), helo=origin.helo, date=date_time(unix))


def mended(octets: bytes) -> bytes:
    """Return a message whose lines all end by CRLF.

    Lenient: Postfix before 3.9 passes bare CR, bare LF and NUL on. What took it in has answered for it, so a
    refusal would bounce it; as in newer ones (cleanup_replace_stray_cr_lf) each becomes a space, and no line begins.
    """
    return octets if is_strict(octets) else _STRAY.sub(b" ", octets)  # the first takes a twentieth of the time
