"""One LMTP conversation with a neighbour: who gets the mail is decided at RCPT, the mail is stored at the end.

What goes on from here is handed to the signer, and reports to the reporter, after the mail is stored and before it is
answered. So one positive reply says that all of it is safe; anything else brings the whole mail again, to be stored
once.

Standards: RFC 2033 §4.2 (a reply for each recipient; ours are all alike); RFC 5321 §4.4 (Return-Path);
RFC 3463 (enhanced status codes).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from scop.base import Clock, printable
from scop.cells.mailbox.foldering import Folder, folder_of
from scop.cells.mailbox.forwarding import (
    Forward,
    forwarded_envelope,
    forwarded_octets,
    passed_on_octets,
    untold_of_success,
    was_delivered_to,
)
from scop.cells.mailbox.keeping import IS_SPAM, LOOPS, Kept, why_a_strangers_mail_is_kept
from scop.cells.mailbox.originals import attached_originals
from scop.cells.mailbox.outgoing import DeliveredNotice, Outgoing
from scop.cells.mailbox.passing import Passing
from scop.cells.mailbox.proof import is_proved
from scop.cells.mailbox.teaching import Teaching
from scop.cells.mailbox.vault import Deposit, OverQuota, Vault
from scop.mesh.vocabulary.keeper import RecipientOutcome, ResolvedRecipient
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.peer import Peer
from scop.net.pipe_session import PipeSession
from scop.net.trace import new_trace_id
from scop.smtp import ForwardPath, Mail, Mailbox, Recipient, Reply, ReversePath, reply
from scop.smtp.stamps import delivery_id, prepend, return_path_field, split_stamps, told_results
from scop.srs import is_rewritten

__all__ = ["Counter", "Delivery", "Resolve"]

Resolve: TypeAlias = Callable[[str], Awaitable[ResolvedRecipient]]

_OK = reply(250, "2.1.0", "Ok")
_RECIPIENT_OK = reply(250, "2.1.5", "Ok")
_UNKNOWN = reply(550, "5.1.1", "No such recipient here")
_DISABLED = reply(550, "5.2.1", "This mailbox takes no mail")
_FULL = reply(452, "4.2.2", "This mailbox is full, try again later")
_LATER = reply(451, "4.3.0", "Try again later")
_TAUGHT_BY_STRANGER = reply(550, "5.7.1", "The filter learns from those who have an account here")
_TAUGHT_AS_BOTH = reply(550, "5.5.0", "A mail is learned as spam or as wanted, not as both")
_NOTHING_TO_LEARN = reply(
    550,
    "5.6.0",
    "There is no mail attached to learn from: forward it as an attachment (.eml), not inline, since its header tells",
)

_REFUSALS = {
    RecipientOutcome.UNKNOWN: _UNKNOWN,
    RecipientOutcome.DISABLED: _DISABLED,
    RecipientOutcome.TRY_LATER: _LATER,
}


@dataclass(frozen=True, slots=True)
class Counter:
    """What every delivery works with; `believed` are the neighbours whose stamps decide on the folder."""

    hostname: str
    domain: str
    vault: Vault
    resolve: Resolve
    signer: MailPool
    reporter: MailPool
    report_local_parts: frozenset[str]  # of our domain: mail to them is read by the reporter
    teaching: Teaching
    believed: frozenset[str]
    tells_results: bool  # what the verifier found goes with a forward to the signer, who seals it by ARC
    clock: Clock
    log: Log


class _Told(NamedTuple):
    """A recipient who has the mail here, and of whom its sender wants to hear that."""

    recipient: Recipient
    accounts: tuple[str, ...]


@dataclass(slots=True)
class _Transaction:
    mail: Mail
    trace: str
    accounts: dict[str, None] = field(default_factory=dict)  # in the order of RCPT, each once
    forwards: list[Forward] = field(default_factory=list)
    told: list[_Told] = field(default_factory=list)
    teaches: str = ""  # what is attached is learned as this

    @property
    def has_others(self) -> bool:
        """Whether somebody but the reporter has the mail."""
        return bool(self.accounts or self.forwards)

    def tell_no_success(self) -> None:
        """Forget whom a sender wants to hear of."""
        self.told.clear()
        self.forwards = list(map(untold_of_success, self.forwards))


class Delivery(PipeSession):
    """What a neighbour's LMTP means; a `scop.net.mail_server.MailSession`."""

    def __init__(self, counter: Counter, peer: Peer) -> None:
        super().__init__(f"{counter.hostname} LMTP")
        self._counter = counter
        self._peer = peer
        self._outgoing = Outgoing(counter.signer)
        self._reporting = Passing(counter.reporter)
        self._transaction = _Transaction(Mail(ReversePath(None)), "")

    async def mail(self, mail: Mail) -> Reply:
        """Begin; the trace is the one that our own side minted where the mail came in."""
        await self._abandon()
        known = mail.origin.ident if mail.origin else ""
        self._transaction = _Transaction(mail, known or new_trace_id())
        return _OK

    async def recipient(self, recipient: Recipient) -> Reply:
        """Ask the keeper who gets it, and see whether there is room; of a rewritten sender the relay knows."""
        mailbox = recipient.forward_path.mailbox
        if mailbox is not None and is_rewritten(mailbox):
            return await self._begin(self._outgoing.returning, recipient)
        try:
            answer = await self._decide(recipient)
        except (TemporaryFailure, PermanentFailure) as trouble:  # what the keeper refuses to us may be mended
            return self._refuse(_LATER, str(trouble), recipient.forward_path)
        if answer in (None, _UNKNOWN, _DISABLED) and mailbox is not None and self._is_for_reports(mailbox):
            # An account or an alias of that name has its mail all the same.
            told = await self._begin(self._reporting, recipient)
            return _RECIPIENT_OK if answer is None and told.is_permanent else told
        if answer is _UNKNOWN and mailbox is not None and (label := self._counter.teaching.label_at(mailbox)):
            answer = self._begin_lesson(label)
        return _RECIPIENT_OK if answer is None else self._refuse(answer, "", recipient.forward_path)

    async def message(self, octets: bytes) -> Reply:
        """Store for all recipients or for none and hand on the rest; positive only once all of it is durable."""
        try:
            return await self._take(octets) or reply(250, "2.0.0", f"Ok: stored as {self._transaction.trace}")
        finally:
            await self._abandon()

    async def reset(self) -> None:
        """Let go of what was begun at our neighbours; nothing else was done yet."""
        await self._abandon()

    async def closed(self) -> None:
        """Let go."""
        await self._abandon()

    async def _abandon(self) -> None:
        await self._outgoing.returning.abandon()
        await self._reporting.abandon()

    async def _begin(self, passing: Passing, recipient: Recipient) -> Reply:
        """Return what a neighbour says of a recipient whose mail is passed on to it."""
        told = await passing.recipient(self._transaction.mail, recipient)
        return told if told.is_positive else self._refuse(told, passing.last_failure, recipient.forward_path)

    def _begin_lesson(self, label: str) -> Reply | None:
        """Take what our own people send to be learned, by the login that the relay tells; return a refusal or None."""
        if self._peer.cell in self._counter.believed:
            return _UNKNOWN  # to strangers there is no such address
        if self._transaction.mail.auth is None:
            return _TAUGHT_BY_STRANGER
        if self._transaction.teaches not in ("", label):
            return _TAUGHT_AS_BOTH
        self._transaction.teaches = label
        return None

    def _is_for_reports(self, mailbox: Mailbox) -> bool:
        counter = self._counter
        local_part = mailbox.local_part.lower().partition("+")[0]  # as the keeper compares them
        return mailbox.domain_key == counter.domain and local_part in counter.report_local_parts

    async def _decide(self, recipient: Recipient) -> Reply | None:
        """Add the accounts and forwards of a recipient; return a refusal or None."""
        found = await self._counter.resolve(str(recipient.forward_path.mailbox or ""))
        if found.outcome is not RecipientOutcome.DELIVER:
            return _REFUSALS[found.outcome]
        for account in found.accounts:
            if not await self._counter.vault.has_room(account, self._transaction.mail.size_octets or 0):
                return _FULL
        transaction = self._transaction
        transaction.accounts.update(dict.fromkeys(found.accounts))
        if found.forwards:
            addresses = tuple(Mailbox.parse(address) for address in found.forwards)
            transaction.forwards.append(Forward(recipient, addresses, found.accounts))
        if found.accounts and "SUCCESS" in recipient.notify:
            transaction.told.append(_Told(recipient, found.accounts))
        return None

    async def _take(self, octets: bytes) -> Reply | None:
        """Do all that is to be done with a mail; return the first refusal or None."""
        if not self._has_known_sender(octets):
            self._transaction.tell_no_success()
        deposit = await self._deposit(octets)
        kept = {forward: self._why_kept(forward, octets) for forward in self._transaction.forwards}
        for forward, why in kept.items():
            if why is not None and not forward.is_copy:
                return self._refuse(why.answer, why.reason, forward.recipient.forward_path)
        if self._outgoing.returning.is_begun and (why := self._why_never_sent_on(octets)) is not None:
            return self._refuse(why.answer, why.reason)
        if refused := await self._learn(octets) or await self._store(deposit) or await self._report(octets):
            return refused
        for forward, why in kept.items():
            is_spam = any(_lies_apart(deposit, account) for account in forward.accounts)
            if why is not None or is_spam:
                self._tell_kept(forward, why.reason if why is not None else IS_SPAM)
            elif refused := await self._forward(forward, octets):
                return refused
        return await self._return(octets) or await self._notify(octets, deposit)

    def _has_known_sender(self, octets: bytes) -> bool:
        """Say whether the reverse path is no stranger's: one of our users', or proved to the verifier."""
        sender = self._transaction.mail.reverse_path.mailbox
        believed = self._peer.cell in self._counter.believed
        return not believed or (sender is not None and is_proved(sender, octets, self._counter.hostname))

    def _why_kept(self, forward: Forward, octets: bytes) -> Kept | None:
        """Return why a mail may not be forwarded, None where it may."""
        return LOOPS if was_delivered_to(octets, forward) else self._why_never_sent_on(octets)

    def _why_never_sent_on(self, octets: bytes) -> Kept | None:
        """Return why a mail may leave to nobody, None where it may; our own users were asked who they are."""
        counter = self._counter
        is_believed = self._peer.cell in counter.believed
        return why_a_strangers_mail_is_kept(octets, counter.hostname, counter.domain) if is_believed else None

    async def _learn(self, octets: bytes) -> Reply | None:
        """Have what is attached wait for the filter, for the account that sent it; return a refusal or None."""
        label, login = self._transaction.teaches, self._transaction.mail.auth
        if not label or login is None:
            return None
        originals = attached_originals(octets)
        if not originals:
            return self._refuse(_NOTHING_TO_LEARN, "")
        try:
            await self._counter.teaching.learn(login.local_part, label, originals, trace=self._transaction.trace)
        except TemporaryFailure as trouble:
            return self._refuse(_LATER, str(trouble))
        return None

    async def _store(self, deposit: Deposit) -> Reply | None:
        started = self._counter.clock.monotonic()
        if not deposit.accounts:
            return None
        try:
            fresh = await self._counter.vault.store(deposit)
        except OverQuota as full:
            return self._refuse(_FULL, f"{full} is over its quota")
        except TemporaryFailure as trouble:
            return self._refuse(_LATER, str(trouble))
        self._tell(deposit, fresh, self._counter.clock.monotonic() - started)
        return None

    async def _report(self, octets: bytes) -> Reply | None:
        """Hand a mail to the reporter whose address is for reports; return a refusal or None."""
        if not self._reporting.is_begun:
            return None
        counter, transaction = self._counter, self._transaction
        # Its author is believed where the verifier says so, and local mail bears whatever its author wrote.
        believed = self._peer.cell in counter.believed
        answer = await self._reporting.message(octets if believed else passed_on_octets(octets, counter.hostname))
        if answer.is_positive or (answer.is_permanent and transaction.has_others):
            if not answer.is_positive:
                counter.log.warning("report.refused", trace=transaction.trace, reply=printable(str(answer)))
            return None
        return self._refuse(answer, self._reporting.last_failure)

    async def _forward(self, forward: Forward, octets: bytes) -> Reply | None:
        """Hand a mail on to where its recipient wants it; return a refusal or None."""
        counter, path = self._counter, forward.recipient.forward_path
        envelope = forwarded_envelope(self._transaction.mail, forward)
        is_told = counter.tells_results and self._peer.cell in counter.believed
        results = told_results(octets, counter.hostname) if is_told else b""
        passed = forwarded_octets(octets, counter.hostname, forward, results=results)
        answer = await self._outgoing.hand_on(envelope, passed)
        if answer.is_positive:
            addresses = [printable(str(address)) for address in forward.addresses]
            counter.log.info("mail.forwarded", trace=self._transaction.trace, account=str(path), addresses=addresses)
            return None
        if answer.is_permanent and forward.is_copy:  # its owner has it: that is no failure to its sender
            self._tell_kept(forward, str(answer))
            return None
        return self._refuse(answer, self._outgoing.last_failure, path)

    async def _return(self, octets: bytes) -> Reply | None:
        """Send what came for rewritten senders on its way home; return a refusal or None."""
        returning = self._outgoing.returning
        if not returning.is_begun:
            return None
        answer = await returning.message(passed_on_octets(octets, self._counter.hostname))
        return None if answer.is_positive else self._refuse(answer, returning.last_failure)

    async def _notify(self, octets: bytes, deposit: Deposit) -> Reply | None:
        """Tell the sender that the mail was delivered, where it wanted that; return a refusal or None."""
        counter, transaction = self._counter, self._transaction
        sender = transaction.mail.reverse_path.mailbox
        # What lies in Junk may bear a stranger's address.
        told = tuple(
            one.recipient
            for one in transaction.told
            if not any(_lies_apart(deposit, account) for account in one.accounts)
        )
        if sender is None or not told:  # RFC 5321 §4.5.5: never to the null path
            return None
        notice = DeliveredNotice(counter.hostname, counter.domain, transaction.mail, sender, told, deposit.stored_unix)
        envelope, report = notice.compose(passed_on_octets(octets, counter.hostname))
        answer = await self._outgoing.hand_on(envelope, report)
        if answer.is_temporary:
            return self._refuse(answer, self._outgoing.last_failure)
        ident = envelope.mail.origin.ident if envelope.mail.origin else ""
        # A notice that can never be is no failure of the mail that it is about.
        tell = counter.log.info if answer.is_positive else counter.log.warning
        event, said = ("mail.notified" if answer.is_positive else "notice.refused"), printable(str(answer))
        tell(event, trace=transaction.trace, notice=ident, recipient=printable(str(sender)), reply=said)
        return None

    async def _deposit(self, octets: bytes) -> Deposit:
        mail, accounts = self._transaction.mail, tuple(self._transaction.accounts)
        _, below = split_stamps(octets, self._counter.hostname)
        # Local mail bears whatever its author wrote: only the verifier removes foreign stamps.
        believed = self._peer.cell in self._counter.believed
        hostname = self._counter.hostname
        views = await self._counter.teaching.own_views(accounts, octets) if believed and accounts else {}
        return Deposit(
            accounts=accounts,
            delivery_id=delivery_id(mail.reverse_path, below),
            folder=folder_of(octets, hostname) if believed else Folder.INBOX,
            trace=self._transaction.trace,
            reverse_path=str(mail.reverse_path),
            stored_unix=self._counter.clock.unix(),
            octets=prepend(octets, return_path_field(mail.reverse_path)),
            own_folders=tuple((name, folder_of(octets, hostname, own_view=view)) for name, view in views.items()),
        )

    def _tell(self, deposit: Deposit, fresh: tuple[str, ...], seconds: float) -> None:
        for account in deposit.accounts:
            self._counter.log.info(
                "mail.stored",
                trace=deposit.trace,
                seconds=round(seconds, 6),
                account=account,
                folder=deposit.folder_for(account),
                size_octets=len(deposit.octets),
                again=account not in fresh,  # a retry of what is there already
            )

    def _tell_kept(self, forward: Forward, reason: str) -> None:
        path = printable(str(forward.recipient.forward_path))
        self._counter.log.warning(
            "forward.kept", trace=self._transaction.trace, recipient=path, reason=printable(reason)
        )

    def _refuse(self, answer: Reply, reason: str, path: ForwardPath | None = None) -> Reply:
        self._counter.log.warning(
            "mail.refused",
            trace=self._transaction.trace,
            reply=str(answer),
            reason=printable(reason) or answer.text[0],
            recipient=printable(str(path)) if path else "",
            peer=self._peer.cell,
        )
        return answer


def _lies_apart(deposit: Deposit, account: str) -> bool:
    """Say whether an account has the mail where nothing is sent on from."""
    return deposit.folder_for(account) in (Folder.JUNK, Folder.QUARANTINE)
