"""The classifier: learns features of mails that people have sorted, and weighs new ones by what it learned.

Everything that a lesson does to the model is in the lesson, hashes and steps of weights alike, and is a sum of
integers: taking lessons in another order gives the same model, and taking one back leaves the model as it would be had
that mail never been counted. What cannot be undone is what later lessons made of it: their steps were computed while
it was there.
"""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np

from scop.spam.connection import Connection
from scop.spam.evidence import Evidence, Scope, evidence_of
from scop.spam.experts import Opinions, opinions_of, steps_of
from scop.spam.fading import fade, share_of
from scop.spam.features import Features, features_of
from scop.spam.leanings import Leanings
from scop.spam.lesson import DIGEST_OCTETS, Lesson, taught_label
from scop.spam.model import GRAM_SLOTS, HAM, KEY_OCTETS, SPAM, WEIGHT, Hasher, Memory
from scop.spam.model.arrays import Keys, distinct
from scop.spam.model.memory import UNIT
from scop.spam.model.packing import pack_slots, unpack_slots
from scop.spam.phishing import Acquaintances, Suspicion, suspicions_of
from scop.spam.thresholds import NEVER, Thresholds, bin_of, score_of, thresholds_of
from scop.spam.verdict import Clue, Label, Verdict
from scop.spam.waiting import Taught, Waiting

__all__ = ["DEFAULT_KEY", "HALF_LIFE_LESSONS", "KEY_OCTETS", "MIN_MAILS", "Classifier", "digest_of"]

MIN_MAILS = 10  # of each kind; below, nothing is sure
SAMPLES_FROM = 25  # of each kind; below, scores tell nothing of what later mail will get
SHOWN_CLUES = 10
MIN_STRENGTH = 0.1  # distance from 1/2 below which a token is no clue
DEFAULT_KEY = bytes(KEY_OCTETS)  # of a model whose hashes need not be secret
HALF_LIFE_LESSONS = 100_000  # after which what was learned counts half


