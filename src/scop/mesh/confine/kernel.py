"""The two doors to the kernel that the standard library does not have: syscall(2) and prctl(2)."""

from __future__ import annotations

import ctypes
import os

__all__ = ["prctl", "syscall"]

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def syscall(number: int, *arguments: int | bytes | None) -> int:
    """Call the kernel; integers travel as 64-bit words, octets as their address. Raises OSError."""
    result = int(_libc.syscall(ctypes.c_long(number), *map(_word, arguments)))
    if result < 0:
        _raise()
    return result


def prctl(option: int, *arguments: int) -> int:
    """Change a trait of this process; arguments left out are 0. Raises OSError."""
    words = (*arguments, 0, 0, 0, 0)[:4]
    result = int(_libc.prctl(ctypes.c_int(option), *map(ctypes.c_ulong, words)))
    if result < 0:
        _raise()
    return result


def _word(argument: int | bytes | None) -> ctypes.c_long | ctypes.c_char_p:
    return ctypes.c_long(argument) if isinstance(argument, int) else ctypes.c_char_p(argument)


def _raise() -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))
