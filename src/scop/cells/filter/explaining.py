"""A verdict told in full: what the filter answers the operator, and what `scop spam explain` says by a model alone."""

from __future__ import annotations

import math
from dataclasses import asdict

from scop.mesh.vocabulary.filter import Explained, ExplainedClue, ExplainedSuspicion
from scop.spam import Classifier
from scop.spam.connection import Connection
from scop.spam.evidence import Evidence
from scop.spam.leanings import Leanings

__all__ = ["explained"]


def explained(
    classifier: Classifier, evidence: Evidence, connection: Connection | None, leanings: Leanings | None = None
) -> Explained:
    """Return what a mail is called and why, for all or for a person."""
    verdict, thresholds = classifier.weigh(evidence, leanings), classifier.thresholds
    return Explained(
        label=verdict.label.value,
        score=verdict.score,
        spam_from=_finite(thresholds.spam_from),
        ham_up_to=_finite(thresholds.ham_up_to),
        learned_ham=classifier.ham_count,
        learned_spam=classifier.spam_count,
        clues=tuple([ExplainedClue(clue.token, clue.probability) for clue in verdict.clues]),
        suspicions=tuple([ExplainedSuspicion(one.trick.value, one.place, one.reason) for one in verdict.suspicions]),
        connection={name: value for name, value in asdict(connection).items() if value} if connection else {},
    )


def _finite(threshold: float) -> float | None:
    return threshold if math.isfinite(threshold) else None
