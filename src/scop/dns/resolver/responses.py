"""What a server's response is worth: an answer, a way further down, or nothing.

Only what lies in the bailiwick of the zone whose server spoke is believed, and of that only what was asked for: the
RRset at the question's own name, or the alias that stands there. The rest of a chain is asked for by its own names,
NS records beside an answer are passed over, and glue is only a way to the servers of a referral. So nobody can plant
records of somebody else's zone, nor replace servers by an answer (CVE-2025-11411).

Standards: RFC 1034 §4.3.2 and §5.3.3, RFC 2181 §5.4.1, RFC 2308 §2, RFC 4035 §3.1.4.1, RFC 5452 §6, RFC 6672 §3.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from scop.dns.answer import Question
from scop.dns.asking import Server
from scop.dns.known import Known
from scop.dns.message import Flag, Message, Record
from scop.dns.names import is_at_or_below, name_to_wire, parent_name
from scop.dns.rdata import AAAA, CNAME, DNAME, NS, RRSIG, SOA, A
from scop.dns.resolver.delegations import Delegation, NameServer
from scop.dns.resolver.limits import MAX_ADDRESSES, MAX_RECORDS_OF_SET, MAX_SERVERS
from scop.dns.rrset import RRset, gather
from scop.dns.words import Rcode

__all__ = [
    "ANY",
    "Asked",
    "Found",
    "Outcome",
    "Referral",
    "Useless",
    "Why",
    "read_glue",
    "read_priming",
    "read_response",
    "target_of",
]

ANY: Final = "ANY"  # RFC 1035 §3.2.3: all records, whatever their types; RFC 8482: or some of them

_DENIALS = ("NSEC", "NSEC3")


class Why(StrEnum):
    """Why a response is of no use."""

    REFUSED = "refused"  # or another rcode that says "not from me"
    FAILED = "failed"  # SERVFAIL: it may be better soon
    LAME = "lame"  # it does not serve the zone
    RECURSIVE = "recursive"  # it is a resolver that speaks from its memory
    EMPTY = "empty"  # nothing at all; believed if nobody has more
    BROKEN = "broken"  # it answers something else, or too much


@dataclass(frozen=True, slots=True)
class Asked:
    """What a response is read against: the zone whose server was asked, for what, and with RD or without."""

    zone: str
    question: Question
    is_forward: bool = False
    port: int = 53  # where the servers of a referral listen
    is_own: bool = False  # the zone is configured, or below one that is
    servers: int = 1  # how many serve the zone, as far as is known


@dataclass(frozen=True, slots=True)
class Found:
    """The question's own answer, alias or absence, and what was said of the rest of a chain within the zone.

    A forwarder's word is as good for the rest; an authority's only where nobody answers for the next name. `signers`
    are denials that came with an alias, which may prove of the names it leads to that they have no DS.
    """

    known: Known
    rest: tuple[tuple[Question, Known], ...] = ()
    signers: tuple[tuple[Question, Known], ...] = ()


@dataclass(frozen=True, slots=True)
class Referral:
    """Somebody else knows: the servers of a zone further down, and what the parent says of its DS."""

    delegation: Delegation
    ttl_seconds: int
    signer: Known | None = None


@dataclass(frozen=True, slots=True)
class Useless:
    """Another server has to be asked."""

    why: Why
    text: str


Outcome: TypeAlias = Found | Referral | Useless


def read_response(message: Message, asked: Asked) -> Outcome:
    """Return what `message` says to what was asked."""
    if not message.is_response or message.question not in (None, asked.question):
        return Useless(Why.BROKEN, "it answers another question")
    if message.is_truncated:
        return Useless(Why.BROKEN, "it is cut off, by TCP too")
    if message.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN):
        return Useless(Why.FAILED if message.rcode is Rcode.SERVFAIL else Why.REFUSED, message.rcode.name)
    if message.question is None:  # RFC 5452 §9.1: without its letters it is easier to forge
        return Useless(Why.BROKEN, "it does not say what it answers")
    if message.rcode is Rcode.YXDOMAIN:
        return _too_long(message, asked)
    answers = gather(_answering(message, asked))
    if any(len(rrset.rdatas) > MAX_RECORDS_OF_SET for rrset in answers):
        return Useless(Why.BROKEN, f"more than {MAX_RECORDS_OF_SET} records of one name and type")
    present = _present(asked.question, answers, message, asked)
    outcome = _from_forwarder(message, asked, present) if asked.is_forward else _from_authority(message, asked, present)
    if isinstance(outcome, Found) and outcome.known is present:
        rest = _rest(message, asked, answers, present)
        return replace(outcome, rest=rest, signers=_signers(asked, present))
    return outcome


def _answering(message: Message, asked: Asked) -> Iterator[Record]:
    """Return the answers in the zone's bailiwick, and their signatures, wherever those stand."""
    names = set[str]()
    for record in message.answers:
        if is_at_or_below(record.name, asked.zone):
            names.add(record.name)
            yield record
    if asked.question.type == RRSIG.type:
        return
    # Lenient: RFC 4035 §3.1.1 puts it into the section of what it signs; from wherever it comes, it is checked.
    for record in (*message.authority, *message.additional):
        if record.name in names and isinstance(record.rdata, RRSIG) and record.rdata.covered not in _DENIALS:
            yield record


