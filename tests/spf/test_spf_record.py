"""Policies and macros: what compiles, what does not, and what comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.spf import parse_record
from scop.spf.address import Address
from scop.spf.macros import NotExpandable, parse_domain_spec, parse_explanation
from scop.spf.record import MAX_KEPT_OCTETS

# RFC 7208 §7.4, the worked examples
_FACTS = {
    "s": "strong-bad@email.example.com",
    "l": "strong-bad",
    "o": "email.example.com",
    "d": "email.example.com",
    "i": "192.0.2.3",
    "v": "in-addr",
    "h": "mail.example.com",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("a%%b%_c%-%{S}", "a%b c%20strong-bad%40email.example.com"),
    ],
)
def test_macros_expand_as_in_the_standard(text: str, expected: str) -> None:
    """The examples of RFC 7208 §7.4 come out as they stand there."""
    assert expected == parse_domain_spec(text).expand(_FACTS)


def test_the_ip6_example_of_the_standard() -> None:
    """Nibbles in reverse (RFC 7208 §7.4)."""
    address = Address.parse("2001:db8::cb01")
    expected = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
    facts = {**_FACTS, "i": address.dotted, "v": address.arpa_label}
    assert expected == parse_domain_spec("%{ir}.%{v}._spf.%{d2}").expand_name(facts)
    assert "1.0.b.c" + ".0" * 20 + ".8.b.d.0.1.0.0.2.ip6.arpa" == address.reverse_name


def test_a_local_part_beyond_ascii_has_no_macro_value() -> None:
    """RFC 8616 §4: such a macro makes its mechanism not match."""
    with pytest.raises(NotExpandable):
        parse_domain_spec("%{l}.example.com").expand({**_FACTS, "l": "jösé"})


@pytest.mark.parametrize("length", [253, 254])
def test_a_long_name_loses_labels_from_the_left(length: int) -> None:
    """A name of 253 octets stays, a longer one is cut (RFC 7208 §7.3)."""
    label = "x" * (length - len(".example.com") - 4)
    name = parse_domain_spec("%{l}.example.com").expand_name({**_FACTS, "l": f"abc.{label}"})
    assert (f"abc.{label}.example.com" if length == 253 else f"{label}.example.com") == name


@pytest.mark.parametrize(
    "text", ["%", "%{", "%{x}", "%{d0}", "%{d00}", "%{d1000}", "%{d.2}", "%a", "%{c}.a.b", "a b.c"]
)
def test_malformed_macros_are_refused(text: str) -> None:
    """Any syntax fault in a macro-string is a fault of the record (RFC 7208 §7.1)."""
    with pytest.raises(RemoteProtocolError):
        parse_domain_spec(text)


@pytest.mark.parametrize("text", ["com", "com.", "a.b-", "a.-b", "a.1", "", "a..", "%{d}com", "a.b/24"])
def test_a_domain_spec_ends_in_a_top_label_or_a_macro(text: str) -> None:
    """RFC 7208 §7.1: domain-end."""
    with pytest.raises(RemoteProtocolError):
        parse_domain_spec(text)


def test_explanations_may_hold_more_macros() -> None:
    """Spaces and the letters c, r and t belong to explanations only (RFC 7208 §7.2)."""
    text = parse_explanation("%{c} refused by %{r} at %{t}")
    assert "192.0.2.3 refused by mx at 7" == text.expand({**_FACTS, "c": "192.0.2.3", "r": "mx", "t": "7"})


@given(st.binary(max_size=120).map(lambda tail: b"v=spf1 " + tail) | st.binary(max_size=40))
def test_only_a_protocol_error_escapes_the_parser(octets: bytes) -> None:
    """Whatever stands in a TXT record, it compiles or is refused."""
    try:
        parse_record(octets)
    except RemoteProtocolError:
        return


@given(st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_a_network_contains_its_own_addresses(number: int, bits: int) -> None:
    """An address is in each of its networks, and the other version is in none of them."""
    address = Address(6, number)
    network = address.network(bits)
    assert network.contains(address)
    assert not network.contains(Address(4, number & 0xFFFFFFFF))
    assert address == Address.parse(str(address))


@pytest.mark.parametrize("octets", [MAX_KEPT_OCTETS, MAX_KEPT_OCTETS + 1])
def test_a_record_of_common_length_is_compiled_once(octets: int) -> None:
    """The same text gives the same object; what is longer would fill the memory and is compiled anew."""
    text = b"v=spf1 ip4:192.0.2.0/24".ljust(octets)
    again = parse_record(bytes(bytearray(text)))
    assert parse_record(text) == again
    assert (parse_record(text) is again) == (octets == MAX_KEPT_OCTETS)
