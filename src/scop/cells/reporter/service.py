"""The reporter's process: its options, its listeners and its life."""

from __future__ import annotations

import asyncio
import codecs
from dataclasses import dataclass, field
from pathlib import Path

from scop.base import Clock
from scop.cells.reporter.desk import Desk
from scop.cells.reporter.failures import Failures
from scop.cells.reporter.management import Management, ManagementOptions
from scop.cells.reporter.posting import Posting, PostingOptions
from scop.cells.reporter.reading import Reader
from scop.cells.reporter.rounds import Rounds, RoundsOptions
from scop.cells.reporter.schema import SCHEMA
from scop.cells.reporter.session import MAX_MAIL_OCTETS, Counter, Taking
from scop.cells.reporter.writing import Author
from scop.mesh.calls import CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.config import Reports
from scop.mesh.inlet import Inlet
from scop.mesh.manifest import OPERATOR
from scop.mesh.protocol import PipeProtocol
from scop.mime import load_charsets
from scop.net.dns_client import Names, StreamNames
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.smtp import Mailbox, ServerOptions
from scop.store import Database

__all__ = ["ReporterOptions", "options_of", "run"]


@dataclass(frozen=True, slots=True)
class ReporterOptions:
    """Everything the reporter needs."""

    domain: str
    hostname: str
    state: Path  # a folder of its own
    inlet: Inlet
    names: Names
    signer: MailPool
    log: Log
    clock: Clock
    life: Life
    local_parts: frozenset[str]  # of our domain: whose mail is read
    reports: Reports = field(default_factory=Reports)
    max_recipients: int = 100


def options_of(cell: Cell) -> ReporterOptions:
    """Return the options of a reporter in the mesh."""
    load_charsets()  # of reports and subjects: a confined cell imports nothing more
    codecs.lookup("idna")
    config = cell.config
    return ReporterOptions(
        domain=config.domain,
        hostname=config.mail_host,
        state=cell.state,
        inlet=cell.inlet,
        names=StreamNames(cell.dial("resolver")),
        signer=cell.mail_pool("signer"),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        local_parts=config.reports.local_parts(config.domain, config.publish),
        reports=config.reports,
        max_recipients=config.limits.recipients,
    )


async def run(options: ReporterOptions) -> None:
    """Count, report and read until asked to end; what is underway is on the disk."""
    database = Database.open(options.state / "reports.db", SCHEMA)
    author = Author(Mailbox(options.reports.mailbox, options.domain), options.hostname)
    posting = Posting(PostingOptions(author.mailbox, options.signer, database, options.clock, options.log))
    rounds = Rounds(_rounds_options(options, author, database, posting))
    reader = Reader(options.domain, database, options.log)
    failures = Failures(
        Desk(author, options.names, database, posting.wake, options.clock, options.log)
        if options.reports.failure
        else None
    )
    management = Management(_management_options(options, database, rounds, failures))
    work = [asyncio.ensure_future(each.run()) for each in (posting, rounds, reader, failures)]
    await options.inlet.serve(
        {
            PipeProtocol.LMTP: lambda peer: _take_mail(options, database, reader, peer),
            PipeProtocol.CALL: lambda peer: _answer_calls(management, options.log, peer),
        }
    )
    options.life.ready()
    stopping = asyncio.ensure_future(options.life.stopped())
    await asyncio.wait({*work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    await options.inlet.close()
    await _end(work)
    await options.signer.close()
    await database.close()


def _take_mail(options: ReporterOptions, database: Database, reader: Reader, peer: Peer) -> MailServer:
    counter = Counter(
        hostname=options.hostname,
        domain=options.domain,
        local_parts=options.local_parts,
        database=database,
        added=reader.wake,
        clock=options.clock,
        log=options.log,
    )
    speech = ServerOptions(
        hostname=options.hostname,
        lmtp=True,
        trusted=True,
        max_message_octets=MAX_MAIL_OCTETS,
        max_recipients=options.max_recipients,
    )
    return MailServer(speech, lambda _peer: Taking(counter), peer=peer, on_fault=options.log.fault)


def _answer_calls(management: Management, log: Log, peer: Peer) -> CallServer:
    """Return what a neighbour may ask: each says only what is its own to say."""
    answers = {
        "verifier": management.verifier_answers,
        "relay": management.relay_answers,
        OPERATOR.name: management.operator_answers,
    }.get(peer.cell, dict)
    return CallServer(peer, answers(), log)


def _rounds_options(options: ReporterOptions, author: Author, database: Database, posting: Posting) -> RoundsOptions:
    return RoundsOptions(
        author=author,
        names=options.names,
        database=database,
        wake_posting=posting.wake,
        clock=options.clock,
        log=options.log,
        aggregate=options.reports.aggregate,
        tls=options.reports.tls,
        kept_days=options.reports.kept_days,
    )


def _management_options(
    options: ReporterOptions, database: Database, rounds: Rounds, failures: Failures
) -> ManagementOptions:
    return ManagementOptions(
        database=database,
        rounds=rounds,
        names=options.names,
        judged=failures.note,
        clock=options.clock,
        log=options.log,
        aggregate=options.reports.aggregate,
        tls=options.reports.tls,
    )


async def _end(work: list[asyncio.Task[None]]) -> None:
    """Stop what runs beside us; a fault of it goes on to whoever watches us."""
    for each in work:
        if each.done():
            each.result()
        each.cancel()
    await asyncio.wait(work)
