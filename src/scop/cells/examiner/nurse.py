"""The cell's side of the nursery: it hands out errands, and believes nothing of what comes back.

Standards: Linux memfd_create(2), wait(2), unix(7) (SCM_RIGHTS).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from scop.base import printable
from scop.cells.examiner.errand import (
    MAX_ANSWER_OCTETS,
    MAX_WORD_OCTETS,
    NO_CHILD,
    Answer,
    Ended,
    Errand,
    decode,
    encode,
)
from scop.mesh.vocabulary.examiner import FoundThing, unscannable
from scop.net.faults import TemporaryFailure

__all__ = ["ErrandLimits", "Nurse", "Outcome"]

# How long the nursery may take beyond the child: to load all code, on a busy machine, and to tell.
GRACE_SECONDS = 12.0
STARVED_SHARE = 0.25  # of its time: who had the processor for less was not given a chance
_CHILD_ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "PATH": "/usr/bin:/bin"}
_TIMES_UP = {signal.SIGALRM, signal.SIGXCPU}


@dataclass(frozen=True, slots=True)
class ErrandLimits:
    """What one mail may use up."""

    wall_seconds: float = 10.0
    memory_octets: int = 512 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an errand; `trouble` is for the log where the mail could not be examined."""

    findings: tuple[FoundThing, ...]
    trouble: str = ""
    is_starved: bool = False  # the machine was too busy to look: the mail may be harmless


class Nurse:
    """Has mails looked into, each by a child of its own; `start` before confinement, `attend` in the loop."""

    def __init__(self, control: socket.socket, process: subprocess.Popen[bytes], limits: ErrandLimits) -> None:
        self._control = control
        self._process = process
        self._limits = limits
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Ended]] = {}
        self.lost = asyncio.Event()  # the nursery is no more: nothing can be examined until the cell starts anew

    @classmethod
    def start(cls, command: Sequence[str], limits: ErrandLimits) -> Nurse:
        """Start the nursery; it says what is wrong with it in the cell's log."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - the command is ours, no text from outside is in it
                list(command), stdin=theirs.fileno(), env=_CHILD_ENVIRONMENT, cwd="/"
            )
        ours.setblocking(False)
        return cls(ours, process, limits)

    @property
    def pid(self) -> int:
        """The nursery's process."""
        return self._process.pid

    def attend(self) -> None:
        """Begin to listen to the nursery."""
        asyncio.get_running_loop().add_reader(self._control, self._hear)

    def close(self) -> None:
        """Let the nursery end, and every child with it."""
        if self._control.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
        self._lose()
        with contextlib.suppress(PermissionError):  # a confined cell waits for nobody
            self._process.wait(GRACE_SECONDS)

    async def look(self, mail: int, mail_octets: int, nice: int) -> Outcome:
        """Have a child look into the mail in the memory behind a descriptor; raises `TemporaryFailure`."""
        answer = os.memfd_create("answer", os.MFD_CLOEXEC)
        try:
            ended = await self._send((mail, answer), mail_octets, nice)
            if ended.status == NO_CHILD:
                raise TemporaryFailure("there is no room for another process")
            return self._outcome(ended, os.pread(answer, MAX_ANSWER_OCTETS, 0))
        finally:
            os.close(answer)

    async def _send(self, descriptors: tuple[int, int], mail_octets: int, nice: int) -> Ended:
        """Return how the child ended."""
        if self.lost.is_set():
            raise TemporaryFailure("the nursery is no more")
        number, limits = next(self._numbers), self._limits
        errand = Errand(number, mail_octets, limits.wall_seconds, limits.memory_octets, nice)
        ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._waiting[number] = ended
        try:
            socket.send_fds(self._control, [encode(errand)], descriptors)
            async with asyncio.timeout(limits.wall_seconds + GRACE_SECONDS):
                return await ended
        except TimeoutError:
            raise TemporaryFailure("the nursery says nothing") from None
        except OSError as fault:
            raise TemporaryFailure(f"the nursery: {fault}") from fault
        finally:
            self._waiting.pop(number, None)

    def _hear(self) -> None:
        try:
            octets = self._control.recv(MAX_WORD_OCTETS)
        except BlockingIOError:
            return
        except ConnectionError:
            octets = b""
        if not octets:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
            self._lose()
            return
        ended = decode(Ended, octets)
        waiting = self._waiting.get(ended.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(ended)

    def _lose(self) -> None:
        self.lost.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(TemporaryFailure("the nursery ended"))

    def _outcome(self, ended: Ended, octets: bytes) -> Outcome:
        status = ended.status
        if os.WIFSIGNALED(status):
            return self._killed(os.WTERMSIG(status), ended.cpu_seconds)
        if status != 0:
            return _failed(f"the child ended with status {os.waitstatus_to_exitcode(status)}")
        try:
            answer = decode(Answer, octets)
        except ValueError as error:
            return _failed(f"the child answered with garbage: {error}")
        return _failed(answer.fault) if answer.fault else Outcome(answer.findings)

    def _killed(self, number: int, cpu_seconds: float) -> Outcome:
        if number in _TIMES_UP:
            seconds = f"{self._limits.wall_seconds:g} s"
            sentence = f"Its attachments could not be examined: looking into them takes longer than {seconds}."
            trouble = f"longer than {seconds}, of which it had the processor for {cpu_seconds:.1f} s"
            return Outcome((unscannable(sentence),), trouble, cpu_seconds < STARVED_SHARE * self._limits.wall_seconds)
        return _failed(f"the child was killed by {_name_of(number)}")


def _failed(trouble: str) -> Outcome:
    sentence = "Its attachments could not be examined: they break what looks into them."
    return Outcome((unscannable(sentence),), printable(trouble, limit=2000))


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
