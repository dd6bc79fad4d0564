"""A receiver that runs, between clients of a test and a neighbour that writes everything down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fakes.cell_runs import running
from fakes.loops import PATIENCE_SECONDS, jump
from fakes.mail_sessions import Records, serve
from fakes.mesh import loopback_listener
from fakes.self_signed import HOSTNAME, server_context
from fakes.watched_log import WatchedLog
from scop.base import Clock
from scop.cells.receiver.door import DoorLimits, wall_options
from scop.cells.receiver.published_list import ListRegistry
from scop.cells.receiver.service import ReceiverOptions, run
from scop.dns import PTR, A, Answer, Question, StaticNames
from scop.mesh.cell import Life
from scop.mesh.config import Firewall, Limits, Receiver
from scop.mesh.inlet import Inlet
from scop.net.clock import SystemClock
from scop.net.dialer import tcp_dialer
from scop.net.mail_pool import MailPool
from scop.smtp import ServerOptions

__all__ = [
    "BEGIN",
    "DELAY",
    "FILTER",
    "LIMITS",
    "MAX_BROKEN_COMMANDS",
    "MAX_REFUSED_RECIPIENTS",
    "MESSAGE",
    "NAMES",
    "RECEIVER",
    "UPSTREAM",
    "Beside",
    "Mesh",
    "Names",
    "receiver_mesh",
]

FILTER = ServerOptions(HOSTNAME, lmtp=True, trusted=True)
LIMITS = Limits()
RECEIVER = Receiver(greeting_delay_seconds=0)
DELAY = Receiver(greeting_delay_seconds=30)
MAX_BROKEN_COMMANDS = RECEIVER.per_address.broken_commands_per_hour
MAX_REFUSED_RECIPIENTS = RECEIVER.per_address.refused_recipients_per_hour
UPSTREAM = b"Received: from me (x [127.0.0.1])\r\n\tby mail.lagoon.test with ESMTPSA\r\n\tid 0123abc;\r\n\tdate\r\n"
MESSAGE = b"DKIM-Signature: v=1\r\n" + UPSTREAM + b"Received: by older id zzz; x\r\nSubject: z\r\n\r\nbody\r\n"
BEGIN = b"EHLO mail.lagoon.test\r\nMAIL FROM:<alice@lagoon.test>\r\nRCPT TO:<bob@harbor.test>\r\nDATA\r\n"


NAMES: dict[tuple[str, str], list[PTR | A]] = {
    ("1.0.0.127.in-addr.arpa", "PTR"): [PTR("mail.lagoon.test")],
    ("mail.lagoon.test", "A"): [A("127.0.0.1")],
}


class Names:
    """A dict that answers, or somebody who never does."""

    def __init__(self) -> None:
        self.silent = False
        self.answers = StaticNames(NAMES)

    async def lookup(self, question: Question) -> Answer:
        """Satisfies `scop.net.dns_client.Names`."""
        if self.silent:
            await asyncio.get_running_loop().create_future()
        return self.answers.answer(question)


@dataclass
class Mesh:
    """The cell under test and what is around it."""

    port: int
    records: Records
    names: Names
    log: WatchedLog = field(default_factory=WatchedLog)

    async def say(self, octets: bytes) -> list[str]:
        """Send octets in the clear, once the greeting came; return the last line of each reply."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        greeting = await reader.readline()
        writer.write(octets + b"QUIT\r\n")
        lines = (greeting + await reader.read()).decode().split("\r\n")[:-1]
        writer.close()
        await writer.wait_closed()
        return [line for line in lines if line[3] == " "]

    async def let_wait(self, count: int = 1) -> None:
        """Return when a client, of so many until now, has waited for its greeting as long as it has to."""
        await self.log.until("client.delayed", count)
        jump(DELAY.greeting_delay_seconds)

    async def greeting(self, *, is_delayed: bool = False) -> str:
        """Return the first line of a new connection."""
        earlier = len(self.log.of("client.delayed"))
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        if is_delayed:
            await self.let_wait(earlier + 1)
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return line.decode().rstrip()


@dataclass(frozen=True)
class Beside:
    """What else a receiver may have."""

    firewall: Firewall = field(default_factory=Firewall)
    folder: Path | None = None
    inlet: Inlet | None = None
    registry: ListRegistry | None = None


@asynccontextmanager
async def receiver_mesh(
    limits: Limits = LIMITS,
    *,
    receiver: Receiver = RECEIVER,
    name_seconds: float = PATIENCE_SECONDS,
    clock: Clock | None = None,
    own_networks: tuple[str, ...] = (),
    proxies: tuple[str, ...] = (),
    beside: Beside | None = None,
) -> AsyncIterator[Mesh]:
    """Run a receiver until the block ends."""
    records, names, beside = Records(), Names(), beside or Beside()
    door_limits = DoorLimits(limits, receiver, own_networks)
    async with serve(records.session, FILTER) as neighbour:
        listener = loopback_listener()
        mesh = Mesh(listener.getsockname()[1], records, names)
        options = ReceiverOptions(
            hostname=HOSTNAME,
            domain="harbor.test",
            listener=listener,
            tls=server_context(),
            filter=MailPool(tcp_dialer("127.0.0.1", neighbour.port), name=HOSTNAME, lmtp=True),
            names=names,
            limits=door_limits,
            wall=wall_options(door_limits, beside.firewall, beside.folder),
            log=mesh.log.log("receiver"),
            clock=clock or SystemClock(),
            life=Life(),
            proxies=proxies,
            name_seconds=name_seconds,
            lists=beside.firewall.lists,
            inlet=beside.inlet,
            registry=beside.registry,
        )
        async with running(run(options), options.life):
            yield mesh
