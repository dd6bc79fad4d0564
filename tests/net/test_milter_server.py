"""The driver of the milter machine: answers, ends, and what ends it early."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from fakes.mail_sessions import listen
from fakes.milter_talk import heard, offer, written
from scop.net.connections import Connections
from scop.net.milter_server import MilterServer
from scop.smtp.milter import CONTINUE, Action, Event, Mail, MessageEnd, Quit, Step, Wishes
from scop.smtp.milter.answers import Answer, Change


@dataclass
class Notes:
    """A session that notes what it is told, and what its server complains of."""

    events: list[Event] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    connections: Connections = field(default_factory=Connections)
    fault: Exception | None = None
    idle: bool = True

    def event(
        self, event: Event, macro: Callable[[str], str], /
    ) -> Iterable[Answer | Change] | Awaitable[Iterable[Answer | Change]]:
        """Note an event, and go on."""
        if self.fault is not None:
            raise self.fault
        self.events.append(event)
        self.idle = not isinstance(event, Mail)
        return (CONTINUE,)

    def is_idle(self) -> bool:
        """Tell whether no message is open."""
        return self.idle

    def server(self) -> MilterServer:
        """Return what one connection is served by."""
        return MilterServer(
            Wishes(Action.ADD_FIELDS, Step(0)),
            self,
            self.connections,
            on_fault=lambda fault: self.faults.append(str(fault)),
            on_broken=self.broken.append,
        )


async def said_to(notes: Notes, octets: bytes) -> bytes:
    """Say octets, read to the end."""
    async with asyncio.timeout(60), listen(notes.server) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        writer.write(octets)
        said = await reader.read()
        writer.close()
        return said


async def test_milter_server_answers_to_the_end() -> None:
    """Each event is answered, and goodbye closes the connection."""
    notes = Notes()
    said = await said_to(notes, offer() + written(Mail("<a@b>")) + written(MessageEnd()) + written(Quit()))
    assert "Occ" == heard(said).letters
    assert [Mail("<a@b>"), MessageEnd()] == notes.events
    assert 0 == len(notes.connections)


async def test_milter_server_leaves_who_breaks_the_protocol() -> None:
    """It is told why, and the mail server goes on without a filter."""
    notes = Notes()
    assert b"" == await said_to(notes, b"GET / HTTP/1.1\r\n\r\n")
    assert 1 == len(notes.broken)


@dataclass
class SlowNotes(Notes):
    """A session that answers the end of a message only when it may."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def event(
        self, event: Event, macro: Callable[[str], str], /
    ) -> Iterable[Answer | Change] | Awaitable[Iterable[Answer | Change]]:
        """Note an event; wait where a message ends."""
        answers = super().event(event, macro)
        return self._later() if isinstance(event, MessageEnd) else answers

    async def _later(self) -> Iterable[Answer | Change]:
        await self.may_answer.wait()
        return (CONTINUE,)


class ClosedEar(asyncio.Transport):
    """A way to a mail server that takes what it is sent at first, and no more."""

    def __init__(self, server: MilterServer) -> None:
        super().__init__()
        self._server = server
        self.is_read = True
        self.writes = 0
        self.is_full = asyncio.Event()

    def write(self, octets: object) -> None:
        """Have more than can be sent, from the second time on."""
        self.writes += 1
        if self.writes > 1:
            self._server.pause_writing()
            self.is_full.set()

    def pause_reading(self) -> None:
        """Read no more."""
        self.is_read = False

    def resume_reading(self) -> None:
        """Read on."""
        self.is_read = True

    def is_closing(self) -> bool:
        """Stay open."""
        return False


async def test_milter_server_reads_nothing_while_no_answer_is_taken() -> None:
    """Whatever had to be waited for: who takes no answers is not read until it does."""
    notes = SlowNotes()
    server = notes.server()
    transport = ClosedEar(server)
    server.connection_made(transport)
    server.data_received(offer() + written(Mail("<a@b>")) + written(MessageEnd()))
    notes.may_answer.set()
    await asyncio.wait_for(transport.is_full.wait(), 60)
    is_read = [transport.is_read]
    server.resume_writing()
    is_read.append(transport.is_read)
    server.connection_lost(None)
    assert [False, True] == is_read


async def test_milter_server_answers_in_order_what_has_to_wait() -> None:
    """What comes behind the end of a message is heard when that was answered, and others are served meanwhile."""
    notes = SlowNotes()
    async with asyncio.timeout(60), listen(notes.server) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        writer.write(offer() + written(Mail("<a@b>")) + written(MessageEnd()))
        writer.write(written(Mail("<c@d>")) + written(Quit()))
        await reader.readexactly(17 + 5)
        other, other_writer = await asyncio.open_connection("127.0.0.1", listening.port)
        other_writer.write(offer() + written(Mail("<e@f>")))
        await other.readexactly(17 + 5)
        assert [Mail("<a@b>"), MessageEnd(), Mail("<e@f>")] == notes.events
        notes.may_answer.set()
        assert "cc" == heard(await reader.read()).letters
        assert Mail("<c@d>") == notes.events[-1]
        writer.close()
        other_writer.close()


async def test_milter_server_ends_where_a_session_fails() -> None:
    """A bug is told of; what was answered before is still heard."""
    notes = Notes(fault=RuntimeError("a bug"))
    assert "O" == heard(await said_to(notes, offer() + written(Mail("<a@b>")))).letters
    assert ["a bug"] == notes.faults


async def test_milter_server_that_is_to_end_lets_a_message_be_answered() -> None:
    """Who is idle is left at once, who is in the middle of a message after its end."""
    notes = Notes()
    async with asyncio.timeout(60), listen(notes.server) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        writer.write(offer() + written(Mail("<a@b>")))
        await reader.readexactly(17 + 5)
        draining = asyncio.create_task(notes.connections.drain(60))
        await asyncio.sleep(0)
        writer.write(written(MessageEnd()))
        assert "c" == heard(await reader.read()).letters
        await draining
        writer.close()


async def test_milter_server_that_is_to_end_leaves_the_idle() -> None:
    """Nobody waits for a mail server that keeps its connection."""
    notes = Notes()
    async with asyncio.timeout(60), listen(notes.server) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        writer.write(offer())
        await reader.readexactly(17)
        await notes.connections.drain(60)
        assert b"" == await reader.read()
        writer.close()
