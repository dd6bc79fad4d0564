"""One conversation with a mail server of the Internet: our recipients only, asked onward one by one.

Standards: RFC 5321 §3.6.1 (no relaying), §4.4 (Received), §6.3 (loops).
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scop.base import Clock, printable
from scop.cells.receiver.hearsay import Lists
from scop.cells.receiver.misdeeds import Misdeed
from scop.iprev import IprevWord, ReverseName, reverse_name
from scop.net.dns_client import Names, drive
from scop.net.onward import Onward
from scop.net.trace import new_trace_id
from scop.smtp import ForwardPath, Hello, Mail, Origin, Proof, Recipient, Reply, ReversePath, reply
from scop.smtp.stamps import (
    MAX_HOPS,
    Handover,
    begins_with_header,
    header_of,
    hop_count,
    prepend,
    protocol_word,
    received_field,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from scop.cells.receiver.door import Door
    from scop.net.log import Log
    from scop.net.mail_pool import MailPool
    from scop.net.peer import Peer

__all__ = ["Gate", "ReceiverSession", "upstream_id"]

MAX_UPSTREAM_CHARACTERS = 64

_ENOUGH = reply(421, "4.7.0", "Too many errors")
_NO_LOGIN = reply(502, "5.5.1", "There is no login here")
_OK = reply(250, "2.1.0", "Ok")
_NO_RELAY = reply(550, "5.7.1", "Relay access denied")
_LOOP = reply(554, "5.4.6", "Too many hops: the mail goes in circles")

_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_ID = re.compile(rb"[ \t\r\n]id[ \t\r\n]+<?([!-:=?-~]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Gate:
    """What all conversations share."""

    hostname: str
    domain: str
    filter: MailPool
    names: Names
    door: Door
    log: Log
    clock: Clock
    name_seconds: float
    greeting_delay_seconds: float
    lists: Lists


@dataclass(slots=True)
class _Transaction:
    mail: Mail
    trace: str
    origin: Origin
    recipients: tuple[ForwardPath, ...] = ()


class ReceiverSession:
    """Satisfies `scop.net.mail_server.MailSession`."""

    def __init__(self, gate: Gate, peer: Peer) -> None:
        self._gate = gate
        self._peer = peer
        self._visit = gate.door.visit(peer)
        self._onward = Onward(gate.filter)
        self._hello = Hello("HELO", "")
        self._naming: asyncio.Task[ReverseName] | None = None
        self._transaction = _Transaction(Mail(ReversePath(None)), "", Origin())

    async def connected(self) -> Reply:
        """Greet, unless one limit or another is reached; the client's name is looked up meanwhile."""
        refusal = self._visit.enter()
        if refusal is not None:
            self._log_refusal(refusal.reply, refusal.reason)
            return refusal.reply
        self._naming = asyncio.get_running_loop().create_task(self._find_name())
        if not self._peer.tls:  # after STARTTLS no greeting is sent
            await self._hold_back()
        return reply(220, "", f"{self._gate.hostname} ESMTP")

    async def hello(self, hello: Hello, /) -> None:
        """Note the client's name for itself."""
        self._hello = hello

    async def authenticate(self, proof: Proof, /) -> Reply:
        """Refuse: our users log in at submission."""
        return _NO_LOGIN

    async def mail(self, mail: Mail, /) -> Reply:
        """Begin, unless it is one mail too many; nothing is asked onward before the first recipient."""
        trace = new_trace_id()
        name = (await self._naming).name if self._naming else ""
        origin = Origin(self._peer.address, self._peer.port, name, self._hello.name, self._protocol(mail), trace)
        self._transaction = _Transaction(mail, trace, origin)
        refusal = self._visit.begin_mail()
        if refusal is not None:
            self._log_refusal(refusal.reply, refusal.reason)
            return refusal.reply
        await self._onward.mail(mail, origin)
        return _OK

    async def recipient(self, recipient: Recipient, /) -> Reply:
        """Refuse other domains at once, ask onward for ours; hang up on who has asked for too many in vain."""
        answer = await self._recipient(recipient)
        if answer.is_permanent:
            self._visit.note(Misdeed.REFUSED_RECIPIENT)
        if not self._visit.is_banned:
            return answer
        await self._onward.abandon()
        return _ENOUGH

    async def _recipient(self, recipient: Recipient) -> Reply:
        path = recipient.forward_path
        if path.mailbox is not None and path.mailbox.domain_key != self._gate.domain:
            self._log_refusal(_NO_RELAY, "not our domain", path)
            return _NO_RELAY
        answer = await self._onward.recipient(recipient)
        if answer.is_positive:
            self._transaction.recipients += (path,)
        else:
            self._log_refusal(answer, self._onward.last_failure, path)
        return answer

    async def message(self, octets: bytes, /) -> Reply:
        """Stamp and pass on; our positive reply is the mailbox's, under our own trace id."""
        started = self._gate.clock.monotonic()
        if hop_count(header_of(octets)) > MAX_HOPS:
            self._log_refusal(_LOOP, f"more than {MAX_HOPS} Received fields")
            await self._onward.abandon()
            return _LOOP
        answer = await self._onward.message(self._stamped(octets))
        if not answer.is_positive:
            self._log_refusal(answer, self._onward.last_failure)
            # Who complains tells by which id it stands in our log, and scop trace finds it
            return replace(answer, text=(*answer.text, f"Refused as {self._transaction.trace}"))
        self._log_receipt(octets, self._gate.clock.monotonic() - started)
        return reply(250, "2.0.0", f"Ok: stored as {self._transaction.trace}")

    async def reset(self) -> None:
        """Abandon the transaction."""
        await self._onward.abandon()

    async def closed(self) -> None:
        """Let go."""
        self._visit.leave()
        if self._naming is not None:
            self._naming.cancel()
        await self._onward.abandon()

    async def _hold_back(self) -> None:
        """Let a suspicious client wait for its greeting; who it is, is found out meanwhile.

        An honest client waits as long as its name takes to be found and lists take to answer, and never for a DNS that
        is silent beyond that.
        """
        gate, naming = self._gate, self._naming
        if self._visit.is_own or not gate.greeting_delay_seconds or naming is None:
            return
        started = gate.clock.monotonic()
        hearing = asyncio.get_running_loop().create_task(gate.lists.ask(self._peer.address))
        await asyncio.wait({naming, hearing}, timeout=gate.greeting_delay_seconds)
        listed_by = tuple(said.zone for said in hearing.result() if said.is_listed) if hearing.done() else ()
        hearing.cancel()
        reason = self._visit.why_wait(naming.result() if naming.done() else None, listed_by)
        if not reason:
            return
        gate.log.info("client.delayed", address=self._peer.address, reason=reason)
        await asyncio.sleep(max(0.0, gate.greeting_delay_seconds - (gate.clock.monotonic() - started)))

    async def _find_name(self) -> ReverseName:
        looking: Coroutine[object, object, ReverseName] = drive(reverse_name(self._peer.address), self._gate.names)
        try:
            return await asyncio.wait_for(looking, self._gate.name_seconds)
        except TimeoutError:
            return ReverseName(IprevWord.TEMPERROR)

    def _protocol(self, mail: Mail) -> str:
        return protocol_word(
            extended=self._hello.verb != "HELO",
            tls=bool(self._peer.tls),
            authenticated=False,
            smtputf8=mail.smtputf8,
        )

    def _stamped(self, octets: bytes) -> bytes:
        transaction = self._transaction
        recipients = transaction.recipients
        stamp = received_field(
            Handover(
                helo=self._hello.name,
                name=transaction.origin.name,
                address=self._peer.address,
                hostname=self._gate.hostname,
                protocol=transaction.origin.protocol,
                trace=transaction.trace,
                unix=self._gate.clock.unix(),
                tls=self._peer.tls,
                recipient=recipients[0] if len(recipients) == 1 else None,
            )
        )
        return prepend(octets, stamp, b"" if begins_with_header(octets) else b"\r\n")

    def _log_receipt(self, octets: bytes, seconds: float) -> None:
        transaction = self._transaction
        self._gate.log.info(
            "mail.received",
            trace=transaction.trace,
            upstream=upstream_id(octets),
            address=self._peer.address,
            name=printable(transaction.origin.name),
            helo=printable(self._hello.name),
            tls=self._peer.tls,
            reverse_path=printable(str(transaction.mail.reverse_path)),
            recipients=[printable(str(path)) for path in transaction.recipients],
            size_octets=len(octets),
            seconds=round(seconds, 6),
        )

    def _log_refusal(self, answer: Reply, reason: str, path: ForwardPath | None = None) -> None:
        self._gate.log.warning(
            "mail.refused",
            trace=self._transaction.trace,
            reply=printable(str(answer)),
            reason=printable(reason) or "by the next cell",
            address=self._peer.address,
            reverse_path=printable(str(self._transaction.mail.reverse_path)),
            recipient=printable(str(path)) if path else "",
        )


def upstream_id(octets: bytes) -> str:
    """Return the id that the topmost Received field bears: untrusted, bounded, '' for none."""
    header = b"\r\n" + header_of(octets)
    start = header.lower().find(b"\nreceived:")
    end = _FIELD_END.search(header, start + 1) if start >= 0 else None
    found = _ID.search(header, start, end.start()) if end else None
    return printable(found[1], limit=MAX_UPSTREAM_CHARACTERS) if found else ""
