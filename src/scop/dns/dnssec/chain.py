"""From a trust anchor down to a zone: which keys it has, or that it is provably unsigned.

Theory of operation. It is found out from below, since that costs the fewest questions: who signed the DS of a name, or
the denial of it, is the zone above, of which the same is asked, until an anchor or something remembered is reached. So
a secure zone costs one DS and one DNSKEY for each zone above it, and none for names between them. Where the answer
about a DS is not signed at all, the zone of the name above decides: if that is insecure so is this, else something was
taken away on the wire.

Standards: RFC 4035 §5.1 and §5.2, RFC 4509 §3, RFC 6840 §5.2 and §5.4, RFC 8914 §4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from scop.dns.answer import Question
from scop.dns.asking import Step, Unanswered
from scop.dns.dnssec.absence import Cut
from scop.dns.dnssec.algorithms import Accepted, Digest
from scop.dns.dnssec.checking import Checker, show
from scop.dns.dnssec.digests import digest_length, names_key
from scop.dns.dnssec.proofs import DENIALS, Proofs
from scop.dns.dnssec.signatures import trusted_ttl
from scop.dns.dnssec.trust import MAX_TRUST_SECONDS, MIN_TRUST_SECONDS, Anchor, Anchors, Trust, Trusted
from scop.dns.known import Known, Reason
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.rdata import CNAME, DNAME, DNSKEY, DS, RRSIG
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Security

__all__ = ["Chain", "Find", "answers", "signer_of"]

# A zone in the middle of two roll-overs at once has six; each further one is compared with every DS and signature.
MAX_KEYS = 32
MAX_NAMING = 8  # DS records of one tag: a key has one or two; each further one costs a digest of each key of the tag

Find: TypeAlias = Callable[[Question], Step[Known]]


class Chain:
    """Goes down to zones for one question."""

    def __init__(self, anchors: Anchors, trusted: Trusted, checker: Checker, find: Find, now: float) -> None:
        self._anchors = anchors
        self._trusted = trusted
        self._checker = checker
        self._find = find
        self._now = now

    def zone_of(self, name: str) -> Step[Trust]:
        """Return what is to be concluded of the zone that `name` is in; the name may be its apex."""
        trust = self._trusted.find(name, self._now)
        if trust is not None:
            return trust
        anchor = self._anchors.above(name)
        if anchor is None:
            return _unvalidated(name)
        if anchor == name:
            reason = Reason(f"the trust anchor of {show(name)}")
            trust = yield from self._keys(name, self._anchors.positive[name], reason, None)
        else:
            trust = yield from self._from_above(name)
        self._trusted.learn(name, trust)
        return trust

    def _from_above(self, name: str) -> Step[Trust]:
        try:
            known = yield from self._find(Question(name, "DS"))
        except Unanswered as fault:
            return _unreached(name, f"the DS of {show(name)} cannot be had: {fault}", fault.ede)
        stated = known.rrsets[:1] or tuple(rrset for rrset in known.authority if rrset.type in DENIALS)
        above = parent_name(name)
        signer = signer_of(stated, above, self._anchors.above(above))
        parent = yield from self.zone_of(above if signer is None else signer)
        if not parent.is_secure:
            return parent
        if signer != parent.apex:
            return _bogus(name, f"{show(parent.apex)} says unsigned what DS {show(name)} has", Ede.RRSIGS_MISSING)
        if known.rrsets:
            return (yield from self._by_stated(name, known.rrsets[0], parent))
        return self._by_absent(name, stated, parent)

    def _by_stated(self, name: str, rrset: RRset, parent: Trust) -> Step[Trust]:
        if not answers(rrset, name, DS.type):
            return _bogus(name, f"{show(rrset.owner)} {rrset.type} is no DS of {show(name)}", Ede.DNSSEC_BOGUS)
        signature = self._checker.signature_of(rrset, parent.apex, parent.keys)
        if isinstance(signature, Reason):
            return _bogus(name, signature.text, signature.ede)
        if rrset.type != DS.type:
            return parent  # an alias, so no zone begins here
        until = self._until(trusted_ttl(rrset, signature, self._checker.now_unix))
        signers = tuple(rdata for rdata in rrset.rdatas if isinstance(rdata, DS))
        trust = yield from self._keys(name, signers, Reason(f"the DS in {show(parent.apex)}"), parent.apex)
        return replace(trust, until=min(trust.until or until, until))

    def _by_absent(self, name: str, stated: Iterable[RRset], parent: Trust) -> Trust:
        proofs = Proofs.of(stated, parent, self._checker)
        cut = proofs.no_ds(name)
        if cut is Cut.NONE:
            return replace(parent, until=min(parent.until, self._until(proofs.ttl_seconds)))
        if cut is Cut.MISSING:
            reason = proofs.missing(f"{show(parent.apex)} does not prove that {show(name)} has no DS")
            return _bogus(name, reason.text, reason.ede)
        ede = Ede.UNSUPPORTED_NSEC3_ITERATIONS if cut is Cut.COSTLY else Ede.OTHER
        reason = Reason(f"{show(parent.apex)} proves of {show(name)}: {cut.value}", ede)
        until = self._until(proofs.ttl_seconds)
        return Trust(name, Security.INSECURE, reason, parent=parent.apex, until=until)

    def _keys(self, apex: str, vouching: tuple[Anchor, ...], by: Reason, parent: str | None) -> Step[Trust]:
        """Return the trust in a zone whose DS or anchor is known: its DNSKEY RRset must be signed by a key of that."""
        usable = _usable(vouching, self._anchors.accepted)
        if not usable:
            # RFC 4035 §5.2: signed only by what we do not know is as good as unsigned.
            return _unsupported(apex, vouching, self._anchors.accepted, parent)
        try:
            known = yield from self._find(Question(apex, DNSKEY.type))
        except Unanswered as fault:
            return _unreached(apex, f"the DNSKEY of {show(apex)} cannot be had: {fault}", Ede.DNSKEY_MISSING)
        rrset = known.rrsets[0] if known.rrsets and known.rrsets[0].type == DNSKEY.type else None
        if rrset is None or rrset.owner != apex:
            return _bogus(apex, f"{show(apex)} has no DNSKEY", Ede.DNSKEY_MISSING)
        keys = tuple(rdata for rdata in rrset.rdatas if isinstance(rdata, DNSKEY))[:MAX_KEYS]
        entries = tuple(key for key in keys if _is_vouched_for(key, apex, usable))
        if not entries:
            return _no_entry(apex, keys, usable, by)
        signature = self._checker.signature_of(rrset, apex, entries)
        if isinstance(signature, Reason):
            return _bogus(apex, signature.text, signature.ede)
        until = self._until(trusted_ttl(rrset, signature, self._checker.now_unix))
        reason = Reason(f"{by.text} names key {signature.key_tag} of {show(apex)}, which signs its keys")
        tags = tuple(key.key_tag for key in entries)
        return Trust(apex, Security.SECURE, reason, keys, tags, parent, until)

    def _until(self, ttl_seconds: int) -> float:
        return self._now + max(MIN_TRUST_SECONDS, min(MAX_TRUST_SECONDS, ttl_seconds))


def answers(rrset: RRset, name: str, type_: str) -> bool:
    """Say whether an RRset is what was asked for, an alias in its place, or a DNAME above that makes one."""
    if rrset.type == DNAME.type and rrset.owner != name:
        return is_at_or_below(name, rrset.owner)
    return rrset.owner == name and (rrset.type in (type_, CNAME.type) or type_ == "ANY")


def signer_of(rrsets: Iterable[RRset], name: str, anchor: str | None) -> str | None:
    """Return the zone that says it signed these: the deepest at or above `name`, not above the anchor; None if none."""
    if anchor is None:
        return None
    signers = {s.signer for rrset in rrsets for s in rrset.signatures if isinstance(s, RRSIG)}
    fitting = [s for s in signers if is_at_or_below(name, s) and is_at_or_below(s, anchor)]
    return max(fitting, key=len, default=None)


def _usable(vouching: tuple[Anchor, ...], accepted: Accepted) -> tuple[Anchor, ...]:
    counting = [anchor for anchor in vouching if anchor.algorithm in accepted.algorithms]
    signers = [a for a in counting if isinstance(a, DS) and _is_digest(a, accepted)]
    # RFC 4509 §3: beside a better digest, SHA-1 does not count.
    has_better = any(ds.digest_type != Digest.SHA1 for ds in signers)
    signers = [ds for ds in signers if not has_better or ds.digest_type != Digest.SHA1]
    return (*signers, *(anchor for anchor in counting if isinstance(anchor, DNSKEY)))


def _is_digest(ds: DS, accepted: Accepted) -> bool:
    return ds.digest_type in accepted.digests and len(ds.digest) == digest_length(ds.digest_type)


def _is_vouched_for(key: DNSKEY, apex: str, usable: tuple[Anchor, ...]) -> bool:
    naming = [anchor for anchor in usable if anchor.key_tag == key.key_tag][:MAX_NAMING]
    return any(names_key(anchor, apex, key) if isinstance(anchor, DS) else anchor == key for anchor in naming)


def _unvalidated(name: str) -> Trust:
    reason = Reason(f"no trust anchor stands above {show(name)}")
    return Trust(name, Security.INSECURE, reason)


def _unsupported(apex: str, vouching: tuple[Anchor, ...], accepted: Accepted, parent: str | None) -> Trust:
    is_digest = any(anchor.algorithm in accepted.algorithms for anchor in vouching)
    ede = Ede.UNSUPPORTED_DS_DIGEST if is_digest else Ede.UNSUPPORTED_DNSKEY_ALGORITHM
    what = "digest" if is_digest else "algorithm"
    reason = Reason(f"no {what} by which {show(apex)} is vouched for counts", ede)
    return Trust(apex, Security.INSECURE, reason, parent=parent)


def _no_entry(apex: str, keys: tuple[DNSKEY, ...], usable: tuple[Anchor, ...], by: Reason) -> Trust:
    tags = {anchor.key_tag for anchor in usable}
    if any(key.key_tag in tags and not key.is_zone_key for key in keys):
        return _bogus(apex, f"{by.text} names a key of {show(apex)} that is no zone key", Ede.NO_ZONE_KEY_BIT_SET)
    return _bogus(apex, f"{by.text} names no key that {show(apex)} has", Ede.DNSKEY_MISSING)


def _bogus(apex: str, text: str, ede: Ede) -> Trust:
    return Trust(apex, Security.BOGUS, Reason(text, ede, apex))


def _unreached(apex: str, text: str, ede: Ede) -> Trust:
    """Return what holds for this question only: that it could not ask enough says nothing of the zone."""
    return Trust(apex, Security.BOGUS, Reason(text, ede))
