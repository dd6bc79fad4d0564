"""Names for the arrays that a model is made of; numpy's own have no room for what is in them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Int32s", "Int64s", "Keys", "Truths", "distinct", "each_once"]

Keys: TypeAlias = NDArray[np.uint32]
Int32s: TypeAlias = NDArray[np.int32]
Int64s: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Truths: TypeAlias = NDArray[np.bool_]


def distinct(keys: Keys) -> Keys:
    """Return the keys in order, each once; several times as fast as `np.unique`."""
    ordered = keys.copy()
    ordered.sort()
    return each_once(ordered)


def each_once(ordered: Keys) -> Keys:
    """Return keys that are in order, each once."""
    if len(ordered) < 2:
        return ordered
    is_first = np.empty(len(ordered), np.bool_)
    is_first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return ordered[is_first]
