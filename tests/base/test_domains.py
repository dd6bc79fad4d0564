"""Domains in the form in which they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import a_labels
from scop.base.domains import MAX_DOMAIN_CHARACTERS


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("Lagoon.TEST", "lagoon.test"),
        ("bücher.test", "xn--bcher-kva.test"),
        ("BÜCHER.Test", "xn--bcher-kva.test"),
        ("bu\u0308cher.test", "xn--bcher-kva.test"),
        ("xn--bcher-kva.test", "xn--bcher-kva.test"),
        ("lagoon\u3002test", "lagoon.test"),
        ("ｌａｇｏｏｎ.test", "lagoon.test"),
        ("la\u00adgoon.test", "lagoon.test"),
        ("la\u200dgoon.test", "lagoon.test"),
        ("", ""),
        ("a..ü", "a..xn--tda"),
    ],
)
def test_domains_that_are_the_same_have_one_form(domain: str, expected: str) -> None:
    """Case, composition, width, kinds of dots and invisible characters do not matter (RFC 3490 §3.1, RFC 5890 §2.3)."""
    assert expected == a_labels(domain)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("straße.test", "xn--strae-oqa.test"),
        ("STRAẞE.test", "xn--strae-oqa.test"),
        ("faß.test", "xn--fa-hia.test"),
        ("βόλος.test", "xn--nxasmm1c.test"),
        ("βόλοσ.test", "xn--nxasmq6b.test"),
        ("ΒΌΛΟΣ.test", "xn--nxasmq6b.test"),
    ],
)
def test_letters_that_changed_are_letters_of_their_own(domain: str, expected: str) -> None:
    """A name with ß or ς is not the one with ss or σ, which may have another owner (RFC 5894 §7.2)."""
    assert expected == a_labels(domain)


@pytest.mark.parametrize("domain", ["\u0627a.test", "ü" * 70 + ".test", "\ud800.test"])
def test_domains_without_a_labels_stay_as_they_are(domain: str) -> None:
    """What cannot be a domain of the DNS is comparable with itself."""
    assert domain == a_labels(domain)


def test_domains_limit_holds_at_n_and_n_plus_1() -> None:
    """A name that is too long for the DNS costs no conversion."""
    short = ("ü." * MAX_DOMAIN_CHARACTERS)[:MAX_DOMAIN_CHARACTERS]
    assert a_labels(short).isascii()
    assert f"{short}." == a_labels(f"{short}.")


@given(st.text(max_size=40))
def test_domains_of_any_text_have_a_form_that_stays(text: str) -> None:
    """Nothing escapes, and a form that is ASCII is its own form."""
    once = a_labels(text)
    if once.isascii():
        assert once == a_labels(once)
