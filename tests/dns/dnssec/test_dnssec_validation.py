"""Judging answers: what is secure, insecure and bogus, and the reason that the asker is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.signed_world import NOW, SignedWorld, SignedZone
from scop.dns import AAAA, CNAME, MX, TXT, A, Question, Rcode, Security
from scop.dns.dnssec.algorithms import WITH_SHA1, Algorithm, Digest
from scop.dns.dnssec.digests import ds_of
from scop.dns.dnssec.effort import MAX_FAILED_CHECKS, MAX_SIGNATURE_CHECKS
from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.signatures import Validity, sign
from scop.dns.dnssec.trust import MAX_TRUSTED, Anchors, Trust, Trusted, anchors_of
from scop.dns.dnssec.validation import Effort, Validator
from scop.dns.known import Known, Reason
from scop.dns.rdata import DNAME, DNSKEY, DS, NSEC, RRSIG
from scop.dns.rrset import RRset
from scop.dns.words import Ede

OTHER_KEY = SigningKey.generate(Algorithm.ECDSAP256SHA256)
P384_KEY = SigningKey.generate(Algorithm.ECDSAP384SHA384)


def world(*, iterations: int | None = None, opt_out: bool = False) -> SignedWorld:
    """Return the root, a signed top-level domain, and a signed, an unsigned and an odd zone below it."""
    root = SignedZone("")
    top = SignedZone("test", key=P384_KEY, iterations=iterations, opt_out=opt_out)
    signed = SignedZone(
        "signed.test",
        {
            ("www.signed.test", "A"): (A("192.0.2.1"), A("192.0.2.2")),
            ("mx.signed.test", "AAAA"): (AAAA("2001:db8::1"),),
            ("alias.signed.test", "CNAME"): (CNAME("www.signed.test"),),
            ("*.wild.signed.test", "TXT"): (TXT((b"wild",)),),
            ("a.deep.empty.signed.test", "TXT"): (TXT((b"deep",)),),
            ("moved.signed.test", "DNAME"): (DNAME("unsigned.test"),),
        },
        OTHER_KEY,
        iterations,
    )
    unsigned = SignedZone("unsigned.test", {("www.unsigned.test", "A"): (A("192.0.2.3"),)}, None)
    inner = SignedZone("in.signed.test", {("www.in.signed.test", "A"): (A("192.0.2.4"),)}, None)
    root.delegate(top)
    top.delegate(signed)
    top.delegate(unsigned)
    signed.delegate(inner)
    return SignedWorld(root, top, signed, unsigned, inner)


class Court:
    """A validator over a world."""

    def __init__(self, of: SignedWorld, anchors: Anchors | None = None, now: float = NOW) -> None:
        self.world = of
        self.clock = JumpingClock(now)
        self.validator = Validator(anchors or Anchors(of.anchors()), self.clock)

    def judge(self, name: str, type_: str, effort: Effort | None = None) -> Known:
        """Return what is to be said of what comes home."""
        question = Question(name, type_)
        return self.judged(question, self.world.known(question), effort)

    def judged(self, question: Question, known: Known, effort: Effort | None = None) -> Known:
        """Return what is to be said of something that came home."""
        step = self.validator.judge(question, known, self.world.find, effort)
        try:
            while True:
                next(step)
        except StopIteration as stop:
            found = stop.value
            assert isinstance(found, Known)
            return found

    def says(self, name: str, type_: str) -> tuple[Security, Ede]:
        """Return the security, and the reason in a word."""
        judged = self.judge(name, type_)
        assert judged.reason is not None
        return judged.security, judged.reason.ede


denied_by = pytest.mark.parametrize(
    ("iterations", "opt_out"), [(None, False), (0, False), (5, False), (0, True)], ids=["nsec", "0", "5", "opt-out"]
)


@denied_by
@pytest.mark.parametrize(
    ("name", "type_", "rcode"),
    [
        ("www.signed.test", "A", Rcode.NOERROR),
        ("alias.signed.test", "A", Rcode.NOERROR),
        ("a.b.wild.signed.test", "TXT", Rcode.NOERROR),
        ("*.wild.signed.test", "TXT", Rcode.NOERROR),
        ("www.signed.test", "MX", Rcode.NOERROR),
        ("deep.empty.signed.test", "A", Rcode.NOERROR),
        ("a.b.wild.signed.test", "A", Rcode.NOERROR),
        ("nobody.signed.test", "A", Rcode.NXDOMAIN),
        ("x.www.signed.test", "A", Rcode.NXDOMAIN),
        ("signed.test", "DNSKEY", Rcode.NOERROR),
        ("signed.test", "DS", Rcode.NOERROR),
        ("test", "DS", Rcode.NOERROR),
        ("", "DNSKEY", Rcode.NOERROR),
        ("", "MX", Rcode.NOERROR),
        ("in.signed.test", "DS", Rcode.NOERROR),
        ("x.moved.signed.test", "A", Rcode.NOERROR),
    ],
)
def test_validation_of_a_signed_zone_says_secure(
    iterations: int | None, opt_out: bool, name: str, type_: str, rcode: Rcode
) -> None:
    """RFC 4035 §5: an answer, an alias, a wildcard, an absence, each with what it needs."""
    judged = Court(world(iterations=iterations, opt_out=opt_out)).judge(name, type_)
    assert (Security.SECURE, rcode) == (judged.security, judged.rcode), judged.reason


@denied_by
@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("www.unsigned.test", "A"),
        ("www.unsigned.test", "MX"),
        ("nobody.unsigned.test", "A"),
        ("www.in.signed.test", "A"),
        ("unsigned.test", "SOA"),
    ],
)
def test_validation_below_an_unsigned_delegation_says_insecure(
    iterations: int | None, opt_out: bool, name: str, type_: str
) -> None:
    """RFC 4035 §5.2: it is proved that the zone has no DS, so nothing is expected of it."""
    assert Security.INSECURE is Court(world(iterations=iterations, opt_out=opt_out)).judge(name, type_).security


def test_validation_asks_for_one_ds_and_one_dnskey_a_zone() -> None:
    """From below, and once: what is known of a zone is not asked for again while it holds."""
    court = Court(world())
    court.judge("www.signed.test", "A")
    pairs = [("signed.test", "DS"), ("test", "DS"), ("", "DNSKEY"), ("test", "DNSKEY"), ("signed.test", "DNSKEY")]
    assert pairs == [(question.name, question.type) for question in court.world.asked]
    court.judge("mx.signed.test", "AAAA")
    court.judge("nobody.signed.test", "A")
    assert 5 == len(court.world.asked)
    court.clock.jump(301)
    court.judge("www.signed.test", "A")
    assert 10 == len(court.world.asked)


def test_validation_of_a_second_unsigned_name_asks_nothing() -> None:
    """Where one server has a signed zone and an unsigned one below it, the cut is found once."""
    court = Court(world())
    for name in ("www.in.signed.test", "x.in.signed.test"):
        unsigned = Known(Rcode.NOERROR, (RRset(name, "A", 60, (A("192.0.2.4"),)),), (), "signed.test")
        court.world.forged[Question(name, "A")] = partial(_instead, unsigned)
        assert Security.INSECURE is court.judge(name, "A").security
    assert 1 == sum(question == Question("in.signed.test", "DS") for question in court.world.asked)
    assert not any(question.name.endswith("in.signed.test") for question in court.world.asked[6:])


def test_validation_tells_the_chain_that_it_went() -> None:
    """RFC 4033 §3.1: from the anchor to the zone, each with its keys and its reason."""
    court = Court(world())
    assert () == court.validator.chain("signed.test")
    court.judge("www.signed.test", "A")
    court.judge("www.unsigned.test", "A")
    chain = court.validator.chain("signed.test")
    assert ["", "test", "signed.test"] == [trust.apex for trust in chain]
    assert [Security.SECURE] * 3 == [trust.security for trust in chain]
    assert (OTHER_KEY.key_tag,) == chain[-1].entries
    assert Security.INSECURE is court.validator.chain("unsigned.test")[-1].security


def _instead(answer: Known, _: Known) -> Known:
    return answer


def _without_signatures(known: Known) -> Known:
    return replace(known, rrsets=tuple(replace(rrset, signatures=()) for rrset in known.rrsets))


def _without_denials(known: Known) -> Known:
    return replace(known, authority=tuple(rrset for rrset in known.authority if rrset.type == "SOA"))


def _with_half_of_the_denials(known: Known) -> Known:
    """Return it without the proof that no wildcard stands in."""
    return replace(known, authority=tuple(rrset for rrset in known.authority if rrset.owner != "signed.test"))


def _with_old_denials(known: Known) -> Known:
    validity = Validity(NOW - 20, NOW - 10)
    start, *denials = known.authority
    old = [replace(rrset, signatures=()) for rrset in denials]
    signed = [replace(r, signatures=(sign(r, OTHER_KEY, "signed.test", validity),)) for r in old]
    return replace(known, authority=(start, *signed))


def _other_records(known: Known) -> Known:
    first, *others = known.rrsets
    return replace(known, rrsets=(replace(first, rdatas=(A("203.0.113.66"),)), *others))


def _other_digest(known: Known) -> Known:
    first = known.rrsets[0]
    return replace(known, rrsets=(replace(first, rdatas=(ds_of("signed.test", P384_KEY.dnskey),)),))


def _of_another_name(known: Known) -> Known:
    return replace(known, rrsets=(replace(known.rrsets[0], owner="other.signed.test"),))


def _no_ds_of_another(_: Known) -> Known:
    return world().known(Question("unsigned.test", "DS"))


def _with_unsigned_start(known: Known) -> Known:
    start, *denials = known.authority
    return replace(known, authority=(replace(start, signatures=()), *denials))


def _signed_again(inception: int, expiration: int, **changes: int) -> Callable[[Known], Known]:
    def forge(known: Known) -> Known:
        first = replace(known.rrsets[0], signatures=())
        signature = sign(first, OTHER_KEY, "signed.test", Validity(NOW + inception, NOW + expiration))
        changed = replace(signature, **changes)  # type: ignore[arg-type]  # fields that are numbers
        return replace(known, rrsets=(replace(first, signatures=(changed,)),))

    return forge


def _nothing(rcode: Rcode) -> Callable[[Known], Known]:
    return lambda known: Known(rcode, (), (), known.zone)


WWW = Question("www.signed.test", "A")
KEYS = Question("signed.test", "DNSKEY")
SIGNER = Question("signed.test", "DS")
NOBODY = Question("nobody.signed.test", "A")
WILD = Question("x.wild.signed.test", "TXT")
NO_MX = Question("www.signed.test", "MX")


def _keys(*keys: DNSKEY) -> Callable[[Known], Known]:
    def forge(known: Known) -> Known:
        rrset = replace(known.rrsets[0], rdatas=keys, signatures=())
        signature = sign(rrset, OTHER_KEY, "signed.test", Validity(NOW - 60, NOW + 60))
        return replace(known, rrsets=(replace(rrset, signatures=(signature,)),))

    return forge


@pytest.mark.parametrize(
    ("asked", "forged", "forge", "ede"),
    [
        (WWW, WWW, _other_records, Ede.DNSSEC_BOGUS),
        (WWW, WWW, _without_signatures, Ede.RRSIGS_MISSING),
        (WWW, WWW, _signed_again(-20, -10), Ede.SIGNATURE_EXPIRED),
        (WWW, WWW, _signed_again(10, 20), Ede.SIGNATURE_NOT_YET_VALID),
        (WWW, WWW, _signed_again(10, -10), Ede.SIGNATURE_EXPIRED_BEFORE_VALID),
        (WWW, WWW, _signed_again(-10, 10, key_tag=1), Ede.DNSKEY_MISSING),
        (WWW, WWW, _signed_again(-10, 10, algorithm=15), Ede.DNSKEY_MISSING),
        (WWW, WWW, _signed_again(-10, 10, algorithm=5), Ede.RRSIGS_MISSING),
        (WWW, WWW, _nothing(Rcode.NOERROR), Ede.NSEC_MISSING),
        (WWW, WWW, _nothing(Rcode.NXDOMAIN), Ede.NSEC_MISSING),
        (WWW, KEYS, _nothing(Rcode.NOERROR), Ede.DNSKEY_MISSING),
        (WWW, KEYS, _without_signatures, Ede.RRSIGS_MISSING),
        (WWW, KEYS, _keys(P384_KEY.dnskey), Ede.DNSKEY_MISSING),
        (WWW, KEYS, _keys(OTHER_KEY.revoked().dnskey), Ede.DNSKEY_MISSING),
        (WWW, SIGNER, _nothing(Rcode.NOERROR), Ede.RRSIGS_MISSING),
        (WWW, SIGNER, _without_signatures, Ede.RRSIGS_MISSING),
        (WWW, SIGNER, _other_digest, Ede.DNSSEC_BOGUS),
        (WWW, SIGNER, _of_another_name, Ede.DNSSEC_BOGUS),
        (WWW, SIGNER, _no_ds_of_another, Ede.DNSSEC_BOGUS),
        (WWW, WWW, _of_another_name, Ede.DNSSEC_BOGUS),
        (NOBODY, NOBODY, _without_denials, Ede.NSEC_MISSING),
        (NOBODY, NOBODY, _with_unsigned_start, Ede.RRSIGS_MISSING),
        (NOBODY, NOBODY, _with_half_of_the_denials, Ede.DNSSEC_BOGUS),
        (NOBODY, NOBODY, _with_old_denials, Ede.SIGNATURE_EXPIRED),
        (NO_MX, NO_MX, _without_denials, Ede.NSEC_MISSING),
        (WILD, WILD, lambda known: replace(known, authority=()), Ede.NSEC_MISSING),
    ],
)
def test_validation_of_what_was_tampered_with_says_bogus_and_why(
    asked: Question, forged: Question, forge: Callable[[Known], Known], ede: Ede
) -> None:
    """RFC 4035 §5.5, RFC 8914 §4: whatever is changed or left out on the way is noticed, and named."""
    court = Court(world())
    court.world.forged[forged] = forge
    assert (Security.BOGUS, ede) == court.says(asked.name, asked.type)


def test_validation_of_a_signature_by_a_key_that_is_no_zone_key_names_that() -> None:
    """RFC 8914 §4.12: a key of the zone without the zone bit signs nothing."""
    of = world()
    key = P384_KEY.with_flags(1)
    of.forged[KEYS] = _keys(OTHER_KEY.dnskey, key.dnskey)
    rrset = RRset("www.signed.test", "A", 300, (A("192.0.2.1"),))
    signature = sign(rrset, key, "signed.test", Validity(NOW - 60, NOW + 60))
    of.forged[WWW] = partial(_instead, Known(Rcode.NOERROR, (replace(rrset, signatures=(signature,)),)))
    assert (Security.BOGUS, Ede.NO_ZONE_KEY_BIT_SET) == Court(of).says(*_WWW)


def test_trusted_zones_are_remembered_up_to_a_bound() -> None:
    """What was concluded of names is kept for its time, and for so many of them; of a bogus one nothing is."""
    trusted = Trusted()
    trusts = [Trust(f"z{n}", Security.INSECURE, Reason("why"), until=10.0) for n in range(MAX_TRUSTED + 1)]
    for trust in trusts:
        trusted.learn(trust.apex, trust)
    assert [None, trusts[1]] == [trusted.find(name, 9.0) for name in ("z0", "z1")]
    assert trusted.find("z1", 10.0) is None
    trusted.learn("z2", replace(trusts[2], security=Security.BOGUS))
    assert trusted.find("z2", 0.0) is None


@pytest.mark.parametrize(
    ("silent", "ede"),
    [(KEYS, Ede.DNSKEY_MISSING), (SIGNER, Ede.NO_REACHABLE_AUTHORITY), (Question("", "DNSKEY"), Ede.DNSKEY_MISSING)],
)
def test_validation_without_an_answer_about_keys_says_bogus(silent: Question, ede: Ede) -> None:
    """RFC 4035 §5.1: without its keys no answer of a signed zone can be believed; the next try may."""
    court = Court(world())
    court.world.silent.add(silent)
    assert (Security.BOGUS, ede) == court.says("www.signed.test", "A")
    court.world.silent.clear()
    assert Security.SECURE is court.judge("www.signed.test", "A").security


def test_validation_of_a_key_that_is_no_zone_key_names_that() -> None:
    """RFC 8914 §4.12: the DS names a key whose zone bit is not set."""
    of = world()
    key = OTHER_KEY.with_flags(1)
    zone = SignedZone("signed.test", {("www.signed.test", "A"): (A("192.0.2.1"),)}, key)
    of.zones["signed.test"] = zone
    of.zones["test"].delegate(zone)
    assert (Security.BOGUS, Ede.NO_ZONE_KEY_BIT_SET) == Court(of).says("www.signed.test", "A")


def test_validation_of_an_unsigned_answer_that_a_signed_zone_has_is_bogus_below_it_too() -> None:
    """RFC 4035 §5.2: an attacker cannot pretend a delegation that the zone does not have."""
    of = world()
    fake = SignedZone("sub.signed.test", {("www.sub.signed.test", "A"): (A("203.0.113.66"),)}, None)
    of.zones["sub.signed.test"] = fake
    assert (Security.BOGUS, Ede.RRSIGS_MISSING) == Court(of).says("www.sub.signed.test", "A")


def test_validation_lets_no_zone_above_an_anchor_unsign_what_is_below_it() -> None:
    """RFC 4035 §5.2: that the root is not validated says nothing of an island of trust whose signatures are missing."""
    court = Court(world(), Anchors(world().anchors("signed.test")))
    question = Question("www.signed.test", "A")
    known = replace(_without_signatures(court.world.known(question)), zone="")
    assert Security.BOGUS is court.judged(question, known).security


@pytest.mark.parametrize(
    ("anchors", "security"),
    [
        (Anchors(), Security.INSECURE),
        (Anchors(world().anchors("signed.test")), Security.SECURE),
        (Anchors(world().anchors("signed.test", Digest.SHA384)), Security.SECURE),
        (Anchors({"signed.test": (OTHER_KEY.dnskey,)}), Security.SECURE),
        (Anchors({"signed.test": (P384_KEY.dnskey,)}), Security.BOGUS),
        (Anchors({"signed.test": (P384_KEY.dnskey, OTHER_KEY.dnskey)}), Security.SECURE),
        (Anchors({"other.test": (OTHER_KEY.dnskey,)}), Security.INSECURE),
        (Anchors(world().anchors(), frozenset({"signed.test"})), Security.INSECURE),
        (Anchors(world().anchors(), frozenset({"test"})), Security.INSECURE),
        (Anchors(world().anchors(), frozenset({"www.signed.test"})), Security.INSECURE),
        (Anchors(world().anchors(), frozenset({"unsigned.test"})), Security.SECURE),
        (Anchors(world().anchors() | world().anchors("signed.test"), frozenset({"test"})), Security.SECURE),
        (Anchors(world().anchors(digest=Digest.SHA1)), Security.INSECURE),
        (Anchors(world().anchors(digest=Digest.SHA1), accepted=WITH_SHA1), Security.SECURE),
    ],
)
def test_validation_begins_at_the_closest_anchor(anchors: Anchors, security: Security) -> None:
    """RFC 4033 §5, RFC 7646 §2: islands of trust, and zones below an anchor that are not to be judged."""
    assert security is Court(world(), anchors).judge("www.signed.test", "A").security


def test_anchors_are_ds_and_dnskey_only() -> None:
    """RFC 4035 §4.4: other records are no anchors; those of one zone are put together."""
    ds = ds_of("test", P384_KEY.dnskey)
    found = anchors_of([RRset("test", "DS", 0, (ds,)), RRset("test", "DNSKEY", 0, (P384_KEY.dnskey,))])
    assert {"test": (ds, P384_KEY.dnskey)} == found
    with pytest.raises(ValueError, match="no trust anchor"):
        anchors_of([RRset("test", "A", 0, (A("192.0.2.1"),))])


def _with_ds(*rdatas: DS) -> SignedWorld:
    of = world()
    of.zones["test"].content["signed.test", "DS"] = rdatas
    return of


GOOD_DS = ds_of("signed.test", OTHER_KEY.dnskey)
SHA1_DS = ds_of("signed.test", OTHER_KEY.dnskey, Digest.SHA1)


@pytest.mark.parametrize(
    ("rdatas", "security", "ede"),
    [
        ((GOOD_DS, replace(GOOD_DS, key_tag=1)), Security.SECURE, Ede.OTHER),
        ((SHA1_DS,), Security.INSECURE, Ede.UNSUPPORTED_DS_DIGEST),
        ((replace(GOOD_DS, digest_type=3),), Security.INSECURE, Ede.UNSUPPORTED_DS_DIGEST),
        ((replace(GOOD_DS, digest=bytes(20)),), Security.INSECURE, Ede.UNSUPPORTED_DS_DIGEST),
        ((replace(GOOD_DS, algorithm=5),), Security.INSECURE, Ede.UNSUPPORTED_DNSKEY_ALGORITHM),
        ((replace(GOOD_DS, algorithm=3), SHA1_DS), Security.INSECURE, Ede.UNSUPPORTED_DS_DIGEST),
        ((replace(GOOD_DS, digest=bytes(32)),), Security.BOGUS, Ede.DNSKEY_MISSING),
        ((SHA1_DS, replace(GOOD_DS, digest=bytes(32))), Security.BOGUS, Ede.DNSKEY_MISSING),
    ],
)
def test_validation_counts_only_what_is_supported(rdatas: tuple[DS, ...], security: Security, ede: Ede) -> None:
    """RFC 4035 §5.2, RFC 8914 §4.2 and §4.3: unknown algorithms and digests are as if they were not there."""
    assert (security, ede) == Court(_with_ds(*rdatas)).says("www.signed.test", "A")


def test_validation_takes_sha1_digests_only_where_there_is_nothing_better() -> None:
    """RFC 4509 §3: beside a SHA-256 digest that fails, the SHA-1 one does not help."""
    of = _with_ds(SHA1_DS, replace(GOOD_DS, digest=bytes(32)))
    anchors = Anchors(of.anchors(), accepted=WITH_SHA1)
    assert Security.BOGUS is Court(of, anchors).judge("www.signed.test", "A").security
    alone = _with_ds(SHA1_DS)
    assert Security.SECURE is Court(alone, Anchors(alone.anchors(), accepted=WITH_SHA1)).judge(*_WWW).security


_WWW = ("www.signed.test", "A")


def test_validation_of_a_zone_hashed_too_often_says_insecure() -> None:
    """RFC 9276 §3.2: absences in it, and delegations without a DS below it, are not proved; the rest is."""
    court = Court(world(iterations=151))
    expected = (Security.INSECURE, Ede.UNSUPPORTED_NSEC3_ITERATIONS)
    assert expected == court.says("nobody.signed.test", "A")
    assert expected == court.says("www.signed.test", "MX")
    assert expected == court.says("x.wild.signed.test", "TXT")
    assert expected == court.says("www.unsigned.test", "A")
    assert Security.SECURE is court.judge("www.signed.test", "A").security


def test_validation_of_a_name_error_wants_all_of_its_proof_in_an_opt_out_span_too() -> None:
    """RFC 5155 §8.4: the closest encloser, the next closer name and the wildcard; none of them may be left out."""
    court, question = Court(world(opt_out=True)), Question("nobody.signed.test", "A")
    known = court.world.known(question)
    denials = [rrset for rrset in known.authority if rrset.type == "NSEC3"]
    for denial in denials:
        less = replace(known, authority=tuple(rrset for rrset in known.authority if rrset is not denial))
        assert Security.BOGUS is court.judged(question, less).security


def test_validation_of_absence_in_an_opt_out_span_says_insecure() -> None:
    """RFC 5155 §9.2: there may be an unsigned delegation at a name of which only a span is shown."""
    assert Security.INSECURE is Court(world(iterations=0, opt_out=True)).judge("nobody.test", "A").security


def test_validation_makes_an_empty_name_out_of_a_wrong_nxdomain() -> None:
    """RFC 4592 §2.2.2, RFC 8020 §2: a name that is proved to have names below it exists, whatever the rcode says."""
    court = Court(world())
    empty = Question("empty.signed.test", "A")
    court.world.forged[empty] = lambda known: replace(known, rcode=Rcode.NXDOMAIN)
    judged = court.judge(empty.name, empty.type)
    assert (Security.SECURE, Rcode.NOERROR) == (judged.security, judged.rcode)


def test_validation_believes_no_longer_than_the_signature() -> None:
    """RFC 4035 §5.3.3: the TTL of a secure RRset ends with its signature, and is no larger than the original."""
    court = Court(world())
    court.world.forged[WWW] = _signed_again(-60, 7)
    assert [7] == [rrset.ttl_seconds for rrset in court.judge(*_WWW).rrsets]
    court.world.forged[WWW] = lambda known: replace(known, rrsets=(replace(known.rrsets[0], ttl_seconds=9999),))
    assert [300] == [rrset.ttl_seconds for rrset in court.judge(*_WWW).rrsets]


def test_validation_keeps_only_what_was_proved() -> None:
    """RFC 4035 §4.3: a denial that somebody slipped in is not part of a secure answer."""
    court = Court(world())
    slipped = RRset("a.signed.test", "NSEC", 60, (NSEC.of("z.signed.test", ["A"]),))
    court.world.forged[NOBODY] = lambda known: replace(known, authority=(*known.authority, slipped))
    judged = court.judge(NOBODY.name, NOBODY.type)
    assert Security.SECURE is judged.security
    assert slipped not in judged.authority


def test_validation_takes_no_denial_made_of_a_wildcard() -> None:
    """CVE-2017-15105: an NSEC at a wildcard, replayed at a name that it stands in for, proves nothing of that."""
    of = world()
    zone = of.zones["signed.test"]
    record = next(rrset for rrset in zone.denials() if rrset.owner == "*.wild.signed.test")
    replayed = replace(record, owner="x.wild.signed.test")
    asked = Question("x.wild.signed.test", "TXT")
    start = zone.rrset("signed.test", "SOA")
    of.forged[Question("x.wild.signed.test", "A")] = lambda known: replace(known, authority=(start, replayed))
    assert (Security.BOGUS, Ede.DNSSEC_BOGUS) == Court(of).says(asked.name, "A")


def test_validation_of_an_alias_checks_that_its_dname_makes_it() -> None:
    """RFC 6672 §5.3.1: the CNAME has no signature of its own, so it must be what the signed DNAME says."""
    court = Court(world())
    asked = Question("x.moved.signed.test", "A")
    alias = RRset(asked.name, "CNAME", 300, (CNAME("x.evil.test"),))
    court.world.forged[asked] = lambda known: replace(known, rrsets=(known.rrsets[0], alias))
    assert (Security.BOGUS, Ede.DNSSEC_BOGUS) == court.says(asked.name, asked.type)
    court.world.forged[asked] = lambda known: replace(known, rrsets=known.rrsets[:1], rcode=Rcode.YXDOMAIN)
    assert Security.SECURE is court.judge(asked.name, asked.type).security


def test_validation_of_any_is_as_sure_as_the_least_sure_part() -> None:
    """RFC 4035 §3.2.3: every RRset of an answer must be secure for it to be."""
    of = world()
    zone = of.zones["signed.test"]
    asked = Question("signed.test", "ANY")
    both = (zone.rrset("signed.test", "SOA"), zone.rrset("signed.test", "NS"))
    of.forged[asked] = lambda known: Known(Rcode.NOERROR, both, (), "signed.test")
    assert Security.SECURE is Court(of).judge("signed.test", "ANY").security
    stripped = (both[0], replace(both[1], signatures=()))
    of.forged[asked] = lambda known: Known(Rcode.NOERROR, stripped, (), "signed.test")
    assert Security.BOGUS is Court(of).judge("signed.test", "ANY").security


def test_validation_of_signatures_themselves_says_insecure() -> None:
    """RFC 4035 §2.2: nothing signs a signature."""
    court = Court(world())
    asked = Question("www.signed.test", "RRSIG")
    signatures = court.world.known(WWW).rrsets[0].signatures
    court.world.forged[asked] = lambda known: replace(
        known, rrsets=(RRset(asked.name, "RRSIG", 60, signatures),), rcode=Rcode.NOERROR
    )
    assert Security.INSECURE is court.judge(asked.name, asked.type).security


def test_validation_of_an_alias_in_the_place_of_a_ds_says_that_no_zone_begins_there() -> None:
    """RFC 4035 §5.2: a name with a signed CNAME is no cut, so unsigned words of one are bogus."""
    court = Court(world())
    court.world.forged[Question("alias.signed.test", "A")] = lambda known: Known(
        Rcode.NOERROR, (RRset("alias.signed.test", "A", 60, (A("192.0.2.9"),)),), (), "signed.test"
    )
    assert Security.BOGUS is court.judge("alias.signed.test", "A").security
    assert "alias.signed.test" in {question.name for question in court.world.asked}


def _colliding(count: int) -> tuple[DNSKEY, ...]:
    """Return keys with the tag of the zone's own: octets that are in even places may change theirs."""
    keys = []
    for number in range(count):
        octets = bytearray(OTHER_KEY.dnskey.key)
        place = 2 * number
        octets[place], octets[place + 2] = octets[place + 2], octets[place]
        keys.append(replace(OTHER_KEY.dnskey, key=bytes(octets)))
    return tuple(key for key in keys if key != OTHER_KEY.dnskey and key.key_tag == OTHER_KEY.key_tag)


