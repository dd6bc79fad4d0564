"""The system calls of a network service in Python, as a table: what is not here is refused.

Standards: Linux arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["AARCH64", "CONDITIONS", "NUMBERS", "OWN_PID", "UDP_SOCKETS", "X86_64", "Alternatives", "Is"]

X86_64 = 0
AARCH64 = 1

# name: (number on x86-64, number on arm64), None where that architecture has no such call.
NUMBERS: Mapping[str, tuple[int | None, int | None]] = {
    # descriptors
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "readv": (19, 65),
    "writev": (20, 66),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "pipe2": (293, 59),
    "eventfd2": (290, 19),
    "close_range": (436, 436),
    "memfd_create": (319, 279),
    # files: Landlock says which
    "open": (2, None),
    "openat": (257, 56),
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "umask": (95, 166),
    "utimensat": (280, 88),
    "flock": (73, 32),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "fadvise64": (221, 223),
    "sendfile": (40, 71),
    # memory
    "brk": (12, 214),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "msync": (26, 227),
    # sockets: Landlock says which TCP ports
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "shutdown": (48, 210),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "recvmmsg": (299, 243),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "getsockopt": (55, 209),
    "setsockopt": (54, 208),
    # waiting
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_wait": (232, None),
    "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441),
    "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "restart_syscall": (219, 128),
    # threads
    "clone": (56, 220),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "membarrier": (324, 283),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "gettid": (186, 178),
    "tgkill": (234, 131),
    "prctl": (157, 167),
    # signals to itself
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigtimedwait": (128, 137),
    "sigaltstack": (131, 132),
    # facts
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getrusage": (98, 165),
    "prlimit64": (302, 261),
    "getrandom": (318, 278),
    "gettimeofday": (96, 169),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
}


@dataclass(frozen=True, slots=True)
class Is:
    """One test: the argument's low 32 bits, of which only those in `mask` count, equal `value`."""

    argument: int
    value: int
    mask: int = 0xFFFFFFFF


# A call passes where all tests of one alternative hold.
Alternatives: TypeAlias = tuple[tuple[Is, ...], ...]

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
UDP_SOCKETS = _internet(socket.SOCK_DGRAM, _IPPROTO_UDP)

# MSG_FASTOPEN connects without connect(2), and Landlock looks at connect(2).
_MSG_FASTOPEN = 0x20000000
_PROT_EXEC = 4
_CLONE_THREAD = 0x00010000 | 0x00000800 | 0x00000100  # CLONE_THREAD, CLONE_SIGHAND, CLONE_VM
_CLONE_NAMESPACES = 0x7E020080
_PR_SET_NAME = 15

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
)

OWN_PID = -1  # stands for the confined process's own id, which the program is made for

# Calls with a harmful side: what of them passes.
CONDITIONS: Mapping[str, Alternatives] = {
    "socket": _TCP_SOCKETS,
    # Event loops wake themselves through a pair. A stream pair cannot be connected elsewhere; a datagram
    # pair could send to every unix socket of the machine.
    "socketpair": ((Is(0, socket.AF_UNIX), Is(1, socket.SOCK_STREAM, _SOCKET_TYPE)),),
    "sendto": ((Is(3, 0, _MSG_FASTOPEN),),),
    "sendmsg": ((Is(2, 0, _MSG_FASTOPEN),),),
    "sendmmsg": ((Is(3, 0, _MSG_FASTOPEN),),),
    # No new code: what was not mapped as code before confinement never runs.
    "mmap": ((Is(2, 0, _PROT_EXEC),),),
    "mprotect": ((Is(2, 0, _PROT_EXEC),),),
    # Threads, no processes and no namespaces.
    "clone": ((Is(0, _CLONE_THREAD, _CLONE_THREAD | _CLONE_NAMESPACES),),),
    "tgkill": ((Is(0, OWN_PID),),),
    "prlimit64": ((Is(0, 0),),),
    "prctl": ((Is(0, _PR_SET_NAME),),),
    "ioctl": tuple((Is(1, request),) for request in _IOCTLS),
    "fcntl": tuple((Is(1, command),) for command in _FCNTLS),
}
