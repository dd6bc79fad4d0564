"""The verifier's process: LMTP from the filter, LMTP to the mailbox, names from the resolver."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field

from scop.base import Clock
from scop.cells.verifier.judgement import JudgeOptions
from scop.cells.verifier.session import Checkpoint, VerifierPassage
from scop.cells.verifier.telling import Telling
from scop.dmarc.overrides import OverrideOptions
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.underway import Underway
from scop.mime import load_charsets
from scop.net.dns_client import Names, StreamNames
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.net.remembered_names import RememberedNames
from scop.smtp import ServerOptions

__all__ = ["VerifierOptions", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class VerifierOptions:
    """Everything the verifier needs."""

    domain: str
    hostname: str
    inlet: Inlet
    names: Names
    mailbox: MailPool
    log: Log
    clock: Clock
    life: Life
    max_message_octets: int
    max_recipients: int
    telling: Telling
    underway: Underway
    judge: JudgeOptions = field(default_factory=JudgeOptions)
    shows_headers: bool = False  # to the reporter, for failure reports


def options_of(cell: Cell) -> VerifierOptions:
    """Return the options of a verifier in the mesh."""
    # For U-labels and encoded words in From: a confined cell imports nothing more
    codecs.lookup("idna")
    load_charsets()
    limits = cell.config.limits
    hostname = cell.config.mail_host
    chosen = cell.config.verifier
    return VerifierOptions(
        domain=cell.config.domain,
        hostname=hostname,
        inlet=cell.inlet,
        names=RememberedNames(StreamNames(cell.dial("resolver")), cell.clock),
        mailbox=cell.mail_pool("mailbox"),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        max_message_octets=limits.inner_message_octets,
        max_recipients=limits.recipients,
        telling=Telling(
            cell.caller("reporter"),
            cell.caller("receiver"),
            cell.log,
            own_networks=cell.config.network.own_networks,
        ),
        underway=Underway(cell.state),
        judge=JudgeOptions(OverrideOptions(chosen.trusted_sealers, chosen.allow)),
        shows_headers=cell.config.reports.failure,
    )


async def run(options: VerifierOptions) -> None:
    """Judge and pass mail on until asked to end."""
    options.underway.tell(options.log)
    checkpoint = Checkpoint(
        options.hostname,
        options.domain,
        options.names,
        options.mailbox,
        options.judge,
        options.telling,
        options.underway,
        options.shows_headers,
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
    await options.telling.close()
    options.underway.close()
