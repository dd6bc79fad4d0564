"""What each kind of process may ask of the kernel: which calls of the table, and with what arguments.

There are four kinds. A service is a cell. The other three are what looks into hostile content: a nursery, which may
load code and have children but has no sockets and changes no files; what it becomes once all code is loaded; and a
child, which can compute, read and write what it holds already, and end.

Standards: Linux fork(2), mmap(2), prctl(2), setitimer(2), seccomp(2), landlock(7).
"""

from __future__ import annotations

import fcntl
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from scop.mesh.confine.syscalls import NUMBERS

__all__ = ["CHILD", "NURSERY", "OWN_PID", "SERVICE", "SETTLED_NURSERY", "UDP_SERVICE", "Alternatives", "Is", "Permits"]


@dataclass(frozen=True, slots=True)
class Is:
    """One test: the argument's low 32 bits, of which only those in `mask` count, equal `value`."""

    argument: int
    value: int
    mask: int = 0xFFFFFFFF


# A call passes where all tests of one alternative hold; where there is none, always.
Alternatives: TypeAlias = tuple[tuple[Is, ...], ...]
Permits: TypeAlias = Mapping[str, Alternatives]

_SOCKET_TYPE = 0xF  # without SOCK_CLOEXEC and SOCK_NONBLOCK
_IPPROTO_TCP = 6
_IPPROTO_UDP = 17
_INTERNET = (socket.AF_INET, socket.AF_INET6)


def _internet(kind: int, protocol: int) -> Alternatives:
    return tuple(
        (Is(0, family), Is(1, kind, _SOCKET_TYPE), Is(2, number)) for family in _INTERNET for number in (0, protocol)
    )


# The protocol is looked at because Landlock knows only TCP ports: MPTCP and SCTP are streams too.
_TCP_SOCKETS = _internet(socket.SOCK_STREAM, _IPPROTO_TCP)
_UDP_SOCKETS = _internet(socket.SOCK_DGRAM, _IPPROTO_UDP)

# MSG_FASTOPEN connects without connect(2), and Landlock looks at connect(2).
_MSG_FASTOPEN = 0x20000000
_PROT_EXEC = 4
_CLONE_THREAD = 0x00010000 | 0x00000800 | 0x00000100  # CLONE_THREAD, CLONE_SIGHAND, CLONE_VM
_CLONE_NAMESPACES = 0x7E020080
_CLONE_IDS = 0x01200000  # CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID: what the C library adds to fork
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_NO_NEW_PRIVS = 38
_ITIMER_REAL = 0
_ITIMER_PROF = 2
_MAP_PRIVATE_ANONYMOUS = 0x22
_MAP_KINDS = 0x123  # MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS, MAP_GROWSDOWN

# FIONBIO, FIONREAD, FIOCLEX, FIONCLEX; TCGETS and TIOCGWINSZ ask whether it is a terminal.
_IOCTLS = (0x5421, 0x541B, 0x5451, 0x5450, 0x5401, 0x5413)
# Without F_SETOWN and F_SETSIG, which make the kernel send signals to others.
_FCNTLS = (
    fcntl.F_DUPFD,
    fcntl.F_DUPFD_CLOEXEC,
    fcntl.F_GETFD,
    fcntl.F_SETFD,
    fcntl.F_GETFL,
    fcntl.F_SETFL,
    fcntl.F_GETLK,
    fcntl.F_SETLK,
    fcntl.F_SETLKW,
    36,  # F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW
    37,
    38,
    1033,  # F_ADD_SEALS: of memory that another process is to read as it is
)

OWN_PID = -1  # stands for the confined process's own id, which the program is made for

