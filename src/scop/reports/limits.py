"""How much one report may make us read and build."""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import LimitExceeded

__all__ = ["DEFAULT_LIMITS", "Limits", "check_limit"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one report; what passes them raises `LimitExceeded`, which names the limit."""

    octets: int = 16_777_216  # as it arrives, mail and all: senders keep below 10 MB, a common bound of mail
    inflated_octets: int = 16_777_216  # a record has some 700 octets; as text each may be four
    inflation: int = 250  # times the packed octets, beyond the first MiB: reports repeat themselves, seldom 100 times
    records: int = 50_000
    others: int = 1_000  # elements beside them: the schema has four, extensions of one kind or another may follow
    marks: int = 20_000  # tags and the like within one record: an element of four octets is two hundred in memory
    attribute_characters: int = 20_000  # of one element, all together: each attribute is two hundred octets in memory
    values: int = 500_000  # of JSON, all together
    depth: int = 24  # elements within elements, lists within objects; the deepest of the schema is the sixth
    text_characters: int = 20_000  # of one element or string; comments and errors are for people


DEFAULT_LIMITS = Limits()


def check_limit(found: int, limit: int, what: str) -> None:
    """Raise `LimitExceeded` where more of `what` is found than may be."""
    if found > limit:
        raise LimitExceeded(f"{what}: at most {limit} are read")
