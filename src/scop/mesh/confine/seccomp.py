"""Seccomp: a small program inside the kernel that looks at every system call.

The program is assembled from what `permits` lets a kind of process: check the architecture, then compare the number
call by call; a call with a harmful side has its arguments compared. Everything else gets EPERM, so that
an attempt fails like any refused call and can be seen in the log, and is not a way to kill the cell.

Standards: Linux seccomp(2), classic BPF (linux/filter.h).
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from scop.mesh.confine.kernel import prctl, syscall
from scop.mesh.confine.permits import OWN_PID, Alternatives, Is, Permits
from scop.mesh.confine.syscalls import AARCH64, NUMBERS, X86_64

__all__ = ["Architecture", "here", "install", "is_available", "program"]

Instruction: TypeAlias = bytes


@dataclass(frozen=True, slots=True)
class Architecture:
    """What differs between processors."""

    column: int  # in syscalls.NUMBERS
    audit: int  # AUDIT_ARCH_*, what the kernel calls it
    seccomp: int  # the number of seccomp(2)


ARCHITECTURES = {
    "x86_64": Architecture(X86_64, 0xC000003E, 317),
    "aarch64": Architecture(AARCH64, 0xC00000B7, 277),
}

# struct seccomp_data: nr, arch, instruction pointer, six arguments of 64 bits.
_NUMBER_AT = 0
_ARCHITECTURE_AT = 4
_ARGUMENTS_AT = 16

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JUMP_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000

_CLONE3 = 435
_X32_CALLS = 0x40000000  # the same numbers with this bit reach the kernel by another table
_FIRST_UNKNOWN_CALL = 452  # newer than the table: a C library that tries one falls back on ENOSYS only

_SET_MODE_FILTER = 1
_GET_ACTION_AVAIL = 2
_FLAG_TSYNC = 1
_PR_SET_NO_NEW_PRIVS = 38


def here() -> Architecture:
    """Return this machine's architecture; KeyError where we have no table for it."""
    return ARCHITECTURES[platform.machine()]


def is_available() -> bool:
    """Say whether system calls can be filtered on this machine."""
    if platform.machine() not in ARCHITECTURES:
        return False
    try:
        syscall(here().seccomp, _GET_ACTION_AVAIL, 0, struct.pack("=I", _ERRNO))
    except OSError:
        return False
    return True


def install(octets: bytes) -> None:
    """Put the program before every system call of every thread of this process, for good."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    code = ctypes.create_string_buffer(octets, len(octets))
    header = struct.pack("@HP", len(octets) // 8, ctypes.addressof(code))  # struct sock_fprog
    syscall(here().seccomp, _SET_MODE_FILTER, _FLAG_TSYNC, header)


def program(architecture: Architecture, permits: Permits, *, own_pid: int) -> bytes:
    """Return the filter as classic BPF; `own_pid` is whom signals may reach."""
    return b"".join(_program(architecture, permits, own_pid))


def _program(architecture: Architecture, permits: Permits, own_pid: int) -> Iterator[Instruction]:
    yield _step(_LOAD, _ARCHITECTURE_AT)
    yield _jump(_JUMP_EQUAL, architecture.audit, 1, 0)
    yield _step(_RETURN, _KILL_PROCESS)  # a 32-bit call: other numbers, so nothing below would hold
    yield _step(_LOAD, _NUMBER_AT)
    yield _jump(_JUMP_AT_LEAST, _X32_CALLS, 0, 1)
    yield _step(_RETURN, _KILL_PROCESS)
    for name, alternatives in permits.items():
        number = NUMBERS[name][architecture.column]
        if number is not None:
            verdict = list(_verdict(alternatives, own_pid))
            yield _jump(_JUMP_EQUAL, number, 0, len(verdict))
            yield from verdict
    # clone3 hides its flags behind a pointer; on ENOSYS the C library falls back on clone.
    yield _jump(_JUMP_EQUAL, _CLONE3, 1, 0)
    yield _jump(_JUMP_AT_LEAST, _FIRST_UNKNOWN_CALL, 0, 1)
    yield _step(_RETURN, _ERRNO | errno.ENOSYS)
    yield _step(_RETURN, _ERRNO | errno.EPERM)


def _verdict(alternatives: Alternatives, own_pid: int) -> Iterator[Instruction]:
    """Return to the kernel: allow where there is no condition or one alternative holds."""
    if not alternatives:
        yield _step(_RETURN, _ALLOW)
        return
    for tests in alternatives:
        yield from _alternative(tests, own_pid)
    yield _step(_RETURN, _ERRNO | errno.EPERM)


def _alternative(tests: tuple[Is, ...], own_pid: int) -> Iterator[Instruction]:
    """Allow where every test holds; go on behind this alternative at the first that does not."""
    per_test = 3
    for place, test in enumerate(tests, 1):
        steps_left = (len(tests) - place) * per_test + 1
        yield _step(_LOAD, _ARGUMENTS_AT + 8 * test.argument)
        yield _step(_AND, test.mask)
        yield _jump(_JUMP_EQUAL, own_pid if test.value == OWN_PID else test.value, 0, steps_left)
    yield _step(_RETURN, _ALLOW)


def _step(code: int, operand: int) -> Instruction:
    return _jump(code, operand, 0, 0)


def _jump(code: int, operand: int, if_true: int, if_false: int) -> Instruction:
    return struct.pack("=HBBI", code, if_true, if_false, operand)  # struct sock_filter
