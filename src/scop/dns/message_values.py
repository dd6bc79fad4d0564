"""A DNS message as a value: header, question, three sections of records, and EDNS.

Standards: RFC 1035 §4.1; RFC 4035 §3.2 (AD, CD).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from scop.dns.answer import Question
from scop.dns.edns import Edns
from scop.dns.rdata import Rdata
from scop.dns.words import Opcode, Rcode

__all__ = ["FLAG_BITS", "MAX_MESSAGE_OCTETS", "Flag", "Message", "Record"]

MAX_MESSAGE_OCTETS = 65_535  # RFC 1035 §4.2.2: the two length octets of a stream


class Flag(IntEnum):  # not IntFlag: its operators take a microsecond each
    """The flags of the header (RFC 1035 §4.1.1, RFC 4035 §3.2)."""

    RESPONSE = 0x8000
    AUTHORITATIVE = 0x0400
    TRUNCATED = 0x0200
    RECURSION_DESIRED = 0x0100
    RECURSION_AVAILABLE = 0x0080
    AUTHENTIC_DATA = 0x0020
    CHECKING_DISABLED = 0x0010


FLAG_BITS = sum(flag.value for flag in Flag)


class Record(NamedTuple):
    """One resource record of its message's class, which is nearly always IN."""

    name: str
    ttl_seconds: int
    rdata: Rdata

    @property
    def type(self) -> str:
        """The record's type."""
        return self.rdata.type


class Message(NamedTuple):
    """A whole message; `question` is None where the question section is empty.

    Its records are of the question's class: those of another are passed over when a message is read.
    """

    id: int
    flags: int = 0
    opcode: Opcode = Opcode.QUERY
    rcode: Rcode = Rcode.NOERROR
    question: Question | None = None
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()  # without the OPT record, which is `edns`
    edns: Edns | None = None

    @property
    def is_response(self) -> bool:
        """Whether this answers a query."""
        return bool(self.flags & Flag.RESPONSE)

    @property
    def is_truncated(self) -> bool:
        """Whether there is more than the datagram held."""
        return bool(self.flags & Flag.TRUNCATED)

    def emptied(self) -> Message:
        """Return the same without records, marked as truncated: come by TCP."""
        return self._replace(flags=self.flags | Flag.TRUNCATED, answers=(), authority=(), additional=())
