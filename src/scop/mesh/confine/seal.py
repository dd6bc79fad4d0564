"""The further seals of a process that reads hostile content by C code, and of its children.

Nothing here asks for the goodwill of who is sealed: the kernel ends a child at its time, whatever code runs in it,
because the timer was set before and neither it nor its signal can be touched any more.

Standards: Linux setitimer(2), setrlimit(2), prctl(2) PR_SET_PDEATHSIG, seccomp(2), landlock(7).
"""

from __future__ import annotations

import os
import resource
import signal
from dataclasses import dataclass

from scop.mesh.confine import landlock, privileges, seccomp
from scop.mesh.confine.kernel import prctl
from scop.mesh.confine.permits import CHILD, SETTLED_NURSERY, Permits
from scop.mesh.confine.rules import Rules

__all__ = ["SealLimits", "end_with_parent", "seal", "settle"]

_PR_SET_PDEATHSIG = 1
# What is only mapped and read costs tables of pages, which no other limit counts: a 512th of this.
_ADDRESS_OCTETS = 8 << 30


@dataclass(frozen=True, slots=True)
class SealLimits:
    """What one child may use up."""

    wall_seconds: float
    cpu_seconds: int
    memory_octets: int  # all private memory that it can write, its parent's share included
    written_octets: int  # how long what it writes may become


def settle() -> None:
    """Let no more code be loaded and no file be opened, for good; children can still be had and sealed."""
    _close_fence()
    privileges.give_up_reading()
    _filter(SETTLED_NURSERY)


def end_with_parent() -> None:
    """Have the kernel end this process when its parent ends; after every change of ids."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:  # it ended before we asked
        os._exit(1)


def seal(limits: SealLimits) -> None:
    """Leave this process nothing but computing, and reading and writing what it holds; it ends in time.

    The caller has closed every descriptor that it must not have, and has a single thread.
    """
    end_with_parent()
    _limit(limits)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds, 1.0)  # its signal has the action it began with: to end us
    _filter(CHILD)


def _limit(limits: SealLimits) -> None:
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.written_octets),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_DATA, limits.memory_octets),
        (resource.RLIMIT_AS, _ADDRESS_OCTETS),
    ):
        resource.setrlimit(kind, (value, value))


def _close_fence() -> None:
    fence = landlock.Fence.build(Rules(), landlock.abi())
    if fence is not None:
        fence.close()


def _filter(permits: Permits) -> None:
    if seccomp.is_available():
        seccomp.install(seccomp.program(seccomp.here(), permits, own_pid=os.getpid()))
