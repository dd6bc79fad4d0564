"""What signed denials say of names that nobody asked for (RFC 8198)."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns.answer import Question
from scop.dns.hashed_names import hash_name
from scop.dns.known import Known
from scop.dns.names import is_at_or_below, name_labels, parent_name
from scop.dns.rdata import NSEC, NSEC3, RRSIG, SOA, TXT, Rdata
from scop.dns.resolver.aggressive import Denials
from scop.dns.resolver.cache import Cache, CacheOptions
from scop.dns.rrset import RRset
from scop.dns.words import Rcode, Security

NOW = 1000.0
ZONE = "test"
# The whole zone: each name with its types. `cut.test` is a delegation, `ent.test` an empty non-terminal.
NAMES = {
    "test": ("SOA", "NS", "DNSKEY"),
    "a.test": ("A",),
    "cut.test": ("NS",),
    "x.ent.test": ("A",),
    "*.wild.test": ("TXT",),
    "z.test": ("A", "MX"),
}


def signed(owner: str, rdata: Rdata, signer: str = ZONE) -> RRset:
    """Return an RRset that bears a signature."""
    ttl = 300
    labels = len([label for label in name_labels(owner) if label != b"*"])
    signature = RRSIG(rdata.type, 13, labels, ttl, 2**31, 1, 1, signer, b"s")
    return RRset(owner, rdata.type, ttl, (rdata,), (signature,))


START = signed(ZONE, SOA("ns.test", "root.test", 1, 2, 3, 4, 300))


def chain(names: dict[str, tuple[str, ...]]) -> list[RRset]:
    """Return the NSEC records of a zone."""
    owners = sorted(names, key=lambda name: name_labels(name)[::-1])
    following = [*owners[1:], owners[0]]
    return [
        signed(owner, NSEC.of(next_name, {*names[owner], "RRSIG", "NSEC"}))
        for owner, next_name in zip(owners, following, strict=True)
    ]


def hashed_chain(names: dict[str, tuple[str, ...]], *, flags: int = 0) -> list[RRset]:
    """Return the NSEC3 records of a zone, those of its empty non-terminals included."""
    whole = dict(names)
    for name in names:
        while name != ZONE:
            name = parent_name(name)
            whole.setdefault(name, ())
    hashes = sorted((hash_name(name), types) for name, types in whole.items())
    following = [*(hashed for hashed, _ in hashes[1:]), hashes[0][0]]
    return [
        signed(
            f"{base64.b32hexencode(hashed).decode().lower()}.{ZONE}",
            NSEC3(1, flags, 0, b"", next_hash, NSEC.of("x", types).bitmap),
        )
        for (hashed, types), next_hash in zip(hashes, following, strict=True)
    ]


def knowing(denials: Iterable[RRset], **options: object) -> Cache:
    """Return a cache that saw these denials with one answer."""
    cache = Cache(dataclasses.replace(CacheOptions(), **options))  # type: ignore[arg-type]  # by name, as they come
    known = Known(Rcode.NXDOMAIN, (), (START, *denials), ZONE, Security.SECURE)
    cache.learn(Question("seen.nothing.test", "A"), known, NOW)
    return cache


EXPECTED = [
    ("b.test", "A", Rcode.NXDOMAIN),  # between two names
    ("zz.test", "A", Rcode.NXDOMAIN),  # after the last
    ("q.b.test", "A", Rcode.NXDOMAIN),  # below nothing
    ("z.test", "TXT", Rcode.NOERROR),  # the name has other types
    ("z.test", "MX", None),  # it is there: nothing is denied
    ("ent.test", "A", Rcode.NOERROR),  # an empty non-terminal
    ("cut.test", "DS", Rcode.NOERROR),  # an unsigned delegation
    ("cut.test", "A", None),  # the child's to say
    ("host.cut.test", "A", None),
    ("test", "DS", None),  # the parent's to say
    ("q.wild.test", "A", Rcode.NOERROR),  # the wildcard has another type
    ("q.wild.test", "TXT", None),  # it would be made from the wildcard, which nobody saw
    ("other", "A", None),
]


@pytest.mark.parametrize("records", [chain(NAMES), hashed_chain(NAMES)], ids=["nsec", "nsec3"])
@pytest.mark.parametrize(("name", "type_", "rcode"), EXPECTED)
def test_denials_answer_for_names_never_asked(records: list[RRset], name: str, type_: str, rcode: Rcode | None) -> None:
    """RFC 8198 §5.1 and §5.2: what the records prove is said, secure and with the proof; what they do not is asked."""
    found = knowing(records).find(Question(name, type_), NOW + 100)
    if rcode is None:
        assert found is None
        return
    assert found is not None
    assert (found.rcode, found.security, found.rrsets) == (rcode, Security.SECURE, ())
    assert found.authority[0].type == "SOA"
    assert {rrset.type for rrset in found.authority[1:]} <= {"NSEC", "NSEC3"}
    assert {rrset.ttl_seconds for rrset in found.authority} == {200}


def test_denials_hold_no_longer_than_their_ttl() -> None:
    """RFC 9077 §3: when the records have run out nothing is concluded from them."""
    cache = knowing(chain(NAMES))
    assert cache.find(Question("b.test", "A"), NOW + 299) is not None
    assert cache.find(Question("b.test", "A"), NOW + 300) is None


def test_denials_make_answers_from_a_wildcard() -> None:
    """RFC 8198 §5.3: a wildcard that was seen stands for another name that is proved not to exist."""
    made = dataclasses.replace(signed("*.wild.test", TXT((b"w",))), owner="one.wild.test")
    wildcard_denial = next(rrset for rrset in chain(NAMES) if rrset.owner == "*.wild.test")
    cache = knowing([])
    cache.learn(
        Question("none.test", "A"), Known(Rcode.NXDOMAIN, (), (START, *chain(NAMES)[:1]), ZONE, Security.SECURE), NOW
    )
    known = Known(Rcode.NOERROR, (made,), (wildcard_denial,), ZONE, Security.SECURE)
    cache.learn(Question("one.wild.test", "TXT"), known, NOW)
    found = cache.find(Question("two.wild.test", "TXT"), NOW + 100)
    assert found is not None
    assert found.rrsets == (dataclasses.replace(made, owner="two.wild.test", ttl_seconds=200),)
    assert found.authority == (dataclasses.replace(wildcard_denial, ttl_seconds=200),)
    assert found.security is Security.SECURE


def test_denials_with_opt_out_deny_no_name() -> None:
    """RFC 8198 §5.2: unsigned delegations may lie between the hashes."""
    cache = knowing(hashed_chain(NAMES, flags=1))
    assert cache.find(Question("b.test", "A"), NOW) is None
    found = cache.find(Question("z.test", "TXT"), NOW)
    assert found is not None
    assert found.rcode is Rcode.NOERROR


def test_denials_speak_of_the_zone_that_signed_them() -> None:
    """RFC 4035 §5.3.1: an answer that came from the parent's servers may prove something of the child only."""
    cache = Cache()
    known = Known(Rcode.NXDOMAIN, (), (START, *chain(NAMES)), "", Security.SECURE)
    cache.learn(Question("seen.nothing.test", "A"), known, NOW)
    assert cache.find(Question("zz.example", "A"), NOW) is None
    assert cache.find(Question("zz.test", "A"), NOW) is not None


