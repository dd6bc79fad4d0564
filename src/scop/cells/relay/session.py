"""One SMTP conversation with the signer: what it hands over is in the queue before we answer.

Standards: RFC 5321 §6.1 (responsibility), §6.3 (loops); RFC 4865 (FUTURERELEASE); RFC 8689 §3 (TLS-Required).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from scop.base import Clock, printable
from scop.cells.relay.intake_forwards import Forwards
from scop.cells.relay.letters import Letter
from scop.cells.relay.queue import Queue
from scop.cells.relay.queue_trouble import is_full
from scop.net.log import Log
from scop.net.pipe_session import PipeSession
from scop.net.trace import new_trace_id
from scop.smtp import ForwardPath, Mail, Recipient, Reply, ReversePath, reply
from scop.smtp.delivery import Hold
from scop.smtp.stamps import MAX_HOPS, delivery_id, header_of, hop_count, split_stamps
from scop.store import StoreError

__all__ = ["Desk", "Intake"]

_TLS_REQUIRED_NO = re.compile(rb"\n(?i:tls-required)[ \t]*:[ \t]*(?i:no)[ \t]*\r?(?:\n|\Z)")

_OK = reply(250, "2.1.0", "Ok")
_RECIPIENT_OK = reply(250, "2.1.5", "Ok")
_LOOP = reply(554, "5.4.6", "This mail has passed too many hosts")
_LATER = reply(451, "4.3.0", "Try again later")
_NO_ROOM = reply(452, "4.3.1", "There is no room for more mail at the moment, try again later")
_NOT_OURS = reply(550, "5.1.1", "Nothing was sent from this address, or too long ago")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every conversation works with; so much of the disk stays free for what is in the queue already."""

    hostname: str
    domain: str
    queue: Queue
    wake: Callable[[], None]  # whoever carries: something new is in the queue
    forwards: Forwards
    reserve_octets: int
    clock: Clock
    log: Log


class Intake(PipeSession):
    """What the signer's SMTP means; a `scop.net.mail_server.MailSession`."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(f"{desk.hostname} ESMTP")
        self._desk = desk
        self._mail = Mail(ReversePath(None))
        self._trace = ""
        self._recipients: list[tuple[str, Recipient]] = []

    async def mail(self, mail: Mail) -> Reply:
        """Begin, where there is room for the mail; the trace is the one of our own side."""
        self._mail, self._recipients = mail, []
        self._trace = (mail.origin.ident if mail.origin else "") or new_trace_id()
        return self._objection(mail.size_octets or 0) or _OK

    async def recipient(self, recipient: Recipient) -> Reply:
        """Note a recipient; whether it exists is found out on the way."""
        mailbox = recipient.forward_path.mailbox
        if mailbox is not None and self._desk.forwards.bears(mailbox):
            mailbox = await self._desk.forwards.home(mailbox)
            if mailbox is None:
                return self._refuse(_NOT_OURS, f"{recipient.forward_path} is no sender of ours")
            recipient = replace(recipient, forward_path=ForwardPath(mailbox))
        self._recipients.append((mailbox.domain_key if mailbox else self._desk.domain, recipient))
        return _RECIPIENT_OK

    async def message(self, octets: bytes) -> Reply:
        """Queue for all recipients; positive only once it is durable."""
        desk = self._desk
        started = desk.clock.monotonic()
        header = header_of(octets)
        if hop_count(header) > MAX_HOPS:
            return self._refuse(_LOOP, "more Received fields than a mail has that finds its way")
        if objection := self._objection(len(octets)):
            return objection
        try:
            fresh = await desk.queue.add(self._letter(header, octets), desk.clock.unix())
        except (sqlite3.Error, OSError, StoreError) as fault:
            return self._refuse(_NO_ROOM if is_full(fault) else _LATER, str(fault))
        seconds = round(desk.clock.monotonic() - started, 6)
        desk.log.info("mail.queued", trace=self._trace, seconds=seconds, recipients=len(self._recipients), fresh=fresh)
        desk.wake()
        return reply(250, "2.0.0", f"Ok: queued as {self._trace}")

    async def reset(self) -> None:
        """Nothing was done yet."""

    async def closed(self) -> None:
        """Nothing is held."""

    def _objection(self, size_octets: int) -> Reply | None:
        """Refuse a mail for now that would take the room in which what waits is settled."""
        try:
            free = self._desk.queue.free_octets()
        except OSError as fault:  # we are about to end, or the disk is broken
            return self._refuse(_LATER, str(fault))
        if free - size_octets >= self._desk.reserve_octets:
            return None
        return self._refuse(_NO_ROOM, f"the disk has {free} octets left, {self._desk.reserve_octets} are to stay free")

    def _refuse(self, answer: Reply, reason: str) -> Reply:
        self._desk.log.error("mail.refused", trace=self._trace, reply=str(answer), reason=printable(reason))
        return answer

    def _letter(self, header: bytes, octets: bytes) -> Letter:
        mail = self._mail
        stamps, below = split_stamps(octets, self._desk.hostname)
        return Letter(
            trace=self._trace,
            mail=replace(
                mail,
                smtputf8=mail.smtputf8 and self._is_international(header),
                hold=self._hold(),
            ),
            recipients=tuple(self._recipients),
            octets=octets,
            # Notices of our own come back sealed and without our Received: each is new.
            delivery_id=delivery_id(mail.reverse_path, below) if stamps else "",
            # RFC 8689 §3: the field is ignored where REQUIRETLS was given.
            tls_optional=not mail.require_tls and _TLS_REQUIRED_NO.search(b"\n" + header) is not None,
        )

    def _hold(self) -> Hold | None:
        """Return the hold as a time: a pause counts from now (RFC 4865 §4.2)."""
        hold = self._mail.hold
        if hold is None or hold.for_seconds is None:
            return hold
        return Hold(until_unix=self._desk.clock.unix() + hold.for_seconds)

    def _is_international(self, header: bytes) -> bool:
        """Tell whether a mail needs SMTPUTF8 in fact: clients ask for it also where they need not."""
        mailboxes = (
            self._mail.reverse_path.mailbox,
            *(recipient.forward_path.mailbox for _, recipient in self._recipients),
        )
        return not (header.isascii() and all(mailbox is None or mailbox.is_ascii for mailbox in mailboxes))
