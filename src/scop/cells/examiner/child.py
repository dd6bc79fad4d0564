"""One child's life: it holds one mail and the memory for its answer, is sealed, looks, answers, and ends.

Whatever the mail makes it do, it can do no more than compute, write a bounded answer and end: no files, sockets,
signals, programs or children, and the kernel ends it when its time is up.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from scop.cells.examiner.errand import MAX_ANSWER_OCTETS, Answer, Errand, encode
from scop.mesh.confine import SealLimits, seal
from scop.mesh.vocabulary.examiner import FoundThing

__all__ = ["Look", "live"]

# What looks into a mail; it may raise whatever it runs into.
Look: TypeAlias = Callable[[bytes], tuple[FoundThing, ...]]

_NULL = 0  # where the nursery has the null device
_MAX_NICE = 19
_MAX_DESCRIPTOR = 1 << 20
MAX_FAULT_CHARACTERS = 2000
_READ_OCTETS = 1 << 24  # at once


def live(errand: Errand, mail: int, answer: int, look: Look) -> NoReturn:
    """Be the child of an errand, from the fork to the end."""
    status = 1
    try:
        _hold_only(mail, answer)
        _give_way(errand.nice)
        limits = SealLimits(errand.wall_seconds, int(errand.wall_seconds) + 1, errand.memory_octets, MAX_ANSWER_OCTETS)
        seal(limits)
        os.write(answer, encode(_answer(look, _read(mail, errand.mail_octets))))
        status = 0
    finally:
        os._exit(status)


def _give_way(nice: int) -> None:
    if nice > _MAX_NICE:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(nice)


def _hold_only(mail: int, answer: int) -> None:
    """Let go of every descriptor but these two; what a library writes of itself goes nowhere."""
    for standard in (1, 2):
        os.dup2(_NULL, standard)
    first, second = sorted((mail, answer))
    os.closerange(3, first)
    os.closerange(first + 1, second)
    os.closerange(second + 1, _MAX_DESCRIPTOR)


def _read(mail: int, octets: int) -> bytes:
    pieces = (os.pread(mail, min(_READ_OCTETS, octets - at), at) for at in range(0, octets, _READ_OCTETS))
    return b"".join(pieces)


def _answer(look: Look, octets: bytes) -> Answer:
    try:
        return Answer(look(octets))
    except Exception:  # whatever looking ran into: who asked is told that it failed, and its log how
        return Answer(fault=traceback.format_exc()[-MAX_FAULT_CHARACTERS:])
