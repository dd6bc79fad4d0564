"""How often a corpus tests each production: the table that says what a passed check is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from scop.hamlet.mail import productions
from scop.hamlet.production import Production

__all__ = ["count_productions"]


def count_productions(
    seed: int, count: int, advance: Callable[[int], object] = lambda _: None
) -> dict[Production, int]:
    """Return in how many of the first `count` mails each production stands, those that stand in none too.

    `advance` is told how many more mails were looked at.
    """
    found: Counter[Production] = Counter()
    for index in range(count):
        found.update(set(productions(seed, index)))
        advance(1)
    return {production: found[production] for production in Production}
