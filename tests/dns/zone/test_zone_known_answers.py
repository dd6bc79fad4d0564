"""Answers from memory are, octet for octet, those that are made anew."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns.edns import OptionCode
from scop.dns.zone import known_answers
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS, Zones
from scop.dns.zone.known_answers import KnownAnswers, account_of, plain_query
from scop.dns.zone.zone import Zone

ZONE = Zone.parse(
    """\
$TTL 60
@ SOA ns h 1 2 3 4 5
@ NS ns
@ MX 5 mx
ns A 127.0.0.1
mx A 127.0.0.2
www CNAME mx
*.wild TXT "x"
below NS ns.below
ns.below A 127.0.0.3
zero\\\\000a TXT "octet"
old DNAME wild
"""
    + "".join(f'big TXT "{n:03}{"x" * 200}"\n' for n in range(9)),
    "p.test",
)
ZONES = Zones.of([ZONE])
COUNTING = frozenset({OptionCode.NSID})
NAMES = ("p.test", "mx.p.test", "www.p.test", "a.wild.p.test", "x.below.p.test", "zero\\000a.p.test", "x.old.p.test")


def query(name: str, type_: str = "A", **more: object) -> dns.message.Message:
    """Return a query of dnspython's."""
    return dns.message.make_query(name, type_, **more)  # type: ignore[arg-type]  # dnspython's keywords, as they are


_names = st.one_of(st.sampled_from([*NAMES, "big.p.test", "nobody.p.test", "elsewhere"])).flatmap(
    lambda name: st.lists(st.booleans(), min_size=len(name), max_size=len(name)).map(
        lambda ups: "".join(c.upper() if up else c for c, up in zip(name, ups, strict=True))
    )
)
_options = st.lists(st.sampled_from([3, 8, 10, 11, 12, 15, 65001]), max_size=2).map(
    lambda codes: [dns.edns.GenericOption(dns.edns.OptionType.make(code), b"12345678") for code in codes]
)
_queries = st.builds(
    query,
    _names,
    st.sampled_from(["A", "MX", "TXT", "NS", "SOA", "ANY", "HTTPS", "CNAME", "AXFR", "TYPE97"]),
    use_edns=st.sampled_from([-1, 0, 1]),
    want_dnssec=st.booleans(),
    payload=st.sampled_from([0, 512, 600, 1232, 4096]),
    options=_options,
    flags=st.sampled_from([0, dns.flags.RD, dns.flags.CD, dns.flags.AD]),
)


@given(st.lists(_queries, max_size=12))
def test_known_answers_are_those_made_anew(queries: list[dns.message.Message]) -> None:
    """Whatever was asked before, in whatever case and with whatever options, an answer from memory is the same."""
    known = KnownAnswers(MAX_DATAGRAM_OCTETS)
    for asked in [*queries, *queries]:
        octets = asked.to_wire()
        found = known.answer(ZONES, octets)
        if found is not None:
            assert (ZONES.answer(octets, max_octets=MAX_DATAGRAM_OCTETS), account_of(found[0])) == found


@given(st.sampled_from(NAMES), st.integers(0, 60), st.integers(0, 255), st.integers(0, 20))
def test_known_answers_survive_damage(name: str, place: int, octet: int, cut: int) -> None:
    """A query that was damaged on its way gets what a fresh look at it gives, before and after the whole one."""
    whole = query(name, use_edns=0).to_wire()
    damaged = bytearray(whole)
    damaged[place % len(whole)] = octet
    known = KnownAnswers(MAX_DATAGRAM_OCTETS)
    for octets in (whole, bytes(damaged[: len(whole) - cut]), whole):
        found = known.answer(ZONES, octets)
        if found is not None:
            assert ZONES.answer(octets, max_octets=MAX_DATAGRAM_OCTETS) == found[0]


@given(st.binary(max_size=60))
def test_plain_query_of_noise(octets: bytes) -> None:
    """Whatever comes in, nothing escapes."""
    plain_query(octets, COUNTING)
    plain_query(b"\0\1\1\0\0\1\0\0\0\0\0\1" + octets, COUNTING)


def test_plain_query_tells_types_apart() -> None:
    """Only the name is lower-cased: type 65 is not type 97, whose octets differ as A and a do."""
    keys = {plain_query(query("p.test", type_, id=0).to_wire(), COUNTING) for type_ in ("TYPE65", "TYPE97")}
    assert 2 == len(keys)


def test_plain_query_sees_through_options_that_do_not_count() -> None:
    """A cookie changes no answer of ours, so an asker with one shares those of all others."""
    cookie = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678")
    bare, with_cookie = query("p.test", use_edns=0, id=1), query("P.test", id=2, options=[cookie], use_edns=0)
    assert plain_query(bare.to_wire(), COUNTING) == plain_query(with_cookie.to_wire(), COUNTING)


