"""From a query's octets to a response's: what is refused, and how a resolution is said.

Standards: RFC 1035 §4.1.1, RFC 6891 §6.1.3, RFC 8482 (ANY), RFC 8906 §3 (say no, do not be silent).
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable

from scop.base import RemoteProtocolError
from scop.cells.resolver.recursion import Recursion
from scop.dns import Opcode, Question, Rcode
from scop.dns.message import Edns, Flag, Message, build_message, parse_message
from scop.dns.resolver.old_iteration import Resolution

__all__ = ["response_to"]

# Not records: transfers, wildcards of types, and what belongs to a message.
UNANSWERABLE = frozenset({"ANY", "AXFR", "IXFR", "OPT", "TSIG"})
_HEADER = struct.Struct("!6H")


def response_to(query: bytes, recursion: Recursion) -> bytes | Awaitable[bytes | None] | None:
    """Return the response, at once where it is known, or an awaitable of it; None where silence is right."""
    try:
        asked = parse_message(query)
    except RemoteProtocolError:
        return _unreadable(query)
    if asked.is_response:
        return None  # two servers could talk for ever
    question = asked.question
    refusal = _refusal(asked)
    if refusal is not None or question is None:
        return _said(asked, Resolution(refusal or Rcode.FORMERR))
    known = recursion.recall(question)
    return _said_later(asked, question, recursion) if known is None else _said(asked, known)


def _refusal(asked: Message) -> Rcode | None:
    if asked.opcode is not Opcode.QUERY:
        return Rcode.NOTIMP
    if asked.edns is not None and asked.edns.version:
        return Rcode.BADVERS
    if asked.question is None:
        return Rcode.FORMERR
    if asked.question.qclass != "IN":
        return Rcode.REFUSED
    if asked.question.type in UNANSWERABLE:
        return Rcode.NOTIMP
    # Who does not want recursion looks into our memory, or takes us for an authority.
    return None if asked.flags & Flag.RECURSION_DESIRED else Rcode.REFUSED


async def _said_later(asked: Message, question: Question, recursion: Recursion) -> bytes:
    return _said(asked, await recursion.resolve(question))


def _said(asked: Message, resolution: Resolution) -> bytes:
    flags = Flag.RESPONSE | Flag.RECURSION_AVAILABLE | asked.flags & Flag.RECURSION_DESIRED
    message = Message(
        asked.id,
        flags,
        asked.opcode,
        resolution.rcode,
        asked.question,
        resolution.records,
        resolution.authority,
        edns=None if asked.edns is None else Edns(),
    )
    return build_message(message)


def _unreadable(query: bytes) -> bytes | None:
    if len(query) < _HEADER.size or query[2] << 8 & Flag.RESPONSE:
        return None
    return _HEADER.pack(query[0] << 8 | query[1], Flag.RESPONSE | Rcode.FORMERR, 0, 0, 0, 0)
