"""XFORWARD's attributes and xtext."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.smtp import Origin
from scop.smtp.origin import read_attributes
from scop.smtp.xtext import from_xtext, to_xtext

_NAMES = ("ADDR", "PORT", "NAME", "PROTO", "HELO", "IDENT")
_VALUES = st.text(st.characters(min_codepoint=33, exclude_characters="\x7f", exclude_categories=["Cs"]), max_size=30)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_xtext_written_and_read_is_the_same(text: str) -> None:
    """Decoding undoes encoding; the form is visible ASCII (RFC 3461 §4)."""
    xtext = to_xtext(text)
    assert text == from_xtext(xtext)
    assert all("!" <= c <= "~" for c in xtext)


@given(st.text())
def test_xtext_raises_nothing_but_remote_protocol_error(text: str) -> None:
    """Any parameter is xtext or the client's fault."""
    with contextlib.suppress(RemoteProtocolError):
        from_xtext(text)


@given(_VALUES, st.integers(0, 65535), st.sampled_from(["192.0.2.1", "2001:db8::1", ""]))
def test_origin_written_and_read_is_the_same(value: str, port: int, address: str) -> None:
    """What one hop says the next one knows."""
    if value.upper() in ("[UNAVAILABLE]", "[TEMPUNAVAIL]"):
        value = ""
    origin = Origin(address, port, value, value, "ESMTPS", value)
    assert origin == Origin.from_attributes(read_attributes(origin.to_xforward(), _NAMES))


def test_origins_of_several_commands_add_up() -> None:
    """XFORWARD_README: attributes may come in several commands; a later value replaces an earlier one."""
    first, second = Origin("192.0.2.1", 25, name="mx.example", helo="old"), Origin(helo="new", ident="4ABC")
    assert Origin("192.0.2.1", 25, "mx.example", "new", "", "4ABC") == second.on_top_of(first)


def test_origin_limits_hold_at_n_and_n_plus_1() -> None:
    """XFORWARD_README: values of at most 255 characters."""
    Origin(helo="a" * 255)
    with pytest.raises(ValueError, match="too long"):
        Origin(helo="a" * 256)
    with pytest.raises(RemoteProtocolError):
        Origin.from_attributes({"HELO": "a" * 256})


def test_ipv6_addresses_bear_a_prefix_on_the_wire() -> None:
    """XFORWARD_README: IPV6:2001:db8::1."""
    assert "ADDR=IPV6:2001:db8::1" in Origin("2001:db8::1").to_xforward()
    assert "2001:db8::1" == Origin.from_attributes({"ADDR": "ipv6:2001:db8::1"}).address
