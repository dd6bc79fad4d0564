"""The walk through DER: every element lies within the one around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import Cursor, RemoteProtocolError
from scop.base.der import INTEGER, SEQUENCE, element, explicit, next_tag


def test_der_steps_over_elements() -> None:
    """X.690 §8.1: tag, length, contents; then the next one."""
    cursor = Cursor(bytes.fromhex("3003020107 0201ff"))
    inner = element(cursor, SEQUENCE)
    assert b"\x07" == element(inner, INTEGER).rest()
    assert (INTEGER, None) == (next_tag(cursor), next_tag(inner))
    assert b"\xff" == element(cursor, INTEGER).rest()


@pytest.mark.parametrize("length", [0, 127, 128, 255, 256, 65_535, 65_536])
def test_der_reads_every_length(length: int) -> None:
    """X.690 §10.1: lengths from 128 on are written long, in as few octets as they need."""
    long = length.to_bytes(max(1, (length.bit_length() + 7) // 8), "big")
    head = bytes((length,)) if length < 128 else bytes((0x80 + len(long),)) + long
    assert length == element(Cursor(b"\xa3" + head + b"x" * length), explicit(3)).remaining


@pytest.mark.parametrize(
    "octets",
    ["", "30", "0200", "3001", "3080", "30850000000001ff", "308101ff", "30820080" + "00" * 128, "3084ffffffff"],
)
def test_der_refuses_what_is_none(octets: str) -> None:
    """Another tag, an end too early, an indefinite or a padded length are the peer's fault."""
    with pytest.raises(RemoteProtocolError):
        element(Cursor(bytes.fromhex(octets)), SEQUENCE)


@given(st.binary(max_size=40))
def test_der_stays_within_its_octets(octets: bytes) -> None:
    """Whatever the octets, only `RemoteProtocolError` escapes, and no element ends behind the one around it."""
    cursor = Cursor(b"\x30" + octets)
    try:
        inner = element(cursor, SEQUENCE)
    except RemoteProtocolError:
        return
    assert inner.end == cursor.position <= len(octets) + 1