class Classifier:
    """Learns what is ham and what is spam; untrained it calls everything unsure."""

    def __init__(
        self, key: bytes = DEFAULT_KEY, *, half_life_lessons: int = HALF_LIFE_LESSONS, scope: Scope = Scope.FULL
    ) -> None:
        """Begin untrained; `key` (16 octets, secret at best) turns words into the hashes that are kept.

        `scope` says how much evidence is read of the mails that it is given.
        """
        if len(key) != KEY_OCTETS:
            raise ValueError(f"the key of a spam model has {KEY_OCTETS} octets")
        self._scope = scope
        self.acquaintances = Acquaintances(key=key)
        self._settled = Memory(key, half_life=half_life_lessons)
        self._waiting = Waiting()
        self._hasher = Hasher(key)
        self._thresholds: Thresholds | None = None  # until they are asked for

    @property
    def _memory(self) -> Memory:
        """What was learned; whatever waits is learned first."""
        self._learn_waiting()
        return self._settled

    @property
    def key(self) -> bytes:
        """What lessons for this model are made with."""
        return self._memory.key

    @property
    def ham_count(self) -> int:
        """How many ham mails it has learned."""
        return self._memory.ham_mails

    @property
    def spam_count(self) -> int:
        """How many spam mails it has learned."""
        return self._memory.spam_mails

    @property
    def token_count(self) -> int:
        """How many tokens it knows."""
        return self._memory.tokens.used

    @property
    def thresholds(self) -> Thresholds:
        """Where spam begins and ham ends, as far as was learned."""
        memory = self._memory
        if min(memory.ham_mails, memory.spam_mails) < MIN_MAILS:
            return NEVER
        if self._thresholds is None:
            self._thresholds = thresholds_of(memory.scores)
        return self._thresholds

    def learn(self, octets: bytes, label: Label | str, *, connection: Connection | None = None) -> None:
        """Learn one mail; raises `ValueError` for a label that is neither ham nor spam.

        It waits for others until something is asked of the classifier, so that what was taught in one go is learned
        in turn: a folder of ham and then one of spam make the same model as both mixed.
        """
        self._waiting.put(Taught(octets, taught_label(label), connection))
        if self._waiting.is_full:
            self._learn_waiting()

    def _learn_waiting(self) -> None:
        for taught in self._waiting.drain():
            self.take(self.lesson_of(taught.octets, taught.label, connection=taught.connection))

    def lesson_of(
        self, octets: bytes, label: Label | str, *, account: str = "", connection: Connection | None = None
    ) -> Lesson:
        """Return what `take` would learn of a mail; nothing is learned yet."""
        lesson = self.lesson_from(evidence_of(octets, connection, scope=self._scope), label, digest_of(octets))
        return msgspec.structs.replace(lesson, account=account)

    def lesson_from(self, evidence: Evidence, label: Label | str, digest: bytes) -> Lesson:
        """Return the lesson of a mail whose evidence is at hand."""
        known, memory = taught_label(label), self._memory
        features, _ = self._features(evidence)
        opinions = opinions_of(features, memory)
        steps = steps_of(opinions, is_spam=known is Label.SPAM)
        hosts, keys, is_fact = features.hosts, features.keys[features.hosts :], features.is_fact[features.hosts :]
        return Lesson(
            label=known,
            account="",
            digest=digest,
            facts=_octets(keys[is_fact]),
            words=_octets(keys[~is_fact]),
            hosts=_octets(features.keys[:hosts]),
            grams=pack_slots(features.grams) if any(steps[2:]) else b"",
            steps=steps,
            margin=opinions.margin,
            is_sample=min(self.ham_count, self.spam_count) >= SAMPLES_FROM,
            generation=memory.generation,
            introduction=self.acquaintances.introduction_of(evidence) if known is Label.HAM else None,
        )

    def take(self, lesson: Lesson) -> None:
        """Learn a lesson."""
        memory = self._memory
        if lesson.introduction is not None:
            self.acquaintances.take(lesson.introduction)
        self._add(lesson, 1)
        if memory.half_life and (memory.ham_mails + memory.spam_mails) // memory.half_life > memory.generation:
            fade(memory)

    def take_back(self, lesson: Lesson) -> None:
        """Unlearn a lesson that was taken: the model is what it would be without it."""
        self._learn_waiting()
        if lesson.introduction is not None:
            self.acquaintances.take_back(lesson.introduction)
        self._add(lesson, -1)

    def classify(self, octets: bytes, connection: Connection | None = None) -> Verdict:
        """Return the verdict on a mail, which stands below our own stamps."""
        return self.weigh(evidence_of(octets, connection, scope=self._scope))

    def classify_for(self, octets: bytes, leanings: Leanings, connection: Connection | None = None) -> Verdict:
        """Return the verdict for a person with lessons of their own; without any it is the common one."""
        return self.weigh(evidence_of(octets, connection, scope=self._scope), leanings)

    def weigh(self, evidence: Evidence, leanings: Leanings | None = None) -> Verdict:
        """Return the verdict on evidence, also with tokens that others added to it."""
        memory = self._memory  # first: it learns what waits, and whom we know by that
        features, suspicions = self._features(evidence)
        opinions = opinions_of(features, memory)
        shift = leanings.shift(distinct(features.keys)) if leanings else 0.0
        score = score_of(opinions.margin + shift)
        label = self.thresholds.label(score)
        if not shift and not opinions.agree(label):
            label = Label.UNSURE  # good words were strewn over a spam, or we know too little of its kind
        return Verdict(label, score, _clues(features, opinions), suspicions)

    def save(self) -> bytes:
        """Return the model as octets."""
        memory = self._memory
        memory.known = self.acquaintances.save()
        return memory.to_octets()

    @classmethod
    def load(cls, buffer: bytes | memoryview) -> Classifier:
        """Return the classifier that `save` wrote, which goes on reading `buffer`; raises `ValueError` for any other.

        Where the buffer can be written to, as a private mapping of a file, changes are made there, so that only the
        pages that change are copied; otherwise all is copied with the first change.
        """
        memory = Memory.parse(buffer)
        loaded = cls(memory.key)
        loaded.acquaintances = Acquaintances.load(memory.known, key=memory.key)
        loaded._settled = memory
        return loaded

    def _features(self, evidence: Evidence) -> tuple[Features, tuple[Suspicion, ...]]:
        suspicions = suspicions_of(evidence, self.acquaintances)
        return features_of(evidence, tuple([one.token for one in suspicions]), self._hasher), suspicions

    def _add(self, lesson: Lesson, sign: int) -> None:
        """Add a lesson to the model, or subtract it."""
        memory = self._memory
        memory.own()
        share = sign * (lesson.units * share_of(lesson.generation, memory.generation) // UNIT)
        column = SPAM if lesson.label is Label.SPAM else HAM
        for octets, step in ((lesson.facts, lesson.steps[0]), (lesson.words, lesson.steps[1]), (lesson.hosts, 0)):
            self._change(np.frombuffer(octets, "<u4"), column, share, sign * step)
        slots = unpack_slots(lesson.grams)
        header = int(np.searchsorted(slots, GRAM_SLOTS // 2))
        memory.grams[slots[:header]] += np.int32(sign * lesson.steps[2])
        memory.grams[slots[header:]] += np.int32(sign * lesson.steps[3])
        if lesson.is_sample:
            memory.scores[column, bin_of(lesson.margin)] += sign
        if column == SPAM:
            memory.spam_mails = max(0, memory.spam_mails + sign)
            memory.spam_units = max(0, memory.spam_units + share)
        else:
            memory.ham_mails = max(0, memory.ham_mails + sign)
            memory.ham_units = max(0, memory.ham_units + share)
        self._thresholds = None

    def _change(self, keys: Keys, column: int, share: int, step: int) -> None:
        """Change the numbers of tokens; those that are not counted any more are forgotten."""
        tokens = self._memory.tokens
        tokens.own()
        if share > 0:
            place = tokens.places(keys)
        else:
            _, place = tokens.find(keys)
        tokens.numbers[place, column] += np.int32(share)
        tokens.numbers[place, WEIGHT] += np.int32(step)
        if share < 0:
            tokens.drop(place[(tokens.numbers[place, :WEIGHT] <= 0).all(axis=1)])


def digest_of(octets: bytes) -> bytes:
    """Return what names a mail among lessons; taken below our own stamps, so it is the same wherever it lies."""
    return hashlib.blake2b(octets, digest_size=DIGEST_OCTETS).digest()


def _octets(keys: Keys) -> bytes:
    return distinct(keys).astype("<u4").tobytes()


def _clues(features: Features, opinions: Opinions) -> tuple[Clue, ...]:
    weakness = -np.abs(opinions.believed - 0.5)
    order = weakness.argsort(kind="stable")[:SHOWN_CLUES]
    shown = zip(opinions.known.take(order).tolist(), opinions.believed.take(order).tolist(), strict=True)
    return tuple([Clue(features.tokens[which], one) for which, one in shown if abs(one - 0.5) >= MIN_STRENGTH])
