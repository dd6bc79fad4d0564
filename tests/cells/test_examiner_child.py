"""The child that looks into a mail, taken over by it: nothing works, it ends in time, and the next mail is seen."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fakes.attempts import ATTEMPTS
from fakes.hostile_nursery import CHILD_ATTEMPTS
from fakes.loops import PATIENCE_SECONDS
from fakes.nursing import HOSTILE_NURSERY, looked_into, nursed
from scop.cells.examiner.nurse import ErrandLimits, Outcome
from scop.mesh.vocabulary.examiner import unscannable

CELL_UID = "64321"  # nobody's
ORDINARY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
LIMITS = ErrandLimits(wall_seconds=1.0, memory_octets=128 << 20)
PATIENT = ErrandLimits(wall_seconds=60.0, memory_octets=128 << 20)  # a busy machine is no reason to end in time

BROKEN = unscannable("Its attachments could not be examined: they break what looks into them.")
TOO_LONG = unscannable("Its attachments could not be examined: looking into them takes longer than 1 s.")


@pytest.fixture(params=["root", "ordinary user"])
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Give what starts a nursery whose children do what the mail says."""
    if request.param == "root":
        if os.geteuid() != 0:
            pytest.skip("NOT TRIED: a nursery started as root (these tests run as an ordinary user)")
        return (*HOSTILE_NURSERY, CELL_UID, CELL_UID)
    if os.geteuid() != 0:
        return HOSTILE_NURSERY
    if shutil.which("unshare") is None or subprocess.run([*ORDINARY, "true"], check=False).returncode != 0:
        pytest.skip("NOT TRIED: a nursery of an ordinary user (started as root, and no user namespaces here)")
    return (*ORDINARY, *HOSTILE_NURSERY)


async def test_nothing_works_in_a_child_and_the_next_mail_is_seen(command: tuple[str, ...]) -> None:
    """Files, sockets, children, programs, signals, timers, limits: each attempt is denied."""
    async with nursed(command, PATIENT) as nurse:
        outcome = await looked_into(nurse, b"attack")
        assert {*ATTEMPTS, *CHILD_ATTEMPTS} == {one.place for one in outcome.findings}
        assert {} == {one.place: one.reason for one in outcome.findings if not one.reason.startswith("denied ")}
        assert Outcome(()) == await looked_into(nurse, b"harmless")


async def test_child_that_breaks_is_a_finding_and_never_a_pass() -> None:
    """Memory, a crash, a bug, silence and garbage all say that the mail could not be examined, and time does."""
    breaks = {
        b"memory": (BROKEN, "MemoryError"),
        b"crash": (BROKEN, "killed by SIGSEGV"),
        b"fail": (BROKEN, "a bug in what looks"),
        b"exit": (BROKEN, "garbage"),
        b"fill": (BROKEN, "garbage"),
    }
    command = HOSTILE_NURSERY if os.geteuid() else (*HOSTILE_NURSERY, CELL_UID, CELL_UID)
    async with nursed(command, PATIENT) as nurse:
        for mail, (finding, trouble) in breaks.items():
            outcome = await looked_into(nurse, mail)
            assert (mail, (finding,), True) == (mail, outcome.findings, trouble in outcome.trouble)
        assert Outcome(()) == await looked_into(nurse, b"harmless")
    async with nursed(command, LIMITS) as nurse:
        outcome = await looked_into(nurse, b"spin")
        assert ((TOO_LONG,), True) == (outcome.findings, "longer than 1 s" in outcome.trouble)


async def test_child_holds_its_mail_its_answer_and_the_null_device(command: tuple[str, ...]) -> None:
    """Nothing else is open: not the cell, not other mails, not the log."""
    async with nursed(command, PATIENT) as nurse:
        (held,) = (await looked_into(nurse, b"held")).findings
        assert "5" == held.reason


async def test_child_that_takes_long_gives_way_to_all_others() -> None:
    """Whoever sent the mail: a flood of mails that never end costs the others one slow second."""
    command = HOSTILE_NURSERY if os.geteuid() else (*HOSTILE_NURSERY, CELL_UID, CELL_UID)
    async with nursed(command, ErrandLimits(wall_seconds=30.0)) as nurse:
        looking = asyncio.ensure_future(looked_into(nurse, b"spin"))
        seen: list[int] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while 19 not in seen:
                await asyncio.sleep(0.05)
                seen = [os.getpriority(os.PRIO_PROCESS, process) for process in _below(nurse.pid)]
        looking.cancel()


def _below(process: int) -> list[int]:
    """Return the children of a process, and theirs."""
    children = [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return [*children, *(each for child in children for each in _below(child))]
