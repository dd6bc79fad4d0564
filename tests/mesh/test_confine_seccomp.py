"""The system call filter, judged call by call for both processors."""

from __future__ import annotations

import errno
import socket

import pytest

from fakes.bpf import ALLOW, KILL, errno_verdict, verdict
from scop.mesh.confine.permits import CHILD, NURSERY, SERVICE, SETTLED_NURSERY, UDP_SERVICE, Permits
from scop.mesh.confine.seccomp import ARCHITECTURES, Architecture, program
from scop.mesh.confine.syscalls import NUMBERS

OWN_PID = 4711
EPERM = errno_verdict(errno.EPERM)
ENOSYS = errno_verdict(errno.ENOSYS)

TCP, UDP, RAW = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
CLOEXEC = socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
MPTCP = 262
FASTOPEN = 0x20000000
THREAD = 0x3D0F00  # what the C library gives for a thread
NEW_USER = 0x10000000
FORK = 0x01200011  # what the C library gives for fork
PRIVATE_ANONYMOUS, SHARED_ANONYMOUS, GROWS_DOWN = 0x22, 0x21, 0x100


@pytest.fixture(params=sorted(ARCHITECTURES))
def processor(request: pytest.FixtureRequest) -> Architecture:
    """Give each processor that we have numbers for."""
    return ARCHITECTURES[request.param]


def ask(processor: Architecture, name: str, *arguments: int, permits: Permits = SERVICE) -> int:
    """Return what the filter answers to a call by name."""
    number = NUMBERS[name][processor.column]
    assert number is not None
    return verdict(program(processor, permits, own_pid=OWN_PID), processor.audit, number, *arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("read", ()),
        ("socket", (socket.AF_INET, TCP | CLOEXEC, 0)),
        ("socket", (socket.AF_INET6, TCP, 6)),
        ("socketpair", (socket.AF_UNIX, TCP | CLOEXEC, 0)),
        ("sendto", (3, 0, 0, socket.MSG_NOSIGNAL)),
        ("mmap", (0, 4096, 3)),
        ("mprotect", (0, 4096, 1)),
        ("clone", (THREAD,)),
        ("tgkill", (OWN_PID, OWN_PID, 6)),
        ("prlimit64", (0, 7)),
        ("ioctl", (3, 0x5421)),
        ("fcntl", (3, 4)),
        ("prctl", (15,)),
    ],
)
def test_filter_lets_what_a_service_needs(processor: Architecture, name: str, arguments: tuple[int, ...]) -> None:
    """Streams, threads, plain memory and questions about itself pass."""
    assert ALLOW == ask(processor, name, *arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("socket", (socket.AF_UNIX, TCP, 0)),
        ("socket", (socket.AF_INET, UDP, 0)),
        ("socket", (socket.AF_INET, RAW, 0)),
        ("socket", (socket.AF_INET, TCP, MPTCP)),
        ("socket", (socket.AF_NETLINK, RAW, 0)),
        ("socketpair", (socket.AF_UNIX, UDP, 0)),
        ("sendto", (3, 0, 0, FASTOPEN)),
        ("sendmsg", (3, 0, FASTOPEN)),
        ("sendmmsg", (3, 0, 1, FASTOPEN)),
        ("mmap", (0, 4096, 5)),
        ("mprotect", (0, 4096, 4)),
        ("clone", (17,)),
        ("clone", (THREAD | NEW_USER,)),
        ("tgkill", (1, 1, 9)),
        ("prlimit64", (1, 7)),
        ("ioctl", (3, 0x5412)),  # TIOCSTI types on a terminal
        ("fcntl", (3, 8)),  # F_SETOWN
        ("prctl", (4, 1)),  # PR_SET_DUMPABLE
    ],
)
def test_filter_refuses_the_harmful_side(processor: Architecture, name: str, arguments: tuple[int, ...]) -> None:
    """The same calls with other arguments fail with EPERM."""
    assert EPERM == ask(processor, name, *arguments)


def test_filter_lets_udp_only_where_granted(processor: Architecture) -> None:
    """UDP sockets are a right of their own, and bring nothing else with them."""
    assert ALLOW == ask(processor, "socket", socket.AF_INET, UDP, 0, permits=UDP_SERVICE)
    assert EPERM == ask(processor, "socket", socket.AF_INET, RAW, 0, permits=UDP_SERVICE)
    assert EPERM == ask(processor, "socket", socket.AF_UNIX, UDP, 0, permits=UDP_SERVICE)


