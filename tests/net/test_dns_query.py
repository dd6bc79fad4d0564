"""What answers a query and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns import A, Opcode, Question, Rcode
from scop.dns.asking import Ask, Server
from scop.dns.edns import Cookie, Edns
from scop.dns.message import Flag, Message, Record, build_message, parse_message
from scop.dns.names import name_to_wire
from scop.net.dns_query import Query, Verdict, spelled_by

ASKED = Question("mx.lagoon.test", "A")
ASK = Ask(Server("192.0.2.1"), ASKED)
SPELLING = b"\2Mx\6lAgOoN\4tEsT\0"
OURS, THEIRS = b"our own!", b"their own one"
QUERY = Query.of(ASK, 4711, Cookie(OURS), spelling=SPELLING)
HOST = Record("mx.lagoon.test", 60, A("192.0.2.7"))


def reply(query: Query, **changes: object) -> bytes:
    """Return the octets of an answer to `query`, changed."""
    asked = parse_message(query.octets)
    return build_message(Message(asked.id, Flag.RESPONSE, question=asked.question, answers=(HOST,))._replace(**changes))  # type: ignore[arg-type]  # the tests know


def verdict_on(query: Query, octets: bytes) -> Verdict | None:
    """Return what a reply is, None for a stray."""
    heard = query.judge(octets)
    return None if heard is None else heard.verdict


def test_dns_query_takes_what_repeats_id_question_and_case() -> None:
    """RFC 5452 §9.1."""
    heard = QUERY.judge(reply(QUERY))
    assert heard is not None
    assert heard.message is not None
    assert (Verdict.ANSWER, (HOST,)) == (heard.verdict, heard.message.answers)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"id": 4712}, None),
        ({"flags": 0}, None),
        ({"opcode": Opcode.NOTIFY}, None),
        ({"question": Question("else.test", "A")}, None),
        ({"question": Question("mx.lagoon.test", "AAAA", spelling=SPELLING)}, None),
        ({"question": Question("mx.lagoon.test", "A", "CH", SPELLING)}, None),
        ({"question": ASKED}, Verdict.OTHER_CASE),
        ({"question": None, "answers": ()}, None),
        ({"question": None, "answers": (), "rcode": Rcode.FORMERR}, Verdict.ANSWER),
        ({"edns": Edns(options=(Cookie(OURS, THEIRS).to_option(),))}, Verdict.ANSWER),
        ({"edns": Edns(options=(Cookie(b"not ours", THEIRS).to_option(),))}, None),
        ({"edns": Edns(options=((10, b"short"),))}, Verdict.UNREADABLE),
    ],
)
def test_dns_query_is_answered_by_nothing_else(changes: dict[str, object], verdict: Verdict | None) -> None:
    """What a stranger may guess wrongly is a stray; what the server itself may have done is doubtful."""
    assert verdict is verdict_on(QUERY, reply(QUERY, **changes))


def test_dns_query_with_the_servers_cookie_wants_it_back() -> None:
    """RFC 7873 §5.3: who had a cookie of the server's believes no answer without."""
    query = Query.of(ASK, 4711, Cookie(OURS, THEIRS))
    assert Verdict.NO_COOKIE is verdict_on(query, reply(query))
    assert Verdict.NO_COOKIE is verdict_on(query, reply(query, edns=Edns()))
    with_cookie = Edns(options=(Cookie(OURS, b"a newer one").to_option(),))
    assert Verdict.ANSWER is verdict_on(query, reply(query, edns=with_cookie))


def test_dns_query_without_edns_carries_no_cookie() -> None:
    """A server that cannot take EDNS gets none of its options."""
    query = Query.of(Ask(ASK.server, ASKED, edns=None), 1, Cookie(OURS, THEIRS))
    assert (None, None) == (parse_message(query.octets).edns, query.cookie)
    assert Verdict.ANSWER is verdict_on(query, reply(query))


def test_dns_query_takes_a_truncated_answer_that_was_cut_anywhere() -> None:
    """Some servers cut in the middle of a record; TC says all there is to know."""
    octets = reply(QUERY, flags=Flag.RESPONSE | Flag.TRUNCATED)
    heard = QUERY.judge(octets[:-3])
    assert heard is not None
    assert Message(4711, Flag.RESPONSE | Flag.TRUNCATED, question=ASKED) == heard.message
    assert Verdict.UNREADABLE is verdict_on(QUERY, reply(QUERY)[:-3])


@given(st.binary(max_size=100), st.integers(0, 60))
def test_dns_query_judges_any_octets(octets: bytes, kept: int) -> None:
    """Whatever comes, a verdict."""
    assert QUERY.judge(octets) is None or octets.startswith(QUERY.octets[:2])
    heard = QUERY.judge(reply(QUERY)[:kept] + octets)
    assert heard is None or (heard.message is not None) is (heard.verdict is Verdict.ANSWER)


@given(st.lists(st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True), max_size=5), st.binary(min_size=255, max_size=255))
def test_dns_query_spelling_is_the_name_in_another_case(labels: list[str], chance: bytes) -> None:
    """Letters only: the name stays what it was."""
    octets = spelled_by(".".join(labels), chance)
    assert name_to_wire(".".join(labels)) == octets.lower()
    assert octets == Question(".".join(labels), "A", spelling=octets).spelling
