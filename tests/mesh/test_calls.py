"""Typed questions: answers, refusals, faults, limits, and pipes that break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.lines import Line, PairedDialer
from fakes.mesh import KeptLog
from scop.base import LimitExceeded, RemoteProtocolError
from scop.mesh.calls import MAX_FRAME_OCTETS, Answers, Call, Caller, CallServer
from scop.mesh.calls.caller import REDIAL_SECONDS
from scop.mesh.calls.frames import FrameReader, frame
from scop.mesh.calls.messages import Hello, Outcome, Request, Response, decode, encode
from scop.mesh.calls.server import MAX_CALLS_AT_ONCE
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.peer import Peer

RELAY = Peer("127.0.0.1", 4711, cell="relay")


class Total(msgspec.Struct, frozen=True):
    """A sum and who asked."""

    total: int
    asked_by: str


class Add(Call[Total], frozen=True):
    """What is the sum?"""

    numbers: tuple[int, ...]


class Fail(Call[None], frozen=True):
    """Fail in this way."""

    way: str


class Wait(Call[str], frozen=True):
    """Answer when told."""

    name: str


class Repeat(Call[bytes], frozen=True):
    """Say so many octets."""

    octets: int


class Unheard(Call[int], frozen=True):
    """A question that nobody answers."""


@dataclass
class Keeper:
    """Answers the questions above; `dial` leads to it."""

    kept: KeptLog = field(default_factory=KeptLog)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    arrived: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    servers: list[CallServer] = field(default_factory=list)

    def serve(self) -> CallServer:
        """Return a protocol for one pipe."""
        answers: Answers = {Add: self.add, Fail: self.fail, Wait: self.wait, Repeat: self.repeat}
        self.servers.append(CallServer(RELAY, answers, self.kept.log()))
        return self.servers[-1]

    async def add(self, question: Add, peer: Peer) -> Total:
        """Answer."""
        return Total(sum(question.numbers), peer.cell)

    async def fail(self, question: Fail, peer: Peer) -> None:
        """Fail as asked."""
        faults: dict[str, Exception] = {
            "refuse": PermanentFailure("no such account"),
            "later": TemporaryFailure("the disk of /var/private is full"),
            "bug": KeyError("private detail"),
        }
        raise faults[question.way]

    async def wait(self, question: Wait, peer: Peer) -> str:
        """Answer once the gate is open."""
        self.arrived.release()
        await self.gates.setdefault(question.name, asyncio.Event()).wait()
        return question.name

    async def repeat(self, question: Repeat, peer: Peer) -> bytes:
        """Answer at length."""
        return bytes(question.octets)


@asynccontextmanager
async def asking(keeper: Keeper, failures: int = 0) -> AsyncIterator[tuple[Caller, PairedDialer]]:
    """Give a caller whose dialer leads to the keeper."""
    dial = PairedDialer(keeper.serve, failures)
    caller = Caller(dial)
    yield caller, dial
    await caller.close()


async def test_call_returns_the_typed_answer_and_tells_who_asks() -> None:
    """The answer has the type that the question names; the answering side knows the asker's cell."""
    async with asking(Keeper()) as (caller, dial):
        assert Total(6, "relay") == await caller.call(Add((1, 2, 3)))
        assert Total(0, "relay") == await caller.call(Add(()))
        assert 1 == len(dial.lines)


async def test_calls_share_a_pipe_and_end_in_any_order() -> None:
    """A slow question does not hold up a quick one that was asked later."""
    keeper = Keeper()
    async with asking(keeper) as (caller, dial):
        slow = asyncio.create_task(caller.call(Wait("slow")))
        await keeper.arrived.acquire()
        assert Total(3, "relay") == await caller.call(Add((1, 2)))
        assert not slow.done()
        keeper.gates["slow"].set()
        assert "slow" == await slow
        assert 1 == len(dial.lines)


async def test_refusal_reaches_the_asker_as_text() -> None:
    """A PermanentFailure of the answering function is one for the asker, with its text."""
    async with asking(Keeper()) as (caller, _):
        with pytest.raises(PermanentFailure, match=r"\Ano such account\Z"):
            await caller.call(Fail("refuse"))