@pytest.mark.parametrize(
    "octets",
    [
        query("p.test", options=[dns.edns.GenericOption(dns.edns.OptionType.NSID, b"")]).to_wire(),
        query("p.test", "AXFR").to_wire(),
        query("p.test", "IXFR").to_wire(),
        dns.message.make_query("id.server", "TXT", "CH").to_wire(),
        dns.update.UpdateMessage("p.test").to_wire(),
        query("p.test").to_wire() + b"x",
        query("p.test").to_wire()[:-1],
        query("p.test", use_edns=0).to_wire()[:-1],
        b"",
    ],
    ids=["nsid", "axfr", "ixfr", "chaos", "update", "one octet more", "one less", "a cut OPT", "nothing"],
)
def test_plain_query_leaves_the_rest_to_others(octets: bytes) -> None:
    """What is more than a question, or less than a whole one, is looked at closely elsewhere."""
    assert plain_query(octets, COUNTING) is None


def test_known_answers_end_with_their_zones() -> None:
    """Another version of the zones is answered from at once."""
    known = KnownAnswers(MAX_DATAGRAM_OCTETS)
    octets = query("new.p.test", "TXT").to_wire()
    changed = ZONES.replaced(ZONE.changed([ZONE.nodes["*.wild.p.test"]["TXT"]], [("www.p.test", "CNAME")]))
    for zones in (ZONES, changed, ZONES):
        found = known.answer(zones, octets)
        assert found is not None
        assert zones.answer(octets, max_octets=MAX_DATAGRAM_OCTETS) == found[0]


def test_known_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many names are asked for, no more than two halves are remembered."""
    monkeypatch.setattr(known_answers, "MAX_ANSWERS", 3)
    known = KnownAnswers(MAX_DATAGRAM_OCTETS)
    for n in range(20):
        for name in (f"n{n}.wild.p.test", "mx.p.test"):
            assert known.answer(ZONES, query(name).to_wire()) is not None
    assert len(known._young) + len(known._old) <= 6


@pytest.mark.parametrize(("more", "kept"), [(0, 1), (1, 0)])
def test_known_answers_keep_nothing_large(monkeypatch: pytest.MonkeyPatch, more: int, kept: int) -> None:
    """On streams an answer may have 64 KiB, and one question a million forms: EDNS has sizes and flags."""
    asked = query("big.p.test", "TXT").to_wire()
    known = KnownAnswers(MAX_STREAM_OCTETS)
    said = ZONES.answer(asked, max_octets=MAX_STREAM_OCTETS)
    assert said is not None
    monkeypatch.setattr(known_answers, "MAX_KEPT_OCTETS", len(said) - more)
    assert [said] * 2 == [answer[0] for answer in (known.answer(ZONES, asked), known.answer(ZONES, asked)) if answer]
    assert kept == len(known._young)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (("mx.p.test", "A"), ("MX.p.test", "A"), True),
        (("mx.p.test", "A"), ("ns.p.test", "A"), False),
        (("mx.p.test", "A"), ("mx.p.test", "TXT"), False),
        (("a.nobody.p.test", "A"), ("b.p.test", "AAAA"), True),  # both are a no of p.test
        (("a.nobody.p.test", "A"), ("mx.p.test", "TXT"), True),
        (("a.below.p.test", "A"), ("b.below.p.test", "A"), True),
        (("a.below.p.test", "A"), ("b.p.test", "A"), False),
        (("elsewhere", "A"), ("anywhere", "MX"), True),
    ],
)
def test_account_is_that_of_equal_answers(one: tuple[str, str], other: tuple[str, str], is_same: bool) -> None:
    """Answers count by their question, noes by the zone or delegation that says them, errors all together."""
    first, second = (ZONES.answer(query(*asked).to_wire(), max_octets=512) for asked in (one, other))
    assert first is not None
    assert second is not None
    assert is_same == (account_of(first) == account_of(second))


@given(st.binary(max_size=40))
def test_account_of_anything(octets: bytes) -> None:
    """Any octets are counted as something."""
    assert account_of(octets)


def test_known_answers_need_not_read_what_is_its_own_key() -> None:
    """A query without options is its own key, id and case apart, so that it is found without being read."""
    octets = query("mx.p.test", id=7).to_wire()
    plain = plain_query(octets, COUNTING)
    assert plain is not None
    assert octets[2:] == plain.key
    folded = plain_query(query("MX.p.test", id=7).to_wire(), COUNTING)
    assert folded is not None
    assert octets[2:] == folded.key
