"""The classifier: counts features of mails that people have sorted, and weighs new ones by these counts."""

from __future__ import annotations

import hashlib
import math
from typing import Annotated, TypeAlias

import msgspec

from scop.spam.combine import combined, token_probability
from scop.spam.connection import Connection
from scop.spam.evidence import Evidence, evidence_of
from scop.spam.leanings import Leanings
from scop.spam.lesson import DIGEST_OCTETS, Lesson, taught_label
from scop.spam.phishing import Acquaintances, suspicions_of
from scop.spam.thresholds import Thresholds
from scop.spam.verdict import Clue, Label, Verdict

__all__ = ["DEFAULT_KEY", "KEY_OCTETS", "MIN_MAILS", "Classifier", "digest_of"]

MIN_MAILS = 10  # of each kind; below, nothing is sure
MAX_WEIGHED = 150  # the tokens that say most; Robinson weighs these only
MIN_STRENGTH = 0.1  # distance from 0.5 below which a token says nothing
SHOWN_CLUES = 10
KEY_OCTETS = 16
DEFAULT_KEY = bytes(KEY_OCTETS)  # of a model whose hashes need not be secret

_MAGIC = b"SCoP spam model 2\n"
_THRESHOLDS = Thresholds(spam_from=0.95, ham_up_to=0.30, expected_ham_loss=0.01)

_Counts: TypeAlias = tuple[int, int]  # mails with a token: (spam, ham)
_NEVER_SEEN: _Counts = (0, 0)
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]  # bounds that keep a damaged model from odd arithmetic


class _Model(msgspec.Struct, frozen=True, array_like=True):
    """The model on disk: how many mails of each kind, and each token's counts (spam, ham)."""

    key: bytes
    spam_mails: _Count
    ham_mails: _Count
    counts: dict[int, tuple[_Count, _Count]]
    acquaintances: bytes


