"""Responses that are sent again to who repeats a query."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scop.dns.answer import Question
from scop.dns.message import Edns, Flag, Message, Record, build_message, build_query, parse_message
from scop.dns.rdata import CNAME, SOA, A
from scop.dns.resolver.ready import ReadyResponses

NOW = 1000.0
SPEAKS_EDNS = Edns()


def response(id_: int, *ttls: int, edns: Edns | None = SPEAKS_EDNS) -> bytes:
    """Return a response with an alias, addresses and an SOA of these TTLs."""
    records = [Record("a.test", ttls[0], CNAME("b.test")), *(Record("b.test", ttl, A("192.0.2.1")) for ttl in ttls[1:])]
    start = Record("test", max(ttls), SOA("ns.test", "root.test", 1, 2, 3, 4, 5))
    return build_message(
        Message(
            id_, Flag.RESPONSE, question=Question("a.test", "A"), answers=tuple(records), authority=(start,), edns=edns
        )
    )


def asked(id_: int, name: str = "a.test", edns: Edns | None = SPEAKS_EDNS) -> bytes:
    """Return a query."""
    return build_query(Question(name, "A"), id_, edns=edns)


@given(st.lists(st.integers(20, 2**31 - 1), min_size=1, max_size=5), st.integers(0, 17), st.booleans())
def test_ready_responses_count_their_ttls_down(ttls: list[int], seconds: int, has_edns: bool) -> None:
    """RFC 2181 §8, RFC 6891 §6.1.3: each record's TTL is less by the seconds that passed, OPT stays, the id is new."""
    edns = Edns(dnssec_ok=True) if has_edns else None
    ready = ReadyResponses()
    ready.keep(asked(1, edns=edns), response(1, *ttls, edns=edns), NOW)
    first = ready.find(asked(2, edns=edns), NOW + seconds / 2)
    assert first == response(2, *(ttl - seconds // 2 for ttl in ttls), edns=edns)
    assert ready.find(asked(3, edns=edns), NOW + seconds) == response(3, *(ttl - seconds for ttl in ttls), edns=edns)


def test_ready_responses_leave_the_last_tenth_to_the_cache() -> None:
    """The cache shall see that a hot name runs out."""
    ready = ReadyResponses()
    ready.keep(asked(1), response(1, 100, 300), NOW)
    assert ready.find(asked(1), NOW + 89.9) is not None
    assert ready.find(asked(1), NOW + 90) is None


def test_ready_responses_are_for_the_same_query_only() -> None:
    """RFC 4343 §4.1: another name, another case, other flags or another EDNS is another query."""
    ready = ReadyResponses()
    ready.keep(asked(1), response(1, 300), NOW)
    others = [
        asked(1, "b.test"),
        asked(1).replace(b"\1a", b"\1A"),
        asked(1, edns=None),
        asked(1, edns=Edns(dnssec_ok=True)),
        build_query(Question("a.test", "A"), 1, flags=0),
        build_query(Question("a.test", "MX"), 1),
    ]
    assert [ready.find(query, NOW) for query in others] == [None] * len(others)


def test_ready_responses_of_no_time_are_not_kept() -> None:
    """A TTL of zero, or no record at all, is for the one who asked."""
    ready = ReadyResponses()
    ready.keep(asked(1), response(1, 0), NOW)
    ready.keep(asked(1), build_message(Message(1, Flag.RESPONSE, question=Question("a.test", "A"))), NOW)
    assert len(ready) == 0


def test_ready_responses_are_bounded_and_keep_what_is_used() -> None:
    """However many names are asked for, the octets are bounded; what is used stays."""
    ready = ReadyResponses(max_octets=40_000)
    ready.keep(asked(1, "used.test"), response(1, 300), NOW)
    for number in range(1000):
        ready.keep(asked(1, f"n{number}.test"), response(1, 300), NOW)
        assert ready.find(asked(1, "used.test"), NOW) is not None
    assert len(ready) < 80
    assert ready.find(asked(1, "n0.test"), NOW) is None
    assert ready.find(asked(1, "n999.test"), NOW) is not None
    ready.clear()
    assert ready.find(asked(1, "used.test"), NOW) is None


def test_ready_responses_can_be_read() -> None:
    """What is sent again is a message."""
    ready = ReadyResponses()
    ready.keep(asked(1), response(1, 100), NOW)
    octets = ready.find(asked(9), NOW + 50)
    assert octets is not None
    assert parse_message(octets).id == 9
