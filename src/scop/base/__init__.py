"""What every layer stands on: faults, outcomes, a bounded cursor over octets, a clock's face, text made comparable."""

from scop.base.clock import Clock
from scop.base.cursor import Cursor
from scop.base.domains import a_labels
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
    "a_labels",
    "printable",
]
