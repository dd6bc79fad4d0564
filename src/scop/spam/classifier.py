"""The classifier: counts tokens of mails that people have sorted, and weighs new ones by these counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeAlias

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


_Counts: TypeAlias = tuple[int, int]  # mails with a token: (spam, ham)
_NEVER_SEEN: _Counts = (0, 0)
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]  # bounds that keep a damaged model from odd arithmetic


class _Model(msgspec.Struct, frozen=True, array_like=True):
    """The model on disk: how many mails of each kind, and each token's counts (spam, ham)."""

    spam_mails: _Count
    ham_mails: _Count
    counts: dict[str, tuple[_Count, _Count]]


class Classifier:
    """Learns what is ham and what is spam; untrained it calls everything unsure."""

    def __init__(self) -> None:
        self._spam_mails = 0
        self._ham_mails = 0
        self._counts: dict[str, _Counts] = {}
        self._weights: dict[_Counts, float] = {}  # probability by counts, until something is learned

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
        is_ham = not is_spam
        counts = self._counts
        for token in tokens_of(octets):
            spam, ham = counts.get(token, _NEVER_SEEN)
            counts[token] = (spam + is_spam, ham + is_ham)
        self._spam_mails += is_spam
        self._ham_mails += is_ham
        self._weights.clear()

    def classify(self, octets: bytes) -> Verdict:
        """Return the verdict on a mail."""
        strong = self._strongest(tokens_of(octets))
        score = combined([probability for _, _, probability in strong])
        clues = tuple([Clue(token, probability) for _, token, probability in strong[:SHOWN_CLUES]])
        return Verdict(self._label(score), score, clues)

    def _label(self, score: float) -> Label:
        if min(self._spam_mails, self._ham_mails) < MIN_MAILS:
            return Label.UNSURE
        if score >= SPAM_FROM:
            return Label.SPAM
        return Label.HAM if score <= HAM_UP_TO else Label.UNSURE

    def _strongest(self, tokens: Iterable[str]) -> list[tuple[float, str, float]]:
        """Return (minus the strength, token, probability) of the tokens that say most, the strongest first."""
        counts, weights = self._counts, self._weights
        telling: list[tuple[float, str, float]] = []
        for token in tokens:
            known = counts.get(token)
            if known is None:
                continue
            probability = weights.get(known)
            if probability is None:  # few pairs of counts differ, so nearly every token finds its weight here
                probability = weights[known] = token_probability(*known, self._spam_mails, self._ham_mails)
            strength = abs(probability - 0.5)
            if strength >= MIN_STRENGTH:
                telling.append((-strength, token, probability))
        telling.sort()
        return telling[:MAX_WEIGHED]

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
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"the spam model is damaged: {error}") from None
        loaded = cls()
        loaded._spam_mails, loaded._ham_mails = model.spam_mails, model.ham_mails
        # Most tokens share their counts with many others: one tuple for all of them takes half of the memory.
        shared: dict[_Counts, _Counts] = {}
        loaded._counts = {token: shared.setdefault(pair, pair) for token, pair in model.counts.items()}
        return loaded


def _is_spam(label: Label | str) -> bool:
    known = Label(label)
    if known is Label.UNSURE:
        raise ValueError("a mail is taught as ham or as spam, not as unsure")
    return known is Label.SPAM
