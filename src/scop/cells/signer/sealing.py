"""What the signer does with each mail: seal it and pass it on, in one transaction with the relay.

A seal says that a mail is ours. Submission has asked its author for a password, and the reporter writes its reports
itself. The mailbox and the relay write notices, and nothing else of theirs is sealed: what the mailbox forwards is
somebody else's, or was sealed when it left here first, and a forged mail that came in must not leave under our name.
Where ARC is on, a forward gets a seal that says how it came, and no more.

Standards: RFC 5321 §4.2.5 (the relay's answer is ours), RFC 6376 §5.
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import Clock, printable
from scop.cells.signer.chains import chained
from scop.cells.signer.rotating import Rotator
from scop.dkim import sign
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.peer import Peer
from scop.net.pipe_session import Passage
from scop.smtp import Mail, Reply, ReversePath, reply
from scop.smtp.stamps import prepend, split_stamps

__all__ = ["Sealer", "SealingSession"]

_AUTHORS = frozenset({"submission", "reporter"})  # the neighbours whose mail is ours, all of it
_FORWARDER = "mailbox"  # the neighbour that hands on what others wrote

_NOT_READY = reply(451, "4.7.5", "Mail cannot be sealed yet, try again later")
_UNSEALABLE = reply(554, "5.6.0", "This mail cannot be sealed: it has no From, or too long a header")


@dataclass(frozen=True, slots=True)
class Sealer:
    """What all conversations share."""

    hostname: str
    rotator: Rotator
    relay: MailPool
    log: Log
    clock: Clock
    arc: bool = False  # whether forwards get a seal of ARC


class SealingSession(Passage):
    """One conversation with a neighbour; satisfies `scop.net.mail_server.MailSession`."""

    def __init__(self, sealer: Sealer, peer: Peer) -> None:
        super().__init__(f"{sealer.hostname} ESMTP", sealer.relay)
        self._sealer = sealer
        self._peer = peer
        self._mail = Mail(ReversePath(None))
        self._trace = ""

    async def mail(self, mail: Mail, /) -> Reply:
        """Begin at the relay, if sealing is possible at all."""
        self._mail = mail
        self._trace = mail.origin.ident if mail.origin else ""
        if not self._sealer.rotator.keys:
            self._sealer.log.warning("mail.refused", trace=self._trace, reason="keys do not resolve yet")
            return _NOT_READY
        return await self._onward.mail(mail, mail.origin)

    async def message(self, octets: bytes, /) -> Reply:
        """Seal what is ours and pass on."""
        sealer = self._sealer
        if not self._is_ours(octets):
            passed = self._passed_on(octets)
            answer = await self._onward.message(passed)
            self._note_passed_on(answer, is_chained=passed.startswith(b"ARC-Seal:"))
            return answer
        started, keys = sealer.clock.monotonic(), sealer.rotator.keys
        try:
            seals = sign(octets, keys, now=sealer.clock.unix())
        except ValueError as error:
            await self._onward.abandon()
            sealer.log.warning("mail.refused", trace=self._trace, reason=str(error), reply=str(_UNSEALABLE))
            return _UNSEALABLE
        sealing_seconds = sealer.clock.monotonic() - started
        answer = await self._onward.message(prepend(octets, seals))
        selectors = [key.selector for key in keys]
        self._note(answer, selectors, sealing_seconds, sealer.clock.monotonic() - started)
        return answer

    def _is_ours(self, octets: bytes) -> bool:
        """Say whether to vouch for a mail: of mailbox and relay only for a notice, which they wrote just now."""
        if self._peer.cell in _AUTHORS:
            return True
        stamps, _ = split_stamps(octets, self._sealer.hostname)
        return self._mail.reverse_path.mailbox is None and not stamps

    def _passed_on(self, octets: bytes) -> bytes:
        """Return somebody else's mail as it goes on."""
        sealer = self._sealer
        if not sealer.arc or self._peer.cell != _FORWARDER:
            return octets
        return chained(octets, sealer.hostname, sealer.rotator.keys, sealer.clock.unix())

    def _note_passed_on(self, answer: Reply, *, is_chained: bool) -> None:
        log = self._sealer.log
        if answer.is_positive:
            reason = f"from {self._peer.cell}, and no notice: it is not ours to seal"
            log.info("mail.chained" if is_chained else "mail.passed_on", trace=self._trace, reason=reason)
        else:
            reason = printable(self._onward.last_failure)
            log.warning("mail.refused", trace=self._trace, reason=reason, reply=printable(str(answer)))

    def _note(self, answer: Reply, selectors: list[str], sealing_seconds: float, seconds: float) -> None:
        log, trace = self._sealer.log, self._trace
        if not answer.is_positive:
            reason = printable(self._onward.last_failure)
            log.warning("mail.refused", trace=trace, reason=reason, reply=printable(str(answer)))
            return
        sealing, whole = round(sealing_seconds, 6), round(seconds, 6)
        log.info("mail.sealed", trace=trace, selectors=selectors, sealing_seconds=sealing, seconds=whole)
