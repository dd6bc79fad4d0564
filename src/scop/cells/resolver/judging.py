"""What DNSSEC is judged by, from the anchors that are configured."""

from __future__ import annotations

from collections.abc import Iterable

from scop.base import Clock
from scop.dns.dnssec.trust import Anchors, anchors_of
from scop.dns.dnssec.validation import Validator
from scop.dns.rrset import RRset

__all__ = ["judge_of"]


def judge_of(anchors: Iterable[RRset], negative: Iterable[str], clock: Clock) -> Validator | None:
    """Return who judges answers; None where there is nothing to prove anything from."""
    positive = anchors_of(anchors)
    return Validator(Anchors(positive, frozenset(negative)), clock) if positive else None