class Classifier:
    """Learns what is ham and what is spam; untrained it calls everything unsure."""

    def __init__(self, key: bytes = DEFAULT_KEY) -> None:
        """Begin untrained; `key` (16 octets, secret at best) turns words into the hashes that are kept."""
        if len(key) != KEY_OCTETS:
            raise ValueError(f"the key of a spam model has {KEY_OCTETS} octets")
        self._key = key
        self.acquaintances = Acquaintances(key=key)
        self._spam_mails = 0
        self._ham_mails = 0
        self._counts: dict[int, _Counts] = {}

    @property
    def key(self) -> bytes:
        """What lessons for this model are made with."""
        return self._key

    @property
    def ham_count(self) -> int:
        """How many ham mails it has learned."""
        return self._ham_mails

    @property
    def spam_count(self) -> int:
        """How many spam mails it has learned."""
        return self._spam_mails

    @property
    def token_count(self) -> int:
        """How many features it knows."""
        return len(self._counts)

    @property
    def thresholds(self) -> Thresholds:
        """Where spam begins and ham ends, as far as was learned."""
        if min(self._spam_mails, self._ham_mails) < MIN_MAILS:
            return Thresholds(spam_from=math.inf, ham_up_to=-math.inf, expected_ham_loss=0.0)
        return _THRESHOLDS

    def learn(self, octets: bytes, label: Label | str, *, connection: Connection | None = None) -> None:
        """Learn one mail; raises `ValueError` for a label that is neither ham nor spam."""
        self.take(self.lesson_of(octets, label, connection=connection))

    def lesson_of(
        self, octets: bytes, label: Label | str, *, account: str = "", connection: Connection | None = None
    ) -> Lesson:
        """Return what `take` would learn of a mail; nothing is learned yet."""
        lesson = self.lesson_from(evidence_of(octets, connection), label, digest_of(octets))
        return msgspec.structs.replace(lesson, account=account)

    def lesson_from(self, evidence: Evidence, label: Label | str, digest: bytes) -> Lesson:
        """Return the lesson of a mail whose evidence is at hand."""
        suspicious = [one.token for one in suspicions_of(evidence, self.acquaintances)]
        keys = sorted({self._key_of(token) for token in (*evidence.tokens, *suspicious)})
        introduction = self.acquaintances.introduction_of(evidence) if taught_label(label) is Label.HAM else None
        octets = b"".join(key.to_bytes(4, "little") for key in keys)
        return Lesson(taught_label(label), "", digest, octets, introduction)

    def take(self, lesson: Lesson) -> None:
        """Learn a lesson."""
        if lesson.introduction is not None:
            self.acquaintances.take(lesson.introduction)
        self._add(lesson, 1)

    def take_back(self, lesson: Lesson) -> None:
        """Unlearn a lesson that was taken: the model is what it would be without it."""
        if lesson.introduction is not None:
            self.acquaintances.take_back(lesson.introduction)
        self._add(lesson, -1)

    def classify(self, octets: bytes, connection: Connection | None = None) -> Verdict:
        """Return the verdict on a mail, which stands below our own stamps."""
        return self.weigh(evidence_of(octets, connection))

    def classify_for(self, octets: bytes, leanings: Leanings, connection: Connection | None = None) -> Verdict:
        """Return the verdict for a person with lessons of their own; without any it is the common one."""
        return self.weigh(evidence_of(octets, connection), leanings)

    def weigh(self, evidence: Evidence, leanings: Leanings | None = None) -> Verdict:
        """Return the verdict on evidence, also with tokens that others added to it."""
        suspicions = suspicions_of(evidence, self.acquaintances)
        tokens = (*evidence.tokens, *dict.fromkeys(one.token for one in suspicions))
        keys = {self._key_of(token): token for token in tokens}
        strong = self._strongest(keys)
        score = combined([probability for _, _, probability in strong])
        if leanings is not None and leanings.lessons:
            score = _shifted(score, leanings.shift(frozenset(keys)))
        clues = tuple([Clue(token, probability) for _, token, probability in strong[:SHOWN_CLUES]])
        return Verdict(self.thresholds.label(score), score, clues, suspicions)

    def _add(self, lesson: Lesson, sign: int) -> None:
        is_spam = lesson.label is Label.SPAM
        for key in memoryview(lesson.tokens).cast("I"):
            spam, ham = self._counts.get(key, _NEVER_SEEN)
            changed = (max(0, spam + sign * is_spam), max(0, ham + sign * (not is_spam)))
            if changed == _NEVER_SEEN:
                self._counts.pop(key, None)
            else:
                self._counts[key] = changed
        self._spam_mails = max(0, self._spam_mails + sign * is_spam)
        self._ham_mails = max(0, self._ham_mails + sign * (not is_spam))

    def _strongest(self, tokens: dict[int, str]) -> list[tuple[float, str, float]]:
        """Return (minus the strength, token, probability) of the tokens that say most, the strongest first."""
        telling: list[tuple[float, str, float]] = []
        for key, token in tokens.items():
            known = self._counts.get(key)
            if known is not None:
                probability = token_probability(*known, self._spam_mails, self._ham_mails)
                if abs(probability - 0.5) >= MIN_STRENGTH:
                    telling.append((-abs(probability - 0.5), token, probability))
        telling.sort()
        return telling[:MAX_WEIGHED]

    def _key_of(self, token: str) -> int:
        digest = hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=4, key=self._key).digest()
        return int.from_bytes(digest, "little")

    def save(self) -> bytes:
        """Return the model as octets."""
        known = self.acquaintances.save()
        model = _Model(self._key, self._spam_mails, self._ham_mails, self._counts, known)
        return _MAGIC + msgspec.msgpack.encode(model)

    @classmethod
    def load(cls, buffer: bytes | memoryview) -> Classifier:
        """Return the classifier that `save` wrote; raises `ValueError` for anything else."""
        octets = bytes(buffer)
        if not octets.startswith(_MAGIC):
            raise ValueError("these octets are no spam model of this version")
        try:
            model = msgspec.msgpack.decode(octets[len(_MAGIC) :], type=_Model)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"the spam model is damaged: {error}") from None
        loaded = cls(model.key)
        loaded._spam_mails, loaded._ham_mails = model.spam_mails, model.ham_mails
        loaded._counts = model.counts
        loaded.acquaintances = Acquaintances.load(model.acquaintances, key=model.key)
        return loaded


def digest_of(octets: bytes) -> bytes:
    """Return what names a mail among lessons; taken below our own stamps, so it is the same wherever it lies."""
    return hashlib.blake2b(octets, digest_size=DIGEST_OCTETS).digest()


def _shifted(score: float, shift: float) -> float:
    bounded = min(max(score, 1e-9), 1 - 1e-9)
    return 1.0 / (1.0 + math.exp(-(math.log(bounded / (1.0 - bounded)) + shift)))
