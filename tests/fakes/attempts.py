"""What code that took over a cell would try first; each attempt says whether the kernel let it.

Run them inside a confined process: `{name: attempt() for name, attempt in ATTEMPTS.items()}`. Each
returns `denied EPERM` (or another errno of a refusal) or `allowed …`; it changes nothing where it is
let. Import this module before confinement: afterwards no code can be loaded.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import platform
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from scop.mesh.confine.kernel import syscall

__all__ = ["ATTEMPTS", "UDP_ATTEMPTS", "attempts", "connect_attempts"]

# Granted to cells that speak DNS with the world.
UDP_ATTEMPTS = ("open a UDP socket", "open a UDP socket over IPv6")

# How the kernel says no; every other error means that the call was let and failed on its way.
_REFUSALS = {errno.EPERM, errno.EACCES, errno.ENOSYS}

_X86_64 = platform.machine() == "x86_64"
_NUMBERS = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "mount": (165, 40),
    "bpf": (321, 280),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "pidfd_open": (434, 434),
    "clone3": (435, 435),
    "memfd_secret": (447, 447),
}
_PTRACE_SEIZE = 0x4206  # attaches without stopping, so a test that fails does not hang its runner
_CLONE_NEWUSER = 0x10000000
_MSG_FASTOPEN = 0x20000000
_IPPROTO_MPTCP = 262
_NOWHERE = "/nonexistent/attempt"
_UNGRANTED_PORT = 1
_ELSEWHERE = Path(tempfile.gettempdir())  # looked up now: confined, nobody finds a folder to write to


def _call(name: str, *arguments: int | bytes | None) -> str:
    number = _NUMBERS[name][0 if _X86_64 else 1]
    return f"returned {syscall(number, *arguments)}"


def _read(path: str) -> str:
    return f"read {len(Path(path).read_bytes())} octets"


def _write_elsewhere() -> str:
    path = _ELSEWHERE / f"attempt-{os.getpid()}"
    path.write_bytes(b"x")
    path.unlink()
    return f"wrote {path}"


def _fork() -> str:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return f"forked {child}"


def _execute() -> str:
    os.execv(_NOWHERE, ["attempt"])  # where it is let, ENOENT says so and we live on


def _executable_page() -> str:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()
    return "mapped"


def _socket(family: int, kind: int, protocol: int = 0) -> str:
    socket.socket(family, kind, protocol).close()
    return "opened"


def _connect(port: int, protocol: int = 0) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol) as way:
        way.settimeout(2)
        way.connect(("127.0.0.1", port))
    return "connected"


def _connect_fast(port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as way:
        way.settimeout(2)
        way.sendto(b"x", _MSG_FASTOPEN, ("127.0.0.1", port))
    return "connected"


def _bind() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 9111))  # past 1023, so that only a fence forbids it
    return "bound"


def _unix(address: str) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as way:
        way.connect(address)
    return "connected"


def _datagram_pair() -> str:
    for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM):
        end.close()
    return "opened"


def _set_owner_of_signals() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as source:
        fcntl.fcntl(source, fcntl.F_SETOWN, os.getppid())
    return "set"


def _limits_of_parent() -> str:
    present = ctypes.create_string_buffer(16)
    return _call("prlimit64", os.getppid(), 7, None, ctypes.addressof(present))


def _done(act: Callable[[], object]) -> str:
    act()
    return "done"


def _attempt(act: Callable[[], str]) -> Callable[[], str]:
    def judged() -> str:
        try:
            return f"allowed: {act()}"
        except OSError as fault:
            name = errno.errorcode.get(fault.errno or 0, repr(fault))
            return f"denied {name}" if fault.errno in _REFUSALS else f"allowed, then {name}"

    return judged


def attempts(acts: Mapping[str, Callable[[], str]]) -> dict[str, Callable[[], str]]:
    """Return the acts so wrapped that they say how they ended."""
    return {name: _attempt(act) for name, act in acts.items()}


def connect_attempts(port: int) -> dict[str, Callable[[], str]]:
    """Return every way to a TCP port that is not granted."""
    return attempts(
        {
            "connect to an ungranted port": lambda: _connect(port),
            "connect to an ungranted port by MPTCP": lambda: _connect(port, _IPPROTO_MPTCP),
            "connect to an ungranted port by fast open": lambda: _connect_fast(port),
        }
    )


ATTEMPTS: Mapping[str, Callable[[], str]] = connect_attempts(_UNGRANTED_PORT) | attempts(
    {
        # files
        "open /etc/passwd": lambda: _read("/etc/passwd"),
        "list /": lambda: str(os.listdir("/")),  # noqa: PTH208 -- the plain call is what is tried
        "read the environment of the parent": lambda: _read(f"/proc/{os.getppid()}/environ"),
        "read the memory of the parent": lambda: _read(f"/proc/{os.getppid()}/mem"),
        "write elsewhere": _write_elsewhere,
        # processes
        "fork": _fork,
        "fork by clone3": lambda: _call("clone3", None, 0),
        "exec": _execute,
        "run new machine code": _executable_page,
        "ptrace the parent": lambda: _call("ptrace", _PTRACE_SEIZE, os.getppid(), 0, 0),
        "process_vm_readv of the parent": lambda: _call("process_vm_readv", os.getppid(), None, 0, None, 0, 0),
        "kill the parent": lambda: _done(lambda: os.kill(os.getppid(), 0)),
        "tgkill the parent": lambda: _call("tgkill", os.getppid(), os.getppid(), 0),
        "aim signals of a socket at the parent": _set_owner_of_signals,
        "read the limits of the parent": _limits_of_parent,
        "pidfd_open of the parent": lambda: _call("pidfd_open", os.getppid(), 0),
        # sockets
        "bind an ungranted port": _bind,
        UDP_ATTEMPTS[0]: lambda: _socket(socket.AF_INET, socket.SOCK_DGRAM),
        UDP_ATTEMPTS[1]: lambda: _socket(socket.AF_INET6, socket.SOCK_DGRAM),
        "open a raw socket": lambda: _socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "open an SCTP socket": lambda: _socket(socket.AF_INET, socket.SOCK_STREAM, 132),
        "open a netlink socket": lambda: _socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "open a packet socket": lambda: _socket(socket.AF_PACKET, socket.SOCK_RAW),
        "connect to a unix socket by path": lambda: _unix(_NOWHERE),
        "connect to an abstract unix socket": lambda: _unix("\0attempt"),
        "open a pair of unix datagram sockets": _datagram_pair,
        # the kernel
        "io_uring_setup": lambda: _call("io_uring_setup", 1, None),
        "mount": lambda: _call("mount", b"none", _NOWHERE.encode(), b"tmpfs", 0, None),
        "bpf": lambda: _call("bpf", 0, None, 0),
        "keyctl": lambda: _call("keyctl", 0, 0),
        "userfaultfd": lambda: _call("userfaultfd", 0),
        "memfd_secret": lambda: _call("memfd_secret", 0),
        "unshare a user namespace": lambda: _call("unshare", _CLONE_NEWUSER),
        "setuid 0": lambda: _done(lambda: os.setuid(0)),
        "setgroups": lambda: _done(lambda: os.setgroups([0])),
        "chroot": lambda: _done(lambda: os.chroot(_NOWHERE)),
    }
)
