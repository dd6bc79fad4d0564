"""The filter's process: LMTP from the receiver, LMTP to the verifier, calls from the mailbox and the operator."""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import Clock
from scop.cells.filter.examination import Examination
from scop.cells.filter.learning import Lectern
from scop.cells.filter.model import open_model
from scop.cells.filter.own_lessons import OwnLessons
from scop.cells.filter.session import FilterPassage, Scales
from scop.mesh.calls import Caller, CallServer
from scop.mesh.calls.outbox import Outbox, OutboxLimits
from scop.mesh.cell import Cell, Life
from scop.mesh.config.attachments import Attachments
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.underway import Underway
from scop.mesh.vocabulary.receiver import NotedDeed, NoteDeeds
from scop.mime import load_charsets
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.smtp import ServerOptions
from scop.store.spam_model import SpamModel

__all__ = ["FilterOptions", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """Everything the filter needs."""

    hostname: str
    inlet: Inlet
    model: SpamModel
    verifier: MailPool
    receiver: Caller
    examiner: Caller
    policies: Attachments
    underway: Underway
    log: Log
    clock: Clock
    life: Life
    max_message_octets: int
    max_recipients: int
    learns_from_own_verdicts: bool = False


def options_of(cell: Cell) -> FilterOptions:
    """Load the model; raises `ValueError` where its file is none."""
    load_charsets()  # a confined cell imports nothing more
    limits = cell.config.limits
    hostname = cell.config.mail_host
    underway = Underway(cell.state)
    return FilterOptions(
        hostname=hostname,
        inlet=cell.inlet,
        model=open_model(cell.state, cell.config.domain, underway, cell.log),
        verifier=cell.mail_pool("verifier"),
        receiver=cell.caller("receiver"),
        examiner=cell.caller("examiner"),
        policies=cell.config.attachments,
        underway=underway,
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        max_message_octets=limits.inner_message_octets,
        max_recipients=limits.recipients,
        learns_from_own_verdicts=cell.config.spam.learn_from_own_verdicts,
    )


async def run(options: FilterOptions) -> None:
    """Weigh mail and pass it on until asked to end."""
    options.underway.tell(options.log)
    scales = _scales_of(options)
    speech = ServerOptions(
        hostname=options.hostname,
        lmtp=True,
        trusted=True,
        max_message_octets=options.max_message_octets,
        max_recipients=options.max_recipients,
    )

    def take_mail(peer: Peer) -> MailServer:
        return MailServer(speech, lambda _peer: FilterPassage(scales), peer=peer, on_fault=options.log.fault)

    lectern = Lectern(options.hostname, options.model, options.underway, options.log)

    def answer_calls(peer: Peer) -> CallServer:
        return CallServer(peer, lectern.answers(peer.cell), options.log)

    await options.inlet.serve({PipeProtocol.LMTP: take_mail, PipeProtocol.CALL: answer_calls})
    options.life.ready()
    await options.life.stopped()
    await options.inlet.close()
    await options.verifier.close()
    if scales.own_lessons is not None:
        await scales.own_lessons.close()
    await options.model.close()
    await scales.deeds.close()
    await options.receiver.close()
    await options.examiner.close()
    options.underway.close()


def _scales_of(options: FilterOptions) -> Scales:
    async def send(deeds: tuple[NotedDeed, ...]) -> None:
        await options.receiver.call(NoteDeeds(deeds))

    return Scales(
        hostname=options.hostname,
        model=options.model,
        own_lessons=OwnLessons(options.model, options.log) if options.learns_from_own_verdicts else None,
        verifier=options.verifier,
        examination=Examination(options.examiner),
        policies=options.policies,
        underway=options.underway,
        deeds=Outbox[NotedDeed](send, "receiver", options.log, OutboxLimits()),
        clock=options.clock,
        log=options.log,
    )
