"""The signer's process: its options, its listeners and its life."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from scop.base import Clock
from scop.cells.signer.keyring import load_or_make_keys
from scop.cells.signer.publishing import REPUBLISH_SECONDS, Publisher, Registry
from scop.cells.signer.sealing import Sealer, SealingSession
from scop.dkim import SigningKey
from scop.mesh.calls import CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Handlers, Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.tsig_file import read_tsig_key
from scop.mesh.vocabulary.signer import ReadSealing, SealingStatus
from scop.net.dns_client import StreamNames
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.smtp import ServerOptions

__all__ = ["SignerOptions", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class SignerOptions:
    """Everything the signer needs."""

    hostname: str
    keys: tuple[SigningKey, ...]
    registry: Registry
    relay: MailPool
    inlet: Inlet
    log: Log
    clock: Clock
    life: Life
    max_message_octets: int = 52_428_800
    max_recipients: int = 100
    republish_seconds: float = REPUBLISH_SECONDS


def options_of(cell: Cell) -> SignerOptions:
    """Read or make the keys; raises `ValueError` or `OSError` that names the file which is wrong."""
    config = cell.config
    tsig = read_tsig_key(cell.state)
    return SignerOptions(
        hostname=config.mail_host,
        keys=load_or_make_keys(cell.state, config.domain, cell.clock.unix()),
        registry=Registry(config.domain, cell.dial("primary"), tsig, StreamNames(cell.dial("resolver"))),
        relay=cell.mail_pool("relay"),
        inlet=cell.inlet,
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        max_message_octets=config.limits.inner_message_octets,
        max_recipients=config.limits.recipients,
    )


async def run(options: SignerOptions) -> None:
    """Seal until asked to end; ready at once, also while the keys are still on their way into the DNS."""
    publisher = Publisher(options.keys, options.registry, options.log, options.clock)
    sealer = Sealer(options.hostname, options.keys, publisher, options.relay, options.log, options.clock)
    server_options = ServerOptions(
        options.hostname,
        trusted=True,
        max_message_octets=options.max_message_octets,
        max_recipients=options.max_recipients,
    )

    async def status(_question: ReadSealing, _peer: Peer) -> SealingStatus:
        return publisher.status()

    def converse(peer: Peer) -> MailServer:
        return MailServer(
            server_options, lambda peer: SealingSession(sealer, peer), peer=peer, on_fault=options.log.fault
        )

    handlers: Handlers = {
        PipeProtocol.SMTP: converse,
        PipeProtocol.CALL: lambda peer: CallServer(peer, {ReadSealing: status}, options.log),
    }
    async with asyncio.TaskGroup() as tasks:  # a bug in the publisher ends the cell, which is started anew
        publishing = tasks.create_task(publisher.keep(options.republish_seconds))
        await options.inlet.serve(handlers)
        options.life.ready()
        await options.life.stopped()
        await options.inlet.close()
        publishing.cancel()
    await options.relay.close()
