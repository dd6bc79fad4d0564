"""What a response says to a question: the alias chain followed, the records at its end, how long it holds.

Standards: RFC 1034 §3.6.2 (CNAME), RFC 2308 §5 (negative answers), RFC 6604 §3 (the last name decides),
RFC 8914 §4 (why there is no answer).
"""

from __future__ import annotations

from typing import NamedTuple

from scop.base import printable
from scop.dns.answer import Answer, Question
from scop.dns.message import Flag, Message, Record
from scop.dns.rdata import CNAME, SOA
from scop.dns.words import Ede, Rcode, Security

__all__ = ["Chain", "answer_of", "follow_aliases", "negative_ttl"]

MAX_ALIASES = 16  # links of one chain, as other resolvers allow
# RFC 8914 §4: a signature or key that is wrong, or a proof that is missing where there has to be one.
BOGUS_CODES = frozenset(
    (
        Ede.DNSSEC_BOGUS,
        Ede.SIGNATURE_EXPIRED,
        Ede.SIGNATURE_NOT_YET_VALID,
        Ede.DNSKEY_MISSING,
        Ede.RRSIGS_MISSING,
        Ede.NO_ZONE_KEY_BIT_SET,
        Ede.NSEC_MISSING,
        Ede.SIGNATURE_EXPIRED_BEFORE_VALID,
    )
)


class Chain(NamedTuple):
    """Where a name's aliases lead within some records, and what stands there."""

    name: str
    aliases: tuple[Record, ...]
    records: tuple[Record, ...]

    @property
    def ttl_seconds(self) -> int:
        """How long all of it holds."""
        return min((record.ttl_seconds for record in (*self.aliases, *self.records)), default=0)


def follow_aliases(question: Question, records: tuple[Record, ...]) -> Chain:
    """Follow CNAMEs among `records` from the question's name; stops where they loop or end."""
    name, aliases = question.name, list[Record]()
    seen = {name}
    while True:
        found = tuple(record for record in records if record.name == name and record.type == question.type)
        alias = None if found else next((r for r in records if r.name == name and isinstance(r.rdata, CNAME)), None)
        if alias is None or len(aliases) == MAX_ALIASES:
            return Chain(name, tuple(aliases), found)
        assert isinstance(alias.rdata, CNAME)
        name = alias.rdata.target
        aliases.append(alias)
        if name in seen:
            return Chain(name, tuple(aliases), ())
        seen.add(name)


def negative_ttl(authority: tuple[Record, ...]) -> int:
    """Return how long "there is none" holds: RFC 2308 §5, the lesser of the SOA's TTL and its minimum."""
    for record in authority:
        if isinstance(record.rdata, SOA):
            return min(record.ttl_seconds, record.rdata.minimum_seconds)
    return 0


def answer_of(question: Question, message: Message) -> Answer:
    """Return what a resolver's response says.

    AD makes it secure, so the response must have come on a channel that proves the resolver (RFC 6840 §5.7).
    """
    if message.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return _unknown(question, message)
    security = Security.SECURE if message.flags & Flag.AUTHENTIC_DATA else Security.INSECURE
    chain = follow_aliases(question, message.answers)
    records = tuple(record.rdata for record in chain.records)
    if records:
        return Answer(question, Rcode.NOERROR, records, chain.ttl_seconds, security, chain.name)
    ttl = negative_ttl(message.authority)
    ttl = min(ttl, chain.ttl_seconds) if chain.aliases else ttl
    return Answer(question, message.rcode, (), ttl, security, chain.name)


def _unknown(question: Question, message: Message) -> Answer:
    # RFC 4035 §5.5: bogus is SERVFAIL to who did not say CD; RFC 8914 tells it from a server that is merely down.
    errors = message.edns.errors if message.edns is not None else ()
    is_bogus = message.rcode is Rcode.SERVFAIL and any(error.info_code in BOGUS_CODES for error in errors)
    security = Security.BOGUS if is_bogus else Security.INSECURE
    return Answer(question, message.rcode, security=security, reason=printable("; ".join(map(str, errors))))
