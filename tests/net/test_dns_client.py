"""Names over a stream: one pipe, many questions, failures as answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import TypeVar

import pytest

from fakes.loops import LOOPS, run_under
from fakes.name_servers import serving
from scop.dns import A, Answer, Question, Rcode, Security, StaticNames
from scop.dns.edns import Edns, ExtendedError
from scop.dns.message import Flag, Message, Record, build_message, parse_message
from scop.dns.words import Ede
from scop.net.dialer import Dialer, tcp_dialer
from scop.net.dns_client import StreamNames, drive
from scop.net.dns_server import DnsTransport
from scop.net.faults import TemporaryFailure
from scop.net.peer import Peer

HOST = "127.0.0.1"
ASKED = Question("mx.lagoon.test", "A")
FOUND = Answer(ASKED, Rcode.NOERROR, (A("192.0.2.1"),), 60)
FAILED = Answer(ASKED, Rcode.SERVFAIL)

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


def found(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
    """Answer every name with one address."""
    asked = parse_message(query)
    assert asked.question is not None
    record = Record(asked.question.name, 60, A("192.0.2.1"))
    return build_message(Message(asked.id, Flag.RESPONSE, question=asked.question, answers=(record,)))


class Counted:
    """A dialer that counts; the first `failures` times nobody is there."""

    def __init__(self, dial: Dialer, failures: int = 0) -> None:
        self.dialled = 0
        self.open: list[asyncio.Transport] = []
        self._dial = dial
        self._failures = failures

    async def __call__(self, new_protocol: Callable[[], _P], /) -> tuple[asyncio.Transport, _P]:
        """Open a connection."""
        self.dialled += 1
        if self.dialled <= self._failures:
            raise TemporaryFailure("not yet")
        transport, protocol = await self._dial(new_protocol)
        self.open.append(transport)
        return transport, protocol


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_names_ask_many_questions_on_one_stream(loop: str) -> None:
    """Opened at the first question; each answer finds its question."""

    async def main() -> None:
        async with serving({HOST: found}) as port:
            dial = Counted(tcp_dialer(HOST, port))
            names = StreamNames(dial)
            questions = [Question(f"{number}.test", "A") for number in range(300)]
            answers = await asyncio.gather(*map(names.lookup, questions))
            assert questions == [answer.question for answer in answers]
            assert {FOUND.records} == {answer.records for answer in answers}
            assert 1 == dial.dialled
            await names.close()

    run_under(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_dns_names_open_again_what_broke(loop: str) -> None:
    """A resolver that restarts is not noticed; a question that was under way is asked once more."""

    async def main() -> None:
        asked = 0

        async def held(query: bytes, peer: Peer, transport: DnsTransport) -> bytes | None:
            nonlocal asked
            asked += 1
            if asked == 2:
                dial.open[-1].abort()
                return None
            return found(query, peer, transport)

        async with serving({HOST: held}) as port:
            dial = Counted(tcp_dialer(HOST, port))
            names = StreamNames(dial)
            assert [FOUND] * 2 == [await names.lookup(ASKED) for _ in range(2)]
            assert (2, 3) == (dial.dialled, asked)
            dial.open[-1].abort()
            await asyncio.sleep(0)
            assert FOUND == await names.lookup(ASKED)
            await names.close()

    run_under(loop, main)


async def test_dns_names_wait_for_a_resolver_that_comes_back() -> None:
    """A neighbour that was killed is back in a moment; a mail need not wait for its next try."""
    async with serving({HOST: found}) as port:
        names = StreamNames(Counted(tcp_dialer(HOST, port), failures=2))
        assert FOUND == await names.lookup(ASKED)
        await names.close()


async def test_dns_names_say_servfail_where_the_resolver_is_silent_or_down() -> None:
    """A look-up never raises."""

    def silent(query: bytes, peer: Peer, transport: DnsTransport) -> None:
        return None

    async with serving({HOST: silent}) as port:
        names = StreamNames(tcp_dialer(HOST, port), timeout_seconds=0.02)
        assert FAILED == await names.lookup(ASKED)
        await names.close()
    down = StreamNames(tcp_dialer(HOST, port), timeout_seconds=0.02)
    assert FAILED == await down.lookup(ASKED)
    await down.close()


async def test_dns_names_that_are_closed_end_what_waits() -> None:
    """Who waits hears SERVFAIL, while dialling as while asking."""

    def silent(query: bytes, peer: Peer, transport: DnsTransport) -> None:
        return None

    async with serving({HOST: silent}) as port:
        names = StreamNames(tcp_dialer(HOST, port), timeout_seconds=5)
        waiting = asyncio.create_task(names.lookup(ASKED))
        await asyncio.sleep(0)
        await names.close()
        assert FAILED == await waiting


Change = Callable[[Message], Message]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda message: message._replace(flags=Flag.RESPONSE | Flag.AUTHENTIC_DATA), Security.SECURE),
        (lambda message: message, Security.INSECURE),
    ],
)
async def test_dns_names_believe_the_resolver_what_is_secure(change: Change, expected: Security) -> None:
    """AD on a stream that proves the resolver (RFC 6840 §5.7)."""
    async with serving(
        {HOST: lambda query, peer, transport: build_message(change(parse_message(found(query, peer, transport))))}
    ) as port:
        names = StreamNames(tcp_dialer(HOST, port))
        assert expected is (await names.lookup(ASKED)).security
        await names.close()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *((code, Security.BOGUS) for code in (Ede.DNSSEC_BOGUS, Ede.SIGNATURE_EXPIRED, Ede.NSEC_MISSING)),
        *((code, Security.INSECURE) for code in (Ede.OTHER, Ede.NO_REACHABLE_AUTHORITY, Ede.STALE_ANSWER)),
    ],
)
async def test_dns_names_tell_what_is_bogus_from_what_is_down(code: Ede, expected: Security) -> None:
    """RFC 8914 §4: the resolver's reason says which; neither is believed, and the log can say why."""

    def failing(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
        asked = parse_message(query)
        assert asked.flags & Flag.AUTHENTIC_DATA
        edns = Edns(options=(ExtendedError(code, "at lagoon.test").to_option(),))
        return build_message(Message(asked.id, Flag.RESPONSE, rcode=Rcode.SERVFAIL, question=asked.question, edns=edns))

    async with serving({HOST: failing}) as port:
        names = StreamNames(tcp_dialer(HOST, port))
        answer = await names.lookup(ASKED)
        await names.close()
    assert Answer(ASKED, Rcode.SERVFAIL, security=expected) == answer
    assert answer.is_temporary
    assert f"{code.name.lower().replace('_', ' ')}: at lagoon.test" == answer.reason


@pytest.mark.parametrize(
    "change",
    [
        lambda message: message._replace(question=Question("other.test", "A")),
        lambda message: message._replace(flags=0),
        lambda message: message._replace(question=None),
        lambda message: message._replace(question=None, rcode=Rcode.FORMERR),
    ],
)
async def test_dns_names_do_not_take_what_answers_something_else(change: Change) -> None:
    """A bare refusal is an answer without records; all else ends the stream."""
    async with serving(
        {HOST: lambda query, peer, transport: build_message(change(parse_message(found(query, peer, transport))))}
    ) as port:
        names = StreamNames(tcp_dialer(HOST, port))
        answer = await names.lookup(ASKED)
        assert (True, ()) == (answer.is_temporary, answer.records)
        await names.close()


class Known:
    """Names out of a dict, as cells ask."""

    def __init__(self, names: StaticNames) -> None:
        self._names = names

    async def lookup(self, question: Question) -> Answer:
        """Answer."""
        return self._names.answer(question)


async def test_dns_drive_leads_a_check_to_its_outcome() -> None:
    """As `run` does, with waiting in between; a check is closed however it ends."""
    closed: list[bool] = []

    def check() -> Generator[Question, Answer, str]:
        try:
            answer = yield ASKED
            return answer.rcode.name
        finally:
            closed.append(True)

    assert "NXDOMAIN" == await drive(check(), Known(StaticNames({})))
    assert [True] == closed
