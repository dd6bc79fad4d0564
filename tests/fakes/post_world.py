"""A relay's post before a world on loopback: mail hosts with the certificates that a test wants, and a signed DNS."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fakes.jumping_clock import JumpingClock
from fakes.mail_sessions import Listening, Records, listen
from fakes.private_ca import authority
from fakes.watched_log import WatchedLog
from scop.cells.relay.post import Carried, PostOptions
from scop.cells.relay.post_office import PostOffice
from scop.cells.relay.route import Host, Route
from scop.dns import Answer, Question, Rdata, Security, StaticNames
from scop.mesh.config import Smarthost
from scop.mesh.vocabulary.relay import ReadTlsResults
from scop.net.client_wire import ClientTimeouts
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.smtp import Envelope, ForwardPath, Mail, Recipient, ReversePath, ServerOptions

__all__ = ["HOST", "MAIL", "SEA", "MailHost", "PostWorld", "around_post", "envelope", "mail_host"]

SEA = "sea.test"
HOST = "mx.sea.test"
MAIL = b"From: ann@lagoon.test\r\n\r\nHigh water at nine.\r\n"

Zone = Mapping[tuple[str, str], Sequence[Rdata]]


class DictNames:
    """Answers from a dict, as a resolver does over a stream; the dict may change."""

    def __init__(self) -> None:
        self.zone: dict[tuple[str, str], Sequence[Rdata] | Literal["TIMEOUT"]] = {}
        self.security: dict[str, Security] = {}
        self.asked: list[Question] = []

    async def lookup(self, question: Question) -> Answer:
        """Answer at once."""
        self.asked.append(question)
        return StaticNames(self.zone, security=self.security).answer(question)


@dataclass
class MailHost:
    """A mail host that was started, and what it was told."""

    listening: Listening
    records: Records

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.listening.port


@dataclass
class PostWorld:
    """A post, its names, its clock, and how to ask what it counted."""

    office: PostOffice
    names: DictNames
    clock: JumpingClock
    kept: WatchedLog = field(default_factory=WatchedLog)

    async def carry(
        self,
        host: str = HOST,
        *,
        secure: bool = True,
        require_tls: bool = False,
        tls_optional: bool = False,
        smarthost: Smarthost | None = None,
        addresses: tuple[str, ...] = ("127.0.0.1",),
    ) -> Carried:
        """Carry a mail to one host of sea.test."""
        route = Route(SEA, (Host(host, addresses),), secure, smarthost)
        return await self.office.post.carry(route, envelope(require_tls=require_tls), MAIL, tls_optional=tls_optional)

    async def counted(self) -> list[tuple[str, int, dict[str, int]]]:
        """Return policy type, successes and failures by result."""
        found = await self.office.tls_results(ReadTlsResults(), Peer("", 0))
        return [
            (each.policy_type, each.successes, {failed.result_type: failed.sessions for failed in each.failures})
            for each in found.sessions
        ]


def envelope(*, require_tls: bool = False) -> Envelope:
    """Return an envelope for one recipient."""
    mail = Mail(ReversePath.parse("<ann@lagoon.test>"), require_tls=require_tls)
    return Envelope(mail, (Recipient(ForwardPath.parse("<bob@sea.test>")),))


@asynccontextmanager
async def mail_host(context: ssl.SSLContext | None, options: ServerOptions | None = None) -> AsyncIterator[MailHost]:
    """Serve mail as mx.sea.test, with STARTTLS where a context is given."""
    records = Records()
    speech = options or ServerOptions(HOST, tls_available=context is not None)
    async with listen(lambda: MailServer(speech, records.session, tls=context)) as listening:
        yield MailHost(listening, records)


@asynccontextmanager
async def around_post(
    state: Path, port: int, *, https_port: int = 1, passwords: Mapping[str, str] | None = None
) -> AsyncIterator[PostWorld]:
    """Open a post that trusts the private authority; hosts listen on `port`."""
    names, clock, kept = DictNames(), JumpingClock(), WatchedLog()
    state.mkdir(exist_ok=True)
    options = PostOptions(
        "mx.lagoon.test",
        port,
        "127.0.0.2",
        timeouts=ClientTimeouts.same(5.0),
        trust=ssl.create_default_context(cadata=authority().pem),
        https_port=https_port,
        passwords=passwords or {},
    )
    office = PostOffice(options, state, names, kept.log("relay"), clock)
    try:
        yield PostWorld(office, names, clock, kept)
    finally:
        await office.close()
