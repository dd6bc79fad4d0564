"""A nursery whose children are taken over by the mail: `python hostile_nursery.py [UID GID]`.

Everything is the real thing but what looks: it does what the mail's first line says. `attack` tries everything that is
forbidden and tells what came of each attempt as a finding.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import platform
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fakes.attempts import ATTEMPTS, attempts
from scop.cells.examiner.child import Look
from scop.cells.examiner.nursery import keep
from scop.mesh.code_paths import code_paths
from scop.mesh.confine import Rules
from scop.mesh.confine.kernel import prctl, syscall
from scop.mesh.vocabulary.examiner import FoundThing

__all__ = ["CHILD_ATTEMPTS"]

_PR_SET_PDEATHSIG = 1
_RT_SIGRETURN = 15 if platform.machine() == "x86_64" else 139
_DESCRIPTORS = range(64)  # more than it could have


def _ignore_the_timer() -> str:
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    return "ignored"


def _stop_the_timer() -> str:
    signal.setitimer(signal.ITIMER_REAL, 0)
    return "stopped"


def _block_the_timer() -> str:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    return "blocked"


def _return_from_no_signal() -> str:
    """Do what a made-up frame on the stack would have block every signal; let, it crashes here for want of one."""
    return f"returned {syscall(_RT_SIGRETURN)}"


def _map_without_end() -> str:
    """Map a tebibyte to read only: no limit on what is written counts that, and its tables of pages are memory."""
    try:
        mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ).close()
    except OSError as refused:
        if refused.errno == errno.ENOMEM:
            raise PermissionError(errno.EPERM, "no room") from None
        raise
    return "mapped"


def _raise_a_limit() -> str:
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40))
    except ValueError as refused:  # Python's word for EPERM here
        raise PermissionError(errno.EPERM, str(refused)) from None
    return "raised"


def _shared_memory() -> str:
    mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS).close()
    return "mapped"


def _import() -> str:
    try:
        import_module("antigravity")  # nothing has loaded it
    except ImportError:  # nothing is found where no folder can be listed
        raise PermissionError(errno.EPERM, "no import") from None
    return "imported"


def _thread() -> str:
    try:
        threading.Thread(target=lambda: None).start()
    except RuntimeError as refused:
        raise PermissionError(errno.EPERM, str(refused)) from None
    return "started"


def _be_more_urgent() -> str:
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    return "set"


def _live_on() -> str:
    return f"returned {prctl(_PR_SET_PDEATHSIG, 0)}"


# What only a child is refused: a cell needs it.
CHILD_ATTEMPTS: Mapping[str, Callable[[], str]] = attempts(
    {
        "open a file for reading": lambda: f"opened {os.open(os.devnull, os.O_RDONLY)}",
        "look at a path": lambda: str(Path("/").stat()),
        "open a TCP socket": lambda: str(socket.socket()),
        "make a pipe": lambda: str(os.pipe()),
        "copy a descriptor": lambda: str(os.dup(0)),
        "have anonymous files": lambda: str(os.memfd_create("x")),
        "ignore its timer": _ignore_the_timer,
        "stop its timer": _stop_the_timer,
        "block its timer": _block_the_timer,
        "return from a signal that never was": _return_from_no_signal,
        "map without end": _map_without_end,
        "raise a limit of its own": _raise_a_limit,
        "be more urgent": _be_more_urgent,
        "share memory": _shared_memory,
        "start a thread": _thread,
        "load code": _import,
        "wait for a child of its parent": lambda: str(os.waitpid(-1, os.WNOHANG)),
        "live on without its parent": _live_on,
    }
)


def _tried() -> tuple[FoundThing, ...]:
    return tuple(
        FoundThing("executable", "dangerous", name, attempt()[:200])
        for name, attempt in {**ATTEMPTS, **CHILD_ATTEMPTS}.items()
    )


def _held() -> tuple[FoundThing, ...]:
    """Count the descriptors that are open."""
    held = sum(1 for descriptor in _DESCRIPTORS if _is_open(descriptor))
    return (FoundThing("executable", "dangerous", "descriptors", str(held)),)


def _is_open(descriptor: int) -> bool:
    try:
        os.pread(descriptor, 1, 0)
    except OSError as fault:
        return fault.errno != errno.EBADF
    return True


def _eat_memory() -> tuple[FoundThing, ...]:
    held = []
    while True:
        held.append(bytearray(16 << 20))


def _fill() -> tuple[FoundThing, ...]:
    """Write all that it can into everything that it holds but the null device."""
    for descriptor in _DESCRIPTORS[3:]:
        with contextlib.suppress(OSError):
            while os.write(descriptor, b"x" * 65536):
                pass
    os._exit(0)


def _spin() -> tuple[FoundThing, ...]:
    while True:
        pass


def _crash() -> tuple[FoundThing, ...]:
    ctypes.string_at(0)
    return ()


def _fail() -> tuple[FoundThing, ...]:
    raise ZeroDivisionError("a bug in what looks")


DEEDS: Mapping[bytes, Callable[[], tuple[FoundThing, ...]]] = {
    b"attack": _tried,
    b"held": _held,
    b"memory": _eat_memory,
    b"fill": _fill,
    b"spin": _spin,
    b"crash": _crash,
    b"fail": _fail,
    b"exit": lambda: os._exit(0),
    b"harmless": lambda: (),
}


def _load() -> Look:
    return lambda octets: DEEDS[octets.split()[0]]()


if __name__ == "__main__":
    uid, gid = map(int, sys.argv[1:3]) if sys.argv[1:] else (None, None)
    tests = str(Path(__file__).resolve().parents[1])
    sys.exit(keep(Rules(read_paths=(*code_paths(), tests), children=True, uid=uid, gid=gid), _load))
