"""The examiner as the filter sees it: a real nursery behind it, whose children do what the mail says."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fakes.cell_runs import running
from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.mesh import KeptLog
from fakes.named_inlet import NamedInlet
from fakes.nursing import HOSTILE_NURSERY, arrived, looked_into, nursed
from scop.cells.examiner.desk import Desk, DeskOptions
from scop.cells.examiner.lanes import MAX_OF_CLIENT
from scop.cells.examiner.manifest import MANIFEST
from scop.cells.examiner.nurse import ErrandLimits, Nurse
from scop.cells.examiner.service import ExaminerOptions, run
from scop.mesh.calls import Caller
from scop.mesh.cell import Life
from scop.mesh.underway import Underway, digest_of
from scop.mesh.vocabulary.examiner import Examined, ExamineMail, unscannable
from scop.net.clamd import ClamdPlace
from scop.net.faults import PermanentFailure, TemporaryFailure

BROKEN = unscannable("Its attachments could not be examined: they break what looks into them.")
TOO_LONG = unscannable("It was not examined wholly: the virus scanner takes no mail of this length.")
SET_ASIDE = unscannable("Its attachments were not examined: this very mail has twice broken what looks into them.")

CHILDLESS = """
import errno, os, socket
from scop.cells.examiner.ward import Ward

def fork():
    raise BlockingIOError(errno.EAGAIN, "no room")

os.fork = fork
Ward(socket.socket(fileno=0), tuple).serve(60)
"""


class RunningExaminer:
    """An examiner, and a filter that asks it."""

    def __init__(self, folder: Path, clamd: ClamdPlace | None, wall_seconds: float) -> None:
        self.kept = KeptLog()
        self.inlet = NamedInlet(dict(MANIFEST.granted()))
        self.options = ExaminerOptions(
            inlet=self.inlet,
            nurse=Nurse.start((*HOSTILE_NURSERY, *_ids()), ErrandLimits(wall_seconds, 128 << 20)),
            underway=Underway(folder),
            processors=1,
            clamd=clamd,
            log=self.kept.log("examiner"),
            clock=JumpingClock(),
            life=Life(),
            max_message_octets=1000,
        )
        self._count = 0

    @property
    def filter(self) -> Caller:
        """Return how the filter asks."""
        return Caller(self.inlet.dial("filter"))

    @property
    def desk(self) -> Desk:
        """Return a desk of its own before the same nursery."""
        options = self.options
        return Desk(DeskOptions(options.nurse, options.underway, options.processors, options.log, options.clock))

    async def examine(self, caller: Caller, octets: bytes, client: str = "192.0.2.1") -> Examined:
        """Hand over a mail in one piece."""
        self._count += 1
        return await caller.call(ExamineMail(str(self._count), 0, len(octets), octets, client))


def _ids() -> tuple[str, ...]:
    return ("64321", "64321") if os.geteuid() == 0 else ()


@asynccontextmanager
async def examining(
    folder: Path, clamd: ClamdPlace | None = None, *, wall_seconds: float = 30.0
) -> AsyncIterator[tuple[RunningExaminer, Caller]]:
    """Run an examiner, by default with patience: a busy machine is no reason to end a child in time."""
    examiner = RunningExaminer(folder, clamd, wall_seconds)
    async with running(run(examiner.options), examiner.options.life):
        caller = examiner.filter
        try:
            yield examiner, caller
        finally:
            await caller.close()
    await examiner.inlet.end()


async def test_examiner_takes_pieces_and_goes_on_after_every_poison(tmp_path: Path) -> None:
    """What breaks a child twice is not tried a third time; pieces that fit nowhere are refused."""
    async with examining(tmp_path) as (examiner, caller):
        assert Examined() == await caller.call(ExamineMail("a", 0, 8, b"harm"))
        assert Examined() == await caller.call(ExamineMail("a", 4, 8, b"less"))
        told = [await examiner.examine(caller, b"crash") for _ in range(3)]
        assert [Examined((one,)) for one in (BROKEN, BROKEN, SET_ASIDE)] == told
        assert Examined() == await examiner.examine(caller, b"harmless")
        for piece in (ExamineMail("b", 4, 8, b"less"), ExamineMail("c", 0, 1001, b""), ExamineMail("d", 0, 2, b"xyz")):
            with pytest.raises(PermanentFailure):
                await caller.call(piece)
    assert ["mail.set_aside"] == [line["event"] for line in examiner.kept.lines if "set_aside" in str(line["event"])]


async def test_examiner_does_not_touch_what_it_died_at_twice(tmp_path: Path) -> None:
    """Its digest stands in the state folder from one life to the next."""
    killed = []
    for _ in range(2):
        killed.append(Underway(tmp_path).at_work(digest_of(b"harmless")))
        killed[-1].__enter__()
    async with examining(tmp_path) as (examiner, caller):
        assert Examined((SET_ASIDE,)) == await examiner.examine(caller, b"harmless")
        assert Examined() == await examiner.examine(caller, b"harmless too")


async def test_flood_of_poison_leaves_the_others_their_turn(tmp_path: Path) -> None:
    """What has no room comes again; an honest client waits for nobody."""
    async with examining(tmp_path, wall_seconds=3.0) as (examiner, caller):
        flood = [asyncio.create_task(examiner.examine(caller, b"spin %d" % number, "bad")) for number in range(20)]
        honest = [await examiner.examine(caller, b"harmless", "good") for _ in range(10)]
        assert [Examined()] * 10 == honest
        done = [task for task in flood if task.done()]
        refused = [task for task in done if isinstance(task.exception(), TemporaryFailure)]
        assert len(flood) - len(refused) <= MAX_OF_CLIENT + 2
        for task in flood:
            task.cancel()
        await asyncio.wait(flood)


async def test_examiner_ends_when_its_nursery_is_lost(tmp_path: Path) -> None:
    """Only another start mends that; who waits is told to come again."""
    async with examining(tmp_path) as (examiner, caller):
        waiting = asyncio.create_task(examiner.examine(caller, b"spin"))
        await examiner.examine(caller, b"harmless")
        os.kill(examiner.options.nurse.pid, signal.SIGKILL)
        with pytest.raises(TemporaryFailure):
            await waiting
        await asyncio.wait_for(examiner.options.life.stopped(), PATIENCE_SECONDS)
    assert "nursery.lost" in [line["event"] for line in examiner.kept.lines]


@pytest.mark.parametrize(
    ("said", "virus"), [(b"stream: OK\0", None), (b"stream: Eicar-Test-Signature FOUND\0", "Eicar-Test-Signature")]
)
async def test_scanner_is_handed_the_mail_untouched(tmp_path: Path, said: bytes, virus: str | None) -> None:
    """Its word is a finding beside those of the child (INSTREAM of clamd(8))."""
    heard = bytearray()

    async def scan(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readuntil(b"\0"))
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            heard.extend(await reader.readexactly(length))
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(scan, "127.0.0.1", 0)
    place = ClamdPlace("127.0.0.1", server.sockets[0].getsockname()[1])
    async with server, examining(tmp_path, place) as (examiner, caller):
        examined = await examiner.examine(caller, b"harmless mail")
    assert b"zINSTREAM\0harmless mail" == bytes(heard)
    expected = [("virus", "dangerous", f"The virus scanner knows what it brings: {virus}.")] if virus else []
    assert expected == [(one.kind, one.severity, one.reason) for one in examined.findings]


async def test_mail_that_is_too_long_for_the_scanner_is_a_finding(tmp_path: Path) -> None:
    """It will be as long when it comes again (clamd.conf(5), StreamMaxLength); the child looks into it all the same."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\0")
        writer.write(b"INSTREAM size limit exceeded. ERROR\0")
        writer.close()  # with octets unread, which resets the connection

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    place = ClamdPlace("127.0.0.1", server.sockets[0].getsockname()[1])
    async with server, examining(tmp_path, place) as (examiner, caller):
        examined = await examiner.examine(caller, b"crash")
    assert Examined((TOO_LONG, BROKEN)) == examined