@pytest.mark.parametrize(("way", "event"), [("later", "call.deferred"), ("bug", "call.fault")])
async def test_trouble_is_logged_and_its_reasons_stay_there(way: str, event: str) -> None:
    """The asker may try again and learns no private reason; the log has it; the pipe goes on."""
    keeper = Keeper()
    async with asking(keeper) as (caller, dial):
        with pytest.raises(TemporaryFailure) as caught:
            await caller.call(Fail(way))
        assert "private" not in str(caught.value)
        (reason,) = keeper.kept.reasons(event)
        assert "private" in reason
        assert Total(1, "relay") == await caller.call(Add((1,)))
        assert 1 == len(dial.lines)


async def test_unknown_question_is_refused_alone() -> None:
    """A question without an answering function is refused, and the pipe goes on."""
    keeper = Keeper()
    async with asking(keeper) as (caller, dial):
        with pytest.raises(PermanentFailure, match="Unheard: unknown question"):
            await caller.call(Unheard())
        assert Total(1, "relay") == await caller.call(Add((1,)))
        assert 1 == len(dial.lines)
        assert ["unknown question"] == keeper.kept.reasons("call.refused")


async def test_question_of_the_wrong_type_is_refused_alone() -> None:
    """Arguments are checked against the question's type before anything is answered."""
    keeper = Keeper()
    server = keeper.serve()
    line = Line(asyncio.Protocol())
    server.connection_made(line)
    server.data_received(frame(encode(Request(7, "Add", msgspec.Raw(encode({"numbers": "x"}))))))
    _, payload = await frames_on(line, 2)
    response = decode(Response, payload)
    assert (7, Outcome.REFUSED) == (response.id, response.outcome)
    assert "numbers" in decode(str, response.content)


def frames_of(line: Line) -> list[bytes]:
    """Return the whole frames that were written on a line."""
    return list(FrameReader().receive(line.written))


async def frames_on(line: Line, count: int) -> list[bytes]:
    """Return the frames on a line once there are `count`."""
    while len(frames_of(line)) < count:
        line.wrote.clear()
        await line.wrote.wait()
    return frames_of(line)


async def test_answering_side_speaks_first() -> None:
    """A hello is there before any question, so that a refused asker learns it at its first read."""
    line = Line(asyncio.Protocol())
    Keeper().serve().connection_made(line)
    assert [Hello()] == [decode(Hello, payload) for payload in frames_of(line)]


@pytest.mark.parametrize("noise", [b"EHLO a.test\r\n", b"\xff\xff\xff\xff", frame(b"\xc1"), frame(encode([1]))])
async def test_noise_ends_the_pipe(noise: bytes) -> None:
    """Octets that are no frames, or frames that are no questions, end the pipe and are logged."""
    keeper, line = Keeper(), Line(asyncio.Protocol())
    server = keeper.serve()
    server.connection_made(line)
    server.data_received(noise)
    assert line.is_closing()
    assert 1 == len(keeper.kept.reasons("call.malformed"))


async def test_silence_ends_as_temporary_failure() -> None:
    """A neighbour that does not answer in time is a temporary failure; the others' questions go on."""
    keeper = Keeper()
    async with asking(keeper) as (caller, dial):
        with pytest.raises(TemporaryFailure, match="no answer to Wait"):
            await caller.call(Wait("never"), timeout_seconds=0.01)
        assert Total(1, "relay") == await caller.call(Add((1,)))
        assert 1 == len(dial.lines)


async def test_broken_pipe_fails_who_waits_and_is_opened_anew() -> None:
    """A question whose answer can no longer come fails at once; the next one goes over a new pipe."""
    keeper = Keeper()
    async with asking(keeper) as (caller, dial):
        lost = asyncio.create_task(caller.call(Wait("lost")))
        await keeper.arrived.acquire()
        dial.lines[0].abort()
        with pytest.raises(TemporaryFailure, match="the pipe has broken"):
            await lost
        assert Total(1, "relay") == await caller.call(Add((1,)))
        assert 2 == len(dial.lines)


async def test_caller_waits_for_a_neighbour_that_restarts() -> None:
    """A question asked while the neighbour is away a moment is answered, not failed."""
    async with asking(Keeper(), failures=2) as (caller, dial):
        assert Total(1, "relay") == await caller.call(Add((1,)))
        assert (0, 1) == (dial.failures, len(dial.lines))