def read_priming(message: Message, asked: Asked) -> tuple[Delegation, int] | None:
    """Return a zone's servers by its own NS records with their addresses, and for how long; None if it has none."""
    if not message.is_response or message.question != asked.question or message.rcode is not Rcode.NOERROR:
        return None
    records = [record for record in message.answers if record.name == asked.zone]
    servers = _name_servers(records, message, asked, asked.zone)
    if not any(server.places for server in servers):
        return None
    return Delegation(asked.zone, servers), min(r.ttl_seconds for r in records if isinstance(r.rdata, NS))


def read_glue(message: Message, asked: Asked) -> Outcome:
    """Return the address of a server of a zone below, as the parent has it: an answer, or glue of a referral."""
    records = [
        record
        for record in (*message.answers, *message.additional)
        if record.name == asked.question.name and record.type in {asked.question.type, CNAME.type}
    ]
    found = gather(records)[:1]
    if message.rcode is not Rcode.NOERROR or not found or not is_at_or_below(found[0].owner, asked.zone):
        return Useless(Why.REFUSED, "it has no glue")
    return Found(Known(Rcode.NOERROR, found, (), asked.zone))


def _from_authority(message: Message, asked: Asked, present: Known | None) -> Outcome:
    authoritative = bool(message.flags & Flag.AUTHORITATIVE)
    if present is not None and (authoritative or target_of(present, asked.question) is not None):
        return Found(present)
    if message.rcode is Rcode.NOERROR and (below := _cut_below(message, asked)):
        return _referral(message, asked, below)
    if message.flags & Flag.RECURSION_AVAILABLE and not authoritative:
        return Useless(Why.RECURSIVE, "it speaks from its memory, not of its own")
    if present is not None:
        return Found(present)  # Lenient: without AA, as servers of stub zones and some old ones answer
    if message.rcode is Rcode.NXDOMAIN:
        return Found(_absent(message, asked))
    return _nothing(message, asked, authoritative=authoritative)


def _nothing(message: Message, asked: Asked, *, authoritative: bool) -> Outcome:
    """Read NOERROR without an answer or a referral."""
    absent = _absent(message, asked)
    if _start_owner(absent) is not None:
        if asked.question.type == "DS" and _start_owner(absent) == asked.question.name != asked.zone:
            # RFC 4035 §3.1.4.1: only the parent's side speaks of a DS.
            return Useless(Why.LAME, "it speaks of a DS from below the cut")
        return Found(absent)
    cuts = [record.name for record in message.authority if isinstance(record.rdata, NS)]
    if any(cut != asked.zone and is_at_or_below(asked.zone, cut) for cut in cuts):
        return Useless(Why.LAME, "it refers upwards")
    if asked.zone in cuts and not authoritative:
        return Useless(Why.LAME, "it refers to the zone that it should serve")
    if not (message.authority or message.answers or message.additional):
        return Useless(Why.EMPTY, "an empty answer")
    return Found(absent)


def _from_forwarder(message: Message, asked: Asked, present: Known | None) -> Outcome:
    if present is not None:
        return Found(present)
    absent, name = _absent(message, asked), asked.question.name
    cuts = [r.name for r in message.authority if isinstance(r.rdata, NS) and is_at_or_below(name, r.name)]
    if message.flags & Flag.RECURSION_AVAILABLE:
        # It did what it could: the zone's own servers lead nobody further, and there is nothing (RFC 2308 §2.2).
        cuts = [cut for cut in cuts if cut != asked.zone]
    if message.rcode is Rcode.NOERROR and cuts and _start_owner(absent) is None:
        return Useless(Why.LAME, "it refers to others, so it is no resolver")
    return Found(absent)


