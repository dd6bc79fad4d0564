"""One LMTP conversation with the filter: recipients are asked for at the mailbox, the message is judged on its way.

Standards: RFC 2033 §4.2 (a reply for each recipient; ours are all alike).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from scop.base import Clock, printable
from scop.cells.verifier.judged import Letter, judged_mail
from scop.cells.verifier.judgement import Judgement, JudgeOptions, Sending, judge
from scop.cells.verifier.results import cleaned, stamps
from scop.cells.verifier.telling import Telling
from scop.cells.verifier.verdict import Decision, Verdict, decide
from scop.dmarc import Disposition, DmarcWord
from scop.mesh.underway import Underway, digest_of
from scop.mesh.vocabulary.receiver import Deed, NotedDeed
from scop.mime import raw_fields
from scop.net.dns_client import Names
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.peer import Peer
from scop.net.pipe_session import Passage
from scop.net.trace import new_trace_id
from scop.smtp import Hello, Mail, Origin, Recipient, Reply, ReversePath
from scop.smtp.stamps import header_of, prepend, split_stamps

__all__ = ["Checkpoint", "VerifierPassage"]

MAX_HELO_CHARACTERS = 255  # RFC 5321 §4.5.3.1.2: the longest domain
MAX_HEADER_OCTETS = 8192  # of a failure report: what is beyond says little more
_SPAM = b"x-scop-spam"
# Of a mail that broke us twice: it is kept apart, and what others wrote in our name is still in it.
_SET_ASIDE = (
    b"X-SCoP-Attachments: quarantine\r\nX-SCoP-Finding: unscannable; severity=suspicious;\r\n"
    b'\treason="It was not judged: this very mail has twice broken what finds out who sent it."\r\n'
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What every passage works with."""

    hostname: str
    domain: str
    names: Names
    mailbox: MailPool
    judge: JudgeOptions
    telling: Telling
    underway: Underway
    shows_headers: bool  # to the reporter, for failure reports
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
        self._recipient_domain = ""

    async def hello(self, hello: Hello) -> None:
        """Note the name: it counts where no XFORWARD says more."""
        self._helo = hello.name[:MAX_HELO_CHARACTERS]

    async def mail(self, mail: Mail) -> Reply:
        """Begin a transaction at the mailbox, with where the mail came from."""
        known = mail.origin or Origin(self._peer.address, self._peer.port, helo=self._helo)
        self._mail = mail
        self._origin = known if known.ident else replace(known, ident=new_trace_id())
        self._recipient_domain = ""
        return await self._onward.mail(mail, self._origin)

    async def recipient(self, recipient: Recipient) -> Reply:
        """Return what the mailbox says of a recipient."""
        answer = await super().recipient(recipient)
        if answer.is_positive:
            mailbox = recipient.forward_path.mailbox
            self._recipient_domain = mailbox.domain_key if mailbox else ""
        else:
            self._tell_refused(answer, self._onward.last_failure, recipient=printable(str(recipient.forward_path)))
        return answer

    async def message(self, octets: bytes) -> Reply:
        """Judge the message; pass it on with what was found out, or refuse it for all recipients."""
        checkpoint = self._checkpoint
        started = checkpoint.clock.monotonic()
        own_stamps, below = split_stamps(octets, checkpoint.hostname)
        digest = digest_of(below)
        if checkpoint.underway.is_set_aside(digest):
            return await self._pass_unjudged(octets)
        at_work = partial(checkpoint.underway.at_work, digest)
        options = replace(checkpoint.judge, at_work=at_work)
        judgement = await judge(
            below, self._sending(), checkpoint.names, now_unix=checkpoint.clock.unix(), options=options
        )
        verdict = decide(judgement)
        self._tell_verified(judgement, verdict, checkpoint.clock.monotonic() - started)
        if verdict.reply is not None:
            await self._onward.abandon()
            self._tell_refused(verdict.reply, judgement.dmarc.reason)
            await self._tell_of_refused(judgement, verdict, below)
            return verdict.reply
        with at_work():
            kept = cleaned(own_stamps, below, checkpoint.hostname, checkpoint.domain)
        answer = await self._onward.message(b"".join((*stamps(judgement, verdict, checkpoint.hostname), *kept)))
        if not answer.is_positive:
            self._tell_refused(answer, self._onward.last_failure)
        if not answer.is_temporary:  # what comes again is counted then
            self._tell_judged(judgement, verdict, below)
        if answer.is_positive:
            self._tell_of_author(judgement, kept[0])
        return answer

    async def _pass_unjudged(self, octets: bytes) -> Reply:
        """Pass on what broke us twice, to where it does no harm."""
        self._checkpoint.log.warning("mail.set_aside", trace=self._origin.ident)
        answer = await self._onward.message(prepend(octets, _SET_ASIDE))
        if not answer.is_positive:
            self._tell_refused(answer, self._onward.last_failure)
        return answer

    def _sending(self) -> Sending:
        origin = self._origin
        return Sending(origin.address, origin.helo, self._mail.reverse_path.mailbox, origin.name)

    async def _tell_of_refused(self, judgement: Judgement, verdict: Verdict, below: bytes) -> None:
        if verdict.decision is not Decision.REFUSE:
            return
        self._tell_judged(judgement, verdict, below)
        if judgement.dmarc.disposition is Disposition.REJECT:
            # Before the refusal is said, so that the forger's next connection finds the door shut
            await self._checkpoint.telling.did_now(self._deed(Deed.FORGERY))

    def _tell_of_author(self, judgement: Judgement, own_stamps: bytes) -> None:
        """Tell of a domain that is answerable for what it sends: honest mail, or spam by the filter's word."""
        dmarc = judgement.dmarc
        if dmarc.result is DmarcWord.PASS:
            deed = Deed.SPAM if _label(own_stamps) == b"spam" else Deed.HAM
            self._checkpoint.telling.did(self._deed(deed, dmarc.author_domain))

    def _deed(self, deed: Deed, domain: str = "") -> NotedDeed:
        return NotedDeed(deed, self._origin.address, domain, self._origin.ident)

    def _tell_judged(self, judgement: Judgement, verdict: Verdict, below: bytes) -> None:
        checkpoint = self._checkpoint
        header = header_of(below)[:MAX_HEADER_OCTETS] if checkpoint.shows_headers else b""
        letter = Letter(checkpoint.clock.unix(), self._origin.ident, self._recipient_domain, header)
        mail = judged_mail(judgement, verdict, letter)
        if mail is not None:
            checkpoint.telling.judged(mail)

    def _tell_verified(self, judgement: Judgement, verdict: Verdict, seconds: float) -> None:
        dmarc = judgement.dmarc
        self._checkpoint.log.info(
            "mail.verified",
            trace=self._origin.ident,
            seconds=round(seconds, 6),
            client=printable(self._origin.address),
            author=[printable(domain) for domain in judgement.authorship.domains],
            doubts=[str(doubt) for doubt in judgement.authorship.doubts],
            spf=judgement.spf.result,
            spf_reason=printable(judgement.spf.reason),
            helo=judgement.helo.result,
            dkim=[f"{one.result} {printable(one.domain)} {printable(one.reason)}".strip() for one in judgement.dkim],
            arc=judgement.arc.result,
            iprev=judgement.reverse.result,
            dmarc=dmarc.result,
            dmarc_reason=printable(dmarc.reason),
            disposition=dmarc.disposition,
            decision=verdict.decision,
            sentence=printable(verdict.sentence),
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


def _label(own_stamps: bytes) -> bytes:
    """Return what the filter called the mail; its verdict is the topmost."""
    for field in raw_fields(own_stamps):
        if field.name.lower() == _SPAM:
            return field.body.partition(b";")[0].strip().lower()
    return b""
