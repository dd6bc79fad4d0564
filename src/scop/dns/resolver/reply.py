"""What an asker of a resolver is told: a resolution in the form that its question wants, or why there is none.

Signatures and proofs go to who says DO, the AD bit to who says DO or AD, reasons (EDE) to who speaks EDNS. Questions
that are no look-up are refused in words; what a server would say of itself (version, name) it says only where told to.

Standards: RFC 1035 §4.1.1, RFC 4035 §3.2 (DO, AD, CD), RFC 4892 (id.server), RFC 5001 (NSID), RFC 6840 §5.7 to §5.9,
RFC 6891 §6.1.3, RFC 7828 (keepalive), RFC 8906 §3 (say no, do not be silent), RFC 8914 (EDE).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scop.dns.answer import Question
from scop.dns.edns import Edns, EdnsOption, ExtendedError, OptionCode, keepalive_option
from scop.dns.known import Reason
from scop.dns.message_values import Flag, Message, Record
from scop.dns.rdata import TXT
from scop.dns.resolver.resolution import Resolution
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Opcode, Rcode, Security

__all__ = ["Manners", "refusal", "reply"]

_TRANSFERS = frozenset({"AXFR", "IXFR"})
# Not records: wildcards of types that nobody has used since 1987, and what belongs to a message (RFC 6895 §3.1).
_NO_RECORDS = frozenset({"MAILA", "MAILB", "OPT", "TKEY", "TSIG"})
_PROOFS = frozenset({"NSEC", "NSEC3"})
_VERSION_NAMES = ("version.bind", "version.server")
_IDENTITY_NAMES = ("id.server", "hostname.bind")


@dataclass(frozen=True, slots=True)
class Manners:
    """How a server answers on one of its ways in.

    `version` and `identity` are told to CH questions, `nsid` to who asks for it; what is empty is not told.
    `idle_seconds` is how long an idle stream stays open, 0 on datagrams. `explains` adds the private sentence to a
    reason: for neighbours, never for strangers.
    """

    version: str = ""
    identity: str = ""
    nsid: bytes = b""
    idle_seconds: float = 0.0
    explains: bool = False


def refusal(asked: Message, manners: Manners) -> Message | None:
    """Return what there is to say at once to a query that is no look-up; None for one that is."""
    rcode, reason = _objection(asked)
    if rcode is not None:
        refused = _message(asked, rcode, manners, reason)
        if asked.opcode is not Opcode.QUERY or (asked.question is not None and asked.question.type in _TRANSFERS):
            refused = refused._replace(flags=refused.flags & ~Flag.RECURSION_AVAILABLE)
        # RFC 1035 §4.1.1: what cannot be interpreted is not repeated.
        return refused._replace(question=None) if rcode is Rcode.FORMERR else refused
    assert asked.question is not None
    if asked.question.qclass != "IN":
        return _of_itself(asked, asked.question, manners)
    if not asked.flags & Flag.RECURSION_DESIRED:
        # Who does not want recursion looks into our memory, or takes us for an authority.
        return _message(asked, Rcode.REFUSED, manners, Reason("RD is not set", Ede.NOT_AUTHORITATIVE))
    return None


def reply(asked: Message, resolution: Resolution, manners: Manners) -> Message:
    """Return the response that tells a resolution to who asked for it."""
    wants_proof = asked.edns is not None and asked.edns.dnssec_ok
    message = _message(asked, resolution.rcode, manners, resolution.reason)
    flags = message.flags | asked.flags & Flag.CHECKING_DISABLED
    if resolution.is_local:
        flags |= Flag.AUTHORITATIVE  # RFC 6303 §3: these zones are served here
    vouching = [rrset for rrset in resolution.authority if wants_proof or rrset.type not in _PROOFS]
    # RFC 6840 §5.8: AD only to who shows that it understands it.
    understands = wants_proof or asked.flags & Flag.AUTHENTIC_DATA
    if understands and resolution.security is Security.SECURE and not resolution.has_failed:
        flags |= Flag.AUTHENTIC_DATA
    return message._replace(
        flags=flags,
        answers=_records(resolution.answers, wants_proof=wants_proof),
        authority=_records(vouching, wants_proof=wants_proof),
    )


def _objection(asked: Message) -> tuple[Rcode | None, Reason | None]:
    question, edns = asked.question, asked.edns
    if asked.opcode is not Opcode.QUERY:
        return Rcode.NOTIMP, None
    if edns is not None and edns.version:
        return Rcode.BADVERS, None  # RFC 6891 §6.1.3
    if question is None or asked.answers or asked.authority:
        return Rcode.FORMERR, None
    if edns is not None and edns.option(OptionCode.KEEPALIVE):
        return Rcode.FORMERR, None  # RFC 7828 §3.2.1: an asker says it without a time
    if question.type in _TRANSFERS:
        return Rcode.REFUSED, None
    if question.type in _NO_RECORDS:
        return Rcode.NOTIMP, Reason(f"{question.type} is no type of records", Ede.NOT_SUPPORTED)
    return None, None


def _of_itself(asked: Message, question: Question, manners: Manners) -> Message:
    told = dict.fromkeys(_VERSION_NAMES, manners.version) | dict.fromkeys(_IDENTITY_NAMES, manners.identity)
    text = told.get(question.name, "") if question.qclass == "CH" and question.type == TXT.type else ""
    if not text:
        return _message(asked, Rcode.REFUSED, manners, None)
    record = Record(question.name, 0, TXT((text.encode("utf-8")[:255],)))
    return _message(asked, Rcode.NOERROR, manners, None)._replace(answers=(record,))


def _records(rrsets: Iterable[RRset], *, wants_proof: bool) -> tuple[Record, ...]:
    return tuple([record for rrset in rrsets for record in rrset.records(with_signatures=wants_proof)])


def _message(asked: Message, rcode: Rcode, manners: Manners, reason: Reason | None) -> Message:
    flags = Flag.RESPONSE | Flag.RECURSION_AVAILABLE | asked.flags & Flag.RECURSION_DESIRED
    edns = None if asked.edns is None else _edns(asked.edns, rcode, manners, reason)
    return Message(asked.id, flags, asked.opcode, rcode, asked.question, edns=edns)


def _edns(asked: Edns, rcode: Rcode, manners: Manners, reason: Reason | None) -> Edns:
    options = list[EdnsOption]()
    if asked.wants_server_id and manners.nsid:
        options.append((OptionCode.NSID, manners.nsid))
    if manners.idle_seconds:  # RFC 7828 §3.3.2: whether or not the asker said it, as long as it speaks EDNS
        options.append(keepalive_option(manners.idle_seconds))
    is_answer = rcode in (Rcode.NOERROR, Rcode.NXDOMAIN)
    if reason is not None and not (is_answer and reason.ede is Ede.OTHER):
        options.append(ExtendedError(reason.ede, reason.text if manners.explains else "").to_option())
    return replace(Edns(), dnssec_ok=asked.dnssec_ok, options=tuple(options))  # RFC 3225 §3: DO is repeated
