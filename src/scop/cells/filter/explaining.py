"""A verdict told in full, and what it is held against: for the operator, and for `scop spam explain` without a mesh."""

from __future__ import annotations

from dataclasses import asdict

from scop.mesh.vocabulary.filter import Explained, ExplainedClue, ExplainedSuspicion, StatedThresholds
from scop.spam import Classifier
from scop.spam.connection import Connection
from scop.spam.evidence import Evidence
from scop.spam.leanings import Leanings
from scop.spam.thresholds import NEVER

__all__ = ["explained", "stated"]


def explained(
    classifier: Classifier, evidence: Evidence, connection: Connection | None, leanings: Leanings | None = None
) -> Explained:
    """Return what a mail is called and why, for all or for a person."""
    verdict = classifier.weigh(evidence, leanings)
    return Explained(
        label=verdict.label.value,
        score=verdict.score,
        thresholds=stated(classifier),
        learned_ham=classifier.ham_count,
        learned_spam=classifier.spam_count,
        clues=tuple([ExplainedClue(clue.token, clue.probability) for clue in verdict.clues]),
        suspicions=tuple([ExplainedSuspicion(one.trick.value, one.place, one.reason) for one in verdict.suspicions]),
        connection={name: value for name, value in asdict(connection).items() if value} if connection else {},
    )


def stated(classifier: Classifier) -> StatedThresholds | None:
    """Return where spam begins and ham ends; None while nothing is sure."""
    known = classifier.thresholds
    return None if known is NEVER else StatedThresholds(known.spam_from, known.ham_up_to, known.expected_ham_loss)
