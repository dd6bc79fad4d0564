"""What we sign and how we answer from it convinces our own validator, whatever the zone and the question."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.jumping_clock import JumpingClock
from fakes.signed_zones import NOW, ORIGIN, made_keys, zone_of
from scop.dns import Question, Rcode, Security
from scop.dns.dnssec.trust import Anchors, anchors_of
from scop.dns.dnssec.validation import Validator
from scop.dns.known import Known
from scop.dns.zone.denial import Denial
from scop.dns.zone.draft import Draft
from scop.dns.zone.lookup import Match, find
from scop.dns.zone.signing import SigningPolicy, sign_zone
from scop.dns.zone.zone import Zone

KEYS = made_keys()
DS = "DS 1 13 2 " + "0" * 64
_labels = st.lists(st.sampled_from(["a", "b", "c", "*"]), min_size=1, max_size=3)
_owners = _labels.map(".".join)
_nodes = st.sampled_from(
    ['TXT "x"', "A 192.0.2.1", "CNAME a", "DNAME b", "NS ns.elsewhere.", f"NS ns.elsewhere.\n{{}} {DS}"]
)
_zones = st.dictionaries(_owners, _nodes, max_size=6).map(
    # RFC 4592 §4.2: what a wildcard with NS means, nobody knows
    lambda nodes: zone_of(
        "".join(f"{owner} {line.format(owner)}\n" for owner, line in nodes.items() if owner[0] != "*" or line[0] != "N")
    )
)
_names = st.one_of(st.just(ORIGIN), _labels.map(lambda labels: ".".join([*labels, ORIGIN])))
_types = st.sampled_from(["A", "TXT", "DS", "NS", "CNAME", "DNAME", "SOA", "DNSKEY"])


def known(zone: Zone, question: Question) -> Known | None:
    """Return what a resolver takes from the first link of our answer; None for a referral."""
    found = find(zone, question.name, question.type)
    if found.match is Match.REFERRAL:
        return None
    draft = Draft(dnssec_ok=True)
    draft.take(zone, found, question.name)
    return Known(draft.rcode, tuple(draft.answer), tuple(draft.authority), zone.origin)


def judged(zone: Zone, question: Question, said: Known) -> Known:
    """Return what our validator, who trusts the zone's key, says of it."""

    def ask(asked: Question) -> Generator[object, None, Known]:
        yield from ()
        answer = known(zone, asked)
        assert answer is not None
        return answer

    anchors = Anchors(anchors_of([zone.nodes[ORIGIN]["DNSKEY"]]))
    step = Validator(anchors, JumpingClock(NOW)).judge(question, said, ask)  # type: ignore[arg-type]  # it asks nobody
    outcome: list[object] = []

    def run() -> Generator[object, None, None]:
        outcome.append((yield from step))

    assert [] == list(run())
    assert isinstance(outcome[0], Known)
    return outcome[0]


@pytest.mark.parametrize("denial", Denial)
@drawn(50)
@given(_zones, _names, _types)
def test_zone_proofs_convince_a_validator(denial: Denial, source: Zone, name: str, type_: str) -> None:
    """Every answer, alias and no of a signed zone is secure (RFC 4035 §5, RFC 5155 §8)."""
    zone = sign_zone(source, KEYS.set, SigningPolicy(denial), NOW).zone
    question = Question(name, type_)
    assume(name != ORIGIN or type_ != "DS")  # which is the parent's to say
    said = known(zone, question)
    assume(said is not None and said.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN))
    assert said is not None
    found = judged(zone, question, said)
    assert (Security.SECURE, None) == (found.security, None if found.security is Security.SECURE else found.reason)
