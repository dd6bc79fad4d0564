"""The kernel's side of a seccomp filter, so that the program for every processor can be tried on any."""

from __future__ import annotations

import struct

__all__ = ["ALLOW", "KILL", "errno_verdict", "verdict"]

ALLOW = 0x7FFF0000
KILL = 0x80000000


def errno_verdict(number: int) -> int:
    """Return the verdict that makes a call fail with this errno."""
    return 0x00050000 | number


def verdict(program: bytes, architecture: int, call: int, *arguments: int) -> int:
    """Run a classic BPF program over one system call; return what it answers."""
    words = [argument & 0xFFFFFFFFFFFFFFFF for argument in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    call_data = struct.pack("=IIQ6Q", call, architecture, 0, *words)
    steps = list(struct.iter_unpack("=HBBI", program))
    accumulator, place = 0, 0
    while True:
        code, if_true, if_false, operand = steps[place]
        place += 1
        match code:
            case 0x20:  # load a word
                (accumulator,) = struct.unpack_from("=I", call_data, operand)
            case 0x54:  # and
                accumulator &= operand
            case 0x15:  # jump if equal
                place += if_true if accumulator == operand else if_false
            case 0x35:  # jump if greater or equal
                place += if_true if accumulator >= operand else if_false
            case 0x06:  # return
                return int(operand)
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")
