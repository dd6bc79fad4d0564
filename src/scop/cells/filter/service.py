"""The filter's process: LMTP from the receiver, LMTP to the verifier, calls from the operator."""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import Clock
from scop.cells.filter.model import ModelInUse
from scop.cells.filter.session import FilterPassage, Scales
from scop.mesh.calls import Caller, CallServer
from scop.mesh.calls.outbox import Outbox, OutboxLimits
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.vocabulary.filter import InstallModel, ModelStatus, ReadModelStatus
from scop.mesh.vocabulary.receiver import NotedDeed, NoteDeeds
from scop.mime import load_charsets
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.smtp import ServerOptions

__all__ = ["FilterOptions", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """Everything the filter needs."""

    hostname: str
    inlet: Inlet
    model: ModelInUse
    verifier: MailPool
    receiver: Caller
    log: Log
    clock: Clock
    life: Life
    max_message_octets: int
    max_recipients: int


def options_of(cell: Cell) -> FilterOptions:
    """Load the model; raises `ValueError` where its file is none."""
    load_charsets()  # a confined cell imports nothing more
    limits = cell.config.limits
    hostname = cell.config.mail_host
    return FilterOptions(
        hostname=hostname,
        inlet=cell.inlet,
        model=ModelInUse(cell.state),
        verifier=cell.mail_pool("verifier"),
        receiver=cell.caller("receiver"),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        max_message_octets=limits.inner_message_octets,
        max_recipients=limits.recipients,
    )


async def run(options: FilterOptions) -> None:
    """Weigh mail and pass it on until asked to end."""

    async def send(deeds: tuple[NotedDeed, ...]) -> None:
        await options.receiver.call(NoteDeeds(deeds))

    deeds = Outbox[NotedDeed](send, "receiver", options.log, OutboxLimits())
    scales = Scales(options.hostname, options.model, options.verifier, deeds, options.clock, options.log)
    speech = ServerOptions(
        hostname=options.hostname,
        lmtp=True,
        trusted=True,
        max_message_octets=options.max_message_octets,
        max_recipients=options.max_recipients,
    )

    def take_mail(peer: Peer) -> MailServer:
        return MailServer(speech, lambda _peer: FilterPassage(scales), peer=peer, on_fault=options.log.fault)

    async def install(piece: InstallModel, _peer: Peer) -> ModelStatus:
        return options.model.take(piece)

    async def status(_asked: ReadModelStatus, _peer: Peer) -> ModelStatus:
        return options.model.status()

    def answer_calls(peer: Peer) -> CallServer:
        return CallServer(peer, {InstallModel: install, ReadModelStatus: status}, options.log)

    await options.inlet.serve({PipeProtocol.LMTP: take_mail, PipeProtocol.CALL: answer_calls})
    options.life.ready()
    await options.life.stopped()
    await options.inlet.close()
    await options.verifier.close()
    await deeds.close()
    await options.receiver.close()