def test_filter_refuses_every_call_that_is_not_in_the_table(processor: Architecture) -> None:
    """An unnamed number gets EPERM, one newer than the table ENOSYS, so that the C library falls back."""
    octets = program(processor, UDP_SERVICE, own_pid=OWN_PID)
    named = {NUMBERS[name][processor.column] for name in UDP_SERVICE}
    clone3 = 435
    unnamed = [number for number in range(452) if number not in named and number != clone3]
    assert {EPERM} == {verdict(octets, processor.audit, number) for number in unnamed}
    assert {ENOSYS} == {verdict(octets, processor.audit, number) for number in (clone3, 452, 9999)}


def test_filter_kills_calls_of_another_architecture(processor: Architecture) -> None:
    """32-bit and x32 calls have other numbers, so a process that makes one is ended."""
    octets = program(processor, UDP_SERVICE, own_pid=OWN_PID)
    assert KILL == verdict(octets, 0x40000003, 1)
    assert KILL == verdict(octets, processor.audit, 0x40000000)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("openat", (0,)),
        ("newfstatat", (0,)),
        ("socket", (socket.AF_INET, TCP, 0)),
        ("clone", (FORK,)),
        ("clone", (THREAD,)),
        ("wait4", (0,)),
        ("pidfd_open", (1,)),
        ("tgkill", (OWN_PID, OWN_PID, 6)),
        ("setitimer", (0,)),
        ("setpriority", (0, 0, 0)),
        ("rt_sigaction", (14,)),
        ("rt_sigprocmask", (0,)),
        ("prctl", (1,)),
        ("prlimit64", (0, 7)),
        ("memfd_create", (0,)),
        ("dup2", (0,)),
        ("seccomp", (1,)),
        ("mmap", (0, 4096, 7, PRIVATE_ANONYMOUS)),
        ("mmap", (0, 4096, 3, SHARED_ANONYMOUS)),
        ("mmap", (0, 4096, 3, PRIVATE_ANONYMOUS | GROWS_DOWN)),
        ("mmap", (0, 4096, 1, 2)),  # of a file
    ],
)
def test_child_is_refused_all_but_computing(processor: Architecture, name: str, arguments: tuple[int, ...]) -> None:
    """No files, sockets, children, signals, timers, limits, shared memory or new code."""
    if NUMBERS[name][processor.column] is not None:
        assert EPERM == ask(processor, name, *arguments, permits=CHILD)


def test_child_may_read_write_and_have_memory(processor: Architecture) -> None:
    """What it holds it can use, and memory that its limit counts it can have."""
    assert ALLOW == ask(processor, "write", 3, permits=CHILD)
    assert ALLOW == ask(processor, "mmap", 0, 4096, 3, PRIVATE_ANONYMOUS, permits=CHILD)


@pytest.mark.parametrize("permits", [NURSERY, SETTLED_NURSERY], ids=["waits", "settled"])
def test_nursery_has_children_and_no_way_out(processor: Architecture, permits: Permits) -> None:
    """It forks and waits; it has no sockets of its own, no threads, and sends no signals."""
    assert ALLOW == ask(processor, "clone", FORK, permits=permits)
    refused = (("clone", THREAD), ("clone", FORK | NEW_USER), ("socket", socket.AF_INET), ("tgkill", 1), ("connect", 3))
    assert {EPERM} == {ask(processor, name, argument, permits=permits) for name, argument in refused}


def test_nursery_that_is_settled_loads_nothing_more(processor: Architecture) -> None:
    """Code is mapped before, and never after."""
    assert ALLOW == ask(processor, "mmap", 0, 4096, 5, 2, permits=NURSERY)
    assert EPERM == ask(processor, "mmap", 0, 4096, 5, 2, permits=SETTLED_NURSERY)
    assert EPERM == ask(processor, "openat", 0, permits=SETTLED_NURSERY)


@pytest.mark.parametrize(("permits", "wider"), [(CHILD, SETTLED_NURSERY), (SETTLED_NURSERY, NURSERY)])
def test_each_seal_only_takes_away(permits: Permits, wider: Permits) -> None:
    """A call that the wider one does not have could not be granted by the narrower."""
    assert set() == permits.keys() - wider.keys()


def test_numbers_are_never_used_twice(processor: Architecture) -> None:
    """A number given to two names would let the wrong call."""
    numbers = [both[processor.column] for both in NUMBERS.values() if both[processor.column] is not None]
    assert sorted(set(numbers), key=str) == sorted(numbers, key=str)