def _rest(
    message: Message, asked: Asked, answers: tuple[RRset, ...], present: Known
) -> tuple[tuple[Question, Known], ...]:
    """Return what the response says of the names that an alias leads to, as far as they are in the zone."""
    rest, known, seen = list[tuple[Question, Known]](), present, {asked.question.name}
    while (target := target_of(known, asked.question)) is not None and target not in seen:
        seen.add(target)
        further = Question(target, asked.question.type)
        following = _present(further, answers, message, asked) if is_at_or_below(target, asked.zone) else None
        if following is None:
            absent = _absent(message, asked, further)
            return (*rest, (further, absent)) if _start_owner(absent) is not None else tuple(rest)
        known = following
        rest.append((further, known))
    return tuple(rest)


def _signers(asked: Asked, present: Known) -> tuple[tuple[Question, Known], ...]:
    """Return what signed denials beside an alias may say of the DS of its target, and of the names above that."""
    target = target_of(present, asked.question)
    denials = tuple(rrset for rrset in present.authority if rrset.signatures)
    if target is None or not denials or not is_at_or_below(target, asked.zone):
        return ()
    names, known = list[str](), Known(Rcode.NOERROR, (), denials, asked.zone)
    while target != asked.zone:
        names.append(target)
        target = parent_name(target)
    return tuple((Question(name, "DS"), known) for name in names)


def _present(question: Question, answers: tuple[RRset, ...], message: Message, asked: Asked) -> Known | None:
    """Return the RRset at the question's name, the CNAME in its place, or the DNAME above it."""
    name = question.name
    proofs = _denials(message, asked)
    if question.type == ANY and (standing := _all_at(name, answers)):
        return Known(Rcode.NOERROR, standing, proofs, asked.zone)
    if question.type == "RRSIG":
        found = _signatures(name, answers)
    else:
        found = next((rrset for rrset in answers if (rrset.owner, rrset.type) == (name, question.type)), None)
    found = found or next((rrset for rrset in answers if (rrset.owner, rrset.type) == (name, CNAME.type)), None)
    if found is not None and not _made_of_dname(found, answers):
        return Known(Rcode.NOERROR, (found,), proofs, asked.zone)
    dname = _dname_above(name, answers)
    return None if dname is None else _through(name, dname, proofs, asked.zone)


def _all_at(name: str, answers: tuple[RRset, ...]) -> tuple[RRset, ...]:
    """Return what stands at a name; signatures of what did not come are of no use to anybody."""
    return tuple(rrset for rrset in answers if rrset.owner == name and rrset.type != RRSIG.type)


def _made_of_dname(found: RRset, answers: tuple[RRset, ...]) -> bool:
    # RFC 6672 §5.3.1: the CNAME beside a DNAME has no signature of its own; it is made anew.
    return found.type == CNAME.type and not found.signatures and _dname_above(found.owner, answers) is not None


def _dname_above(name: str, answers: tuple[RRset, ...]) -> RRset | None:
    return next(
        (r for r in answers if isinstance(r.rdatas[0], DNAME) and r.owner != name and is_at_or_below(name, r.owner)),
        None,
    )


def _through(name: str, dname: RRset, proofs: tuple[RRset, ...], zone: str) -> Known:
    """Return the alias that a DNAME makes of a name (RFC 6672 §3.1)."""
    first = dname.rdatas[0]
    assert isinstance(first, DNAME)
    head = name[: len(name) - len(dname.owner)] if dname.owner else f"{name}."
    target = f"{head}{first.target}".removesuffix(".")
    try:
        name_to_wire(target)
    except ValueError:
        return Known(Rcode.YXDOMAIN, (dname,), proofs, zone)  # RFC 6672 §2.2
    alias = RRset(name, CNAME.type, dname.ttl_seconds, (CNAME(target),))
    return Known(Rcode.NOERROR, (dname, alias), proofs, zone)


def _too_long(message: Message, asked: Asked) -> Outcome:
    answers = gather(_answering(message, asked))
    dname = _dname_above(asked.question.name, answers)
    if dname is None:
        return Useless(Why.BROKEN, "YXDOMAIN without a DNAME")
    known = _through(asked.question.name, dname, _denials(message, asked), asked.zone)
    return Found(known) if known.rcode is Rcode.YXDOMAIN else Useless(Why.BROKEN, "YXDOMAIN, but the name fits")


