"""One SMTP conversation with the signer: what it hands over is in the queue before we answer.

Standards: RFC 5321 §6.1 (responsibility), §6.3 (loops).
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, replace

from scop.base import Clock
from scop.cells.relay.carrier import Carrier
from scop.cells.relay.letters import Letter
from scop.cells.relay.queue import Queue
from scop.net.log import Log
from scop.net.trace import new_trace_id
from scop.smtp import Hello, Mail, Proof, Recipient, Reply, ReversePath, reply
from scop.smtp.stamps import delivery_id, split_stamps

__all__ = ["Desk", "Intake"]

MAX_RECEIVED = 100  # RFC 5321 §6.3
_RECEIVED = re.compile(rb"(?im)^received[ \t]*:")

_OK = reply(250, "2.1.0", "Ok")
_RECIPIENT_OK = reply(250, "2.1.5", "Ok")
_LOOP = reply(554, "5.4.6", "This mail has passed too many hosts")
_LATER = reply(451, "4.3.0", "Try again later")
_NO_LOGIN = reply(502, "5.5.1", "There is no login here")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every conversation works with."""

    hostname: str
    domain: str
    queue: Queue
    carrier: Carrier
    clock: Clock
    log: Log


class Intake:
    """What the signer's SMTP means; a `scop.net.mail_server.MailSession`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._mail = Mail(ReversePath(None))
        self._recipients: list[tuple[str, Recipient]] = []

    async def connected(self) -> Reply:
        """Greet."""
        return reply(220, "", f"{self._desk.hostname} ESMTP")

    async def hello(self, _hello: Hello) -> None:
        """Take no interest in names: the pipe knows who it is."""

    async def authenticate(self, _proof: Proof) -> Reply:
        """Refuse: cells are known by their certificates."""
        return _NO_LOGIN

    async def mail(self, mail: Mail) -> Reply:
        """Begin."""
        self._mail, self._recipients = mail, []
        return _OK

    async def recipient(self, recipient: Recipient) -> Reply:
        """Note a recipient; whether it exists is found out on the way."""
        mailbox = recipient.forward_path.mailbox
        self._recipients.append((mailbox.domain_key if mailbox else self._desk.domain, recipient))
        return _RECIPIENT_OK

    async def message(self, octets: bytes) -> Reply:
        """Queue for all recipients; positive only once it is durable."""
        desk = self._desk
        started = desk.clock.monotonic()
        header = octets[: octets.find(b"\r\n\r\n") + 2] or octets
        if len(_RECEIVED.findall(header)) > MAX_RECEIVED:
            return _LOOP
        letter = self._letter(octets)
        try:
            fresh = await desk.queue.add(letter, desk.clock.unix())
        except sqlite3.Error as fault:
            desk.log.error("mail.refused", trace=letter.trace, reply=str(_LATER), reason=str(fault))
            return _LATER
        seconds = round(desk.clock.monotonic() - started, 6)
        desk.log.info("mail.queued", trace=letter.trace, seconds=seconds, recipients=len(self._recipients), fresh=fresh)
        desk.carrier.wake()
        return reply(250, "2.0.0", f"Ok: queued as {letter.trace}")

    async def reset(self) -> None:
        """Nothing was done yet."""

    async def closed(self) -> None:
        """Nothing is held."""

    def _letter(self, octets: bytes) -> Letter:
        mail = self._mail
        stamps, below = split_stamps(octets, self._desk.hostname)
        return Letter(
            trace=(mail.origin.ident if mail.origin else "") or new_trace_id(),
            mail=replace(mail, smtputf8=mail.smtputf8 and self._is_international(octets)),
            recipients=tuple(self._recipients),
            octets=octets,
            # Bounces of our own come back sealed and without our Received: each is new.
            delivery_id=delivery_id(mail.reverse_path, below) if stamps else "",
        )

    def _is_international(self, octets: bytes) -> bool:
        """Tell whether a mail needs SMTPUTF8 in fact: clients ask for it also where they need not."""
        mailboxes = (
            self._mail.reverse_path.mailbox,
            *(recipient.forward_path.mailbox for _, recipient in self._recipients),
        )
        return not (
            octets.partition(b"\r\n\r\n")[0].isascii()
            and all(mailbox is None or mailbox.is_ascii for mailbox in mailboxes)
        )
