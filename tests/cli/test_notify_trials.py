"""The process that tests releases: what a test command gets, what it does not, and how all of it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from scop.cli.matrix.notify_config import WatchTable
from scop.cli.matrix.notify_runner import Outcome
from scop.cli.matrix.notify_trials import Trials, clean
from scop.matrix.notifier import Status
from scop.matrix.notifier.releases import Home, Release
from scop.mesh.confine import kernel_support
from scop.net.faults import PermanentFailure

RELEASE = Release(version="1.0; touch x", url="https://index.test/project/numpy/1.0/")


def package(code: str, *, timeout_seconds: int = 30, environment: tuple[str, ...] = ()) -> WatchTable:
    """Return a package with a test in Python."""
    test = (sys.executable, "-c", code)
    return WatchTable(Home.PYPI, "numpy", test=test, timeout_seconds=timeout_seconds, environment=environment)


async def outcomes(
    each: WatchTable, *more: WatchTable, around: Mapping[str, str] = os.environ, secrets: tuple[str, ...] = ()
) -> list[Outcome]:
    """Have packages tested by one process."""
    packages = {str(number): table for number, table in enumerate((each, *more))}
    trials = Trials.start(packages, around, secrets=secrets)
    try:
        return [await trials.test(table, RELEASE) for table in packages.values()]
    finally:
        trials.close()


async def test_command_knows_its_release_by_its_environment() -> None:
    """What a stranger wrote as a version is a value, and runs nothing."""
    code = "import os,sys; e = os.environ; print(1, flush=1); sys.exit(e['SCOP_PACKAGE'] + ' ' + e['SCOP_VERSION'])"
    (outcome,) = await outcomes(package(code))
    assert (Status.FAILED, "numpy 1.0; touch x") == (outcome.status, outcome.note)


async def test_command_knows_what_is_usual_or_named_and_no_secret() -> None:
    """What a stranger has just released runs there: it sees no token of whoever started us."""
    ours = {"SCOP_MATRIX_PASSPHRASE": "correct", "GITLAB_SECRET": "horse", "INDEX": "battery", "TOKEN": "staple"}
    code = (
        "import os,sys; sys.exit(' '.join(sorted({'correct', 'horse', 'battery', 'staple'} & {*os.environ.values()})))"
    )
    (outcome,) = await outcomes(
        package(code, environment=("INDEX", "GITLAB_SECRET")), around={**os.environ, **ours}, secrets=("GITLAB_SECRET",)
    )
    assert "battery" == outcome.note
    assert {"LC_ALL": "C", "PATH": "/bin"} == clean(
        {"LC_ALL": "C", "PATH": "/bin", "SCOP_X": "1", "Y": "1"}, ["SCOP_X"], []
    )


async def test_process_that_tests_knows_no_secret_either() -> None:
    """A test may look at its parent: that was started without our environment."""
    if kernel_support().landlock_abi == 0:
        pytest.skip("NOT TRIED: this kernel has no Landlock")
    code = "import os,sys; sys.exit(str(b'battery' in open(f'/proc/{os.getppid()}/environ', 'rb').read()))"
    (outcome,) = await outcomes(package(code), around={**os.environ, "TOKEN": "battery"})
    assert outcome.note in ("False", "PermissionError: [Errno 13] Permission denied")


async def test_command_that_ends_well_has_passed() -> None:
    """Its status counts, not what it says."""
    (outcome,) = await outcomes(package("print('error')"))
    assert (Status.PASSED, "") == (outcome.status, outcome.note)


async def test_command_has_a_folder_of_its_own_and_no_descriptors() -> None:
    """What one leaves there the next does not find, and nothing of ours is open."""
    code = (
        "import os,sys; open('left', 'x'); assert os.getcwd() == os.environ['TMPDIR']; "
        "sys.exit(' '.join(sorted(os.listdir('/proc/self/fd'))))"
    )
    first, second = await outcomes(package(code), package(code + " #"))
    assert ("0 1 2 3", "0 1 2 3") == (first.note, second.note)  # 3 is what lists them


async def test_command_is_ended_with_what_it_started_when_its_time_is_over() -> None:
    """A test that hangs, with a child that holds its output open, fails in its time."""
    code = "import subprocess,sys; subprocess.run([sys.executable, '-c', 'import threading; threading.Event().wait()'])"
    (outcome,) = await outcomes(package(code, timeout_seconds=1))
    assert (Status.FAILED, "took longer than 1 s") == (outcome.status, outcome.note)


async def test_what_a_command_leaves_running_is_ended_whatever_session_it_is_in(tmp_path: Path) -> None:
    """A daemon of a test does not outlive it, and does not keep it from ending."""
    pid = tmp_path / "pid"
    code = (
        "import subprocess,sys; daemon = subprocess.Popen([sys.executable, '-c', 'import threading; "
        f"threading.Event().wait()'], start_new_session=True); open({str(pid)!r}, 'w').write(str(daemon.pid))"
    )
    (outcome,) = await outcomes(package(code))
    assert Status.PASSED is outcome.status
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_command_cannot_end_the_process_that_runs_it() -> None:
    """A test that kills its parent is refused, and the next one runs."""
    if kernel_support().landlock_abi < 6:
        pytest.skip("NOT TRIED: Landlock of this kernel does not hold back signals")
    kills = package("import os; os.kill(os.getppid(), 9)")
    first, second = await outcomes(kills, package("pass"))
    assert (Status.FAILED, Status.PASSED) == (first.status, second.status)
    assert "PermissionError: [Errno 1] Operation not permitted" == first.note


async def test_command_that_is_not_there_has_failed() -> None:
    """It is told, not raised."""
    (outcome,) = await outcomes(WatchTable(Home.PYPI, "numpy", test=("no-such-command",)))
    assert (Status.FAILED, "no-such-command: No such file or directory") == (outcome.status, outcome.note)


async def test_nobody_is_left_to_test_when_the_process_has_ended() -> None:
    """That is a fault of ours, and no outcome of a release."""
    table = package("import threading; threading.Event().wait()")
    trials = Trials.start({"x": table}, os.environ)
    testing = asyncio.create_task(trials.test(table, RELEASE))
    await asyncio.sleep(0)  # it has asked
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        if b"notify_runner" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(int(pid), signal.SIGTERM)
    with pytest.raises(PermanentFailure, match="has ended"):
        await testing
    trials.close()
