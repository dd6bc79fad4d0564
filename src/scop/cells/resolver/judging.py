"""What DNSSEC is judged by, from the anchors that are configured."""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import Clock
from scop.dns.dnssec.trust import Anchors, anchors_of
from scop.dns.dnssec.validation import Validator
from scop.dns.rrset import RRset

__all__ = ["Belief", "judge_of"]


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed without proof: the anchors, and zones below them that shall not be proved (RFC 7646)."""

    anchors: tuple[RRset, ...] = ()
    negative: tuple[str, ...] = ()


def judge_of(belief: Belief, clock: Clock) -> Validator | None:
    """Return who judges answers; None where there is nothing to prove anything from."""
    positive = anchors_of(belief.anchors)
    return Validator(Anchors(positive, frozenset(belief.negative)), clock) if positive else None
