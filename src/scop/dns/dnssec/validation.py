"""Judges what a resolver found: secure, insecure or bogus, and why; asks for the keys that it needs.

Theory of operation. `Validator.judge` is a generator like the resolver's own: `find`, which the resolver hands in,
gets a DS or DNSKEY and yields upstream questions while it does. An answer's signatures say which zone made it; `chain`
goes from there up to a trust anchor. What no signature vouches for is insecure where the zone that it is in is, and
bogus anywhere else. An absence, and what stands in for a name by a wildcard, needs its proof besides.

What one question costs is counted in an `Effort` that its links share; where that is spent, the answer is bogus.

Standards: RFC 4033 §5, RFC 4035 §5, RFC 5155 §8, RFC 6840, RFC 6672 §5.3, RFC 8914 §4, RFC 9364.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scop.base import Clock, LimitExceeded
from scop.dns.answer import Question
from scop.dns.asking import Step
from scop.dns.dnssec.absence import Absence
from scop.dns.dnssec.canonical import label_count, rightmost
from scop.dns.dnssec.chain import Chain, Find, answers, signer_of
from scop.dns.dnssec.checking import Checker, show
from scop.dns.dnssec.effort import Effort
from scop.dns.dnssec.proofs import Proofs
from scop.dns.dnssec.sentinel import sentinel_objection
from scop.dns.dnssec.signatures import believed, wildcard_encloser
from scop.dns.dnssec.trust import Anchors, Trust, Trusted
from scop.dns.known import Known, Reason
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.rdata import CNAME, DNAME, DS, SOA
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Rcode, Security

__all__ = ["Effort", "Validator"]

_UNSIGNABLE = "RRSIG"  # RFC 4035 §2.2: nothing signs a signature


@dataclass(frozen=True, slots=True)
class _Finding:
    """What came out of one RRset, or of one absence."""

    security: Security
    reason: Reason
    rrsets: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    rcode: Rcode | None = None  # where the proof says another than the response


class Validator:
    """Judges answers; the zones that it went down to are remembered for all questions."""

    def __init__(self, anchors: Anchors, clock: Clock) -> None:
        self._anchors = anchors
        self._clock = clock
        self._trusted = Trusted()

    def judge(self, question: Question, known: Known, find: Find, effort: Effort | None = None) -> Step[Known]:
        """Return `known` with its security and the reason; a secure one's TTLs are those that the signatures allow.

        `effort` counts what all links of an asker's question cost together.
        """
        zone_name = _zone_name(question.name, question.type)
        if self._anchors.above(zone_name) is None:
            reason = Reason(f"no trust anchor stands above {show(zone_name)}")
            return replace(known, security=Security.INSECURE, reason=reason)
        checker = Checker(self._anchors.accepted, effort or Effort(), int(self._clock.unix()))
        chain = Chain(self._anchors, self._trusted, checker, find, self._clock.monotonic())
        judgement = _Judgement(self._anchors, chain, checker)
        try:
            finding = yield from judgement.of(question, known, zone_name)
        except LimitExceeded as fault:
            finding = _bogus(str(fault), Ede.DNSSEC_BOGUS)
        if finding.security is Security.SECURE and (objection := sentinel_objection(question, self._anchors)):
            finding = _Finding(Security.BOGUS, objection)
        return _judged(known, finding)

    def broken(self, question: Question) -> Reason | None:
        """Return why any answer to a question would be bogus, if that was found out a moment ago (RFC 9520 §3.4)."""
        zone_name = _zone_name(question.name, question.type)
        anchor = self._anchors.above(zone_name)
        return None if anchor is None else self._trusted.broken(zone_name, anchor, self._clock.monotonic())

    def settle(self, judged: Known) -> None:
        """Take a verdict as the last one on a question, after which no other server is asked."""
        if judged.security is Security.BOGUS and judged.reason is not None:
            self._trusted.learn_broken(judged.reason, self._clock.monotonic())

    def chain(self, name: str) -> tuple[Trust, ...]:
        """Return the zones from where trust begins down to the one of `name`, as far as they are remembered."""
        return self._trusted.chain(name, self._clock.monotonic())


class _Judgement:
    """Judges one link of an answer."""

    def __init__(self, anchors: Anchors, chain: Chain, checker: Checker) -> None:
        self._anchors = anchors
        self._chain = chain
        self._checker = checker

    def of(self, question: Question, known: Known, zone_name: str) -> Step[_Finding]:
        if not known.rrsets:
            return (yield from self._absent(question, known, zone_name))
        first, *others = known.rrsets
        if not answers(first, question.name, question.type):
            return _bogus(f"{show(first.owner)} {first.type} is no answer to the question", Ede.DNSSEC_BOGUS)
        finding = yield from self._present(first, known)
        if first.type == DNAME.type and first.owner != question.name and others:
            return _with_alias(finding, first, others[0])
        for rrset in others:  # of ANY
            further = yield from self._present(rrset, known)
            finding = _joined(finding, further)
        # What is there is there, whatever the rcode says: that speaks of the end of a chain (RFC 6604 §3).
        return replace(finding, rcode=Rcode.NOERROR) if known.rcode is Rcode.NXDOMAIN else finding

    def _present(self, rrset: RRset, known: Known) -> Step[_Finding]:
        if rrset.type == _UNSIGNABLE:
            return _Finding(Security.INSECURE, Reason("nothing signs a signature"), (rrset,))
        zone = yield from self._zone((rrset,), known, _zone_name(rrset.owner, rrset.type))
        if not zone.is_secure:
            return _Finding(zone.security, zone.reason, (rrset,), known.authority)
        signature = self._checker.signature_of(rrset, zone.apex, zone.keys)
        if isinstance(signature, Reason):
            return _Finding(Security.BOGUS, signature, (rrset,))
        verified = (believed(rrset, signature, self._checker.now_unix),)
        reason = Reason(f"{show(rrset.owner)} {rrset.type} is signed by key {signature.key_tag} of {show(zone.apex)}")
        labels = wildcard_encloser(rrset.owner, signature)
        if labels is None and rrset.type != CNAME.type:
            return _Finding(Security.SECURE, reason, verified)
        proofs = Proofs.of(known.authority, zone, self._checker)
        if labels is None:  # what comes beside an alias may prove of its target that it is unsigned
            return _Finding(Security.SECURE, reason, verified, proofs.verified)
        # RFC 4035 §5.3.4: made of a wildcard, so nothing nearer to the name may exist
        what = f"that a wildcard stands in for {show(rrset.owner)}"
        return _proved(proofs.no_closer(rrset.owner, labels), what, zone, verified, proofs)

    def _absent(self, question: Question, known: Known, zone_name: str) -> Step[_Finding]:
        zone = yield from self._zone(known.authority, known, zone_name)
        if not zone.is_secure:
            return _Finding(zone.security, zone.reason, (), known.authority)
        start = self._start(known.authority, zone)
        if isinstance(start, Reason):
            return _Finding(Security.BOGUS, start)
        proofs = Proofs.of(known.authority, zone, self._checker)
        finding = self._absent_by(proofs, question, known.rcode, zone)
        return replace(finding, authority=(*start, *finding.authority))

    def _absent_by(self, proofs: Proofs, question: Question, rcode: Rcode, zone: Trust) -> _Finding:
        name, type_ = question.name, question.type
        is_error = rcode is Rcode.NXDOMAIN
        if is_error and (absence := proofs.no_name(name)) is not Absence.MISSING:
            return _proved(absence, f"that {show(name)} does not exist", zone, (), proofs)
        absence = proofs.no_type(name, type_)
        if is_error and absence is Absence.OPT_OUT:
            absence = Absence.MISSING  # RFC 5155 §8.4: a name error denies the wildcard too, opt-out or not
        finding = _proved(absence, f"that {show(name)} has no {type_}", zone, (), proofs)
        # A name that is proved to exist, if only for those below it, is no NXDOMAIN whatever the server says.
        is_there = is_error and finding.security is not Security.BOGUS
        return replace(finding, rcode=Rcode.NOERROR) if is_there else finding

    def _start(self, authority: Iterable[RRset], zone: Trust) -> tuple[RRset, ...] | Reason:
        """Return the verified SOA of an absence, none if there was none, or what is wrong with it."""
        for rrset in authority:
            if rrset.type == SOA.type:
                signature = self._checker.signature_of(rrset, zone.apex, zone.keys)
                if isinstance(signature, Reason):
                    return signature
                return (believed(rrset, signature, self._checker.now_unix),)
        return ()

    def _zone(self, rrsets: Iterable[RRset], known: Known, name: str) -> Step[Trust]:
        """Return the zone that these RRsets are judged by: who signed them, or else the one that `name` is in."""
        signer = signer_of(rrsets, name, self._anchors.above(name))
        if signer is not None:
            zone = yield from self._chain.zone_of(signer)
            if zone.apex == signer or not zone.is_secure:
                return zone
        # Unsigned: from the zone whose server said so go down to the first cut below which nothing is signed. The next
        # name of that zone then costs no question. A zone above the anchor that the name is below says nothing of it:
        # whoever speaks for it could unsign the name.
        anchor = self._anchors.above(name)
        is_own = is_at_or_below(name, known.zone) and self._anchors.above(known.zone) == anchor
        start = known.zone if is_own else anchor or ""
        zone = yield from self._chain.zone_of(start)
        for labels in range(label_count(start) + 1, label_count(name) + 1):
            if not zone.is_secure:
                break
            zone = yield from self._chain.zone_of(rightmost(name, labels))
        return zone


def _zone_name(name: str, type_: str) -> str:
    """Return a name in the zone that has this type of `name`: a DS stands above the cut."""
    return parent_name(name) if type_ == DS.type else name


def _judged(known: Known, finding: _Finding) -> Known:
    if finding.security is not Security.SECURE:
        return replace(known, security=finding.security, reason=finding.reason)
    rcode = known.rcode if finding.rcode is None else finding.rcode
    return replace(
        known,
        rcode=rcode,
        rrsets=finding.rrsets,
        authority=finding.authority,
        security=Security.SECURE,
        reason=finding.reason,
    )


def _proved(absence: Absence, what: str, zone: Trust, rrsets: tuple[RRset, ...], proofs: Proofs) -> _Finding:
    authority = proofs.verified
    match absence:
        case Absence.PROVED:
            return _Finding(Security.SECURE, Reason(f"{show(zone.apex)} proves {what}"), rrsets, authority)
        case Absence.OPT_OUT:
            # RFC 5155 §9.2: an opt-out span proves of no name that it is not there.
            reason = Reason(f"{show(zone.apex)} proves {what}, or that it is unsigned")
            return _Finding(Security.INSECURE, reason, rrsets, authority)
        case Absence.COSTLY:
            reason = Reason(f"{show(zone.apex)} hashes its names too often", Ede.UNSUPPORTED_NSEC3_ITERATIONS)
            return _Finding(Security.INSECURE, reason, rrsets, authority)
        case Absence.MISSING:
            return _Finding(Security.BOGUS, proofs.missing(f"{show(zone.apex)} does not prove {what}"))


def _with_alias(finding: _Finding, dname: RRset, alias: RRset) -> _Finding:
    """Add the CNAME that a DNAME makes, if it is the one (RFC 6672 §5.3.1): it has no signature of its own."""
    made, target = alias.rdatas[0], dname.rdatas[0]
    assert isinstance(target, DNAME)
    head = alias.owner[: len(alias.owner) - len(dname.owner)] if dname.owner else f"{alias.owner}."
    if not isinstance(made, CNAME) or made.target != f"{head}{target.target}".removesuffix("."):
        return _bogus(f"{show(alias.owner)} CNAME is not what its DNAME makes", Ede.DNSSEC_BOGUS)
    ttl = min(alias.ttl_seconds, *(rrset.ttl_seconds for rrset in finding.rrsets))
    return replace(finding, rrsets=(*finding.rrsets, replace(alias, ttl_seconds=ttl)))


def _joined(one: _Finding, other: _Finding) -> _Finding:
    """Return both as one: as sure as the less sure."""
    order = (Security.BOGUS, Security.INSECURE, Security.SECURE)
    least = min(one, other, key=lambda finding: order.index(finding.security))
    authority = tuple(dict.fromkeys((*one.authority, *other.authority)))
    return replace(least, rrsets=(*one.rrsets, *other.rrsets), authority=authority)


def _bogus(text: str, ede: Ede) -> _Finding:
    return _Finding(Security.BOGUS, Reason(text, ede))
