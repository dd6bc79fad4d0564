"""Questions, answers, record data, and names out of a dict."""

import ipaddress
import struct
from collections.abc import Callable, Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns import (
    AAAA,
    CNAME,
    MX,
    SOA,
    TIMEOUT,
    TLSA,
    TXT,
    A,
    Answer,
    Question,
    Rcode,
    Security,
    StaticNames,
    run,
)


def test_dns_question_brings_its_name_to_the_normal_form() -> None:
    """Equal questions are equal however their names were written."""
    assert Question("example.test", "MX") == Question("Example.TEST.", "MX")


@pytest.mark.parametrize(
    ("name", "type_"), [("a..b", "A"), ("a" * 64, "A"), ("a.test", "NOPE"), ("a.test", "TYPE65536")]
)
def test_dns_question_refuses_what_cannot_be_asked(name: str, type_: str) -> None:
    """What exists is valid."""
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        Question(name, type_)


@pytest.mark.parametrize(
    ("rcode", "security", "temporary", "exists"),
    [
        (Rcode.NOERROR, Security.INSECURE, False, True),
        (Rcode.NOERROR, Security.SECURE, False, True),
        (Rcode.NXDOMAIN, Security.INSECURE, False, False),
        (Rcode.SERVFAIL, Security.INSECURE, True, False),
        (Rcode.REFUSED, Security.INSECURE, True, False),
        (Rcode.NOERROR, Security.BOGUS, True, False),
    ],
)
def test_dns_answer_knows_what_is_only_temporary(
    rcode: Rcode, security: Security, temporary: bool, exists: bool
) -> None:
    """RFC 7208 §2.6.6: any code but 0 and 3 says nothing about the name; nor does what fails validation."""
    answer = Answer(Question("a.test", "A"), rcode, security=security)
    assert (temporary, exists) == (answer.is_temporary, answer.exists)


@pytest.mark.parametrize(
    "make",
    [
        lambda: A("192.0.2"),
        lambda: A("192.0.2.1 "),
        lambda: AAAA("192.0.2.1"),
        lambda: MX(-1, "a.test"),
        lambda: MX(1, "a..test"),
        lambda: TXT(()),
        lambda: TXT((b"a" * 256,)),
        lambda: TLSA(256, 0, 0, b""),
        lambda: SOA("a", "b", 1 << 32, 0, 0, 0, 0),
    ],
)
def test_dns_rdata_that_exists_is_valid(make: Callable[[], object]) -> None:
    """Constructors refuse what has no octets."""
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        make()


def test_dns_rdata_has_normal_forms() -> None:
    """Equal records compare equal; different types never do."""
    assert AAAA("2001:db8::4") == AAAA("2001:DB8:0::0004")
    assert MX(10, "mx.test") == MX(10, "MX.test.")
    assert MX(0, ".").is_null
    assert b"v=spf1 -all" == TXT((b"v=spf1 ", b"-all")).joined
    assert TXT((b"a" * 255, b"a")) == TXT.of(b"a" * 256)
    assert TXT((b"",)) == TXT.of(b"")


NAMES = StaticNames(
    {
        ("mail.test", "A"): (A("192.0.2.1"),),
        ("www.test", "CNAME"): (CNAME("web.test"),),
        ("web.test", "CNAME"): (CNAME("mail.test"),),
        ("lost.test", "CNAME"): (CNAME("nowhere.test"),),
        ("loop.test", "CNAME"): (CNAME("loop.test"),),
        ("late.test", "TXT"): TIMEOUT,
        ("late.test", "A"): (A("192.0.2.2"),),
    }
)


@pytest.mark.parametrize(
    ("name", "type_", "rcode", "records", "canonical"),
    [
        ("mail.test", "A", Rcode.NOERROR, (A("192.0.2.1"),), "mail.test"),
        ("www.test", "A", Rcode.NOERROR, (A("192.0.2.1"),), "mail.test"),
        ("www.test", "CNAME", Rcode.NOERROR, (CNAME("web.test"),), "www.test"),
        ("www.test", "MX", Rcode.NOERROR, (), "mail.test"),
        ("lost.test", "A", Rcode.NXDOMAIN, (), "nowhere.test"),
        ("loop.test", "A", Rcode.SERVFAIL, (), "loop.test"),
        ("late.test", "TXT", Rcode.SERVFAIL, (), "late.test"),
        ("late.test", "A", Rcode.NOERROR, (A("192.0.2.2"),), "late.test"),
        ("test", "A", Rcode.NOERROR, (), "test"),
        ("gone.test", "A", Rcode.NXDOMAIN, (), "gone.test"),
    ],
)
def test_dns_static_names_answer_like_a_resolver(
    name: str, type_: str, rcode: Rcode, records: tuple[object, ...], canonical: str
) -> None:
    """CNAMEs are followed, empty non-terminals exist, the last name of a chain decides (RFC 6604 §3)."""
    answer = NAMES.answer(Question(name, type_))
    assert (rcode, records, canonical) == (answer.rcode, answer.records, answer.canonical_name)


