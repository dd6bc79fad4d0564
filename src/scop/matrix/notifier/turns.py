"""Whether a branch has turned from green to red, or back: what people are called for.

A branch is what its newest pipeline that has passed or failed says.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from scop.matrix.notifier.pipeline import Pipeline
from scop.matrix.notifier.status import Status

__all__ = ["Turn", "Verdict", "judged", "turn_of"]

MAX_VERDICTS = 30  # of one branch: webhooks are not later than that many pipelines

_JUDGES = (Status.PASSED, Status.FAILED)


class Turn(StrEnum):
    """What a verdict changed."""

    BROKEN = "broken"  # it was green, and is red
    FIXED = "fixed"  # it was red, and is green
    STILL_RED = "still-red"
    FIRST_RED = "first-red"  # nothing is known of before
    NONE = "none"


class Verdict(msgspec.Struct, frozen=True):
    """What one pipeline said of its branch."""

    pipeline: str  # its key
    order: tuple[int, float, str]
    attempt: int
    status: Status


def turn_of(pipeline: Pipeline, verdicts: tuple[Verdict, ...]) -> Turn:
    """Return what it means that `pipeline` stands where it does, after the verdicts that are known."""
    status = pipeline.status
    if status not in _JUDGES:
        return Turn.NONE
    own = [each for each in verdicts if each.pipeline == pipeline.key and each.attempt < pipeline.attempt]
    others = [each for each in verdicts if each.pipeline != pipeline.key]
    if any(each.order > pipeline.order for each in others):
        return Turn.STILL_RED if status is Status.FAILED else Turn.NONE  # the branch is beyond it
    before = max(own, key=lambda each: each.attempt, default=None) or max(
        others, key=lambda each: each.order, default=None
    )
    if status is Status.PASSED:
        return Turn.FIXED if before and before.status is Status.FAILED else Turn.NONE
    if before is None:
        return Turn.FIRST_RED
    return Turn.BROKEN if before.status is Status.PASSED else Turn.STILL_RED


def judged(pipeline: Pipeline, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """Return the verdicts with that of a pipeline, the newest of them."""
    if pipeline.status not in _JUDGES:
        return verdicts
    verdict = Verdict(pipeline.key, pipeline.order, pipeline.attempt, pipeline.status)
    rest = [each for each in verdicts if each.pipeline != pipeline.key]
    return tuple(sorted((*rest, verdict), key=lambda each: each.order)[-MAX_VERDICTS:])
