"""A reporter that runs in this process, with names in a dict and a signer that writes everything down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.mail_sessions import Listening, Records, serve
from fakes.named_inlet import NamedInlet
from fakes.watched_log import WatchedLog
from scop.cells.reporter.manifest import MANIFEST
from scop.cells.reporter.service import ReporterOptions, run
from scop.dns import TXT, Answer, Question, StaticNames
from scop.mesh.calls import Caller
from scop.mesh.cell import Life
from scop.mesh.config import Reports
from scop.mesh.vocabulary.reporter import DkimJudged, JudgedMail, PublishedPolicy
from scop.net.mail_client import MailClient
from scop.net.mail_pool import MailPool
from scop.smtp import Envelope, ForwardPath, Mail, Origin, Recipient, Reply, ReversePath, ServerOptions

__all__ = ["DAY", "HOST", "NOON", "RUA", "RunningReporter", "World", "judged", "running_reporter"]

HOST = "mx.harbor.test"
DAY = "2026-11-28"
NOON = 1_795_867_200.0  # of that day
RUA = "mailto:reports@lagoon.test"

WANTED = {
    ("_dmarc.lagoon.test", "TXT"): (TXT.of(b"v=DMARC1; p=reject; rua=mailto:reports@lagoon.test"),),
    ("_dmarc.collector.test", "TXT"): (TXT.of(b"v=DMARC1; p=none"),),
    ("lagoon.test._report._dmarc.collector.test", "TXT"): (TXT.of(b"v=DMARC1"),),
    ("_smtp._tls.lagoon.test", "TXT"): (TXT.of(b"v=TLSRPTv1; rua=mailto:tls@lagoon.test,https://lagoon.test/tls"),),
}


class Lookup:
    """The DNS: `silent` names have no answer."""

    def __init__(self) -> None:
        self.names = StaticNames(WANTED)
        self.silent: set[str] = set()

    async def lookup(self, question: Question) -> Answer:
        """Answer at once."""
        if question.name in self.silent:
            return StaticNames({(question.name, question.type): "TIMEOUT"}).answer(question)
        return self.names.answer(question)


@dataclass
class World:
    """What lies around a reporter, and stays while it is started anew."""

    state: Path
    reports: Reports = field(default_factory=Reports)
    clock: JumpingClock = field(default_factory=lambda: JumpingClock(NOON))
    names: Lookup = field(default_factory=Lookup)
    signed: Records = field(default_factory=Records)
    kept: WatchedLog = field(default_factory=WatchedLog)


class RunningReporter:
    """A reporter, what it logs, and its neighbours."""

    def __init__(self, world: World, signer: Listening) -> None:
        self.world = world
        self.inlet = NamedInlet(dict(MANIFEST.granted()))
        self.options = ReporterOptions(
            domain="harbor.test",
            hostname=HOST,
            state=world.state,
            inlet=self.inlet,
            names=world.names,
            signer=MailPool(signer.dialer(), name=HOST, lmtp=False),
            log=world.kept.log("reporter"),
            clock=world.clock,
            life=Life(),
            local_parts=frozenset({"reports"}),
            reports=world.reports,
        )
        self._callers: dict[str, Caller] = {}
        self._clients: list[MailClient] = []

    def asked_by(self, cell: str) -> Caller:
        """Return how a cell asks."""
        if cell not in self._callers:
            self._callers[cell] = Caller(self.inlet.dial(cell))
        return self._callers[cell]

    @property
    def operator(self) -> Caller:
        """Return how the operator asks."""
        return self.asked_by("operator")

    async def deliver(self, octets: bytes, address: str = "reports@harbor.test") -> Reply:
        """Hand a mail over as the mailbox does; return the reply to it, or to its recipient where that was refused."""
        self._clients.append(await MailClient.open(self.inlet.dial("mailbox"), name="mailbox", lmtp=True))
        mail = Mail(ReversePath.parse("<reports@lagoon.test>"), origin=Origin(ident="0123456789ab"))
        around = Envelope(mail, (Recipient(ForwardPath.parse(f"<{address}>")),))
        told = await self._clients[-1].transaction(around, octets)
        return told.message or told.recipients[0]

    async def end(self) -> None:
        """Close every connection."""
        for client in self._clients:
            client.close()
        for caller in self._callers.values():
            await caller.close()
        await self.inlet.end()


@asynccontextmanager
async def running_reporter(world: World) -> AsyncIterator[RunningReporter]:
    """Run a reporter over its state folder."""
    async with serve(world.signed.session, ServerOptions("signer", trusted=True)) as signer:
        reporter = RunningReporter(world, signer)
        ready = asyncio.Event()
        reporter.options.life.on_ready(ready.set)
        serving = asyncio.ensure_future(run(reporter.options))
        await asyncio.wait_for(ready.wait(), PATIENCE_SECONDS)
        try:
            yield reporter
        finally:
            reporter.options.life.stop()
            await serving
            await reporter.end()


def judged(
    *,
    source: str = "192.0.2.1",
    author: str = "lagoon.test",
    policy: PublishedPolicy | None = None,
    passes: bool = True,
    unix: float = NOON,
    header: bytes = b"",
) -> JudgedMail:
    """Return a mail as the verifier tells of it: from lagoon, or forged in its name."""
    return JudgedMail(
        unix=unix,
        trace="0123456789ab",
        source_address=source,
        author_domain=author,
        envelope_from="lagoon.test" if passes else "forger.test",
        envelope_to="harbor.test",
        policy=policy or PublishedPolicy("lagoon.test", p="reject", rua=(RUA,)),
        disposition="pass" if passes else "reject",
        dkim_aligned=passes,
        spf_aligned=passes,
        spf_domain="lagoon.test" if passes else "forger.test",
        spf_scope="mfrom",
        spf_result="pass",
        dkim=(DkimJudged("lagoon.test", "s1", "pass" if passes else "fail", "a private reason"),),
        header=header,
    )
