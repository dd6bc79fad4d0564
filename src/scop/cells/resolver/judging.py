"""What DNSSEC is judged by, from the anchors that are configured."""

from __future__ import annotations

from scop.base import Clock
from scop.dns.resolver.resolver import Judge
from scop.dns.rrset import RRset

__all__ = ["judge_of"]


def judge_of(anchors: tuple[RRset, ...], negative: tuple[str, ...], clock: Clock) -> Judge | None:
    """Return who judges answers; None where nothing is proved, since there are no anchors."""
    return None
