"""Where the children are: a process with all code loaded has one for each errand, and tells the cell when it ended.

It reads neither mails nor answers: both are memory that it hands on and forgets.

Standards: Linux fork(2), pidfd_open(2), unix(7) (SCM_RIGHTS).
"""

from __future__ import annotations

import gc
import math
import os
import select
import socket
import time
from dataclasses import dataclass

from scop.cells.examiner.child import Look, live
from scop.cells.examiner.errand import MAX_WORD_OCTETS, NO_CHILD, Ended, Errand, decode, encode

__all__ = ["Ward"]

# Most mails take some hundredths; who takes longer gives way to all the others, whoever sent it.
QUICK_SECONDS = 1.0
_SLOW_NICE = 19


@dataclass(slots=True)
class _Child:
    """A child that looks; it is urgent, as far as its errand is, for a while."""

    process: int
    number: int
    urgent_until: float


class Ward:
    """Serves the cell at the other end of `control`."""

    def __init__(self, control: socket.socket, look: Look) -> None:
        self._control = control
        self._look = look
        self._poll = select.poll()
        self._children: dict[int, _Child] = {}  # by descriptor

    def serve(self, quiet_seconds: float) -> int:
        """Have children until the cell ends, or until nothing was to do for so long; return 0."""
        gc.collect()
        gc.freeze()  # what is here is shared with every child, and nobody looks through it again
        self._poll.register(self._control, select.POLLIN)
        while True:
            ready = self._poll.poll(self._patience_milliseconds(quiet_seconds))
            if not ready and not self._children:
                return 0
            self._have_the_slow_give_way()
            for descriptor, _ in ready:
                if descriptor in self._children:
                    self._bury(descriptor)
                elif not self._take():
                    return 0  # whoever still runs ends with us

    def _patience_milliseconds(self, quiet_seconds: float) -> float | None:
        if not self._children:
            return 1000 * quiet_seconds
        first = min(child.urgent_until for child in self._children.values())
        return max(0.0, 1000 * (first - time.monotonic()) + 1) if first < math.inf else None

    def _have_the_slow_give_way(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.urgent_until <= now:
                child.urgent_until = math.inf
                os.setpriority(os.PRIO_PROCESS, child.process, _SLOW_NICE)  # it is ours until it is waited for

    def _take(self) -> bool:
        """Take one errand; False at the end of the cell."""
        try:
            octets, descriptors, _, _ = socket.recv_fds(self._control, MAX_WORD_OCTETS, 2)
        except ConnectionError:  # it ended with words of ours unread
            return False
        if not octets:
            return False
        errand = decode(Errand, octets)
        try:
            self._bear(errand, descriptors[0], descriptors[1])
        except OSError:
            self._tell(Ended(errand.number, NO_CHILD))
        for descriptor in descriptors:
            os.close(descriptor)
        return True

    def _bear(self, errand: Errand, mail: int, answer: int) -> None:
        child = os.fork()
        if child == 0:
            live(errand, mail, answer, self._look)  # does not return
        descriptor = os.pidfd_open(child)
        self._children[descriptor] = _Child(child, errand.number, time.monotonic() + QUICK_SECONDS)
        self._poll.register(descriptor, select.POLLIN)

    def _bury(self, descriptor: int) -> None:
        child = self._children.pop(descriptor)
        self._poll.unregister(descriptor)
        os.close(descriptor)
        _, status, used = os.wait4(child.process, 0)
        self._tell(Ended(child.number, status, used.ru_utime + used.ru_stime))

    def _tell(self, ended: Ended) -> None:
        self._control.send(encode(ended))
