"""The process that runs the test commands of releases: `python -m scop.cli.matrix.notify_runner`, with a way as stdin.

What is tested was written by a stranger a moment ago. So the notifier, which holds an account's keys, starts this
process before it confines itself, and asks it by a socket: for one of the configured commands and one release. This
process knows no secrets. It hides from itself and its children what the notifier keeps (`scop.mesh.confine`), gives
each test a folder, a session and an environment of its own, and ends all that a test has started when that ends.

All else that the user may do a test may do, too: it is no container.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from scop.matrix.notifier.payload import one_line
from scop.matrix.notifier.status import Status
from scop.mesh.confine import end_orphans, hide, signal_nobody_outside, take_orphans

__all__ = ["Ask", "Begin", "Begun", "Outcome", "Task", "run_test"]

MAX_OUTPUT_OCTETS = 65_536
KILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test command ended."""

    status: Status
    seconds: float
    note: str  # its last line


class Task(msgspec.Struct, frozen=True):
    """A test command, as configured."""

    command: tuple[str, ...]
    timeout_seconds: float
    environment: dict[str, str]


class Begin(msgspec.Struct, frozen=True):
    """The first that is said: what there is to run, and what must not be seen."""

    tasks: dict[str, Task]
    hidden: tuple[str, ...]


class Begun(msgspec.Struct, frozen=True):
    """The answer."""

    hides: bool  # False: this kernel cannot


class Ask(msgspec.Struct, frozen=True):
    """Run a task, with a release in its environment."""

    task: str
    release: dict[str, str]


class _Gone(Exception):
    """Who asked is gone, or we are to go."""


def run_test(task: Task, release: dict[str, str], folder: str, way: socket.socket | None = None) -> Outcome:
    """Run a test command in its time, in a folder, with no shell; raises `_Gone` where `way` ends meanwhile."""
    began = time.monotonic()
    environment = {"TMPDIR": folder, **task.environment, **release}
    try:
        process = subprocess.Popen(  # noqa: S603 - what the configuration says
            task.command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that it can be asked to end with what it starts
            preexec_fn=signal_nobody_outside,  # noqa: PLW1509 - we have one thread
        )
    except (OSError, ValueError) as fault:  # a NUL in what is a version
        reason = fault.strerror if isinstance(fault, OSError) else str(fault)
        return Outcome(Status.FAILED, 0.0, f"{task.command[0]}: {reason}")
    output = bytearray()
    try:
        in_time = _wait(process, output, began + task.timeout_seconds, way)
    finally:
        _end(process)
    seconds = time.monotonic() - began
    if not in_time:
        return Outcome(Status.FAILED, seconds, f"took longer than {task.timeout_seconds:g} s")
    if process.returncode == 0:
        return Outcome(Status.PASSED, seconds, "")
    last = one_line(bytes(output).decode("utf-8", "replace").strip().rpartition("\n")[2])
    return Outcome(Status.FAILED, seconds, last or f"ended with status {process.returncode}")


def _wait(process: subprocess.Popen[bytes], output: bytearray, deadline: float, way: socket.socket | None) -> bool:
    """Read all that is said until the command ends, keep the end of it; say whether that was in time."""
    assert process.stdout is not None
    said = process.stdout.fileno()
    os.set_blocking(said, False)
    ended = os.pidfd_open(process.pid)
    try:
        asking = way.fileno() if way else -1
        looked_at = [said, ended, *([asking] if way else [])]
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select(looked_at, [], [], left)
            if asking in ready:  # nobody asks for two things at once
                raise _Gone
            if said in ready and not _read(said, output):
                looked_at.remove(said)
            if ended in ready:
                process.wait()
                while _read(said, output):
                    pass
                return True
        return False
    finally:
        os.close(ended)
        process.stdout.close()


def _read(said: int, output: bytearray) -> bool:
    try:
        piece = os.read(said, MAX_OUTPUT_OCTETS)
    except BlockingIOError:
        return False
    output += piece
    del output[:-MAX_OUTPUT_OCTETS]
    return bool(piece)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started: asked first, then not."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(KILL_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    end_orphans()


@contextmanager
def _folder(scratch: str) -> Iterator[str]:
    """Give a test a folder, and take it away afterwards."""
    folder = tempfile.mkdtemp(dir=scratch)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(way: socket.socket, scratch: str) -> None:
    """Run what is asked for until nobody asks any more."""
    with way.makefile("rb") as lines:
        begin = msgspec.json.decode(lines.readline(), type=Begin)
        take_orphans()
        _say(way, Begun(hide(begin.hidden)))
        while line := lines.readline():
            ask = msgspec.json.decode(line, type=Ask)
            with _folder(scratch) as folder:
                _say(way, run_test(begin.tasks[ask.task], ask.release, folder, way))


def _say(way: socket.socket, value: Begun | Outcome) -> None:
    way.sendall(msgspec.json.encode(value) + b"\n")


def _go(*_signal: object) -> None:
    """End; not by ignoring what comes again, because what we start would inherit that."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    raise _Gone


def main() -> None:
    """Live as long as who asks."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _go)
    way = socket.socket(fileno=os.dup(0))
    scratch = tempfile.mkdtemp(prefix="scop-tests-")
    try:
        _serve(way, scratch)
    except (_Gone, BrokenPipeError, ConnectionResetError):
        pass
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
    sys.exit(0)
