"""The signer between real pipes: a primary that takes UPDATE, a resolver, a relay that writes down what comes."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fakes.dkim_keys import made_key
from fakes.jumping_clock import JumpingClock
from fakes.mail_sessions import Records, serve
from fakes.named_inlet import NamedInlet
from fakes.small_dns import SmallDns, small_dns
from fakes.watched_log import WatchedLog
from scop.cells.signer.keyring import Keyring
from scop.cells.signer.manifest import MANIFEST
from scop.cells.signer.publishing import Registry
from scop.cells.signer.service import SignerOptions, run
from scop.dkim.rotation import Timing
from scop.mesh.calls import Call, Caller
from scop.mesh.cell import Life
from scop.mesh.vocabulary.signer import ReadSealing, SealingStatus
from scop.net.dns_client import StreamNames
from scop.net.mail_pool import MailPool
from scop.smtp import Envelope, ForwardPath, Mail, Mailbox, Origin, Recipient, Reply, ReversePath, ServerOptions

__all__ = ["ENVELOPE", "MAIL", "TIMING", "RunningSigner", "running_signer", "signing_at"]

TIMING = Timing(lifetime_seconds=0, grace_seconds=1000, propagation_seconds=100)
MAIL = b"From: ann@lagoon.test\r\nSubject: tide\r\n\r\nHigh water at nine.\r\n"
ENVELOPE = Envelope(
    Mail(
        ReversePath.parse("<ann@lagoon.test>"),
        auth=Mailbox("ann", "lagoon.test"),
        origin=Origin(address="192.0.2.7", helo="laptop", ident="0123456789ab"),
    ),
    (Recipient(ForwardPath.parse("<bob@harbor.test>")),),
)


@dataclass
class RunningSigner:
    """A signer and all that it talks to."""

    dns: SmallDns
    relay: Records
    kept: WatchedLog
    clock: JumpingClock
    names: StreamNames
    inlet: NamedInlet = field(default_factory=lambda: NamedInlet(dict(MANIFEST.granted())))
    life: Life = field(default_factory=Life)

    async def send(
        self, octets: bytes = MAIL, *, cell: str = "submission", envelope: Envelope = ENVELOPE
    ) -> tuple[Reply, Reply | None]:
        """Hand a mail over as a neighbour does; return the replies to MAIL (or its recipient) and to the message."""
        pool = MailPool(self.inlet.dial(cell), name="mx.lagoon.test", lmtp=False)
        try:
            told = await pool.transaction(envelope, octets)
            return (told.recipients[0] if told.mail.is_positive else told.mail), told.message
        finally:
            await pool.close()

    async def ask(self, question: Call[SealingStatus]) -> SealingStatus:
        """Ask as the operator."""
        caller = Caller(self.inlet.dial("operator"))
        try:
            return await caller.call(question)
        finally:
            await caller.close()

    async def status(self) -> SealingStatus:
        """Ask the operator's usual question."""
        return await self.ask(ReadSealing())

    async def until_ready(self) -> SealingStatus:
        """Wait until mail can be sealed."""
        await self.kept.until("keys.ready")
        return await self.status()


@asynccontextmanager
async def running_signer(
    *, silent_lookups: int = 0, primary_is_up: bool = True, republish_seconds: float = 300.0, arc: bool = False
) -> AsyncIterator[RunningSigner]:
    """Run a signer with a world and a folder of its own until the block ends."""
    clock = JumpingClock()
    with tempfile.TemporaryDirectory() as folder:
        async with small_dns(clock) as dns:
            dns.silent_lookups = silent_lookups
            if not primary_is_up and dns.listening is not None:
                dns.listening.kill()
            keyring = Keyring(Path(folder), "lagoon.test", made_key)
            async with signing_at(keyring, dns, clock, republish_seconds=republish_seconds, arc=arc) as signer:
                yield signer


@asynccontextmanager
async def signing_at(
    keyring: Keyring,
    dns: SmallDns,
    clock: JumpingClock,
    *,
    timing: Timing = TIMING,
    republish_seconds: float = 300.0,
    primary: SmallDns | None = None,
    arc: bool = False,
) -> AsyncIterator[RunningSigner]:
    """Run a signer on a folder, in a world that is there already; it may have another primary."""
    relay, names = Records(), StreamNames(dns.dial())
    async with serve(relay.session, ServerOptions("mx.lagoon.test", trusted=True)) as relaying:
        signer = RunningSigner(dns, relay, WatchedLog(), clock, names)
        ready = asyncio.Event()
        signer.life.on_ready(ready.set)
        options = SignerOptions(
            hostname="mx.lagoon.test",
            keyring=keyring,
            loaded=keyring.load(int(clock.unix())),
            timing=timing,
            registry=Registry("lagoon.test", (primary or dns).dial(), dns.key, names),
            relay=MailPool(relaying.dialer(), name="mx.lagoon.test", lmtp=False),
            inlet=signer.inlet,
            log=signer.kept.log("signer"),
            clock=clock,
            life=signer.life,
            republish_seconds=republish_seconds,
            arc=arc,
        )
        serving = asyncio.create_task(run(options))
        await ready.wait()
        try:
            yield signer
        finally:
            signer.life.stop()
            await serving
            await signer.inlet.end()
            await names.close()