def test_validation_tries_few_keys_of_one_tag() -> None:
    """CVE-2023-50387 (KeyTrap): many keys of a tag and many signatures cost no more than the bounds say."""
    court = Court(world())
    keys = (OTHER_KEY.dnskey, *_colliding(20))
    assert len(keys) > 10
    court.world.forged[KEYS] = _keys(*keys)
    good = court.world.known(WWW).rrsets[0].signatures[0]
    assert isinstance(good, RRSIG)
    bad = tuple(replace(good, signature=bytes((n,)) * 64) for n in range(1, 31))
    court.world.forged[WWW] = lambda known: replace(known, rrsets=(replace(known.rrsets[0], signatures=(*bad, good)),))
    effort = Effort()
    judged = court.judge("www.signed.test", "A", effort)
    assert Security.BOGUS is judged.security
    assert effort.failed_checks <= MAX_FAILED_CHECKS
    assert effort.signature_checks <= MAX_FAILED_CHECKS + 8


@pytest.mark.parametrize(("place", "security"), [(31, Security.SECURE), (32, Security.BOGUS)])
def test_validation_looks_at_so_many_keys_of_a_zone(place: int, security: Security) -> None:
    """CVE-2023-50387: the keys of a zone are looked at up to a bound, at n and n+1."""
    court = Court(world())
    others = tuple(replace(OTHER_KEY.dnskey, key=bytes((n,)) * 64) for n in range(40))
    court.world.forged[KEYS] = _keys(*others[:place], OTHER_KEY.dnskey, *others[place:])
    assert security is court.judge("www.signed.test", "A").security


