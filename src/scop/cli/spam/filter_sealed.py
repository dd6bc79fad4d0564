"""One piece of work on hostile octets, done in a child that may do nothing but compute and answer.

The child is sealed as that of the examiner (scop.mesh.confine.seal): no file, no socket, no program, no child, no
signal to anybody; so much memory and so long. What it says comes by a pipe and is bounded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

from scop.mesh.confine import SealLimits, preload_charsets, seal, settle
from scop.net.faults import TemporaryFailure

__all__ = ["in_sealed_child"]

MAX_ANSWER_OCTETS = 65_536  # a verdict with its clues is one KB, each finding some hundred octets; a pipe holds as much
LIMITS = SealLimits(wall_seconds=60.0, cpu_seconds=60, memory_octets=1 << 30, written_octets=MAX_ANSWER_OCTETS)

_MAX_DESCRIPTOR = 1 << 20


def in_sealed_child(work: Callable[[], bytes]) -> bytes:
    """Return what `work` returns; raises `TemporaryFailure` where the child fails, dies or takes too long.

    All that the work needs must be imported before.
    """
    preload_charsets()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_leave(work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        answer = stream.read(MAX_ANSWER_OCTETS + 1)  # the kernel ends the child at its time, and with it the pipe
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not answer.startswith(b"+") or len(answer) > MAX_ANSWER_OCTETS:
        reason = answer[1:500].decode("utf-8", "replace") or f"its child ended with {status}"
        raise TemporaryFailure(f"the mail could not be weighed: {reason}")
    return answer[1:]


def _work_and_leave(work: Callable[[], bytes], writer: int) -> NoReturn:
    try:
        os.closerange(0, writer)
        os.closerange(writer + 1, _MAX_DESCRIPTOR)
        try:
            settle()
            seal(LIMITS)
            answer = b"+" + work()
        except Exception as fault:
            answer = b"-" + repr(fault).encode("utf-8", "backslashreplace")[:500]
        os.write(writer, answer)
    finally:
        os._exit(0)  # nothing of the parent's is flushed or cleaned up twice
