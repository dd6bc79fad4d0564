"""What the filter answers: lessons of people, their own views, and the operator's questions about the model."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from scop.base import printable
from scop.cells.filter.explaining import explained, stated
from scop.cells.filter.model import Arrival, trouble_is_temporary
from scop.mesh.calls import Answers
from scop.mesh.underway import Underway
from scop.mesh.vocabulary.filter import (
    MAX_LESSON_OCTETS,
    ClassifyFor,
    Explained,
    ExplainMail,
    ForgetPerson,
    Forgotten,
    InstallModel,
    Learned,
    LearnMail,
    ModelStatus,
    OwnView,
    ReadModelStatus,
)
from scop.net.faults import PermanentFailure
from scop.net.log import Log
from scop.net.peer import Peer
from scop.smtp.stamps import split_stamps
from scop.spam import Label, digest_of
from scop.spam.connection import Connection, connection_of
from scop.spam.evidence import evidence_of
from scop.store import StoreError
from scop.store.lesson_rows import ITSELF, TRAINER
from scop.store.spam_model import SpamModel

__all__ = ["Lectern", "apart"]


def apart(octets: bytes, hostname: str) -> tuple[bytes, Connection | None]:
    """Return what stands below our stamps, and what these tell of the connection: the same whenever a mail is read."""
    stamps, below = split_stamps(octets, hostname)
    return below, connection_of(stamps, hostname) if stamps else None


@dataclass(frozen=True, slots=True)
class _Lesson:
    octets: bytes
    label: Label
    account: str
    connection: Connection | None


class Lectern:
    """Answers the mailbox, for people, and the operator."""

    def __init__(self, hostname: str, model: SpamModel, underway: Underway, log: Log) -> None:
        self._hostname = hostname
        self._model = model
        self._underway = underway
        self._log = log
        self._arrival = Arrival()

    def answers(self, cell: str) -> Answers:
        """Return what a neighbour is answered."""
        if cell == "mailbox":
            return {LearnMail: self.learn, ClassifyFor: self.classify_for}
        return {
            LearnMail: self.learn,
            ExplainMail: self.explain,
            ForgetPerson: self.forget,
            InstallModel: self.install,
            ReadModelStatus: self.status,
        }

    async def learn(self, asked: LearnMail, peer: Peer) -> Learned:
        """Learn what an account calls a mail; durable when this returns. The operator trains as nobody's account."""
        account = asked.account
        if account == ITSELF or (account == TRAINER and peer.cell == "mailbox"):
            raise PermanentFailure("a lesson is somebody's")
        below, connection = self._apart(asked.octets)
        octets = below[:MAX_LESSON_OCTETS]
        with trouble_is_temporary():
            if not asked.label:
                is_new = await self._model.take_back(digest_of(octets), account=account)
            else:
                lesson = _Lesson(octets, _taught(asked.label), account, connection)
                is_new = await self._take(lesson)
        if is_new and account != TRAINER:
            self._log.info("mail.learned", account=printable(account), label=asked.label)
        return Learned(again=not is_new)

    async def _take(self, lesson: _Lesson) -> bool:
        try:
            return await self._model.learn(
                lesson.octets, lesson.label, account=lesson.account, connection=lesson.connection
            )
        except (OSError, sqlite3.Error, StoreError):
            raise
        except Exception as fault:  # a bug over one mail: tomorrow it would be no better, and others wait behind it
            self._log.fault(fault)
            raise PermanentFailure("this mail cannot be learned; the log says why") from fault

    async def classify_for(self, asked: ClassifyFor, _peer: Peer) -> OwnView:
        """Say what accounts would call a mail, which is read once for all of them."""
        octets, connection = self._apart(asked.octets)
        with trouble_is_temporary():
            views = [await self._model.leanings(account) for account in asked.accounts]
        classifier = self._model.classifier
        with self._underway.at_work(digest_of(octets)):
            evidence = evidence_of(octets, connection)
            return OwnView(tuple([classifier.weigh(evidence, view).label.value for view in views]))

    async def explain(self, asked: ExplainMail, _peer: Peer) -> Explained:
        """Say what a mail is called, and why."""
        octets, connection = self._apart(asked.octets)
        leanings = None
        if asked.account:
            with trouble_is_temporary():
                leanings = await self._model.leanings(asked.account)
        with self._underway.at_work(digest_of(octets)):
            return explained(self._model.classifier, evidence_of(octets, connection), connection, leanings)

    def _apart(self, octets: bytes) -> tuple[bytes, Connection | None]:
        """Cut our stamps off; refuse a mail that has twice killed who read it, or its teacher would ask for ever."""
        below, connection = apart(octets, self._hostname)
        if self._underway.is_set_aside(digest_of(below)) or self._underway.is_set_aside(
            digest_of(below[:MAX_LESSON_OCTETS])
        ):
            raise PermanentFailure("this very mail has twice broken what reads it, and is not read again")
        return below, connection

    async def forget(self, asked: ForgetPerson, _peer: Peer) -> Forgotten:
        """Take back all that a person taught."""
        if asked.account in (ITSELF, TRAINER):
            raise PermanentFailure("that is no account")
        with trouble_is_temporary():
            lessons = await self._model.forget(asked.account)
        self._log.info("person.forgotten", account=printable(asked.account), lessons=lessons)
        return Forgotten(lessons)

    async def install(self, piece: InstallModel, peer: Peer) -> ModelStatus:
        """Take a piece of a new model; after the last one it is on the disk and in use."""
        octets = self._arrival.take(piece)
        if octets is not None:
            try:
                with trouble_is_temporary():
                    await self._model.install(octets)
            except ValueError as error:
                raise PermanentFailure(f"this model cannot be used: {error}") from None
            self._log.info("model.installed", octets=len(octets))
        return await self.status(ReadModelStatus(), peer)

    async def status(self, _asked: ReadModelStatus, _peer: Peer) -> ModelStatus:
        """Say what the model was taught, and by whom."""
        classifier = self._model.classifier
        with trouble_is_temporary():
            people, lessons = await self._model.people()
            itself = await self._model.counted(ITSELF)
        return ModelStatus(
            ham=classifier.ham_count,
            spam=classifier.spam_count,
            tokens=classifier.token_count,
            people=people,
            people_ham=lessons.ham,
            people_spam=lessons.spam,
            own_ham=itself.ham,
            own_spam=itself.spam,
            thresholds=stated(classifier),
        )


def _taught(word: str) -> Label:
    if word not in (Label.HAM, Label.SPAM):
        raise PermanentFailure(f"a mail is taught as ham or as spam, not as {printable(word)}")
    return Label(word)
