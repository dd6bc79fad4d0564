"""Names that the Internet's root knows nothing of: answered here, so that nobody is asked for them.

Where a root of one's own, a stub or a forward zone is configured, that is asked instead. What nobody signed is
insecure.

Standards: RFC 6761 §6 (test, localhost, invalid, private reverse names), RFC 6303 §4 (reverse names of networks that
are nobody's), RFC 6762 §22.1 (local), RFC 7686 §2 (onion), RFC 7793 (shared address space), RFC 8375 §4 (home.arpa),
RFC 9462 §8 (resolver.arpa), RFC 9476 (alt).
"""

from __future__ import annotations

from typing import Final

from scop.dns.answer import Question
from scop.dns.known import Known
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.rdata import AAAA, NS, PTR, SOA, A, Rdata
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.responses import ANY
from scop.dns.rrset import RRset
from scop.dns.words import Rcode, Security

__all__ = ["SpecialNames", "special_answer"]

TTL_SECONDS = 10_800  # RFC 6303 §3: three hours

_LOCALHOST: Final = "localhost"
_LOOPBACK: Final[dict[str, tuple[Rdata, ...]]] = {"A": (A("127.0.0.1"),), "AAAA": (AAAA("::1"),)}
_LOOPBACK_REVERSE: Final = frozenset({"1.0.0.127.in-addr.arpa", "1" + ".0" * 31 + ".ip6.arpa"})
_REVERSE_V4: Final = (
    *("0", "127", "10", "168.192", "254.169", "2.0.192", "100.51.198", "113.0.203", "255.255.255.255"),
    *(f"{second}.172" for second in range(16, 32)),
    *(f"{second}.100" for second in range(64, 128)),  # RFC 7793 §2.1
)
_REVERSE_V6: Final = (
    *("0" + ".0" * 31, "1" + ".0" * 31, "d.f", "8.e.f", "9.e.f", "a.e.f", "b.e.f", "8.b.d.0.1.0.0.2"),
)
# Apexes of zones that are empty but for their SOA and NS.
_NOWHERE: Final = frozenset(
    {
        *("test", "invalid", "local", "onion", "alt", "home.arpa", "resolver.arpa"),
        *(f"{reverse}.in-addr.arpa" for reverse in _REVERSE_V4),
        *(f"{reverse}.ip6.arpa" for reverse in _REVERSE_V6),
    }
)


class SpecialNames:
    """Those that are answered here: none below a zone that is configured, and none at all with a root of one's own."""

    def __init__(self, options: ResolverOptions) -> None:
        self._is_on = options.answer_special_names and not options.has_own_root
        self._asked = (*(zone.name for zone in options.zones), *options.ordinary_names)

    def answer(self, question: Question) -> Known | None:
        """Return what is always true of a special-use name, None for every other."""
        known = special_answer(question) if self._is_on else None
        if known is None or any(is_at_or_below(question.name, zone) for zone in self._asked):
            return None
        return known


def special_answer(question: Question) -> Known | None:
    """Return what is always true of a special-use name, None for every other."""
    name = question.name
    if question.type == ANY:
        question = Question(name, _one_of_all(name))
    if is_at_or_below(name, _LOCALHOST):
        return _said(question, _LOOPBACK.get(question.type, ()), _LOCALHOST)  # RFC 6761 §6.3
    apex = _apex_of(name)
    if apex is None or (question.type == "DS" and name == apex):
        return None  # RFC 6303 §3, RFC 8375 §4: a DS stands in the parent's zone, and proves that there is none
    if name in _LOOPBACK_REVERSE:
        return _said(question, (PTR(_LOCALHOST),) if question.type == "PTR" else (), apex)
    if name == apex and question.type in {"SOA", "NS"}:
        start: Rdata = _start(apex) if question.type == "SOA" else NS(apex)
        return _said(question, (start,), apex)
    return _said(question, (), apex, Rcode.NOERROR if name == apex else Rcode.NXDOMAIN)


def _one_of_all(name: str) -> str:
    """Return the type that stands for all of a name's records (RFC 8482 §4.1)."""
    if is_at_or_below(name, _LOCALHOST):
        return A.type
    return PTR.type if name in _LOOPBACK_REVERSE else SOA.type


def _apex_of(name: str) -> str | None:
    while name:
        if name in _NOWHERE:
            return name
        name = parent_name(name)
    return None


def _said(question: Question, rdatas: tuple[Rdata, ...], apex: str, rcode: Rcode = Rcode.NOERROR) -> Known:
    found = (RRset(question.name, question.type, TTL_SECONDS, rdatas),) if rdatas else ()
    authority = () if rdatas else (RRset(apex, SOA.type, TTL_SECONDS, (_start(apex),)),)
    return Known(rcode, found, authority, apex, Security.INSECURE, is_local=True)


def _start(apex: str) -> SOA:
    # The numbers are those of RFC 6303 §3; its primary is the zone's own name, which no host has.
    return SOA("localhost", "nobody.invalid", 1, 3600, 1200, 604_800, TTL_SECONDS)
