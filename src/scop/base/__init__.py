"""What every layer stands on: faults, outcomes, a bounded cursor over octets, the face of a clock."""

from scop.base.clock import Clock
from scop.base.cursor import Cursor
from scop.base.errors import LimitExceeded, LocalProtocolError, ProtocolError, RemoteProtocolError
from scop.base.outcomes import Check
from scop.base.text import printable

__all__ = [
    "Check",
    "Clock",
    "Cursor",
    "LimitExceeded",
    "LocalProtocolError",
    "ProtocolError",
    "RemoteProtocolError",
    "printable",
]
