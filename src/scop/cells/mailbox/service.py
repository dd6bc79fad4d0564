"""The mailbox's process: LMTP from the verifier and the relay, calls from the operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scop.base import Clock, printable
from scop.cells.mailbox.foldering import Folder
from scop.cells.mailbox.lessons import Lessons, Move, NoSuchMail
from scop.cells.mailbox.session import Counter, Delivery, Resolve
from scop.cells.mailbox.teaching import Teacher, Teaching
from scop.cells.mailbox.vault import MAX_PAGE, Entry, Vault
from scop.cells.mailbox.warning import warning_above
from scop.mesh.calls import Answers, Caller, CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.vocabulary.keeper import ResolvedRecipient, ResolveRecipient
from scop.mesh.vocabulary.mailbox import (
    ForgetLessons,
    ListMail,
    MailList,
    MailMoved,
    MailPiece,
    MailSummary,
    MoveMail,
    ReadMail,
)
from scop.mime import load_charsets, parse
from scop.net.faults import PermanentFailure
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.net.peer import Peer
from scop.smtp import ServerOptions

__all__ = ["MailboxOptions", "options_of", "run"]

BELIEVED = frozenset({"verifier"})  # it has removed what others wrote in our name
LEARNED_WITHIN_SECONDS = 2.0  # that a person who moves mail waits to hear that it is learned
PIECE_OCTETS = 1_048_576  # of a mail in one answer, a quarter of a frame


@dataclass(frozen=True, slots=True)
class MailboxOptions:
    """Everything the mailbox needs."""

    hostname: str
    domain: str
    state: Path  # a folder of its own
    inlet: Inlet
    resolve: Resolve  # whose an address is
    signer: MailPool  # forwards and notices
    reporter: MailPool  # reports to us
    filter: Caller  # learns what people say of their mail
    log: Log
    clock: Clock
    life: Life
    max_message_octets: int
    max_recipients: int
    account_octets: int
    report_local_parts: frozenset[str] = frozenset()  # whose mail the reporter reads
    learned_at: Mapping[str, str] = field(default_factory=dict)  # label by local part: what is sent there is learned
    believed: frozenset[str] = BELIEVED
    tells_results: bool = False  # to the signer, of what goes on: it seals by ARC


def options_of(cell: Cell) -> MailboxOptions:
    """Return the options of a mailbox in the mesh."""
    load_charsets()  # for summaries: a confined cell imports nothing more
    keeper = cell.caller("keeper")

    async def resolve(address: str) -> ResolvedRecipient:
        return await keeper.call(ResolveRecipient(address))

    config = cell.config
    limits = config.limits
    return MailboxOptions(
        hostname=config.mail_host,
        domain=config.domain,
        state=cell.state,
        inlet=cell.inlet,
        resolve=resolve,
        signer=cell.mail_pool("signer"),
        reporter=cell.mail_pool("reporter"),
        filter=cell.caller("filter"),
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
        max_message_octets=limits.inner_message_octets,
        max_recipients=limits.recipients,
        account_octets=limits.account_octets,
        report_local_parts=config.reports.local_parts(config.domain, config.publish),
        learned_at={config.spam.spam_mailbox: "spam", config.spam.ham_mailbox: "ham"},
        tells_results=config.signer.arc,
    )


async def run(options: MailboxOptions) -> None:
    """Take and show mail until asked to end; what was begun then is either durable or told to come again."""
    vault = Vault(options.state / "mail.db", options.account_octets)
    lessons = Lessons(vault.database, options.hostname)
    teacher = Teacher(lessons, options.filter, options.log)
    counter = Counter(
        hostname=options.hostname,
        domain=options.domain,
        vault=vault,
        resolve=options.resolve,
        signer=options.signer,
        reporter=options.reporter,
        report_local_parts=options.report_local_parts,
        teaching=_teaching_of(options, lessons, teacher),
        believed=options.believed,
        tells_results=options.tells_results,
        clock=options.clock,
        log=options.log,
    )
    speech = _speech_of(options)

    def take_mail(peer: Peer) -> MailServer:
        return MailServer(speech, lambda peer: Delivery(counter, peer), peer=peer, on_fault=options.log.fault)

    desk = _Desk(options, vault, lessons, teacher)

    def show_mail(peer: Peer) -> CallServer:
        return CallServer(peer, desk.answers(), options.log)

    await options.inlet.serve({PipeProtocol.LMTP: take_mail, PipeProtocol.CALL: show_mail})
    teacher.begin()
    options.life.ready()
    await options.life.stopped()
    await options.inlet.close()
    await teacher.close()
    await options.filter.close()
    await options.signer.close()
    await options.reporter.close()
    await vault.close()


def _teaching_of(options: MailboxOptions, lessons: Lessons, teacher: Teacher) -> Teaching:
    return Teaching(
        domain=options.domain,
        hostname=options.hostname,
        mailboxes=options.learned_at,
        lessons=lessons,
        filter=options.filter,
        wake=teacher.wake,
        log=options.log,
    )


def _speech_of(options: MailboxOptions) -> ServerOptions:
    return ServerOptions(
        hostname=options.hostname,
        lmtp=True,
        trusted=True,
        max_message_octets=options.max_message_octets,
        max_recipients=options.max_recipients,
    )


class _Desk:
    """Answers the operator."""

    def __init__(self, options: MailboxOptions, vault: Vault, lessons: Lessons, teacher: Teacher) -> None:
        self._hostname = options.hostname
        self._vault = vault
        self._lessons = lessons
        self._teacher = teacher
        self._log = options.log

    def answers(self) -> Answers:
        """Return what is answered to which question."""
        return {
            ListMail: self.list_mail,
            ReadMail: self.read_mail,
            MoveMail: self.move_mail,
            ForgetLessons: self.forget_lessons,
        }

    async def list_mail(self, asked: ListMail, _peer: Peer) -> MailList:
        """Name an account's mails."""
        entries = await self._vault.entries(asked.account, after=asked.after, limit=asked.limit)
        usage = await self._vault.usage(asked.account)
        return MailList(tuple(_summary(entry, self._hostname) for entry in entries), usage.mails)

    async def read_mail(self, asked: ReadMail, _peer: Peer) -> MailPiece:
        """Return a part of a mail's octets."""
        found = await self._vault.piece(asked.account, asked.id, max(0, asked.offset), PIECE_OCTETS)
        if found is None:
            raise PermanentFailure(f"{printable(asked.account)} has no mail {asked.id}")
        return MailPiece(*found)

    async def move_mail(self, asked: MoveMail, _peer: Peer) -> MailMoved:
        """Put mails into a folder; the filter is told what that says of them, now or when it is back."""
        if asked.folder not in set(Folder):
            raise PermanentFailure(f"there is no folder {printable(asked.folder)}; there are {', '.join(Folder)}")
        if len(asked.ids) > MAX_PAGE:
            raise PermanentFailure(f"at most {MAX_PAGE} mails are moved at once")
        move = Move(asked.account, asked.ids, Folder(asked.folder))
        try:
            moved, lessons = await self._lessons.move(move)
        except NoSuchMail as missing:
            raise PermanentFailure(f"{printable(asked.account)} has no mail {missing}; nothing was moved") from None
        account = printable(asked.account)
        self._log.info("mail.moved", account=account, folder=move.folder, mails=moved, lessons=lessons)
        if not lessons:
            return MailMoved(moved, 0)
        self._teacher.wake()
        return MailMoved(moved, lessons, await self._teacher.caught_up(LEARNED_WITHIN_SECONDS))

    async def forget_lessons(self, asked: ForgetLessons, _peer: Peer) -> int:
        """Drop what an account taught and the filter does not have yet."""
        return await self._teacher.forget(asked.account)


def _summary(entry: Entry, hostname: str) -> MailSummary:
    header = parse(entry.header_octets).header
    return MailSummary(
        id=entry.id,
        folder=entry.folder,
        trace=entry.trace,
        reverse_path=entry.reverse_path,
        author=printable(header.get("From") or ""),
        subject=printable(header.get("Subject") or ""),
        size_octets=entry.size_octets,
        stored_unix=entry.stored_unix,
        warning=warning_above(entry.header_octets, hostname),
    )