@pytest.mark.parametrize(("place", "security"), [(7, Security.SECURE), (8, Security.BOGUS)])
def test_validation_looks_at_so_many_ds_of_a_tag(place: int, security: Security) -> None:
    """CVE-2023-50387: the DS records that name one tag are looked at up to a bound, at n and n+1."""
    others = [replace(GOOD_DS, digest=bytes((n,)) * 32) for n in range(20)]
    assert security is Court(_with_ds(*others[:place], GOOD_DS)).judge("www.signed.test", "A").security


def test_validation_shares_its_effort_over_a_whole_question() -> None:
    """What one asker's question costs is bounded, not what each link of its chain costs."""
    court = Court(world())
    effort = Effort(signature_checks=MAX_SIGNATURE_CHECKS - 1)
    judged = court.judge("www.signed.test", "A", effort)
    assert Security.BOGUS is judged.security
    assert judged.reason is not None
    assert "signatures" in judged.reason.text
    assert Security.SECURE is court.judge("www.signed.test", "A").security


def test_validation_of_a_foreign_signer_is_bogus() -> None:
    """RFC 4035 §5.3.1: another zone's signature is none, even if that zone is secure."""
    of = world()
    rrset = RRset("www.signed.test", "A", 300, (A("203.0.113.66"),))
    signature = sign(rrset, P384_KEY, "test", Validity(NOW - 60, NOW + 60))
    of.forged[WWW] = lambda known: replace(known, rrsets=(replace(rrset, signatures=(signature,)),))
    judged = Court(of).judge(*_WWW)
    # `test` could delegate the name anew, so what it signs itself is as good as its word.
    assert Security.SECURE is judged.security
    other = sign(rrset, OTHER_KEY, "in.signed.test", Validity(NOW - 60, NOW + 60))
    of.forged[WWW] = lambda known: replace(known, rrsets=(replace(rrset, signatures=(other,)),))
    assert Security.BOGUS is Court(of).judge(*_WWW).security


def test_validation_looks_at_the_time_of_the_clock() -> None:
    """RFC 4035 §5.3.1: the same answer is early, good and too late."""
    says = [Court(world(), now=NOW + shift).says(*_WWW) for shift in (-7200, 0, 90_000)]
    assert [
        (Security.BOGUS, Ede.SIGNATURE_NOT_YET_VALID),
        (Security.SECURE, Ede.OTHER),
        (Security.BOGUS, Ede.SIGNATURE_EXPIRED),
    ] == says


def test_validation_of_mail_exchanges_is_as_of_anything() -> None:
    """Records of any type are judged in the same way."""
    of = world()
    of.zones["signed.test"].content["signed.test", "MX"] = (MX(10, "mx.signed.test"),)
    assert Security.SECURE is Court(of).judge("signed.test", "MX").security
