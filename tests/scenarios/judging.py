"""The judge that a scenario wants, made of its trust anchors.

Scenarios that were recorded in the time of SHA-1 say `fake-sha1`: only there are its algorithms accepted.
"""

from __future__ import annotations

from scenarios.rpl import record_of
from scenarios.settings import Settings
from scop.base import Clock
from scop.dns.dnssec.algorithms import MODERN, WITH_SHA1
from scop.dns.dnssec.trust import Anchors, anchors_of
from scop.dns.dnssec.validation import Validator
from scop.dns.message import Record
from scop.dns.rdata import read_rdata
from scop.dns.rrset import gather

__all__ = ["judge_of"]


def judge_of(settings: Settings, clock: Clock) -> Validator | None:
    """Return it; None where nothing is validated."""
    if not settings.validates or not settings.anchors:
        return None
    lines = [record_of(" ".join(anchor.translate(_PARENTHESES).split())) for anchor in settings.anchors]
    records = [Record(line.name, line.ttl_seconds, read_rdata(line.type, line.octets)) for line in lines]
    accepted = WITH_SHA1 if settings.accepts_sha1 else MODERN
    return Validator(Anchors(anchors_of(gather(records)), frozenset(settings.negative_anchors), accepted), clock)


_PARENTHESES = str.maketrans("()", "  ")
