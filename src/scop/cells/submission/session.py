"""One conversation with a mail client of ours: log in, own the sender address, hand over.

Standards: RFC 6409 (submission); RFC 4954 (AUTH); RFC 8314 (TLS); RFC 5321 §4.4 (Received).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from scop.base import Clock, printable
from scop.cells.submission.fixups import Facts, fix_up
from scop.mesh.vocabulary.keeper import Authentication, AuthenticationOutcome, SendPermission
from scop.mime import Address, parse
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.onward import TRY_LATER, Onward
from scop.net.trace import new_trace_id
from scop.smtp import Authenticate, ForwardPath, Hello, Mail, Mailbox, Origin, Proof, Recipient, Reply, reply
from scop.smtp.stamps import Handover, prepend, protocol_word, received_field

if TYPE_CHECKING:
    from scop.net.log import Log
    from scop.net.mail_pool import MailPool
    from scop.net.peer import Peer
    from scop.net.visitors import Visitors

__all__ = ["Counter", "SubmissionSession", "author_addresses"]

CheckPassword: TypeAlias = Callable[[str, str], Awaitable[Authentication]]
MaySendAs: TypeAlias = Callable[[str, tuple[str, ...]], Awaitable[SendPermission]]

MAX_FAILED_LOGINS = 3  # on one connection; the keeper counts them by account

_CROWDED = reply(421, "4.7.0", "Too many connections, try again later")
_WELCOME = reply(235, "2.7.0", "Authentication succeeded")
_WRONG = reply(535, "5.7.8", "Authentication credentials invalid")
_LOGIN_LATER = reply(454, "4.7.0", "Temporary authentication failure, try again later")
_ENOUGH = reply(421, "4.7.0", "Too many failed logins")
_FOREIGN_SENDER = reply(550, "5.7.1", "The sender address is not yours to use")
_FOREIGN_AUTHOR = reply(550, "5.7.1", "The From field must name one of your own addresses, and nothing else")


@dataclass(frozen=True, slots=True)
class Counter:
    """What all conversations share."""

    hostname: str
    domain: str
    check_password: CheckPassword
    may_send_as: MaySendAs
    signer: MailPool
    visitors: Visitors
    log: Log
    clock: Clock


@dataclass(slots=True)
class _Transaction:
    trace: str = ""
    smtputf8: bool = False
    recipients: tuple[ForwardPath, ...] = ()


class SubmissionSession:
    """Satisfies `scop.net.mail_server.MailSession`."""

    def __init__(self, counter: Counter, peer: Peer) -> None:
        self._counter = counter
        self._peer = peer
        self._onward = Onward(counter.signer)
        self._entered = False
        self._helo = ""
        self._account = ""
        self._author = ""
        self._failed_logins = 0
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
        assert isinstance(proof, Authenticate), "no mechanism of several steps is offered"
        try:
            answer = await self._counter.check_password(proof.login, proof.password)
        except (TemporaryFailure, PermanentFailure) as fault:
            self._log_refusal(_LOGIN_LATER, str(fault))
            return _LOGIN_LATER
        if answer.outcome is AuthenticationOutcome.ACCEPTED:
            self._account = answer.account
            self._author = self._address_of(proof.login)
            return _WELCOME
        if answer.outcome is AuthenticationOutcome.TRY_LATER:
            return _LOGIN_LATER
        self._failed_logins += 1
        self._log_refusal(_WRONG, f"login {printable(proof.login, limit=80)} refused")
        return _WRONG if self._failed_logins < MAX_FAILED_LOGINS else _ENOUGH

    async def mail(self, mail: Mail, /) -> Reply:
        """Begin, if the login owns the reverse path; the null path is everybody's."""
        self._transaction = _Transaction(new_trace_id(), mail.smtputf8)
        mailbox = mail.reverse_path.mailbox
        refusal = await self._check_owned((str(mailbox),), _FOREIGN_SENDER) if mailbox else None
        if refusal is not None:
            return refusal
        login = Mailbox(self._account, self._counter.domain)
        return await self._onward.mail(replace(mail, auth=login, size_octets=None), self._origin())

    async def recipient(self, recipient: Recipient, /) -> Reply:
        """Ask onward."""
        answer = await self._onward.recipient(recipient)
        if answer.is_positive:
            self._transaction.recipients += (recipient.forward_path,)
        else:
            self._log_refusal(answer, self._onward.last_failure, recipient.forward_path)
        return answer

    async def message(self, octets: bytes, /) -> Reply:
        """Check the author, mend, stamp, hand over."""
        with self._counter.visitors.busy():
            started = self._counter.clock.monotonic()
            refusal = await self._check_owned(author_addresses(octets), _FOREIGN_AUTHOR)
            if refusal is not None:
                await self._onward.abandon()
                return refusal
            mended, fixups = fix_up(octets, self._facts())
            answer = await self._onward.message(prepend(mended, received_field(self._handover())))
            if not answer.is_positive:
                self._log_refusal(answer, self._onward.last_failure)
                return answer
            self._counter.log.info(
                "mail.accepted",
                trace=self._transaction.trace,
                account=self._account,
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

    async def _check_owned(self, addresses: tuple[str, ...], refusal: Reply) -> Reply | None:
        """Return a refusal unless the account may use every address; no addresses are everybody's."""
        if not addresses:
            return None
        try:
            permission = await self._counter.may_send_as(self._account, addresses)
        except (TemporaryFailure, PermanentFailure) as fault:
            self._log_refusal(TRY_LATER, str(fault))
            return TRY_LATER
        if permission.allowed:
            return None
        self._log_refusal(refusal, f"{self._account} may not use {printable(permission.refused_address)!r}")
        return refusal

    def _address_of(self, login: str) -> str:
        try:
            return str(Mailbox.parse(login))
        except ValueError:  # it logged in by its name
            return f"{self._account}@{self._counter.domain}"

    def _origin(self) -> Origin:
        return Origin(self._peer.address, self._peer.port, "", self._helo, self._protocol(), self._transaction.trace)

    def _protocol(self) -> str:
        return protocol_word(
            extended=True, tls=bool(self._peer.tls), authenticated=True, smtputf8=self._transaction.smtputf8
        )

    def _facts(self) -> Facts:
        counter = self._counter
        return Facts(self._author, counter.clock.unix(), self._transaction.trace, counter.hostname)

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

    def _log_refusal(self, answer: Reply, reason: str, path: ForwardPath | None = None) -> None:
        self._counter.log.warning(
            "mail.refused",
            trace=self._transaction.trace,
            reply=printable(str(answer)),
            reason=printable(reason) or "by the next cell",
            account=self._account,
            address=self._peer.address,
            recipient=printable(str(path)) if path else "",
        )


def author_addresses(octets: bytes) -> tuple[str, ...]:
    """Return every address that the From of a message names; '' stands for what is nobody's address.

    Only an account that may send as anybody may use ''. It stands for a From without an address,
    and for a second From: readers differ in which one they show (RFC 7489 §6.6.1).
    """
    message = parse(octets)
    fields = message.header.all("from")
    found = [each for item in message.addresses("from") for each in _members(item)]
    addresses = [address.addr_spec if address.domain else "" for address in found]
    if fields and (not addresses or len(fields) > 1):
        addresses.append("")
    return tuple(addresses)


def _members(item: object) -> tuple[Address, ...]:
    return (item,) if isinstance(item, Address) else tuple(getattr(item, "members", ()))
