"""The classifier: counts tokens of mails that people have sorted, and weighs new ones by these counts."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from scop.spam.combine import combined, token_probability
from scop.spam.tokens import tokens_of
from scop.spam.verdict import Clue, Label, Verdict

__all__ = ["Classifier"]

# Stated as measured on the corpus of tests/spam: where these lie, less than one ham in a hundred is called spam.
SPAM_FROM = 0.95
HAM_UP_TO = 0.30
MIN_MAILS = 10  # of each kind; below, nothing is sure
MAX_WEIGHED = 150  # the tokens that say most; Robinson weighs these only
MIN_STRENGTH = 0.1  # distance from 0.5 below which a token says nothing
SHOWN_CLUES = 10

_MAGIC = b"SCoP spam model 1\n"


class _Model(msgspec.Struct, frozen=True, array_like=True):
    """The model on disk: how many mails of each kind, and each token's counts (spam, ham)."""

    spam_mails: int
    ham_mails: int
    counts: dict[str, tuple[int, int]]


class Classifier:
    """Learns what is ham and what is spam; untrained it calls everything unsure."""

    def __init__(self) -> None:
        self._spam_mails = 0
        self._ham_mails = 0
        self._counts: dict[str, tuple[int, int]] = {}

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
        """How many tokens it knows."""
        return len(self._counts)

    def learn(self, octets: bytes, label: Label | str) -> None:
        """Learn one mail; raises `ValueError` for a label that is neither ham nor spam."""
        is_spam = _is_spam(label)
        for token in tokens_of(octets):
            spam, ham = self._counts.get(token, (0, 0))
            self._counts[token] = (spam + is_spam, ham + (not is_spam))
        self._spam_mails += is_spam
        self._ham_mails += not is_spam

    def classify(self, octets: bytes) -> Verdict:
        """Return the verdict on a mail."""
        strong = self._strongest(tokens_of(octets))
        score = combined([clue.probability for clue in strong])
        return Verdict(self._label(score), score, strong[:SHOWN_CLUES])

    def _label(self, score: float) -> Label:
        if min(self._spam_mails, self._ham_mails) < MIN_MAILS:
            return Label.UNSURE
        if score >= SPAM_FROM:
            return Label.SPAM
        return Label.HAM if score <= HAM_UP_TO else Label.UNSURE

    def _strongest(self, tokens: Iterable[str]) -> tuple[Clue, ...]:
        """Return the tokens that say most, the strongest first."""
        counts, spam_mails, ham_mails = self._counts, self._spam_mails, self._ham_mails
        clues = [
            Clue(token, token_probability(*known, spam_mails, ham_mails))
            for token in tokens
            if (known := counts.get(token)) is not None
        ]
        telling = [clue for clue in clues if abs(clue.probability - 0.5) >= MIN_STRENGTH]
        telling.sort(key=lambda clue: (-abs(clue.probability - 0.5), clue.token))
        return tuple(telling[:MAX_WEIGHED])

    def save(self) -> bytes:
        """Return the model as octets."""
        return _MAGIC + msgspec.msgpack.encode(_Model(self._spam_mails, self._ham_mails, self._counts))

    @classmethod
    def load(cls, octets: bytes) -> Classifier:
        """Return the classifier that `save` wrote; raises `ValueError` for anything else."""
        if not octets.startswith(_MAGIC):
            raise ValueError("these octets are no spam model of this version")
        try:
            model = msgspec.msgpack.decode(octets[len(_MAGIC) :], type=_Model)
        except msgspec.DecodeError as error:
            raise ValueError(f"the spam model is damaged: {error}") from None
        loaded = cls()
        loaded._spam_mails, loaded._ham_mails, loaded._counts = model.spam_mails, model.ham_mails, model.counts
        return loaded


def _is_spam(label: Label | str) -> bool:
    known = Label(label)
    if known is Label.UNSURE:
        raise ValueError("a mail is taught as ham or as spam, not as unsure")
    return known is Label.SPAM
