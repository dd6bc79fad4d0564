"""What an attacker on the way can do who has every genuine record of a signed world and may put them anywhere."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.jumping_clock import JumpingClock
from fakes.signed_world import NOW, SignedWorld, SignedZone
from scop.base import RemoteProtocolError
from scop.dns import CNAME, TXT, A, Question, Rcode, Security
from scop.dns.dnssec.effort import MAX_FAILED_CHECKS, MAX_HASH_RUNS, MAX_SIGNATURE_CHECKS
from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.trust import Anchors
from scop.dns.dnssec.validation import Effort, Validator
from scop.dns.known import Known
from scop.dns.rdata import CLASSES, DNAME, Rdata, read_rdata, type_name
from scop.dns.rrset import RRset

NAMES = ["zone.test", "a.zone.test", "b.zone.test", "x.b.zone.test", "w.zone.test", "x.w.zone.test", "q.x.w.zone.test"]
NAMES += ["e.zone.test", "x.e.zone.test", "s.zone.test", "x.s.zone.test", "u.zone.test", "test", "none.test"]
TYPES = ["A", "TXT", "CNAME", "DS", "DNSKEY", "NS"]


@cache
def world(iterations: int | None, *, opt_out: bool) -> SignedWorld:
    """Return a world with wildcards, an alias, empty names, and signed and unsigned delegations."""
    root = SignedZone("")
    top = SignedZone("test", {}, SigningKey.generate(), iterations, opt_out)
    zone = SignedZone(
        "zone.test",
        {
            ("a.zone.test", "A"): (A("192.0.2.1"),),
            ("b.zone.test", "CNAME"): (CNAME("a.zone.test"),),
            ("*.w.zone.test", "TXT"): (TXT((b"wild",)),),
            ("x.e.zone.test", "TXT"): (TXT((b"deep",)),),
            ("d.zone.test", "DNAME"): (DNAME("e.zone.test"),),
        },
        SigningKey.generate(),
        iterations,
    )
    signed = SignedZone("s.zone.test", {("x.s.zone.test", "A"): (A("192.0.2.2"),)}, SigningKey.generate(), iterations)
    unsigned = SignedZone("u.zone.test", {("x.u.zone.test", "A"): (A("192.0.2.3"),)}, None)
    root.delegate(top)
    top.delegate(zone)
    zone.delegate(signed)
    zone.delegate(unsigned)
    return SignedWorld(root, top, zone, signed, unsigned)


@cache
def genuine(iterations: int | None, *, opt_out: bool) -> tuple[RRset, ...]:
    """Return every RRset that any server of the world would ever say."""
    found: list[RRset] = []
    for zone in world(iterations, opt_out=opt_out).zones.values():
        found += [zone.rrset(owner, type_) for owner, type_ in zone.content]
        found += zone.denials()
    return tuple(found)


def _judge(of: SignedWorld, question: Question, known: Known, effort: Effort) -> Known:
    clock = JumpingClock(NOW)
    step = Validator(Anchors(of.anchors()), clock).judge(question, known, of.find, effort)
    try:
        while True:
            next(step)
    except StopIteration as stop:
        found = stop.value
        assert isinstance(found, Known)
        return found


def _instead(answer: Known, _: Known) -> Known:
    return answer


def _said(known: Known) -> tuple[Rcode, list[tuple[str, tuple[Rdata, ...]]]]:
    return known.rcode, [(rrset.type, rrset.rdatas) for rrset in known.rrsets]


@drawn(50)
@given(
    st.data(),
    st.sampled_from([(None, False), (1, False), (1, True)]),
    st.builds(Question, st.sampled_from(NAMES), st.sampled_from(TYPES)),
)
def test_genuine_records_in_other_places_prove_nothing_that_is_not_so(
    data: st.DataObject, denial: tuple[int | None, bool], question: Question
) -> None:
    """RFC 4035 §5: replayed at any name, in any answer, for any question: secure is only what is so."""
    iterations, opt_out = denial
    true_world = world(iterations, opt_out=opt_out)
    pool = st.sampled_from(genuine(iterations, opt_out=opt_out))

    def replayed(asked: Question, rcode: Rcode) -> Known:
        chosen = data.draw(st.none() | pool)
        if chosen is not None and data.draw(st.booleans()):
            chosen = replace(chosen, owner=asked.name)
        present = () if chosen is None or chosen.type not in (asked.type, "CNAME") else (chosen,)
        return Known(rcode, present, tuple(data.draw(st.lists(pool, max_size=4))), data.draw(st.sampled_from(NAMES)))

    forged = SignedWorld(*true_world.zones.values())
    for place in data.draw(st.lists(st.sampled_from(["test", "zone.test", "s.zone.test", "a.zone.test"]), max_size=2)):
        for type_ in ("DS", "DNSKEY"):
            answer = replayed(Question(place, type_), Rcode.NOERROR)
            forged.forged[Question(place, type_)] = partial(_instead, answer)
    judged = _judge(forged, question, replayed(question, data.draw(st.sampled_from(list(Rcode)[:4:3]))), Effort())
    if judged.security is Security.SECURE:
        assert _said(true_world.known(question)) == _said(judged)


@drawn(30)
@given(st.sampled_from([(None, False), (1, False), (1, True)]), st.sampled_from(NAMES), st.sampled_from(TYPES))
def test_signed_names_are_secure_as_they_are_said(denial: tuple[int | None, bool], name: str, type_: str) -> None:
    """RFC 4035 §5: what nobody touched is never bogus."""
    of = world(denial[0], opt_out=denial[1])
    judged = _judge(of, Question(name, type_), of.known(Question(name, type_)), Effort())
    assert Security.BOGUS is not judged.security, judged.reason
    is_below = name == "u.zone.test" and type_ != "DS"
    assert is_below or denial[1] or Security.SECURE is judged.security


def _any_rdata(number: int, octets: bytes) -> Rdata | None:
    try:
        return read_rdata(type_name(number), octets)
    except RemoteProtocolError:
        return None


_ANY_RDATA = st.builds(_any_rdata, st.sampled_from(sorted(CLASSES)), st.binary(max_size=60)).filter(bool)
_ANY_RRSET = st.builds(
    lambda owner, rdatas, signatures: RRset(owner, rdatas[0].type, 60, tuple(rdatas), tuple(signatures)),
    st.sampled_from(NAMES),
    st.lists(_ANY_RDATA, min_size=1, max_size=3),
    st.lists(_ANY_RDATA, max_size=3),
)


@drawn(50)
@given(
    st.builds(Question, st.sampled_from(NAMES), st.sampled_from(TYPES)),
    st.lists(_ANY_RRSET, max_size=2),
    st.lists(_ANY_RRSET, max_size=4),
    st.sampled_from(list(Rcode)),
)
def test_any_records_are_judged_within_bounds(
    question: Question, rrsets: list[RRset], authority: list[RRset], rcode: Rcode
) -> None:
    """Whatever a server says, it is judged, not secure, and costs no more than a question may."""
    effort = Effort()
    known = Known(rcode, tuple(rrsets), tuple(authority), "zone.test")
    judged = _judge(world(None, opt_out=False), question, known, effort)
    assert Security.SECURE is not judged.security
    assert effort.signature_checks <= MAX_SIGNATURE_CHECKS
    assert effort.failed_checks <= MAX_FAILED_CHECKS
    assert effort.hash_runs <= MAX_HASH_RUNS