async def test_examiner_without_its_scanner_has_mail_wait(tmp_path: Path) -> None:
    """Who configured one wants its word; a child ends before its turn does, or there were more of them than may be."""
    async with examining(tmp_path, ClamdPlace("127.0.0.1", 1), wall_seconds=0.5) as (examiner, caller):
        with pytest.raises(TemporaryFailure):
            await examiner.examine(caller, b"spin")
        assert "mail.unscannable" in [line["event"] for line in examiner.kept.lines]


async def test_turn_that_nobody_waits_for_goes_to_the_next(tmp_path: Path) -> None:
    """Two strangers are looked into at once; those who gave up meanwhile hold no place."""
    async with examining(tmp_path, wall_seconds=3.0) as (examiner, _):
        desk = examiner.desk
        busy = [asyncio.create_task(desk.examine(arrived(b"spin %d" % number, "bad"))) for number in range(2)]
        await asyncio.sleep(0)
        gave_up = [asyncio.create_task(desk.examine(arrived(b"spin", f"{number}"))) for number in range(4)]
        await asyncio.sleep(0)
        for task in gave_up:
            task.cancel()
        await asyncio.wait((*busy, *gave_up))
        assert () == await asyncio.wait_for(desk.examine(arrived(b"harmless", "good")), PATIENCE_SECONDS)


async def test_want_of_room_for_a_child_is_no_fault_of_the_mail() -> None:
    """The machine is full: the sender is asked to come again, and no child can pretend that."""
    async with nursed((sys.executable, "-c", CHILDLESS)) as nurse:
        with pytest.raises(TemporaryFailure, match="no room"):
            await looked_into(nurse, b"harmless")
