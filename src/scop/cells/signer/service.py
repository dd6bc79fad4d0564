"""The signer's process: its options, its listeners and its life."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from scop.base import Clock
from scop.base.days import DAY_SECONDS
from scop.cells.signer.key_desk import KeyDesk
from scop.cells.signer.keyring import Keyring, LoadedKeys
from scop.cells.signer.publishing import Publisher, Registry
from scop.cells.signer.rotating import REPUBLISH_SECONDS, Rotator, RotatorOptions
from scop.cells.signer.sealing import Sealer, SealingSession
from scop.dkim.rotation import Timing
from scop.mesh.calls import CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.config import Signer
from scop.mesh.inlet import Handlers, Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.tsig_file import read_tsig_key
from scop.net.dns_client import StreamNames
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.smtp import ServerOptions

__all__ = ["SignerOptions", "options_of", "run"]

_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class SignerOptions:
    """Everything the signer needs."""

    hostname: str
    keyring: Keyring
    loaded: LoadedKeys
    timing: Timing
    registry: Registry
    relay: MailPool
    inlet: Inlet
    log: Log
    clock: Clock
    life: Life
    max_message_octets: int = 52_428_800
    max_recipients: int = 100
    republish_seconds: float = REPUBLISH_SECONDS
    arc: bool = False


def options_of(cell: Cell) -> SignerOptions:
    """Read the keys; raises `ValueError` or `OSError` that names the file which is wrong."""
    config = cell.config
    tsig = read_tsig_key(cell.state)
    keyring = Keyring(cell.state, config.domain)
    return SignerOptions(
        hostname=config.mail_host,
        keyring=keyring,
        loaded=keyring.load(int(cell.clock.unix())),
        timing=_timing(config.signer),
        registry=Registry(config.domain, cell.dial("primary"), tsig, StreamNames(cell.dial("resolver"))),
        relay=cell.mail_pool("relay"),
        inlet=cell.inlet,
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        max_message_octets=config.limits.inner_message_octets,
        max_recipients=config.limits.recipients,
        arc=config.signer.arc,
    )


def _timing(signer: Signer) -> Timing:
    return Timing(
        lifetime_seconds=math.ceil(signer.key_days * DAY_SECONDS),
        grace_seconds=math.ceil(signer.grace_days * DAY_SECONDS),
        propagation_seconds=math.ceil(signer.propagation_hours * _HOUR_SECONDS),
    )


async def run(options: SignerOptions) -> None:
    """Seal until asked to end; ready at once, also while the first keys are still on their way into the DNS."""
    publisher = Publisher(options.registry, options.clock)
    rotating = RotatorOptions(
        options.registry.zone, publisher, options.log, options.clock, options.timing, options.republish_seconds
    )
    rotator = Rotator(options.keyring, options.loaded, rotating)
    sealer = Sealer(options.hostname, rotator, options.relay, options.log, options.clock, options.arc)
    answers = KeyDesk(rotator).answers()
    server_options = ServerOptions(
        options.hostname,
        trusted=True,
        max_message_octets=options.max_message_octets,
        max_recipients=options.max_recipients,
    )

    def converse(peer: Peer) -> MailServer:
        return MailServer(
            server_options, lambda peer: SealingSession(sealer, peer), peer=peer, on_fault=options.log.fault
        )

    handlers: Handlers = {
        PipeProtocol.SMTP: converse,
        PipeProtocol.CALL: lambda peer: CallServer(peer, answers, options.log),
    }
    async with asyncio.TaskGroup() as tasks:  # a bug in the rotation ends the cell, which is started anew
        looking_after = tasks.create_task(rotator.run())
        await options.inlet.serve(handlers)
        options.life.ready()
        await options.life.stopped()
        await options.inlet.close()
        looking_after.cancel()
    await options.relay.close()
