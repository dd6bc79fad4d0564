"""Who proves answers itself asks other resolvers for all that there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.name_world import NameWorld, reply
from scop.dns.answer import Question
from scop.dns.asking import Ask, Server, Step
from scop.dns.known import Known, Reason
from scop.dns.message import Flag, Record
from scop.dns.rdata import A
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions, Way, Zone
from scop.dns.resolver.resolver import Resolver
from scop.dns.words import Security
from scop.net.dns_query import Query

ELSEWHERE = "203.0.113.9"
ASKED = Question("www.a.example", "A")


class Believer:
    """Judges everything secure."""

    def judge(self, question: Question, known: Known, *_: object) -> Step[Known]:
        """Believe it."""
        yield from ()
        return replace(known, security=Security.SECURE)

    def broken(self, question: Question) -> Reason | None:
        """No zone is."""

    def settle(self, judged: Known) -> None:
        """Remember nothing."""


@pytest.mark.parametrize(
    ("judge", "way", "is_unchecked"),
    [(Believer(), Way.FORWARD, True), (None, Way.FORWARD, False), (Believer(), Way.STUB, False)],
)
def test_resolver_has_forwarders_not_check_what_it_proves_itself(
    judge: Believer | None, way: Way, is_unchecked: bool
) -> None:
    """RFC 6840 §5.9: CD to other resolvers, so that a bogus answer comes as it is; not where nobody checks here."""
    world = NameWorld()
    answer = (Record(ASKED.name, 300, A("185.1.1.1")),)
    world.servers[ELSEWHERE] = lambda ask: reply(ask.question, answer)
    options = ResolverOptions(zones=(Zone("", (Server(ELSEWHERE),), way),), minimise=False, prime=False)
    resolution = world.run(Resolver(options, Cache(), world.clock, judge).resolve(ASKED))
    assert 1 == len(resolution.answers)
    assert {is_unchecked} == {ask.checking_disabled for ask in world.asks}


def test_query_says_that_nobody_need_check() -> None:
    """The bit goes out as it is asked for."""
    for is_unchecked in (True, False):
        query = Query.of(Ask(Server(ELSEWHERE), ASKED, checking_disabled=is_unchecked), 7)
        assert bool(query.octets[3] & Flag.CHECKING_DISABLED) is is_unchecked
