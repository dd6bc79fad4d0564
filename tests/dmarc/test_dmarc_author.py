"""The author domain: one, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dmarc import author_domain, author_domains
from scop.dmarc.author import MAX_FROM_FIELDS, MAX_LOOKED_AT, domains_in_from, from_bodies
from scop.mime import parse
from scop.mime.limits import DEFAULT_LIMITS

SINGLE = {
    "a@lagoon.test": "lagoon.test",
    "Ann <a@Lagoon.TEST>": "lagoon.test",
    '"Ann, of bank@bank.test" <a@lagoon.test>': "lagoon.test",
    '"Ann \\"b@bank.test\\" " <a@lagoon.test>': "lagoon.test",
    "a@lagoon.test (for (the) bank@bank.test)": "lagoon.test",
    "a(@bank.test)@lagoon.test": "lagoon.test",
    '"a b"@lagoon.test': "lagoon.test",
    "a @ lagoon . test": "lagoon.test",
    "a@lagoon.\r\n test": "lagoon.test",
    "a@lagoon.test.": "lagoon.test",
    "a@lagoon.test, b@LAGOON.test": "lagoon.test",
    "Friends: a@lagoon.test, b@lagoon.test;": "lagoon.test",
    "a@häfen.test": "xn--hfen-loa.test",
    "a@xn--hfen-loa.test": "xn--hfen-loa.test",
    "a@häfen\u3002test\uff0e": "xn--hfen-loa.test",
    "a@straße.test": "xn--strae-oqa.test",  # not strasse.test, which others may own
    "=?utf-8?q?b=40bank.test?= <a@lagoon.test>": "lagoon.test",
}

SEVERAL = {
    "a@lagoon.test, b@bank.test": ("lagoon.test", "bank.test"),
    "b@bank.test <a@lagoon.test>": ("bank.test", "lagoon.test"),
    "<b@bank.test><a@lagoon.test>": ("bank.test", "lagoon.test"),
    "<@bank.test:a@lagoon.test>": ("bank.test", "lagoon.test"),
    "a@lagoon.test@bank.test": ("lagoon.test", "bank.test"),
    "Group: b@bank.test;, a@lagoon.test": ("bank.test", "lagoon.test"),
    '"open b@bank.test <a@lagoon.test>': ("bank.test", "lagoon.test"),
    "(open b@bank.test a@lagoon.test": ("bank.test", "lagoon.test"),
    "b@bank.test\0 <a@lagoon.test>": ("bank.test", "lagoon.test"),
    "b\\@bank.test <a@lagoon.test>": ("bank.test", "lagoon.test"),
    "b@bank.test. Ltd <a@lagoon.test>": ("bank.test.ltd", "lagoon.test", "bank.test"),
    "b@bank.test'a.lagoon.test": ("bank.test'a.lagoon.test", "bank.test"),
    "b@bank.test?= <a@lagoon.test>": ("bank.test?=", "bank.test", "lagoon.test"),
}


def _domains(body: str) -> tuple[str, ...]:
    return author_domains(parse(b"Subject: x\r\nFrom: " + body.encode() + b"\r\n\r\nFrom: c@body.test\r\n"))


@pytest.mark.parametrize("body", SINGLE)
def test_one_author_domain_is_found(body: str) -> None:
    """Names in quotes and comments are no address; domains compare in lower case and A-labels (RFC 9989 §5.3.1)."""
    assert (SINGLE[body],) == _domains(body)


@pytest.mark.parametrize("body", SEVERAL)
def test_each_domain_that_a_reader_could_see_counts(body: str) -> None:
    """What some reader takes for an author is one (RFC 9989 §11.5)."""
    assert SEVERAL[body] == _domains(body)


@pytest.mark.parametrize("body", ["", "Ann", "a@", "<>", "Undisclosed:;", "a@[192.0.2.1]"])
def test_there_may_be_no_author_domain(body: str) -> None:
    """From without a domain names none."""
    assert () == _domains(body)


def test_a_message_has_an_author_domain_only_when_it_is_the_only_one() -> None:
    """Several From fields count together, in whatever case they are spelled (RFC 9989 §5.3.1)."""
    one = b"From: a@lagoon.test\r\n"
    other = b"FROM : b@bank.test\r\n"
    assert "lagoon.test" == author_domain(parse(one + b"\r\n"))
    assert "lagoon.test" == author_domain(parse(one + one + b"\r\n"))
    assert author_domain(parse(one + other + b"\r\n")) is None
    assert author_domain(parse(b"Subject: none\r\n\r\n")) is None


@pytest.mark.parametrize("count", [DEFAULT_LIMITS.fields - 1, DEFAULT_LIMITS.fields, DEFAULT_LIMITS.fields + 1])
def test_no_number_of_fields_hides_an_author(count: int) -> None:
    """A From below more fields than our reader lists is still one that others show."""
    assert "lagoon.test" == author_domain(parse(b"X: y\r\n" * count + b"From: a@lagoon.test\r\n\r\n"))
    hidden = b"From: a@lagoon.test\r\n" + b"X: y\r\n" * count + b"From: b@bank.test\r\n\r\n"
    assert ("lagoon.test", "bank.test") == author_domains(parse(hidden))


@pytest.mark.parametrize("above", [b"", b"From: a@lagoon.test\r\n", b"X: y\r\n"])
def test_a_line_that_is_no_field_hides_no_author(above: bytes) -> None:
    """Without an empty line nobody knows where the header ends: what could be a From is one."""
    expected = ("lagoon.test", "bank.test") if b"From" in above else ("bank.test",)
    octets = above + b"no field\r\nFrom: b@bank.test\r\nSubject: x\r\n"
    assert expected == author_domains(parse(octets))


def test_the_empty_line_ends_the_header_whatever_stands_above() -> None:
    """RFC 5322 §2.1: where it is there, what stands below is body to every reader."""
    octets = b"From: a@lagoon.test\r\nno field\r\n\r\nFrom: b@bank.test\r\n"
    assert ("lagoon.test",) == author_domains(parse(octets))


@given(st.lists(st.text(max_size=80), max_size=3))
def test_nothing_escapes_on_any_text(bodies: list[str]) -> None:
    """Whatever stands in From, the domains come out distinct and in lower case."""
    domains = domains_in_from(bodies)
    assert len(domains) == len(set(domains))
    assert all(domain == domain.lower() for domain in domains)


def test_reading_is_linear() -> None:
    """A From of quotes, brackets or spaces costs no more than its length."""
    for piece in ('\\"', '"', "(", ")", " ", "@", ". "):
        domains_in_from([piece * 100_000])


@pytest.mark.parametrize("count", [MAX_FROM_FIELDS, MAX_FROM_FIELDS + 1])
def test_so_many_from_fields_are_read_and_no_more(count: int) -> None:
    """Millions of them would keep other mail waiting; two are as bad as many."""
    assert MAX_FROM_FIELDS == len(from_bodies(parse(b"From: a@b.test\r\n" * count + b"\r\n")).stated)


@pytest.mark.parametrize(("count", "hidden"), [(MAX_LOOKED_AT - 1, ()), (MAX_LOOKED_AT, ("",))])
def test_so_many_words_are_looked_at_and_no_more(count: int, hidden: tuple[str, ...]) -> None:
    """Where it is not known whether one is hidden below, one is."""
    octets = b"From: a@b.test\r\n" + b"x from:\r\n" * count + b"\r\n"
    assert hidden == from_bodies(parse(octets)).hidden
