"""What an attacker gains who adds signatures of his own to what others signed well: nothing is concluded from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.signed_world import NOW, SALT, SignedWorld, SignedZone
from scop.dns import TXT, A, Question, Rcode, Security
from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.signatures import Validity, sign
from scop.dns.dnssec.trust import Anchors
from scop.dns.dnssec.validation import Validator
from scop.dns.hashed_names import hash_label, hash_name
from scop.dns.known import Known
from scop.dns.rdata import NSEC, NSEC3, RRSIG
from scop.dns.resolver.cache import Cache
from scop.dns.rrset import RRset

START = 1000.0


def world(iterations: int | None) -> SignedWorld:
    """Return a top level with two zones, one of which an attacker owns."""
    root, top = SignedZone(""), SignedZone("test", iterations=iterations)
    evil, victim = SignedZone("evil.test", key=SigningKey.generate(), iterations=iterations), SignedZone("victim.test")
    evil.content["www.evil.test", "A"] = (A("192.0.2.1"),)
    evil.content["*.w.evil.test", "TXT"] = (TXT((b"wild",)),)
    for zone in (evil, victim):
        top.delegate(zone)
    root.delegate(top)
    return SignedWorld(root, top, evil, victim)


def judged(of: SignedWorld, question: Question, known: Known) -> Known:
    """Return the verdict."""
    step = Validator(Anchors(of.anchors()), JumpingClock(NOW)).judge(question, known, of.find)
    try:
        while True:
            next(step)
    except StopIteration as stop:
        found = stop.value
        assert isinstance(found, Known)
        return found


def junk(rrset: RRset, signer: str, labels: int) -> RRSIG:
    """Return a signature that nobody made."""
    first = rrset.signatures[0]
    assert isinstance(first, RRSIG)
    return replace(first, signer=signer, labels=labels)


@pytest.mark.parametrize(("signer", "labels"), [("test", 3), ("evil.test", 2), ("evil.test", 0), ("", 0)])
def test_added_signatures_are_not_passed_on(signer: str, labels: int) -> None:
    """RFC 4035 §5.3.3: an RRset is believed by one signature; others speak of no other signer and of no wildcard."""
    of, question = world(None), Question("www.evil.test", "A")
    said = of.known(question)
    (rrset,) = said.rrsets
    added = junk(rrset, signer, labels)
    for signatures in ((added, *rrset.signatures), (*rrset.signatures, added)):
        found = judged(of, question, replace(said, rrsets=(replace(rrset, signatures=signatures),)))
        assert found.security is Security.SECURE
        assert [each.signatures for each in found.rrsets] == [rrset.signatures]


def test_all_signatures_of_the_zone_are_passed_on() -> None:
    """RFC 6840 §5.11: who asks us may know only the other of a zone's two algorithms."""
    of, question = world(None), Question("www.evil.test", "A")
    said = of.known(question)
    (rrset,) = said.rrsets
    other = sign(rrset, SigningKey.generate(), "evil.test", Validity(NOW - 1, NOW + 60))
    both = (other, *rrset.signatures)
    found = judged(of, question, replace(said, rrsets=(replace(rrset, signatures=both),)))
    assert [each.signatures for each in found.rrsets] == [both]


def test_signature_that_was_added_makes_no_wider_wildcard() -> None:
    """RFC 8198 §5.3: the source of a name is the wildcard of the signature that was checked, not of one beside it."""
    of, cache = world(None), Cache()
    question = Question("x.w.evil.test", "TXT")
    said = of.known(question)
    (rrset,) = said.rrsets
    forged = replace(rrset, signatures=(*rrset.signatures, junk(rrset, "evil.test", 2)))
    cache.learn(question, judged(of, question, replace(said, rrsets=(forged,))), START)
    absent = Question("xxx.evil.test", "A")
    cache.learn(absent, judged(of, absent, of.known(absent)), START)
    found = cache.find(Question("xyz.evil.test", "TXT"), START)
    assert found is not None
    assert (found.rcode, found.rrsets) == (Rcode.NXDOMAIN, ())


@pytest.mark.parametrize("iterations", [None, 0])
def test_denials_of_one_zone_deny_nothing_of_another(iterations: int | None) -> None:
    """RFC 8198 §5.1: an attacker's own denials, signed by his zone, say nothing of his neighbours."""
    of, cache = world(iterations), Cache()
    absent = Question("b.test", "A")  # its denials are not those of the victim
    cache.learn(absent, judged(of, absent, of.known(absent)), START)
    evil = of.zones["evil.test"]
    assert evil.key is not None
    if iterations is None:
        wide = RRset("evil.test", "NSEC", 300, (NSEC.of("zzz.test", {"A", "NS", "SOA", "RRSIG", "NSEC"}),))
    else:
        just_before = int.from_bytes(hash_name("victim.test", SALT), "big") - 1
        denial = NSEC3(1, 0, 0, SALT, (just_before + 2).to_bytes(20, "big"), b"")
        wide = RRset(f"{hash_label(just_before.to_bytes(20, 'big'))}.evil.test", "NSEC3", 300, (denial,))
    wide = evil.signed(wide, wide.owner)
    forged = replace(wide, signatures=(junk(wide, "test", 1), *wide.signatures))
    question = Question("x.w.evil.test", "TXT")
    said = of.known(question)
    found = judged(of, question, replace(said, authority=(*said.authority, forged)))
    assert found.security is Security.SECURE
    cache.learn(question, found, START)
    assert cache.find(Question("victim.test", "A"), START) is None
    assert cache.find(Question("victim.test", "DS"), START) is None
