"""One conversation with a mail client of ours: log in, own the sender address, hand over.

Standards: RFC 6409 (submission); RFC 4954 (AUTH); RFC 8314 (TLS); RFC 5321 §4.4 (Received); RFC 6710 (MT-PRIORITY);
RFC 4865 §5 (how long a message may be held).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scop.base import Clock, printable
from scop.cells.submission.authors import Authors
from scop.cells.submission.fixups import Facts, fix_up
from scop.cells.submission.login import Login, User
from scop.mesh.vocabulary.keeper import MaySendAs
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.onward import TRY_LATER, Onward
from scop.net.trace import new_trace_id
from scop.smtp import ForwardPath, Hello, Mail, Mailbox, Origin, Proof, Recipient, Reply, reply
from scop.smtp.stamps import Handover, prepend, protocol_word, received_field

if TYPE_CHECKING:
    from scop.cells.submission.devices import Devices, KnownDevice
    from scop.cells.submission.questions import Ask
    from scop.cells.submission.rates import Rates
    from scop.net.log import Log
    from scop.net.mail_pool import MailPool
    from scop.net.peer import Peer
    from scop.net.visitors import Visitors

__all__ = ["MAX_HOLD_SECONDS", "Counter", "SubmissionSession"]

MAX_HOLD_SECONDS = 30 * 86400  # who wants more can send it then
MAX_PRIORITY = 4  # of -9 to 9 (RFC 6710 §6): what lies above is for those who run the network

_CROWDED = reply(421, "4.7.0", "Too many connections, try again later")
_LOG_IN_FIRST = reply(530, "5.7.0", "Authentication required")
_FOREIGN_SENDER = reply(550, "5.7.1", "The sender address is not yours to use")
_FOREIGN_AUTHOR = reply(550, "5.7.1", "The From field must name one of your own addresses, and nothing else")
_HELD_TOO_LONG = reply(501, "5.5.4", f"A message is held for {MAX_HOLD_SECONDS // 86400} days at most")


@dataclass(frozen=True, slots=True)
class Counter:
    """What all conversations share."""

    hostname: str
    domain: str
    ask: Ask
    channel_binding: bytes  # of the certificate that clients are shown; b'' where it has none
    devices: Devices
    rates: Rates
    signer: MailPool
    visitors: Visitors
    log: Log
    clock: Clock


@dataclass(slots=True)
class _Transaction:
    trace: str = ""
    smtputf8: bool = False
    reverse_path: str = ""
    owned: str = ""  # the reverse path once it was found to be the account's: it need not be asked for again
    device: KnownDevice | None = None
    recipients: tuple[ForwardPath, ...] = ()


class SubmissionSession:
    """Satisfies `scop.net.mail_server.MailSession`."""

    def __init__(self, counter: Counter, peer: Peer) -> None:
        self._counter = counter
        self._peer = peer
        self._onward = Onward(counter.signer)
        self._entered = False
        self._helo = ""
        self._login = Login(counter.ask, peer.address, counter.channel_binding)
        self._transaction = _Transaction()

    async def connected(self) -> Reply:
        """Greet, unless there are too many already."""
        self._entered = self._counter.visitors.enter(self._peer.address)
        if not self._entered:
            self._log_refusal(_CROWDED, "too many connections")
            return _CROWDED
        return reply(220, "", f"{self._counter.hostname} ESMTP")

    async def hello(self, hello: Hello, /) -> None:
        """Note the client's name for itself."""
        self._helo = hello.name

    async def authenticate(self, proof: Proof, /) -> Reply:
        """Ask the keeper; the client learns no more than yes, no or later."""
        answer = await self._login.answer(proof)
        if answer.code >= 400:
            self._log_refusal(answer, self._login.reason)
        return answer

    async def mail(self, mail: Mail, /) -> Reply:
        """Begin, if the login owns the reverse path and has not sent too much; the null path is everybody's."""
        mailbox = mail.reverse_path.mailbox
        self._transaction = _Transaction(new_trace_id(), mail.smtputf8, str(mailbox or ""))
        refusal = await self._may_begin(mail, mailbox)
        if refusal is not None:
            return refusal
        user = self._login.user
        login = Mailbox(user.account, self._counter.domain) if user else None
        granted = replace(mail, auth=login, size_octets=None, priority=_granted(mail.priority))
        answer = await self._onward.mail(granted, self._origin())
        if answer.is_positive and granted.priority != mail.priority:
            # RFC 6710 §4.1 (X.3.6): the client is told what it got.
            return reply(250, "2.3.6", f"{granted.priority} is the new priority of the message")
        return answer

    async def recipient(self, recipient: Recipient, /) -> Reply:
        """Ask onward, unless there are too many."""
        refusal = self._too_many("recipients")
        if refusal is not None:
            return refusal
        answer = await self._onward.recipient(recipient)
        if answer.is_positive:
            self._transaction.recipients += (recipient.forward_path,)
        else:
            self._log_refusal(answer, self._onward.last_failure, recipient.forward_path)
        return answer

    async def message(self, octets: bytes, /) -> Reply:
        """Check the author, mend, stamp, hand over."""
        started = self._counter.clock.monotonic()
        authors = Authors.of(octets)
        try:
            author = await self._foreign(authors.authors)
            sender = await self._foreign(authors.foreign_senders)
        except (TemporaryFailure, PermanentFailure) as fault:
            return await self._refuse_message(TRY_LATER, str(fault))
        if author:
            return await self._refuse_message(_FOREIGN_AUTHOR, f"{self._who} may not use {author}")
        facts = self._facts(needs_sender=authors.needs_sender, foreign_sender=bool(sender))
        mended, fixups = fix_up(octets, facts)
        answer = await self._onward.message(prepend(mended, received_field(self._handover())))
        if not answer.is_positive:
            self._log_refusal(answer, self._onward.last_failure)
            return answer
        self._counter.log.info(
            "mail.accepted",
            trace=self._transaction.trace,
            account=self._who,
            recipients=[printable(str(path)) for path in self._transaction.recipients],
            size_octets=len(octets),
            fixups=fixups,
            seconds=round(self._counter.clock.monotonic() - started, 6),
        )
        return reply(250, "2.0.0", f"Ok: accepted as {self._transaction.trace}")

    async def reset(self) -> None:
        """Abandon the transaction."""
        await self._onward.abandon()

    async def closed(self) -> None:
        """Let go."""
        if self._entered:
            self._entered = False
            self._counter.visitors.leave(self._peer.address)
        await self._onward.abandon()

    async def _may_begin(self, mail: Mail, mailbox: Mailbox | None) -> Reply | None:
        """Return why a transaction may not begin, None where it may."""
        if self._login.user is None:
            self._transaction.device = self._counter.devices.find(self._peer.address, mailbox)
            if self._transaction.device is None:
                return self._refuse(_LOG_IN_FIRST, f"no device at this address may send as {mail.reverse_path}")
        elif mailbox is not None:
            try:
                foreign = await self._foreign((str(mailbox),))
            except (TemporaryFailure, PermanentFailure) as fault:
                return self._refuse(TRY_LATER, str(fault))
            if foreign:
                return self._refuse(_FOREIGN_SENDER, f"{self._who} may not use {foreign}")
            self._transaction.owned = str(mailbox)
        # RFC 4865 §5: what lies too far ahead is refused; the machine knows no clock, so a date is checked here.
        until, now = mail.hold.until_unix if mail.hold else None, self._counter.clock.unix()
        if until is not None and until > now + MAX_HOLD_SECONDS:
            return self._refuse(_HELD_TOO_LONG, f"HOLDUNTIL lies {until - now:.0f} s ahead")
        return self._too_many("mails")

    def _too_many(self, what: str) -> Reply | None:
        excess = self._counter.rates.take(what, self._who, self._peer.address)
        if excess is None:
            return None
        return self._refuse(excess.reply(), str(excess))

    async def _foreign(self, addresses: tuple[str, ...]) -> str:
        """Return the first address that the client may not use, '' for none; raises what asking the keeper raises."""
        user, device = self._login.user, self._transaction.device
        if not addresses or (user is None and device is not None and device.owns(addresses)):
            return ""
        if user is None:
            return ", ".join(map(repr, map(printable, addresses)))
        if set(addresses) == {self._transaction.owned} != {""}:
            return ""
        permission = await self._counter.ask(MaySendAs(user.account, addresses))
        return "" if permission.allowed else repr(printable(permission.refused_address))

    @property
    def _who(self) -> str:
        """Who sends, as the log and the limits name it."""
        if self._login.user is not None:
            return self._login.user.account
        return f"device {self._transaction.device.name}" if self._transaction.device else ""

    def _origin(self) -> Origin:
        return Origin(self._peer.address, self._peer.port, "", self._helo, self._protocol(), self._transaction.trace)

    def _protocol(self) -> str:
        return protocol_word(
            extended=True,
            tls=bool(self._peer.tls),
            authenticated=self._login.user is not None,
            smtputf8=self._transaction.smtputf8,
        )

    def _facts(self, *, needs_sender: bool, foreign_sender: bool) -> Facts:
        counter, user = self._counter, self._login.user
        author = _address_of(user, counter.domain) if user else self._transaction.reverse_path
        trace = self._transaction.trace
        return Facts(author, counter.clock.unix(), trace, counter.hostname, needs_sender, foreign_sender)

    def _handover(self) -> Handover:
        recipients = self._transaction.recipients
        return Handover(
            helo=self._helo,
            name="",
            address=self._peer.address,
            hostname=self._counter.hostname,
            protocol=self._protocol(),
            trace=self._transaction.trace,
            unix=self._counter.clock.unix(),
            tls=self._peer.tls,
            recipient=recipients[0] if len(recipients) == 1 else None,
        )

    def _refuse(self, answer: Reply, reason: str) -> Reply:
        self._log_refusal(answer, reason)
        return answer

    async def _refuse_message(self, answer: Reply, reason: str) -> Reply:
        await self._onward.abandon()
        return self._refuse(answer, reason)

    def _log_refusal(self, answer: Reply, reason: str, path: ForwardPath | None = None) -> None:
        self._counter.log.warning(
            "mail.refused",
            trace=self._transaction.trace,
            reply=printable(str(answer)),
            reason=printable(reason) or "by the next cell",
            account=self._who,
            address=self._peer.address,
            recipient=printable(str(path)) if path else "",
        )


def _granted(priority: int | None) -> int | None:
    """Return the priority that a message gets: as low as is wished, and no higher than a user may have."""
    return None if priority is None else min(priority, MAX_PRIORITY)


def _address_of(user: User, domain: str) -> str:
    return user.address or f"{user.account}@{domain}"
