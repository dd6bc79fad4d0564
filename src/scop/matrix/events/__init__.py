"""Events of rooms: their format by room version, hashes, signatures and redaction."""

from scop.matrix.events.pdu import Pdu

__all__ = ["Pdu"]
