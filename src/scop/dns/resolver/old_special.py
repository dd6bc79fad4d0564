"""Names that the Internet's root knows nothing of: answered here, so that nobody is asked for them.

Where a root of one's own or a stub zone is configured, that is asked instead.

Standards: RFC 6761 §6.2 to §6.5 (test, localhost, invalid, example), RFC 6762 §22.1 (local),
RFC 7686 §2 (onion), RFC 9476 (alt).
"""

from __future__ import annotations

from scop.dns import AAAA, A, Question, Rcode
from scop.dns.message import Record
from scop.dns.names import is_at_or_below
from scop.dns.resolver.memory import Known

__all__ = ["special_answer"]

NOWHERE = ("test", "invalid", "local", "onion", "alt")
LOOPBACK = (A("127.0.0.1"), AAAA("::1"))
TTL_SECONDS = 3600


def special_answer(question: Question) -> Known | None:
    """Return what is always true of a special-use name, None for every other."""
    name = question.name
    if is_at_or_below(name, "localhost"):
        records = [Record(name, TTL_SECONDS, loopback) for loopback in LOOPBACK if loopback.type == question.type]
        return Known(Rcode.NOERROR, tuple(records))
    if any(is_at_or_below(name, apex) for apex in NOWHERE):
        return Known(Rcode.NXDOMAIN)
    return None