def test_denials_come_of_secure_answers_only() -> None:
    """RFC 8198 §4: what was not validated proves nothing."""
    cache = Cache()
    known = Known(Rcode.NXDOMAIN, (), (START, *chain(NAMES)), ZONE, Security.INSECURE)
    cache.learn(Question("seen.test", "A"), known, NOW)
    assert cache.find(Question("b.test", "A"), NOW) is None


@pytest.mark.parametrize("options", [{"aggressive": False}, {"apart": ("b.test",)}])
def test_denials_are_not_used_where_they_shall_not_be(options: dict[str, object]) -> None:
    """Neither when it is switched off nor for a zone that somebody else answers for."""
    cache = knowing(chain(NAMES), **options)
    assert cache.find(Question("x.b.test", "A"), NOW) is None


def test_denials_are_bounded_in_octets() -> None:
    """However many zones are walked, their denials stay within their octets."""
    denials = Denials(20_000)
    for number in range(100):
        zone = f"z{number}.test"
        start = dataclasses.replace(START, owner=zone)
        records = [signed(f"n{count}.{zone}", NSEC.of(f"n{count + 1}.{zone}", ("A",)), zone) for count in range(9)]
        denials.learn(Known(Rcode.NXDOMAIN, (), (start, *records), zone, Security.SECURE), NOW)
    assert 0 < denials.weight <= 20_000
    assert denials.find(Question("n2x.z99.test", "A"), NOW) is None  # no record for the wildcard
    assert denials.find(Question("n2.z99.test", "MX"), NOW) is not None
    assert denials.find(Question("n2.z0.test", "MX"), NOW) is None


labels = st.lists(st.sampled_from("ab*c"), min_size=1, max_size=3).map(lambda parts: ".".join([*parts, ZONE]))


@given(
    st.dictionaries(labels, st.sampled_from([("A",), ("TXT",), ("A", "TXT")]), max_size=6),
    st.lists(labels, min_size=1, max_size=4),
    st.booleans(),
)
def test_denials_deny_nothing_that_is_there(
    names: dict[str, tuple[str, ...]], wanted: list[str], is_hashed: bool
) -> None:
    """RFC 4592 §3.3, RFC 8198 §1: of any zone they say what its server would say, or nothing."""
    names = {ZONE: ("SOA", "NS"), **names}
    cache = knowing(hashed_chain(names) if is_hashed else chain(names))
    for name in wanted:
        for type_ in ("A", "TXT"):
            found = cache.find(Question(name, type_), NOW)
            if found is not None:
                assert (found.rcode, found.rrsets) == (said_by_server(names, name, type_), ())


def said_by_server(names: dict[str, tuple[str, ...]], name: str, type_: str) -> Rcode | None:
    """Return what an authority says to a question, None where it has an answer."""
    exists = {above for owner in names for above in upwards(owner)}
    if name not in exists:
        encloser = next(above for above in upwards(name) if above in exists)
        name = f"*.{encloser}"
    if name not in exists:
        return Rcode.NXDOMAIN
    return None if type_ in names.get(name, ()) else Rcode.NOERROR


def upwards(name: str) -> Iterable[str]:
    """Return a name and all above it in the zone."""
    while is_at_or_below(name, ZONE):
        yield name
        name = parent_name(name)
