"""What an authoritative server's response is worth: an answer, a way further down, or nothing.

Only what lies in the bailiwick of the zone whose server spoke is believed: nobody can plant records
of somebody else's zone, neither in an answer nor as glue.

Standards: RFC 1034 §4.3.2 and §5.3.3, RFC 2181 §5.4.1, RFC 2308 §2, RFC 5452 §6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from scop.dns import AAAA, CNAME, NS, SOA, A, Question, Rcode
from scop.dns.chain import follow_aliases
from scop.dns.message import Flag, Message, Record
from scop.dns.names import is_at_or_below
from scop.dns.resolver.asking import Server
from scop.dns.resolver.memory import Delegation, Known

__all__ = ["Learned", "Referral", "read_response"]

MAX_SERVERS = 13  # of one zone; the root has as many, more would only cost time


@dataclass(frozen=True, slots=True)
class Referral:
    """Somebody else knows: the servers of a zone further down."""

    delegation: Delegation
    ttl_seconds: int


# What is now known, name by name; the first is of the question's own name.
Learned: TypeAlias = tuple[tuple[Question, Known], ...]


def read_response(message: Message, zone: str, question: Question, port: int) -> Learned | Referral | None:
    """Return what `message` from a server of `zone` says to `question`; None if that is of no use.

    `port` is where the servers of a referral listen.
    """
    if message.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return None
    # Stricter than RFC 1034 §5.3.3: only authoritative answers count, so a lame server's are passed over.
    is_authoritative = bool(message.flags & Flag.AUTHORITATIVE)
    if is_authoritative and (learned := _presence(message, zone, question)):
        return learned
    start = _start_of_authority(message, zone, question)
    if not start and (referral := _referral(message, zone, question, port)):
        return referral
    # RFC 2308 §2: nothing of the type (NOERROR) or nothing at all; without SOA it is true but not remembered.
    return ((question, Known(message.rcode, (), start)),) if is_authoritative else None


def _presence(message: Message, zone: str, question: Question) -> Learned:
    answers = tuple(record for record in message.answers if is_at_or_below(record.name, zone))
    chain = follow_aliases(question, answers)
    aliases = tuple((Question(a.name, CNAME.type), Known(Rcode.NOERROR, (a,))) for a in chain.aliases)
    if not chain.records:
        return aliases
    return (*aliases, (Question(chain.name, question.type), Known(Rcode.NOERROR, chain.records)))


def _start_of_authority(message: Message, zone: str, question: Question) -> tuple[Record, ...]:
    return tuple(
        record
        for record in message.authority
        if isinstance(record.rdata, SOA)
        and is_at_or_below(question.name, record.name)
        and is_at_or_below(record.name, zone)
    )[:1]


def _referral(message: Message, zone: str, question: Question, port: int) -> Referral | None:
    servers = [record for record in message.authority if isinstance(record.rdata, NS) and record.name != zone]
    child = servers[0].name if servers else zone
    # Strictly further down towards the name, or it could lead in circles.
    if child == zone or not is_at_or_below(child, zone) or not is_at_or_below(question.name, child):
        return None
    servers = [record for record in servers if record.name == child][:MAX_SERVERS]
    names = [record.rdata.target for record in servers if isinstance(record.rdata, NS)]
    glue = _glue(message, zone, set(names))
    places = tuple(Server(address, port) for name in names for address in glue.get(name, ()))
    # A name below the child without glue could only be found through itself.
    unplaced = tuple(name for name in names if name not in glue and not is_at_or_below(name, child))
    return Referral(Delegation(child, places, unplaced), min(record.ttl_seconds for record in servers))


def _glue(message: Message, zone: str, names: set[str]) -> dict[str, list[str]]:
    glue: dict[str, list[str]] = {}
    for record in message.additional:
        if isinstance(record.rdata, (A, AAAA)) and record.name in names and is_at_or_below(record.name, zone):
            glue.setdefault(record.name, []).append(record.rdata.address)
    return glue
