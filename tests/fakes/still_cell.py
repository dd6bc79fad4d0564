"""A cell that does nothing but live: it reads who it is, says ready, and ends when it is asked to.

`python still_cell.py NAME [REASON]`: with a reason it cannot start.
"""

from __future__ import annotations

import signal
import sys

from scop.mesh.control import Boot, Confined, Control, Failed, Ready

if __name__ == "__main__":
    control = Control.inherited()
    received = control.receive_in_cell()
    assert received is not None
    assert isinstance(received[0], Boot)
    if len(sys.argv) > 2:
        control.send(Failed(sys.argv[2]))
        sys.exit(2)
    control.send(Ready(Confined(landlock_abi=7, missing=())))
    signal.sigwait({signal.SIGTERM})