def _signatures(name: str, answers: tuple[RRset, ...]) -> RRset | None:
    found = [rrset for rrset in answers if rrset.owner == name and (rrset.signatures or rrset.type == "RRSIG")]
    rdatas = [
        rdata for rrset in found for rdata in (*rrset.signatures, *(rrset.rdatas if rrset.type == "RRSIG" else ()))
    ]
    return RRset(name, "RRSIG", min(rrset.ttl_seconds for rrset in found), tuple(rdatas)) if rdatas else None


def _absent(message: Message, asked: Asked, question: Question | None = None) -> Known:
    """Return that there is nothing, with what vouches for it; without a SOA it is true but not for long."""
    name = (question or asked.question).name
    rrsets = gather(
        record
        for record in message.authority
        if is_at_or_below(record.name, asked.zone) and record.type in (SOA.type, "RRSIG", *_DENIALS)
    )
    starts = [rrset for rrset in rrsets if rrset.type == SOA.type and is_at_or_below(name, rrset.owner)][:1]
    proofs = [rrset for rrset in rrsets if rrset.type in _DENIALS]
    return Known(message.rcode, (), (*starts, *proofs), asked.zone)


def _start_owner(known: Known) -> str | None:
    first = known.authority[0] if known.authority else None
    return first.owner if first is not None and first.type == SOA.type else None


def _denials(message: Message, asked: Asked) -> tuple[RRset, ...]:
    """Return the NSEC and NSEC3 records: they prove that an answer was rightly made of a wildcard."""
    kept = (*_DENIALS, "RRSIG")
    records = [r for r in message.authority if r.type in kept and is_at_or_below(r.name, asked.zone)]
    return tuple(rrset for rrset in gather(records) if rrset.type in _DENIALS)


def _cut_below(message: Message, asked: Asked) -> str | None:
    """Return the zone that the response refers to: strictly further down towards the name, so none leads in circles."""
    for record in message.authority:
        child = record.name
        if isinstance(record.rdata, NS) and child != asked.zone and is_at_or_below(child, asked.zone):
            return child if is_at_or_below(asked.question.name, child) else None
    return None


def _referral(message: Message, asked: Asked, child: str) -> Outcome:
    signer = _delegation_signer(message, asked, child)
    if asked.question == Question(child, "DS"):
        # A server that knows no DS refers to the child instead: there is none, and nothing to prove it by.
        return Found(signer or Known(Rcode.NOERROR, (), (), asked.zone))
    records = [record for record in message.authority if record.name == child and isinstance(record.rdata, NS)]
    servers = _name_servers(records, message, asked, child)
    ttl = min(record.ttl_seconds for record in records)
    return Referral(Delegation(child, servers), ttl, signer)


def _delegation_signer(message: Message, asked: Asked, child: str) -> Known | None:
    """Return what the referral says of the child's DS: the RRset, or the denial of it."""
    rrsets = gather(record for record in message.authority if is_at_or_below(record.name, asked.zone))
    signer = next((rrset for rrset in rrsets if (rrset.owner, rrset.type) == (child, "DS")), None)
    if signer is not None:
        return Known(Rcode.NOERROR, (signer,), (), asked.zone)
    proofs = tuple(rrset for rrset in rrsets if rrset.type in _DENIALS and rrset.signatures)
    return Known(Rcode.NOERROR, (), proofs, asked.zone) if proofs else None


def _name_servers(records: list[Record], message: Message, asked: Asked, child: str) -> tuple[NameServer, ...]:
    names = [record.rdata.target for record in records if isinstance(record.rdata, NS)][:MAX_SERVERS]
    glue: dict[str, list[Server]] = {name: [] for name in names}
    for record in message.additional:
        places = glue.get(record.name)
        if places is None or not isinstance(record.rdata, (A, AAAA)) or not is_at_or_below(record.name, asked.zone):
            continue
        if len(places) < MAX_ADDRESSES:
            places.append(Server(record.rdata.address, asked.port))
    return tuple(NameServer(name, tuple(places), is_at_or_below(name, child)) for name, places in glue.items())


def target_of(known: Known, question: Question) -> str | None:
    """Return where an alias leads, None where the RRset asked for stands."""
    last = known.rrsets[-1] if known.rrsets else None
    if question.type == ANY and known.rrsets and known.rrsets[0].owner == question.name:
        return None  # RFC 1034 §4.3.2: an alias matches, and stands among the rest
    if last is None or last.type == question.type or last.type != CNAME.type:
        return None
    first = last.rdatas[0]
    return first.target if isinstance(first, CNAME) else None  # one without data leads nowhere
