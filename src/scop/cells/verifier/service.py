"""The verifier's process: LMTP from the filter, LMTP to the mailbox, names from the resolver."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from scop.base import Clock
from scop.cells.verifier.judgement import JUDGEMENT_SECONDS
from scop.cells.verifier.session import Checkpoint, VerifierPassage
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.net.dns_client import Names, StreamNames
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.smtp import ServerOptions

__all__ = ["VerifierOptions", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class VerifierOptions:
    """Everything the verifier needs."""

    hostname: str
    inlet: Inlet
    names: Names
    mailbox: MailPool
    log: Log
    clock: Clock
    life: Life
    max_message_octets: int
    max_recipients: int
    judgement_seconds: float = JUDGEMENT_SECONDS


def options_of(cell: Cell) -> VerifierOptions:
    """Return the options of a verifier in the mesh."""
    codecs.lookup("idna")  # for U-labels in From: a confined cell imports nothing more
    limits = cell.config.limits
    hostname = cell.config.mail_host
    return VerifierOptions(
        hostname=hostname,
        inlet=cell.inlet,
        names=StreamNames(cell.dial("resolver")),
        mailbox=cell.mail_pool("mailbox"),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        max_message_octets=limits.inner_message_octets,
        max_recipients=limits.recipients,
    )


async def run(options: VerifierOptions) -> None:
    """Judge and pass mail on until asked to end."""
    checkpoint = Checkpoint(
        options.hostname,
        options.names,
        options.mailbox,
        options.judgement_seconds,
        options.clock,
        options.log,
    )
    speech = ServerOptions(
        hostname=options.hostname,
        lmtp=True,
        trusted=True,
        max_message_octets=options.max_message_octets,
        max_recipients=options.max_recipients,
    )

    def take_mail(peer: Peer) -> MailServer:
        return MailServer(speech, lambda peer: VerifierPassage(checkpoint, peer), peer=peer, on_fault=options.log.fault)

    await options.inlet.serve({PipeProtocol.LMTP: take_mail})
    options.life.ready()
    await options.life.stopped()
    await options.inlet.close()
    await options.mailbox.close()
