"""One conversation of a server that drops mail: whose mail is taken, how much of it, and what is logged.

Standards: RFC 5321 §4.4 (Received), §6.3 (loops), §4.5.3.1.8; RFC 3463 (enhanced status codes).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from scop.base import printable
from scop.net.mail_drop.drop import Parcel
from scop.net.trace import new_trace_id
from scop.smtp import ForwardPath, Hello, Mail, Origin, Proof, Recipient, Reply, ReversePath, reply
from scop.smtp.stamps import MAX_HOPS, Handover, header_of, hop_count, protocol_word, received_field

if TYPE_CHECKING:
    from scop.net.log import Log
    from scop.net.mail_drop.directory import Directory
    from scop.net.mail_drop.drop import Delivery
    from scop.net.peer import Peer

__all__ = ["Attendant", "DropSession", "Free", "Hall", "Visit"]


_OK = reply(250, "2.1.0", "Ok")
_NO_LOGIN = reply(502, "5.5.1", "There is no login here")
_LOOP = reply(554, "5.4.6", "Too many hops: the mail goes in circles")


class Visit(Protocol):
    """What limits say to one connection; each refusal comes with a private reason."""

    def enter(self) -> tuple[Reply, str] | None:
        """Let the connection in, or say why not."""

    def begin_mail(self) -> tuple[Reply, str] | None:
        """Count a mail, or say why it is one too many."""

    def note_refused_recipient(self) -> tuple[Reply, str] | None:
        """Count a recipient that does not exist; say when it was one too many."""

    def note_broken_command(self) -> None:
        """Count a command that was none."""

    def leave(self) -> None:
        """Count the connection no more."""


class Attendant(Protocol):
    """The limits of one server."""

    def visit(self, peer: Peer, /) -> Visit:
        """Return what counts for one connection."""

    def pause_seconds(self, peer: Peer, octets: int, /) -> float:
        """Count octets that came; return how long no more are to be read."""


class Free:
    """No limits at all; an `Attendant` and its `Visit`."""

    def visit(self, _peer: Peer, /) -> Free:
        """Return the same for everybody."""
        return self

    def pause_seconds(self, _peer: Peer, _octets: int, /) -> float:
        """Never wait."""
        return 0.0

    def enter(self) -> None:
        """Let in."""

    def begin_mail(self) -> None:
        """Take any mail."""

    def note_refused_recipient(self) -> None:
        """Forget it."""

    def note_broken_command(self) -> None:
        """Forget it."""

    def leave(self) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class Hall:
    """What all conversations share."""

    hostname: str
    lmtp: bool
    directory: Directory
    attendant: Attendant
    log: Log


@dataclass(slots=True)
class _Transaction:
    mail: Mail
    trace: str
    recipients: list[ForwardPath] = field(default_factory=list)


class DropSession:
    """Satisfies `scop.net.mail_server.MailSession`."""

    def __init__(self, hall: Hall, delivery: Delivery, peer: Peer) -> None:
        self._hall = hall
        self._delivery = delivery
        self._peer = peer
        self._visit = hall.attendant.visit(peer)
        self._hello = Hello("HELO", "")
        self._transaction = _Transaction(Mail(ReversePath(None)), "")

    async def connected(self) -> Reply:
        """Greet, where the limits let the client in."""
        refusal = self._visit.enter()
        if refusal is not None:
            return self._refuse(*refusal)
        return reply(220, "", f"{self._hall.hostname} {'LMTP' if self._hall.lmtp else 'ESMTP'}")

    async def hello(self, hello: Hello, /) -> None:
        """Note the client's name for itself."""
        self._hello = hello

    async def authenticate(self, _proof: Proof, /) -> Reply:
        """Refuse: nobody logs in here."""
        return _NO_LOGIN

    async def mail(self, mail: Mail, /) -> Reply:
        """Begin a transaction under an id of its own."""
        refusal = self._visit.begin_mail()
        if refusal is not None:
            return self._refuse(*refusal)
        self._transaction = _Transaction(mail, new_trace_id())
        answer = await self._delivery.mail(mail, self._origin)
        return _OK if answer.is_positive else answer

    async def recipient(self, recipient: Recipient, /) -> Reply:
        """Take whom the directory knows and the place can serve."""
        path = recipient.forward_path
        unknown = self._hall.directory.refusal(path)
        if unknown is not None:
            enough = self._visit.note_refused_recipient()
            answer = self._refuse(unknown, "not in the directory", path)
            return answer if enough is None else self._refuse(*enough)
        answer = await self._delivery.recipient(recipient)
        if not answer.is_positive:
            return self._refuse(answer, self._delivery.last_failure, path)
        self._transaction.recipients.append(path)
        return answer

    async def message(self, octets: bytes, /) -> Reply:
        """Hand the mail over; a positive reply is the place's own."""
        started = time.monotonic()
        if hop_count(header_of(octets)) > MAX_HOPS:
            await self._delivery.abandon()
            return self._refuse(_LOOP, f"more than {MAX_HOPS} Received fields")
        transaction = self._transaction
        recipients = tuple(dict.fromkeys(transaction.recipients))
        received = self._received(recipients)
        answer = await self._delivery.message(Parcel(transaction.mail, recipients, octets, received, transaction.trace))
        if not answer.is_positive:
            return self._refuse(answer, self._delivery.last_failure)
        self._note(len(octets), time.monotonic() - started)
        return answer

    async def reset(self) -> None:
        """Abandon the transaction."""
        await self._delivery.abandon()

    async def closed(self) -> None:
        """Let go."""
        self._visit.leave()
        await self._delivery.abandon()

    def _origin(self) -> Origin:
        peer, transaction = self._peer, self._transaction
        protocol = self._protocol(transaction.mail)
        return Origin(peer.address, peer.port, peer.name, self._hello.name, protocol, transaction.trace)

    def _protocol(self, mail: Mail) -> str:
        if self._hall.lmtp:
            return "LMTPS" if self._peer.tls else "LMTP"  # RFC 3848
        return protocol_word(
            extended=self._hello.verb != "HELO",
            tls=bool(self._peer.tls),
            authenticated=False,
            smtputf8=mail.smtputf8,
        )

    def _received(self, recipients: tuple[ForwardPath, ...]) -> bytes:
        return received_field(
            Handover(
                helo=self._hello.name,
                name=self._peer.name,
                address=self._peer.address,
                hostname=self._hall.hostname,
                protocol=self._protocol(self._transaction.mail),
                trace=self._transaction.trace,
                unix=time.time(),
                tls=self._peer.tls,
                recipient=recipients[0] if len(recipients) == 1 else None,
            )
        )

    def _note(self, size_octets: int, seconds: float) -> None:
        transaction = self._transaction
        self._hall.log.info(
            "mail.received",
            trace=transaction.trace,
            address=self._peer.address,
            helo=printable(self._hello.name),
            tls=self._peer.tls,
            reverse_path=printable(str(transaction.mail.reverse_path)),
            recipients=[printable(str(path)) for path in transaction.recipients],
            size_octets=size_octets,
            seconds=round(seconds, 6),
        )

    def _refuse(self, answer: Reply, reason: str, path: ForwardPath | None = None) -> Reply:
        self._hall.log.warning(
            "mail.refused",
            trace=self._transaction.trace,
            reply=printable(str(answer)),
            reason=printable(reason),
            address=self._peer.address,
            reverse_path=printable(str(self._transaction.mail.reverse_path)),
            recipient=printable(str(path)) if path else "",
        )
        return answer
