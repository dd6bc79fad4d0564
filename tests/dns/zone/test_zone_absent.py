"""Answers about names that do not exist are shared, and each is still the one that would be made anew."""

from __future__ import annotations

import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.signed_zones import NOW, ORIGIN, made_keys, zone_of
from scop.dns.message import parse_message
from scop.dns.zone import known_answers
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, Zones
from scop.dns.zone.denial import Denial, nsec3_owner
from scop.dns.zone.known_answers import KnownAnswers
from scop.dns.zone.lookup import Match, find
from scop.dns.zone.signing import SigningPolicy, sign_zone
from scop.dns.zone.zone import Zone

KEYS = made_keys()
_letters = st.sampled_from("abc")
_labels = st.lists(st.sampled_from(["a", "b", "c", "*"]), min_size=1, max_size=3)
# Targets that may not exist, so that questions ask for what the rest of an answer names.
_lines = st.builds(
    lambda form, target: form.format(target),
    st.sampled_from(["TXT x", "A 192.0.2.1", "MX 5 {}", "CNAME {}", "DNAME {}", "NS {}"]),
    st.lists(_letters, min_size=1, max_size=3).map(".".join),
)
_zones = st.dictionaries(_labels.map(".".join), _lines, max_size=5).map(
    lambda nodes: zone_of("".join(f"{owner} {line}\n" for owner, line in nodes.items()))
)
_names = st.lists(_letters, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, ORIGIN]))


def query(name: str, type_: str = "A", *, dnssec: bool = False) -> bytes:
    """Return a query's octets."""
    return dns.message.make_query(name, type_, want_dnssec=dnssec, id=7).to_wire()


def shown(source: Zone, denial: Denial | None) -> Zones:
    """Return a server of a zone, signed where a way to deny is given."""
    return Zones.of([source if denial is None else sign_zone(source, KEYS.set, SigningPolicy(denial), NOW).zone])


def assert_made_anew(zones: Zones, queries: list[bytes]) -> None:
    """Ask one after the other, and see that each answer says what it would say had nobody asked before.

    It may be longer: what was made for another name points at nothing that only this one has.
    """
    known = KnownAnswers(MAX_DATAGRAM_OCTETS)
    for octets in queries:
        found = known.answer(zones, octets)
        anew = zones.answer(octets, max_octets=MAX_DATAGRAM_OCTETS)
        assert found is not None
        assert anew is not None
        assert parse_message(anew) == parse_message(found[0])


@pytest.mark.parametrize("denial", [None, *Denial])
@settings(max_examples=40)
@given(_zones, st.lists(_names, min_size=2, max_size=12), st.sampled_from(["A", "MX", "DS", "ANY", "OPT"]))
def test_absent_names_get_the_answers_made_anew(
    denial: Denial | None, source: Zone, names: list[str], type_: str
) -> None:
    """Whatever was asked before, and wherever the zone's own names point, an answer is what a fresh look gives."""
    zones = shown(source, denial)
    assert_made_anew(zones, [query(name, type_, dnssec=denial is not None) for name in [*names, names[0].upper()]])


@pytest.mark.parametrize(
    ("denial", "lines", "type_", "names"),
    [
        (None, "", "A", ("hostmaster", "0123456789")),  # the SOA's mailbox, which is no name of the zone
        (None, "", "A", ("a.hostmaster", "b.hostmaster", "a.0123456789")),
        (None, "*.w MX 5 a.w\n", "MX", ("a.w", "b.w", "a.w")),
        (None, "*.w CNAME a.w\n", "A", ("a.w", "b.w", "a.w")),
        (None, "*.w CNAME a.v\n", "A", ("a.w", "b.w")),
        (None, "d DNAME w\n*.w A 192.0.2.1\n", "A", ("a.d", "b.d")),
        (None, "d NS a.d\n", "A", ("a.d", "b.d", "a.d")),  # the glue is missing
        (None, "d NS ns.elsewhere.\n", "DS", ("a.d", "b.d", "a")),
        (Denial.NSEC3, "", "A", (f"{'0' * 32}", nsec3_owner(ORIGIN, ORIGIN).partition(".")[0], f"{'v' * 32}")),
        (Denial.NSEC, "b A 192.0.2.1\nd A 192.0.2.1\n", "A", ("a", "c", "e", "a.b", "a.d")),
    ],
)
def test_absent_names_do_not_mislead(denial: Denial | None, lines: str, type_: str, names: tuple[str, ...]) -> None:
    """What the rest of an answer mentions is pointed at in one question and not in the next (RFC 1035 §4.1.4)."""
    zones = shown(zone_of(lines), denial)
    for order in (names, names[::-1]):
        assert_made_anew(zones, [query(f"{name}.{ORIGIN}", type_, dnssec=denial is not None) for name in order])


@pytest.mark.parametrize(
    ("denial", "lines", "names", "match"),
    [
        (None, "", "ab", Match.NO_NAME),
        (Denial.NSEC, "", "ab", Match.NO_NAME),
        (Denial.NSEC, "*.w TXT x\n", ("a.w", "b.w"), Match.NO_DATA),
        (None, "*.w A 192.0.2.1\n", ("a.w", "b.w"), Match.RRSET),
        (None, "d NS ns.d\nns.d A 192.0.2.1\n", ("a.d", "b.d"), Match.REFERRAL),
    ],
)
def test_absent_names_are_looked_up_once(
    denial: Denial | None, lines: str, names: tuple[str, str], match: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of two names that do not exist is answered without making an answer."""
    zones, known = shown(zone_of(lines), denial), KnownAnswers(MAX_DATAGRAM_OCTETS)
    first, second = (query(f"{name}.{ORIGIN}", dnssec=denial is not None) for name in names)
    expected = zones.answer(second, max_octets=MAX_DATAGRAM_OCTETS)
    assert match is find(zones.by_origin[ORIGIN], f"{names[1]}.{ORIGIN}", "A").match
    known.answer(zones, first)
    monkeypatch.setattr(Zones, "answer", None)
    found = known.answer(zones, second)
    assert found is not None
    assert expected == found[0]


def test_absent_names_of_other_zones_are_refused_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name in no zone of ours is refused as the one before it was."""
    zones, known = shown(zone_of(""), None), KnownAnswers(MAX_DATAGRAM_OCTETS)
    known.answer(zones, query("a.elsewhere"))
    expected = zones.answer(query("b.elsewhere"), max_octets=MAX_DATAGRAM_OCTETS)
    monkeypatch.setattr(Zones, "answer", None)
    found = known.answer(zones, query("b.elsewhere"))
    assert found is not None
    assert expected == found[0]


def test_absent_shapes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many kinds of names are asked for, few shapes are remembered, and the answers stay right."""
    monkeypatch.setattr(known_answers, "MAX_SHAPES", 3)
    zones, known = shown(zone_of(""), None), KnownAnswers(MAX_DATAGRAM_OCTETS)
    for size in [*range(1, 20), *range(1, 20)]:
        octets = query(f"{'x' * size}.{ORIGIN}")
        found = known.answer(zones, octets)
        assert found is not None
        assert zones.answer(octets, max_octets=MAX_DATAGRAM_OCTETS) == found[0]
        assert len(known._shapes) <= 3
