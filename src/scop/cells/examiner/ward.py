"""Where the children are: a process with all code loaded has one for each errand, and tells the cell when it ended.

It reads neither mails nor answers: both are memory that it hands on and forgets.

Standards: Linux fork(2), pidfd_open(2), unix(7) (SCM_RIGHTS).
"""

from __future__ import annotations

import gc
import os
import select
import socket

from scop.cells.examiner.child import Look, live
from scop.cells.examiner.errand import MAX_WORD_OCTETS, NO_CHILD, Ended, Errand, decode, encode

__all__ = ["Ward"]


class Ward:
    """Serves the cell at the other end of `control`."""

    def __init__(self, control: socket.socket, look: Look) -> None:
        self._control = control
        self._look = look
        self._poll = select.poll()
        self._children: dict[int, tuple[int, int]] = {}  # by descriptor: the process and its errand

    def serve(self, quiet_seconds: float) -> int:
        """Have children until the cell ends, or until nothing was to do for so long; return 0."""
        gc.collect()
        gc.freeze()  # what is here is shared with every child, and nobody looks through it again
        self._poll.register(self._control, select.POLLIN)
        while True:
            patience = None if self._children else 1000 * quiet_seconds
            ready = self._poll.poll(patience)
            if not ready:
                return 0
            for descriptor, _ in ready:
                if descriptor in self._children:
                    self._bury(descriptor)
                elif not self._take():
                    return 0  # whoever still runs ends with us

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
        self._children[descriptor] = (child, errand.number)
        self._poll.register(descriptor, select.POLLIN)

    def _bury(self, descriptor: int) -> None:
        child, number = self._children.pop(descriptor)
        self._poll.unregister(descriptor)
        os.close(descriptor)
        _, status, used = os.wait4(child, 0)
        self._tell(Ended(number, status, used.ru_utime + used.ru_stime))

    def _tell(self, ended: Ended) -> None:
        self._control.send(encode(ended))
