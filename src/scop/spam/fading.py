"""What was learned long ago counts less, so that the filter follows mail as it changes and forgets rare words."""

from __future__ import annotations

import numpy as np

from scop.spam.model import WEIGHT, Memory
from scop.spam.model.memory import UNIT

__all__ = ["fade", "share_of"]

_FADED = UNIT // 8  # of a mail: what was seen once and not for three half-lives is let go


def fade(memory: Memory) -> None:
    """Let all that was counted count half, and forget the tokens that are hardly left."""
    memory.own()
    tokens = memory.tokens
    tokens.own()
    tokens.numbers[:, :WEIGHT] >>= 1
    known = np.flatnonzero(tokens.keys)
    tokens.drop(known[tokens.numbers[known, :WEIGHT].sum(axis=1) < _FADED])
    memory.ham_units >>= 1
    memory.spam_units >>= 1
    memory.scores >>= 1
    memory.generation += 1


def share_of(made: int, now: int) -> int:
    """Return what a lesson of generation `made` counts in one of generation `now`, in parts of `UNIT`."""
    return UNIT >> min(max(0, now - made), 16)