async def test_caller_gives_up_on_a_neighbour_that_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time to dial again has passed the question fails; all that wait share the attempts."""
    assert REDIAL_SECONDS < 30  # 451 within 30 s
    monkeypatch.setattr("scop.mesh.calls.caller.REDIAL_SECONDS", 0.0)
    async with asking(Keeper(), failures=1) as (caller, dial):
        ends = await asyncio.gather(*(caller.call(Add((n,))) for n in range(3)), return_exceptions=True)
        assert 3 == sum(isinstance(end, TemporaryFailure) for end in ends)
        assert 0 == dial.failures


async def test_closed_caller_fails_who_waits() -> None:
    """Closing ends what was asked."""
    keeper = Keeper()
    async with asking(keeper) as (caller, _):
        waiting = asyncio.create_task(caller.call(Wait("x")))
        await keeper.arrived.acquire()
        await caller.close()
        with pytest.raises(TemporaryFailure):
            await waiting


async def test_caller_refuses_a_server_that_speaks_no_calls() -> None:
    """A greeting of another protocol is a temporary failure, not a hang."""

    class Smtp(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            transport.write(b"\x00\x00\x00\x01\x01 220 mx.test ESMTP\r\n")

    caller = Caller(PairedDialer(Smtp))
    with pytest.raises(TemporaryFailure, match=r"no answer|speaks no calls"):
        await caller.call(Add(()), timeout_seconds=0.1)
    await caller.close()


async def test_answer_that_is_too_long_is_a_fault_of_the_answering_side() -> None:
    """It is logged there, the asker may try again, and the pipe goes on."""
    keeper = Keeper()
    async with asking(keeper) as (caller, dial):
        with pytest.raises(TemporaryFailure):
            await caller.call(Repeat(MAX_FRAME_OCTETS))
        assert 1 == len(keeper.kept.reasons("call.fault"))
        fits = MAX_FRAME_OCTETS - 100
        answer = await caller.call(Repeat(fits))
        assert fits == len(answer)
        assert 1 == len(dial.lines)


async def test_server_reads_no_more_while_it_has_its_fill() -> None:
    """Past the bound of questions at once, or while answers are not read, reading pauses; then it goes on."""
    keeper, line = Keeper(), Line(asyncio.Protocol())
    server = keeper.serve()
    server.connection_made(line)
    ask = [frame(encode(Request(n, "Wait", msgspec.Raw(encode(Wait("all")))))) for n in range(MAX_CALLS_AT_ONCE)]
    server.data_received(b"".join(ask[:-1]))
    states = [line.reading]
    server.data_received(ask[-1])
    assert [True, False] == [*states, line.reading]
    for _ in ask:
        await keeper.arrived.acquire()
    keeper.gates["all"].set()
    await frames_on(line, 1 + MAX_CALLS_AT_ONCE)
    await asyncio.sleep(0)
    states = [line.reading]
    server.pause_writing()
    states.append(line.reading)
    server.resume_writing()
    assert [True, False, True] == [*states, line.reading]


def test_call_without_a_named_answer_is_a_bug() -> None:
    """`class X(Call)` would have an answer of any type; it is refused at its first answer."""
    from scop.mesh.calls.messages import decode_answer

    class Vague(Call, frozen=True):  # type: ignore[type-arg]  # wrong on purpose
        pass

    with pytest.raises(TypeError, match="does not name its answer"):
        decode_answer(Vague, encode(1))


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 7))
def test_frames_come_out_however_the_stream_is_cut(payloads: list[bytes], step: int) -> None:
    """One chunk, or a few octets at a time: the same frames."""
    stream = b"".join(map(frame, payloads))
    reader, got = FrameReader(), list[bytes]()
    for start in range(0, len(stream), step):
        got += reader.receive(stream[start : start + step])
    assert payloads == got == list(FrameReader().receive(stream))


def test_frames_hold_their_limit() -> None:
    """The largest frame passes; one octet more is refused on sight of its length, and never written."""
    assert 4 + MAX_FRAME_OCTETS == len(frame(bytes(MAX_FRAME_OCTETS)))
    with pytest.raises(LimitExceeded):
        frame(bytes(MAX_FRAME_OCTETS + 1))
    assert [] == list(FrameReader().receive(MAX_FRAME_OCTETS.to_bytes(4, "big")))
    with pytest.raises(LimitExceeded):
        list(FrameReader().receive((MAX_FRAME_OCTETS + 1).to_bytes(4, "big")))


@given(st.binary(max_size=200))
def test_decoding_raises_nothing_but_the_peers_fault(octets: bytes) -> None:
    """Any octets are a request or a RemoteProtocolError."""
    with suppress(RemoteProtocolError):
        assert isinstance(decode(Request, octets), Request)
