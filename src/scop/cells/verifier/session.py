"""One LMTP conversation with the filter: recipients are asked for at the mailbox, the message is judged on its way.

Standards: RFC 2033 §4.2 (a reply for each recipient; ours are all alike).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scop.base import Clock, printable
from scop.cells.verifier.judgement import Judgement, Sending, judge
from scop.cells.verifier.verdict import cleaned, refusal, stamps
from scop.net.dns_client import Names
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.peer import Peer
from scop.net.pipe_session import Passage
from scop.net.trace import new_trace_id
from scop.smtp import Hello, Mail, Origin, Recipient, Reply, ReversePath
from scop.smtp.stamps import split_stamps

__all__ = ["Checkpoint", "VerifierPassage"]

MAX_HELO_CHARACTERS = 255  # RFC 5321 §4.5.3.1.2: the longest domain


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What every passage works with."""

    hostname: str
    names: Names
    mailbox: MailPool
    judgement_seconds: float
    clock: Clock
    log: Log


class VerifierPassage(Passage):
    """What the filter's LMTP means; a `scop.net.mail_server.MailSession`."""

    def __init__(self, checkpoint: Checkpoint, peer: Peer) -> None:
        super().__init__(f"{checkpoint.hostname} LMTP", checkpoint.mailbox)
        self._checkpoint = checkpoint
        self._peer = peer
        self._helo = ""
        self._mail = Mail(ReversePath(None))
        self._origin = Origin()

    async def hello(self, hello: Hello) -> None:
        """Note the name: it counts where no XFORWARD says more."""
        self._helo = hello.name[:MAX_HELO_CHARACTERS]

    async def mail(self, mail: Mail) -> Reply:
        """Begin a transaction at the mailbox, with where the mail came from."""
        known = mail.origin or Origin(self._peer.address, self._peer.port, helo=self._helo)
        self._mail = mail
        self._origin = known if known.ident else replace(known, ident=new_trace_id())
        return await self._onward.mail(mail, self._origin)

    async def recipient(self, recipient: Recipient) -> Reply:
        """Return what the mailbox says of a recipient."""
        answer = await super().recipient(recipient)
        if not answer.is_positive:
            self._tell_refused(answer, self._onward.last_failure, recipient=printable(str(recipient.forward_path)))
        return answer

    async def message(self, octets: bytes) -> Reply:
        """Judge the message; pass it on with what was found out, or refuse it for all recipients."""
        checkpoint = self._checkpoint
        started = checkpoint.clock.monotonic()
        own_stamps, below = split_stamps(octets, checkpoint.hostname)
        sending = Sending(self._origin.address, self._origin.helo, self._mail.reverse_path.mailbox)
        judgement = await judge(
            below,
            sending,
            checkpoint.names,
            now_unix=checkpoint.clock.unix(),
            seconds=checkpoint.judgement_seconds,
        )
        self._tell_verified(judgement, checkpoint.clock.monotonic() - started)
        answer = refusal(judgement)
        if answer is not None:
            await self._onward.abandon()
            self._tell_refused(answer, judgement.dmarc.reason)
            return answer
        kept = cleaned(own_stamps, below, checkpoint.hostname)
        answer = await self._onward.message(b"".join((*stamps(judgement, checkpoint.hostname), *kept)))
        if not answer.is_positive:
            self._tell_refused(answer, self._onward.last_failure)
        return answer

    def _tell_verified(self, judgement: Judgement, seconds: float) -> None:
        dmarc = judgement.dmarc
        self._checkpoint.log.info(
            "mail.verified",
            trace=self._origin.ident,
            seconds=round(seconds, 6),
            client=printable(self._origin.address),
            author=[printable(domain) for domain in judgement.author_domains],
            spf=judgement.spf.result,
            spf_reason=printable(judgement.spf.reason),
            dkim=[f"{one.result} {printable(one.domain)} {printable(one.reason)}".strip() for one in judgement.dkim],
            dmarc=dmarc.result,
            dmarc_reason=printable(dmarc.reason),
            disposition=dmarc.disposition,
            names=judgement.names,
        )

    def _tell_refused(self, answer: Reply, reason: str, *, recipient: str = "") -> None:
        self._checkpoint.log.warning(
            "mail.refused",
            trace=self._origin.ident,
            reply=str(answer),
            reason=printable(reason) or answer.text[0],
            recipient=recipient,
        )
