"""One LMTP conversation with the receiver: recipients are asked for behind us, the message is weighed on its way.

Standards: RFC 2033 §4.2 (a reply for each recipient; ours are all alike).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from scop.base import Clock, printable
from scop.cells.filter.examination import Examination, is_malware, phishing_found, policy_on, refusal, worst_first
from scop.cells.filter.learning import apart
from scop.cells.filter.own_lessons import OwnLessons
from scop.cells.filter.plain_text import is_plain_text
from scop.cells.filter.stamp import finding_fields, spam_field
from scop.mesh.calls.outbox import Outbox
from scop.mesh.config.attachments import Attachments, Policy
from scop.mesh.underway import Underway, digest_of
from scop.mesh.vocabulary.examiner import FoundThing, unscannable
from scop.mesh.vocabulary.filter import MAX_LESSON_OCTETS
from scop.mesh.vocabulary.receiver import Deed, NotedDeed
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.pipe_session import Passage
from scop.net.trace import new_trace_id
from scop.smtp import Mail, Origin, Reply, reply
from scop.smtp.stamps import prepend
from scop.spam import Label, Verdict
from scop.spam.connection import Connection
from scop.store.spam_model import SpamModel

__all__ = ["FilterPassage", "Scales"]

_DEEDS = {Label.SPAM: Deed.SPAM, Label.HAM: Deed.HARMLESS}
_UNWEIGHED = Verdict(Label.UNSURE, 0.5, ())
_LATER = reply(451, "4.3.0", "Try again later")
_SET_ASIDE = unscannable("It was not weighed or examined: this very mail has twice broken what reads it.")


@dataclass(frozen=True, slots=True)
class Scales:
    """What every passage works with."""

    hostname: str
    model: SpamModel
    own_lessons: OwnLessons | None  # where it learns from its own verdicts
    verifier: MailPool
    examination: Examination
    policies: Attachments
    underway: Underway
    deeds: Outbox[NotedDeed]  # of which the receiver is told
    clock: Clock
    log: Log


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What was found out about a mail, and what its findings lead to; `cause` is the one that leads there."""

    verdict: Verdict
    findings: tuple[FoundThing, ...]
    policy: Policy = Policy.TAG
    cause: FoundThing | None = None


class FilterPassage(Passage):
    """What the receiver's LMTP means; a `scop.net.mail_server.MailSession`."""

    def __init__(self, scales: Scales) -> None:
        super().__init__(f"{scales.hostname} LMTP", scales.verifier)
        self._scales = scales
        self._trace = ""
        self._address = ""

    async def mail(self, mail: Mail) -> Reply:
        """Begin a transaction at the verifier, with where the mail came from."""
        origin = mail.origin or Origin()
        origin = origin if origin.ident else replace(origin, ident=new_trace_id())
        self._trace, self._address = origin.ident, origin.address
        return await self._onward.mail(mail, origin)

    async def message(self, octets: bytes) -> Reply:
        """Weigh the message, have it examined, and pass it on with what was found on top, or refuse it."""
        scales = self._scales
        started = scales.clock.monotonic()
        below, connection = apart(octets, scales.hostname)
        try:
            weighed = await self._weighed(below, connection)
        except TemporaryFailure as trouble:
            return await self._turn_away(_LATER, str(trouble))
        self._log_weighed(weighed, scales.clock.monotonic() - started)
        if weighed.policy is Policy.REFUSE and weighed.cause is not None:
            self._tell(weighed)
            return await self._turn_away(refusal(weighed.cause), weighed.cause.reason)
        fields = (finding_fields(weighed.findings, weighed.policy), spam_field(weighed.verdict))
        answer = await self._onward.message(prepend(octets, *fields))
        if not answer.is_temporary:  # what comes again is counted then: a mail that waits is one mail
            self._tell(weighed)
        if answer.is_positive and scales.own_lessons is not None and weighed.policy is Policy.TAG:
            scales.own_lessons.note(weighed.verdict, below[:MAX_LESSON_OCTETS], connection)
        if not answer.is_positive:
            self._log_refused(answer, self._onward.last_failure)
        return answer

    async def _weighed(self, below: bytes, connection: Connection | None) -> _Weighed:
        """Weigh a mail while it is examined; raises `TemporaryFailure` where nobody can examine it.

        Weighing is done in the event loop: scop.spam reads a bounded part of a mail, so it takes well under
        a millisecond for most and some ten at worst, less than it would cost to hand it to another process.
        Where it kills us all the same, twice, the mail is passed on unread, and kept apart.
        """
        scales, digest = self._scales, digest_of(below)
        if scales.underway.is_set_aside(digest):
            scales.log.warning("mail.set_aside", trace=self._trace, digest=digest.hex())
            return _Weighed(_UNWEIGHED, (_SET_ASIDE,), Policy.QUARANTINE, _SET_ASIDE)
        with scales.underway.at_work(digest):
            is_plain = is_plain_text(below)
        if is_plain:
            with scales.underway.at_work(digest):
                verdict = self._weigh(below, connection)
            return _Weighed(verdict, phishing_found(verdict))
        looking = asyncio.ensure_future(scales.examination.findings(below, self._address, self._trace))
        try:
            await asyncio.sleep(0)  # so that it is on its way while we weigh
            with scales.underway.at_work(digest):
                verdict = self._weigh(below, connection)
            found = await looking
        finally:
            looking.cancel()
        return _Weighed(verdict, worst_first((*found, *phishing_found(verdict))), *policy_on(found, scales.policies))

    async def _turn_away(self, answer: Reply, reason: str) -> Reply:
        """Let the transaction with the next cell go, and answer."""
        await self._onward.abandon()
        self._log_refused(answer, reason)
        return answer

    def _log_weighed(self, weighed: _Weighed, seconds: float) -> None:
        verdict = weighed.verdict
        self._scales.log.info(
            "mail.classified",
            trace=self._trace,
            seconds=round(seconds, 6),
            label=verdict.label,
            score=round(verdict.score, 3),
            findings=[f"{one.severity} {one.kind} {printable(one.place)}".rstrip() for one in weighed.findings],
            policy=weighed.policy,
        )

    def _log_refused(self, answer: Reply, reason: str) -> None:
        self._scales.log.warning(
            "mail.refused", trace=self._trace, reply=str(answer), reason=printable(reason) or answer.text[0]
        )

    def _tell(self, weighed: _Weighed) -> None:
        """Have the firewall weigh what is sure; it knows which clients are our own."""
        deed = Deed.MALWARE if is_malware(weighed.findings) else _DEEDS.get(weighed.verdict.label)
        if deed is not None and self._address:
            self._scales.deeds.put(NotedDeed(deed, self._address, trace=self._trace))

    def _weigh(self, octets: bytes, connection: Connection | None) -> Verdict:
        """Return the verdict on what stands below our stamps.

        A fault of ours in weighing must keep no mail from its owner: it is logged as the bug that it is,
        and the mail goes on as unsure. Here, and nowhere else, going on is safer than dying.
        """
        try:
            return self._scales.model.classifier.classify(octets, connection)
        except Exception as fault:
            self._scales.log.fault(fault, trace=self._trace)
            return _UNWEIGHED