_NO_NEW_CODE: Alternatives = ((Is(2, 0, _PROT_EXEC),),)
# Calls with a harmful side: what of them passes in a service.
_CONDITIONS: Permits = {
    "socket": _TCP_SOCKETS,
    # Event loops wake themselves through a pair. A stream pair cannot be connected elsewhere; a datagram
    # pair could send to every unix socket of the machine.
    "socketpair": ((Is(0, socket.AF_UNIX), Is(1, socket.SOCK_STREAM, _SOCKET_TYPE)),),
    "sendto": ((Is(3, 0, _MSG_FASTOPEN),),),
    "sendmsg": ((Is(2, 0, _MSG_FASTOPEN),),),
    "sendmmsg": ((Is(3, 0, _MSG_FASTOPEN),),),
    # No new code: what was not mapped as code before confinement never runs.
    "mmap": _NO_NEW_CODE,
    "mprotect": _NO_NEW_CODE,
    # Threads, no processes and no namespaces.
    "clone": ((Is(0, _CLONE_THREAD, _CLONE_THREAD | _CLONE_NAMESPACES),),),
    "tgkill": ((Is(0, OWN_PID),),),
    "prlimit64": ((Is(0, 0),),),
    # The watchdog: where the loop hangs in whatever code, the kernel ends the process.
    "setitimer": ((Is(0, _ITIMER_PROF),),),
    "prctl": ((Is(0, _PR_SET_NAME),),),
    "ioctl": tuple((Is(1, request),) for request in _IOCTLS),
    "fcntl": tuple((Is(1, command),) for command in _FCNTLS),
}

_ONLY_WITH_CHILDREN = {
    "wait4",
    "pidfd_open",
    "getpriority",
    "setpriority",
    "sched_setscheduler",
    "capset",
    "seccomp",
    "landlock_create_ruleset",
    "landlock_add_rule",
    "landlock_restrict_self",
}
SERVICE: Permits = MappingProxyType(
    {name: _CONDITIONS.get(name, ()) for name in NUMBERS if name not in _ONLY_WITH_CHILDREN}
)
UDP_SERVICE: Permits = MappingProxyType({**SERVICE, "socket": _TCP_SOCKETS + _UDP_SOCKETS})

# What somebody may do in a child and nowhere else: have it, wait for it, and put more seals on it.
_CHILDREN: Permits = {
    "clone": ((Is(0, signal.SIGCHLD, 0xFFFFFFFF & ~_CLONE_IDS),),),  # no threads and no namespaces
    "wait4": (),
    "pidfd_open": (),  # to wait with a limit; to send signals by it is not let
    "getpriority": (),
    "setpriority": (),
    "sched_setscheduler": (),
    "capset": (),
    "setitimer": ((Is(0, _ITIMER_REAL),),),
    "seccomp": (),
    "landlock_create_ruleset": (),
    "landlock_restrict_self": (),
    "prctl": tuple((Is(0, option),) for option in (_PR_SET_NAME, _PR_SET_NO_NEW_PRIVS, _PR_SET_PDEATHSIG)),
    "prlimit64": _CONDITIONS["prlimit64"],
    "fcntl": _CONDITIONS["fcntl"],
    "recvmsg": (),
    "sendmsg": _CONDITIONS["sendmsg"],
    "recvfrom": (),
    "sendto": _CONDITIONS["sendto"],
    "poll": (),
    "ppoll": (),
    "close": (),
    "close_range": (),
    "dup2": (),
    "dup3": (),
    "set_robust_list": (),
    "rt_sigaction": (),
    "rt_sigprocmask": (),
    "rt_sigreturn": (),
    "fstat": (),
    "getppid": (),
    "uname": (),
}

# A child computes, and reads and writes what it holds. Its timers and signals are set before, and stay: it cannot even
# return from a signal, because a made-up return would block the one that ends it.
CHILD: Permits = MappingProxyType(
    {
        "read": (),
        "write": (),
        "pread64": (),
        "close": (),
        "brk": (),
        # Private memory of its own: what is counted by its limit.
        "mmap": ((Is(2, 0, _PROT_EXEC), Is(3, _MAP_PRIVATE_ANONYMOUS, _MAP_KINDS)),),
        "mprotect": _NO_NEW_CODE,
        "munmap": (),
        "mremap": (),
        "madvise": (),
        "futex": (),
        "sched_yield": (),
        "sigaltstack": (),
        "exit": (),
        "exit_group": (),
        "getpid": (),
        "gettid": (),
        "getrandom": (),
        "gettimeofday": (),
        "clock_gettime": (),
        "clock_getres": (),
    }
)

# All code is loaded: no file is opened any more, and nothing is mapped to run.
SETTLED_NURSERY: Permits = MappingProxyType({**CHILD, "mmap": _NO_NEW_CODE, **_CHILDREN})

_SOCKETS = {"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4"}
# New code is mapped from files that Landlock lets it read, and compiled from rules of the operator's.
NURSERY: Permits = MappingProxyType(
    {
        **{name: alternatives for name, alternatives in SERVICE.items() if name not in _SOCKETS},
        **_CHILDREN,
        "mmap": (),
        "mprotect": (),
    }
)
