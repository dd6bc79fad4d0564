"""One LMTP conversation with the receiver: recipients are asked for behind us, the message is weighed on its way.

Standards: RFC 2033 §4.2 (a reply for each recipient; ours are all alike).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scop.base import Clock
from scop.cells.filter.learning import apart
from scop.cells.filter.own_lessons import OwnLessons
from scop.cells.filter.stamp import spam_field
from scop.mesh.calls.outbox import Outbox
from scop.mesh.vocabulary.filter import MAX_LESSON_OCTETS
from scop.mesh.vocabulary.receiver import Deed, NotedDeed
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.net.pipe_session import Passage
from scop.net.trace import new_trace_id
from scop.smtp import Mail, Origin, Reply
from scop.smtp.stamps import prepend
from scop.spam import Label, Verdict
from scop.spam.connection import Connection
from scop.store.spam_model import SpamModel

__all__ = ["FilterPassage", "Scales"]

_DEEDS = {Label.SPAM: Deed.SPAM, Label.HAM: Deed.HARMLESS}
_UNWEIGHED = Verdict(Label.UNSURE, 0.5, ())


@dataclass(frozen=True, slots=True)
class Scales:
    """What every passage works with."""

    hostname: str
    model: SpamModel
    own_lessons: OwnLessons | None  # where it learns from its own verdicts
    verifier: MailPool
    deeds: Outbox[NotedDeed]  # of which the receiver is told
    clock: Clock
    log: Log


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
        """Weigh the message and pass it on with the verdict on top.

        Weighing is done in the event loop: scop.spam reads a bounded part of a mail, so it takes well under
        a millisecond for most and some ten at worst, less than it would cost to hand it to another process.
        """
        clock = self._scales.clock
        started = clock.monotonic()
        below, connection = apart(octets, self._scales.hostname)
        verdict = self._weigh(below, connection)
        seconds = round(clock.monotonic() - started, 6)
        self._scales.log.info(
            "mail.classified", trace=self._trace, seconds=seconds, label=verdict.label, score=round(verdict.score, 3)
        )
        answer = await self._onward.message(prepend(octets, spam_field(verdict)))
        if not answer.is_temporary:  # what comes again is counted then: a mail that waits is one mail
            self._tell(verdict)
        if answer.is_positive and self._scales.own_lessons is not None:
            self._scales.own_lessons.note(verdict, below[:MAX_LESSON_OCTETS], connection)
        if not answer.is_positive:
            self._scales.log.warning(
                "mail.refused", trace=self._trace, reply=str(answer), reason=self._onward.last_failure or answer.text[0]
            )
        return answer

    def _tell(self, verdict: Verdict) -> None:
        """Have the firewall weigh what is sure; it knows which clients are our own."""
        deed = _DEEDS.get(verdict.label)
        if deed is not None and self._address:
            self._scales.deeds.put(NotedDeed(deed, self._address, trace=self._trace))

    def _weigh(self, octets: bytes, connection: Connection | None) -> Verdict:
        """Return the verdict on what stands below our stamps.

        A fault of ours in weighing must keep no mail from its owner: it is logged as the bug that it is,
        and the mail goes on as unsure. Here, and nowhere else, going on is safer than dying: the mail
        that brings the filter down would come back with every retry of its sender.
        """
        try:
            return self._scales.model.classifier.classify(octets, connection)
        except Exception as fault:
            self._scales.log.fault(fault, trace=self._trace)
            return _UNWEIGHED
