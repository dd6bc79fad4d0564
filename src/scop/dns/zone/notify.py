"""NOTIFY messages: a primary tells that its zone has a new version, and a secondary says that it heard.

Standards: RFC 1996 §3.
"""

from __future__ import annotations

from scop.base import RemoteProtocolError
from scop.dns.answer import Question
from scop.dns.message import Flag, Message, build_message, parse_message
from scop.dns.rrset import RRset
from scop.dns.words import Opcode

__all__ = ["build_notify", "notified_zone"]


def build_notify(origin: str, id_: int, soa: RRset | None = None) -> bytes:
    """Build the message; the SOA of the new version is a hint and no more (RFC 1996 §3.7)."""
    answers = () if soa is None else soa.records()
    question = Question(origin, "SOA")
    return build_message(Message(id_, Flag.AUTHORITATIVE, Opcode.NOTIFY, question=question, answers=answers))


def notified_zone(octets: bytes) -> str | None:
    """Return the zone that a NOTIFY speaks of, None where it is none; raises `RemoteProtocolError` for no message."""
    message = parse_message(octets)
    question = message.question
    if message.opcode is not Opcode.NOTIFY or question is None:
        raise RemoteProtocolError("no NOTIFY")
    return question.name if question.type == "SOA" and question.qclass == "IN" else None