def test_dns_static_names_read_the_openspf_shape() -> None:
    """SPF stands for TXT unless TXT is named, TIMEOUT is the fate of all types that are not."""
    names = StaticNames.from_openspf(
        {
            "a.test": [{"SPF": "v=spf1 -all"}, {"MX": [5, "mx.test"]}, {"A": "192.0.2.1"}, {"SPF": []}],
            "b.test": [{"SPF": "v=spf1 +all"}, {"TXT": "NONE"}, "TIMEOUT"],
            "c.test": [{"TXT": ["v=spf1 ", "\x80"]}, {"AAAA": "2001:DB8::1"}],
            "d.test": [{"TXT": "TIMEOUT"}, {"A": "192.0.2.4"}],
        }
    )
    asked = [("a.test", "TXT"), ("a.test", "MX"), ("b.test", "A"), ("c.test", "TXT"), ("c.test", "AAAA")]
    expected = [
        (TXT((b"v=spf1 -all",)),),
        (MX(5, "mx.test"),),
        (),
        (TXT((b"v=spf1 ", b"\x80")),),
        (AAAA("2001:db8::1"),),
    ]
    assert expected == [names.answer(Question(*pair)).records for pair in asked]
    assert names.answer(Question("b.test", "TXT")).is_temporary
    assert names.answer(Question("d.test", "TXT")).is_temporary
    assert names.answer(Question("d.test", "A")).exists


def test_dns_static_names_take_the_word_timeout_for_a_whole_name() -> None:
    """TIMEOUT in the place of a list, or alone in one, is the fate of every question for the name."""
    names = StaticNames.from_openspf({"a.test": "TIMEOUT", "b.test": ["TIMEOUT"], "c.test": []})
    temporary = [names.answer(Question(name, "A")).is_temporary for name in ("a.test", "b.test", "c.test")]
    assert [True, True, False] == temporary


@pytest.mark.parametrize("entries", ["timeout", ["NONE"], [{"txt": "v=spf1"}], [{"SRV": "x"}], [{"A": "no address"}]])
def test_dns_static_names_refuse_another_shape(entries: list[object] | str) -> None:
    """A slip in zone data is told and not silently no record."""
    with pytest.raises(ValueError, match=r"."):
        StaticNames.from_openspf({"a.test": entries})


def test_dns_run_drives_a_check_to_its_outcome() -> None:
    """Each question is sent its answer; what the generator returns is the outcome."""

    def check() -> Generator[Question, Answer, str]:
        first = yield Question("www.test", "A")
        second = yield Question(first.canonical_name, "TXT")
        return f"{first.records[0]} {second.rcode.name}"

    def idle() -> Generator[Question, Answer, int]:
        yield from ()
        return 7

    assert "A(address='192.0.2.1') NOERROR" == run(check(), NAMES)
    assert 7 == run(idle(), NAMES)


def test_static_names_say_how_secure_they_are() -> None:
    """RFC 4035 §4.3: the nearest name above decides, and a chain of aliases is as good as its worst link."""
    names = StaticNames(
        {("a.b.test", "A"): [A("192.0.2.1")], ("c.test", "CNAME"): [CNAME("a.b.test")], ("d.e.test", "A"): []},
        security={"b.test": Security.SECURE, "e.test": Security.SECURE, "d.e.test": Security.BOGUS},
    )
    assert Security.SECURE is names.answer(Question("a.b.test", "A")).security
    assert Security.SECURE is names.answer(Question("none.b.test", "A")).security
    assert Security.INSECURE is names.answer(Question("c.test", "A")).security
    assert names.answer(Question("d.e.test", "A")).is_temporary


@given(st.lists(st.sampled_from([0, 0, 0, 1, 0xA0, 0xFFFF]), min_size=8, max_size=8))
def test_dns_aaaa_from_wire_is_the_text_of_rfc_5952(groups: list[int]) -> None:
    """RFC 5952 §4.2: the longest run of zeros is left out, of equal ones the first, and a single zero is none."""
    octets = struct.pack("!8H", *groups)
    assert AAAA(str(ipaddress.IPv6Address(octets))) == AAAA.from_wire(octets, 0, 16, {})
