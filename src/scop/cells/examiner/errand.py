"""What the cell and its nursery say to each other, and what a child leaves behind.

An errand travels with two descriptors of memory: the mail, which nobody can change any more, and the empty one in
which the child writes its answer. No octet of a mail passes through the nursery.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from scop.mesh.vocabulary.examiner import FoundThing

__all__ = ["MAX_ANSWER_OCTETS", "MAX_WORD_OCTETS", "NO_CHILD", "Answer", "Ended", "Errand", "decode", "encode"]

MAX_ANSWER_OCTETS = 65_536  # what a child can write; 64 findings with long names have some 30,000
MAX_WORD_OCTETS = 256  # of an errand and its end
NO_CHILD = -1  # in place of a status, which no child can have: there was no memory or no room for one

T = TypeVar("T")

encode = msgspec.msgpack.Encoder().encode


class Errand(msgspec.Struct, frozen=True, array_like=True):
    """Have a child look into a mail."""

    number: int
    mail_octets: int
    wall_seconds: float
    memory_octets: int
    nice: int  # past 19: runs where nobody else wants the processor


class Ended(msgspec.Struct, frozen=True, array_like=True):
    """The child of an errand is no more; `status` is as wait(2) has it, with what it used of the processor."""

    number: int
    status: int
    cpu_seconds: float = 0.0


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What a child found, or why it could not."""

    findings: tuple[FoundThing, ...] = ()
    fault: str = ""


def decode(kind: type[T], octets: bytes) -> T:
    """Return the value; raises `ValueError` for octets that are none."""
    try:
        return msgspec.msgpack.decode(octets, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no {kind.__name__}: {error}") from None
