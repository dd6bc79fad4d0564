"""A filter that runs in this process, between a receiver and a verifier that write down what they get."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.mail_sessions import Listening, Records, serve
from fakes.mesh import KeptLog
from fakes.named_inlet import NamedInlet
from scop.cells.filter.manifest import MANIFEST
from scop.cells.filter.model import open_model
from scop.cells.filter.service import FilterOptions, run
from scop.mesh.calls import Caller, CallServer
from scop.mesh.cell import Life
from scop.mesh.config.attachments import Attachments
from scop.mesh.protocol import PipeProtocol
from scop.mesh.underway import Underway
from scop.mesh.vocabulary.examiner import Examined, ExamineMail, FoundThing
from scop.mesh.vocabulary.filter import InstallModel, ModelStatus
from scop.mesh.vocabulary.receiver import Noted, NotedDeed, NoteDeeds
from scop.net.mail_client import MailClient
from scop.net.mail_pool import MailPool
from scop.net.peer import Peer
from scop.smtp import Envelope, ForwardPath, Mail, Origin, Recipient, Reply, ReversePath, ServerOptions

__all__ = ["HOST", "ORIGIN", "RunningFilter", "SayingExaminer", "running_filter"]

HOST = "mx.harbor.test"
ORIGIN = Origin("192.0.2.1", 25, "mx.lagoon.test", "mx.lagoon.test", "ESMTP", "0123456789ab")


class DeafReceiver:
    """Writes down what it is told, and does nothing about it."""

    def __init__(self) -> None:
        self.inlet = NamedInlet({"filter": PipeProtocol.CALL})
        self.deeds: list[NotedDeed] = []

    def answer(self, peer: Peer) -> CallServer:
        """Answer one pipe."""
        return CallServer(peer, {NoteDeeds: self._note}, KeptLog().log("receiver"))

    async def _note(self, asked: NoteDeeds, _peer: Peer) -> Noted:
        self.deeds += asked.deeds
        return Noted(len(asked.deeds))


class SayingExaminer:
    """Finds in every mail what a test says; writes down what it was asked."""

    def __init__(self) -> None:
        self.inlet = NamedInlet({"filter": PipeProtocol.CALL})
        self.findings: tuple[FoundThing, ...] = ()
        self.mails: dict[str, bytes] = {}
        self.clients: set[str] = set()

    def answer(self, peer: Peer) -> CallServer:
        """Answer one pipe."""
        return CallServer(peer, {ExamineMail: self._examine}, KeptLog().log("examiner"))

    async def _examine(self, piece: ExamineMail, _peer: Peer) -> Examined:
        self.clients.add(piece.client)
        octets = self.mails[piece.ident] = self.mails.get(piece.ident, b"") + piece.octets
        return Examined(self.findings if len(octets) == piece.total_octets else ())


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who answers a filter."""

    verifier: Listening
    records: Records  # of the verifier
    receiver: DeafReceiver
    examiner: SayingExaminer


class RunningFilter:
    """A filter between a receiver and a verifier that writes down what it gets."""

    def __init__(self, around: Neighbours, state: Path) -> None:
        self.verifier = around.verifier
        self.records = around.records
        self.examiner = around.examiner
        self.kept = KeptLog()
        self.inlet = NamedInlet(dict(MANIFEST.granted()))
        underway = Underway(state)
        self.model = open_model(state, "harbor.test", underway, self.kept.log("filter"))
        self.options = FilterOptions(
            hostname=HOST,
            inlet=self.inlet,
            model=self.model,
            verifier=MailPool(around.verifier.dialer(), name=HOST, lmtp=True),
            receiver=Caller(around.receiver.inlet.dial("filter")),
            examiner=Caller(around.examiner.inlet.dial("filter")),
            policies=Attachments(),
            underway=underway,
            log=self.kept.log("filter"),
            clock=JumpingClock(),
            life=Life(),
            max_message_octets=5_000_000,
            max_recipients=100,
        )
        self.deeds = around.receiver.deeds
        self._client: MailClient | None = None
        self._operator: Caller | None = None
        self._mailbox: Caller | None = None

    async def send(self, octets: bytes, *to: str) -> tuple[tuple[Reply, ...], Reply | None]:
        """Hand a mail over as the receiver; return the replies to the recipients and to the message."""
        paths = tuple(ForwardPath.parse(f"<{address}>") for address in to or ("bob@harbor.test",))
        mail = Mail(ReversePath.parse("<ceo@lagoon.test>"), origin=ORIGIN)
        envelope = Envelope(mail, tuple(map(Recipient, paths)))
        client = await self.client()
        told = await client.transaction(envelope, octets)
        return told.recipients, told.message

    async def client(self) -> MailClient:
        """Return the receiver's client."""
        self._client = self._client or await MailClient.open(self.inlet.dial("receiver"), name="receiver", lmtp=True)
        return self._client

    @property
    def operator(self) -> Caller:
        """Return how the operator asks."""
        self._operator = self._operator or Caller(self.inlet.dial("operator"))
        return self._operator

    @property
    def mailbox(self) -> Caller:
        """Return how the mailbox asks."""
        self._mailbox = self._mailbox or Caller(self.inlet.dial("mailbox"))
        return self._mailbox

    async def install(self, model: bytes) -> ModelStatus:
        """Hand a model over as the operator, in two pieces."""
        half = len(model) // 2
        await self.operator.call(InstallModel(0, len(model), model[:half]))
        return await self.operator.call(InstallModel(half, len(model), model[half:]))

    def lines(self, event: str) -> list[dict[str, object]]:
        """Return the log lines of an event."""
        return [line for line in self.kept.lines if line["event"] == event]

    async def end(self) -> None:
        """Close every connection."""
        if self._client is not None:
            self._client.close()
        for caller in (self._operator, self._mailbox):
            if caller is not None:
                await caller.close()
        await self.inlet.end()


@asynccontextmanager
async def running_filter(
    tmp_path: Path, *, learns_from_own_verdicts: bool = False, policies: Attachments | None = None
) -> AsyncIterator[RunningFilter]:
    """Run a filter between its neighbours."""
    records = Records()
    async with serve(records.session, ServerOptions("verifier", lmtp=True, trusted=True)) as verifier:
        receiver, examiner = DeafReceiver(), SayingExaminer()
        await receiver.inlet.serve({PipeProtocol.CALL: receiver.answer})
        await examiner.inlet.serve({PipeProtocol.CALL: examiner.answer})
        running = RunningFilter(Neighbours(verifier, records, receiver, examiner), tmp_path)
        running.options = replace(
            running.options,
            learns_from_own_verdicts=learns_from_own_verdicts,
            policies=policies or running.options.policies,
        )
        ready = asyncio.Event()
        running.options.life.on_ready(ready.set)
        serving = asyncio.ensure_future(run(running.options))
        await asyncio.wait_for(ready.wait(), PATIENCE_SECONDS)
        try:
            yield running
        finally:
            running.options.life.stop()
            await serving
            await running.end()
            await receiver.inlet.end()
            await examiner.inlet.end()
