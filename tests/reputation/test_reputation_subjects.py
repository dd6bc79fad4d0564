"""Hosts, networks and domains have one text each."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.reputation import parse_subject
from scop.reputation.subjects import SubjectKind, kind_of


@pytest.mark.parametrize(
    ("text", "expected", "kind"),
    [
        ("192.0.2.7", "192.0.2.7", SubjectKind.ADDRESS),
        (" 192.0.2.7/32 ", "192.0.2.7", SubjectKind.ADDRESS),
        ("2001:DB8::7", "2001:db8::/64", SubjectKind.ADDRESS),
        ("2001:db8::/127", "2001:db8::/64", SubjectKind.ADDRESS),
        ("::ffff:192.0.2.7", "192.0.2.7", SubjectKind.ADDRESS),
        ("192.0.2.0/24", "192.0.2.0/24", SubjectKind.NETWORK),
        ("10.0.0.0/8", "10.0.0.0/8", SubjectKind.NETWORK),
        ("2001:db8:a::/48", "2001:db8:a::/48", SubjectKind.NETWORK),
        ("Lagoon.TEST.", "lagoon.test", SubjectKind.DOMAIN),
        ("bücher.example", "xn--bcher-kva.example", SubjectKind.DOMAIN),
    ],
)
def test_reputation_subject_has_one_text(text: str, expected: str, kind: SubjectKind) -> None:
    """RFC 6177 §2: a site's IPv6 /64 is one host; RFC 4291 §2.5.5.2: IPv4 in IPv6 is IPv4."""
    assert (expected, kind) == (parse_subject(text), kind_of(expected))


@pytest.mark.parametrize(
    "text", ["", "x", "192.0.2.1/24", "192.0.2.0/33", "a b.test", "lagoon..test", "-a.test", "a/24"]
)
def test_reputation_subject_that_is_none_is_refused_by_name(text: str) -> None:
    """The sentence repeats what was typed, and says what it should be."""
    with pytest.raises(ValueError, match="is no") as told:
        parse_subject(text)
    assert repr(text) in str(told.value)


@given(st.one_of(st.ip_addresses().map(str), st.text(max_size=300)))
def test_reputation_subject_is_its_own_text(text: str) -> None:
    """What was read once reads as itself, and only ValueError escapes."""
    try:
        subject = parse_subject(text)
    except ValueError:
        return
    assert subject == parse_subject(subject)


@given(st.ip_addresses())
def test_reputation_subject_of_every_address_is_a_host(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Whatever the address."""
    assert SubjectKind.ADDRESS is kind_of(parse_subject(str(address)))
