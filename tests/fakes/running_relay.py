"""The relay between a signer, a mailbox and foreign hosts that are all real servers on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.mail_sessions import Listening, Records, listen, serve
from fakes.named_inlet import NamedInlet
from fakes.self_signed import server_context
from fakes.sending_rights import SendingRights
from fakes.watched_log import WatchedLog
from scop.cells.relay.manifest import MANIFEST
from scop.cells.relay.post import PostOptions
from scop.cells.relay.service import RelayOptions, run
from scop.dns import MX, TXT, A, Answer, Question, StaticNames
from scop.mesh.calls import Call, Caller
from scop.mesh.cell import Life
from scop.mesh.config import Relay, Smarthost
from scop.mesh.vocabulary.relay import QueueList, ReadQueue
from scop.net.client_wire import ClientTimeouts
from scop.net.clock import SystemClock
from scop.net.dns_client import Names
from scop.net.mail_client import Transaction
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.smtp import Envelope, ForwardPath, Mail, Origin, Recipient, Reply, ReversePath, ServerOptions

__all__ = ["ANN", "BOB", "MAIL", "Outside", "RunningRelay", "around", "relay_and_world", "running"]

R = TypeVar("R")

ANN = "<ann@lagoon.test>"
BOB = "<bob@harbor.test>"
MAIL = b"Received: from a by mx.lagoon.test; now\r\nFrom: ann@lagoon.test\r\n\r\nHigh water at nine.\r\n"
NAMES = StaticNames(
    {
        ("harbor.test", "MX"): [MX(10, "mx.harbor.test")],
        ("mx.harbor.test", "A"): [A("127.0.0.1")],
        ("island.test", "A"): [A("127.0.0.1")],
        ("mirror.test", "MX"): [MX(10, "mx.mirror.test")],
        ("mx.mirror.test", "A"): [A("127.0.0.2")],
        ("null.test", "MX"): [MX(0, "")],
        ("lagoon.test", "TXT"): [TXT.of(b"v=spf1 ip4:127.0.0.2 -all")],
        ("mx.lagoon.test", "TXT"): [TXT.of(b"v=spf1 ip4:127.0.0.2 -all")],
    }
)
WORLD = ServerOptions("mx.harbor.test")


class StillNames:
    """Answers from a dict, as a resolver does over a stream."""

    async def lookup(self, question: Question) -> Answer:
        """Answer at once; one name brings out a bug."""
        if question.name == "poison.test":
            raise ZeroDivisionError("a bug of ours")
        return NAMES.answer(question)


@dataclass
class Outside:
    """What the relay reaches: the world, the mailbox and the signer, each with what it was handed."""

    host: Listening
    mailbox: Listening
    signer: Listening
    world: Records = field(default_factory=Records)
    local: Records = field(default_factory=Records)
    sealing: Records = field(default_factory=Records)


@dataclass
class RunningRelay:
    """A relay that runs, how to hand it mail and what it logs."""

    outside: Outside
    kept: WatchedLog
    clock: JumpingClock | SystemClock
    inlet: NamedInlet
    life: Life
    keeper: SendingRights

    async def send(
        self, *forward_paths: str, sender: str = ANN, octets: bytes = MAIL, smtputf8: bool = False
    ) -> Reply | None:
        """Hand over a mail as the signer does; return the reply to the message."""
        mail = Mail(ReversePath.parse(sender), body="8BITMIME", smtputf8=smtputf8)
        told = await self.hand_over(
            mail, *(Recipient(ForwardPath.parse(path)) for path in forward_paths), octets=octets
        )
        return told.message

    async def hand_over(
        self, mail: Mail, *recipients: Recipient, octets: bytes = MAIL, trace: str = "0123456789ab"
    ) -> Transaction:
        """Hand over a mail with parameters; return all that was replied."""
        pool = MailPool(self.inlet.dial("signer"), name="mx.lagoon.test", lmtp=False)
        traced = replace(mail, origin=Origin(ident=trace))
        try:
            return await pool.transaction(Envelope(traced, recipients), octets)
        finally:
            await pool.close()

    def jump(self, seconds: float) -> None:
        """Let time pass at once."""
        assert isinstance(self.clock, JumpingClock)
        self.clock.jump(seconds)

    async def listed(self) -> QueueList:
        """Ask as the operator what waits."""
        return await self.ask(ReadQueue())

    async def left(self, count: int) -> QueueList:
        """Ask until so many recipients wait: that a host has taken a mail is told before it is settled."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await self.listed()).waiting != count:
                pass
        return found

    async def ask(self, question: Call[R]) -> R:
        """Ask as the operator."""
        caller = Caller(self.inlet.dial("operator"))
        try:
            return await caller.call(question)
        finally:
            await caller.close()


@asynccontextmanager
async def around(world: ServerOptions = WORLD, *, starttls: bool = False) -> AsyncIterator[Outside]:
    """Serve whatever a relay reaches."""
    records = Records(), Records(), Records()
    context = server_context() if starttls else None

    def host() -> MailServer:
        return MailServer(world, records[0].session, tls=context)

    lmtp = ServerOptions("mx.lagoon.test", lmtp=True, trusted=True)
    async with (
        listen(host) as world_host,
        serve(records[1].session, lmtp) as mailbox,
        serve(records[2].session, ServerOptions("mx.lagoon.test", trusted=True)) as signer,
    ):
        yield Outside(world_host, mailbox, signer, *records)


@asynccontextmanager
async def running(
    state: Path,
    outside: Outside,
    clock: JumpingClock | SystemClock | None = None,
    *,
    reserve_octets: int = 0,
    reply_seconds: float = PATIENCE_SECONDS,
    smarthosts: Mapping[str, Smarthost] | None = None,
    names: Names | None = None,
) -> AsyncIterator[RunningRelay]:
    """Run a relay until the block ends, by a clock that stands still unless another is given."""
    inlet = NamedInlet(dict(MANIFEST.granted()))
    relay = RunningRelay(outside, WatchedLog(), clock or JumpingClock(), inlet, Life(), SendingRights())
    ready = asyncio.Event()
    relay.life.on_ready(ready.set)
    options = RelayOptions(
        domain="lagoon.test",
        state=state,
        inlet=relay.inlet,
        names=names or StillNames(),
        mailbox=MailPool(outside.mailbox.dialer(), name="mx.lagoon.test", lmtp=True),
        signer=MailPool(outside.signer.dialer(), name="mx.lagoon.test", lmtp=False),
        post=PostOptions("mx.lagoon.test", outside.host.port, "127.0.0.2", timeouts=ClientTimeouts.same(reply_seconds)),
        speech=ServerOptions("mx.lagoon.test", trusted=True),
        log=relay.kept.log("relay"),
        clock=relay.clock,
        life=relay.life,
        keeper=relay.keeper,
        seen_as=("127.0.0.2",),
        relay=Relay(reserve_octets=reserve_octets, smarthosts=dict(smarthosts or {})),
    )
    serving = asyncio.create_task(run(options))
    await ready.wait()
    try:
        yield relay
    finally:
        relay.life.stop()
        await serving
        await relay.inlet.end()


@asynccontextmanager
async def relay_and_world(
    state: Path, world: ServerOptions = WORLD, *, starttls: bool = False
) -> AsyncIterator[RunningRelay]:
    """Run a relay amid servers of its own."""
    async with around(world, starttls=starttls) as outside, running(state, outside) as relay:
        yield relay
