"""DNS messages: octets of a datagram or stream frame to values and back.

Hand-written because a resolver does little else: the records that mail asks for are read by their
own classes, everything rare is carried as octets.

Standards: RFC 1035 §4.1; RFC 3597 §4 (which rdata is compressed); RFC 6891 §6.1 (EDNS).
"""

from scop.dns.edns import MAX_DATAGRAM_OCTETS, Cookie, Edns, EdnsOption, ExtendedError, OptionCode
from scop.dns.message_reader import parse_message
from scop.dns.message_values import MAX_MESSAGE_OCTETS, Flag, Message, Record
from scop.dns.message_writer import build_message, build_query

__all__ = [
    "MAX_DATAGRAM_OCTETS",
    "MAX_MESSAGE_OCTETS",
    "Cookie",
    "Edns",
    "EdnsOption",
    "ExtendedError",
    "Flag",
    "Message",
    "OptionCode",
    "Record",
    "build_message",
    "build_query",
    "parse_message",
]
