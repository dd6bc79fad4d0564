"""A resolution for who wants to see how it came about: the steps, and the chain of trust behind it.

Standards: RFC 4033 §3.1 (the chain from an anchor to an answer), RFC 8914.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from scop.cells.resolver.judging import Belief, judge_of
from scop.cells.resolver.recursion import RESOLVE_SECONDS, Surroundings, drive
from scop.dns import Question, Rcode
from scop.dns.dnssec.trust import Trust
from scop.dns.dnssec.validation import Validator
from scop.dns.known import Reason
from scop.dns.names import parent_name
from scop.dns.resolver.cache import Cache, CacheOptions
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolution import Note, Resolution
from scop.dns.resolver.resolver import Resolver
from scop.dns.rrset import RRset
from scop.dns.words import Ede
from scop.mesh.vocabulary.resolver import ResolvedName, ResolvedRecord, ResolvingStep, TrustLink

__all__ = ["told", "traced"]

TRACE_OCTETS = 4_194_304  # a cache for one question


async def traced(
    question: Question, settings: ResolverOptions, belief: Belief, surroundings: Surroundings
) -> ResolvedName:
    """Resolve anew, with nothing remembered, and tell every step."""
    cache = Cache(CacheOptions(max_octets=TRACE_OCTETS, aggressive=False))
    judge = judge_of(belief, surroundings.clock)
    resolver = Resolver(settings, cache, surroundings.clock, judge)
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            resolution = await drive(resolver.resolve(question), surroundings.ask)
    except TimeoutError:
        reason = Reason(f"nothing within {RESOLVE_SECONDS} s", Ede.NO_REACHABLE_AUTHORITY)
        resolution = Resolution(Rcode.SERVFAIL, reason=reason)
    return told(question, resolution, judge)


def told(question: Question, resolution: Resolution, judge: Validator | None) -> ResolvedName:
    """Return a resolution as it is told to the operator."""
    reason = resolution.reason
    return ResolvedName(
        rcode=resolution.rcode.name,
        security=resolution.security.value,
        reason=reason.text if reason is not None else "",
        error_code=None if reason is None or reason.ede is Ede.OTHER else reason.ede.value,
        answers=_records(resolution.answers),
        authority=_records(resolution.authority),
        steps=tuple(map(_step, resolution.trace)),
        chain=() if judge is None else _chain(question, resolution, judge),
    )


def _records(rrsets: Iterable[RRset]) -> tuple[ResolvedRecord, ...]:
    return tuple(
        ResolvedRecord(record.name, record.ttl_seconds, record.type, record.rdata.to_wire())
        for rrset in rrsets
        for record in rrset.records(with_signatures=True)
    )


def _step(note: Note) -> ResolvingStep:
    server = "" if note.server is None else str(note.server)
    return ResolvingStep(note.kind.value, note.question.name, note.question.type, note.text, server, note.depth)


def _chain(question: Question, resolution: Resolution, judge: Validator) -> tuple[TrustLink, ...]:
    """Return the zones that vouch for the names of the answer, each after the one that vouches for it."""
    links: dict[str, Trust] = {}
    for name in dict.fromkeys((question.name, *(rrset.owner for rrset in resolution.answers))):
        for trust in _trusts(name, judge):
            links.setdefault(trust.apex, trust)
    return tuple(
        TrustLink(
            trust.apex,
            trust.security.value,
            trust.reason.text,
            tuple(key.key_tag for key in trust.keys),
            trust.entries,
        )
        for trust in links.values()
    )


def _trusts(name: str, judge: Validator) -> tuple[Trust, ...]:
    """Return the chain down to the closest zone at or above a name of which something is known."""
    while not (chain := judge.chain(name)) and name:
        name = parent_name(name)
    return chain
