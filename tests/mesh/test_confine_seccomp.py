"""The system call filter, judged call by call for both processors."""

from __future__ import annotations

import errno
import socket

import pytest

from fakes.bpf import ALLOW, KILL, errno_verdict, verdict
from scop.mesh.confine.seccomp import ARCHITECTURES, Architecture, program
from scop.mesh.confine.syscalls import CONDITIONS, NUMBERS

OWN_PID = 4711
EPERM = errno_verdict(errno.EPERM)
ENOSYS = errno_verdict(errno.ENOSYS)

TCP, UDP, RAW = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
CLOEXEC = socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
MPTCP = 262
FASTOPEN = 0x20000000
THREAD = 0x3D0F00  # what the C library gives for a thread
NEW_USER = 0x10000000


@pytest.fixture(params=sorted(ARCHITECTURES))
def processor(request: pytest.FixtureRequest) -> Architecture:
    """Give each processor that we have numbers for."""
    return ARCHITECTURES[request.param]


def ask(processor: Architecture, name: str, *arguments: int, udp: bool = False) -> int:
    """Return what the filter answers to a call by name."""
    number = NUMBERS[name][processor.column]
    assert number is not None
    return verdict(program(processor, own_pid=OWN_PID, udp=udp), processor.audit, number, *arguments)


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
    assert ALLOW == ask(processor, "socket", socket.AF_INET, UDP, 0, udp=True)
    assert EPERM == ask(processor, "socket", socket.AF_INET, RAW, 0, udp=True)
    assert EPERM == ask(processor, "socket", socket.AF_UNIX, UDP, 0, udp=True)


def test_filter_refuses_every_call_that_is_not_in_the_table(processor: Architecture) -> None:
    """An unnamed number gets EPERM, one newer than the table ENOSYS, so that the C library falls back."""
    octets = program(processor, own_pid=OWN_PID, udp=True)
    named = {numbers[processor.column] for numbers in NUMBERS.values()}
    clone3 = 435
    unnamed = [number for number in range(452) if number not in named and number != clone3]
    assert {EPERM} == {verdict(octets, processor.audit, number) for number in unnamed}
    assert {ENOSYS} == {verdict(octets, processor.audit, number) for number in (clone3, 452, 9999)}


def test_filter_kills_calls_of_another_architecture(processor: Architecture) -> None:
    """32-bit and x32 calls have other numbers, so a process that makes one is ended."""
    octets = program(processor, own_pid=OWN_PID, udp=True)
    assert KILL == verdict(octets, 0x40000003, 1)
    assert KILL == verdict(octets, processor.audit, 0x40000000)


def test_every_condition_belongs_to_a_call_of_the_table() -> None:
    """A condition on a call that is not let would say nothing."""
    assert set() == CONDITIONS.keys() - NUMBERS.keys()


def test_numbers_are_never_used_twice(processor: Architecture) -> None:
    """A number given to two names would let the wrong call."""
    numbers = [both[processor.column] for both in NUMBERS.values() if both[processor.column] is not None]
    assert sorted(set(numbers), key=str) == sorted(numbers, key=str)
