"""Queries' octets to responses' octets."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.jumping_clock import JumpingClock
from fakes.mesh import KeptLog
from fakes.name_servers import WorldOfZones
from scop.cells.resolver.answering import response_to
from scop.cells.resolver.recursion import Recursion
from scop.dns import Opcode, Question, Rcode
from scop.dns.message import Edns, Flag, Message, build_message, build_query, parse_message
from scop.dns.resolver.memory import Delegation, Memory
from scop.dns.resolver.old_iteration import World

ASKED = Question("localhost", "A")
SILENT = WorldOfZones({})
RECURSION = Recursion(Memory(Delegation("", ())), World(53), JumpingClock(), KeptLog().log(), ask=SILENT.ask)


def answered(query: bytes) -> Message:
    """Return the response that is there at once."""
    octets = response_to(query, RECURSION)
    assert isinstance(octets, bytes)
    return parse_message(octets)


def test_resolver_answers_at_once_what_it_knows() -> None:
    """QR, RA and RD back, id and question kept, EDNS to who speaks it; never AD."""
    message = answered(build_query(ASKED, 77))
    flags = Flag.RESPONSE | Flag.RECURSION_AVAILABLE | Flag.RECURSION_DESIRED
    assert (77, flags, ASKED, Edns()) == (message.id, message.flags, message.question, message.edns)
    assert ["A"] == [record.type for record in message.answers]
    assert answered(build_query(ASKED, 77, edns=None)).edns is None


@pytest.mark.parametrize(
    ("query", "rcode"),
    [
        (build_query(ASKED, 7, flags=0), Rcode.REFUSED),
        (build_query(Question("a.test", "ANY"), 7), Rcode.NOTIMP),
        (build_query(Question("a.test", "AXFR"), 7), Rcode.NOTIMP),
        (build_query(ASKED, 7, edns=Edns(version=1)), Rcode.BADVERS),
        (build_message(Message(7, opcode=Opcode.UPDATE, question=Question("a.test", "SOA"))), Rcode.NOTIMP),
        (build_message(Message(7)), Rcode.FORMERR),
        (build_query(ASKED, 7)[:-3], Rcode.FORMERR),
        (build_query(ASKED, 7)[:12], Rcode.FORMERR),
    ],
)
def test_resolver_says_no_to_what_it_does_not_do(query: bytes, rcode: Rcode) -> None:
    """RFC 8906 §3: a refusal, not silence, and it bears the id."""
    message = answered(query)
    assert (7, rcode) == (message.id, message.rcode)


@pytest.mark.parametrize(
    "octets", [b"", b"\0" * 11, build_message(Message(7, Flag.RESPONSE, question=ASKED)), b"\x80" * 12]
)
def test_resolver_is_silent_to_responses_and_scraps(octets: bytes) -> None:
    """Two servers that answered each other's answers would never end."""
    assert response_to(octets, RECURSION) is None


@given(st.binary(max_size=80))
def test_resolver_answers_or_is_silent_whatever_comes(octets: bytes) -> None:
    """Nothing escapes."""
    found = response_to(octets, RECURSION)
    if isinstance(found, Awaitable):
        found.close()  # type: ignore[attr-defined]  # a coroutine that nobody will run


async def test_resolver_answers_later_what_it_has_to_find_out() -> None:
    """Where nobody knows, SERVFAIL."""
    found = response_to(build_query(Question("a.example", "A"), 9), RECURSION)
    assert found is not None
    assert not isinstance(found, bytes)
    octets = await found
    assert octets is not None
    assert (9, Rcode.SERVFAIL) == (parse_message(octets).id, parse_message(octets).rcode)
