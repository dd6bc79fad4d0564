"""How many examples of a property are drawn: few where `make test` asks, many times as many for `make properties`."""

from __future__ import annotations

import os

from hypothesis import settings

__all__ = ["IS_SEARCH", "USUAL", "drawn"]

_TIMES = int(os.environ.get("SCOP_EXAMPLES_TIMES", "1"))
IS_SEARCH = _TIMES > 1  # then each run draws others
USUAL = 40 * _TIMES


def drawn(count: int) -> settings:
    """Return the settings of a property that wants another number than usual: where one is dear, or a find is rare."""
    return settings(max_examples=count * _TIMES)
