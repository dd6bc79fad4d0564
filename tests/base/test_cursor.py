"""The bounded cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import Cursor, RemoteProtocolError


@given(st.binary(max_size=64), st.lists(st.integers(-2, 12), max_size=12))
def test_cursor_reads_never_pass_the_end(octets: bytes, counts: list[int]) -> None:
    """What was read and what is left always make up the whole, whatever is asked for."""
    cursor = Cursor(octets)
    read = b""
    for count in counts:
        try:
            read += cursor.take(count)
        except RemoteProtocolError:
            assert count < 0 or count > cursor.remaining
    assert octets == read + cursor.rest()


def test_cursor_numbers_are_big_endian() -> None:
    """Network order: the first octet weighs most."""
    cursor = Cursor(b"\x01\x02\x03\x04\x05\x06\x07")
    assert (0x01, 0x0203, 0x04050607) == (cursor.u8(), cursor.u16(), cursor.u32())
    assert 0 == cursor.remaining


def test_cursor_bounds_outside_of_the_octets_are_refused() -> None:
    """A cursor that exists is inside its octets."""
    with pytest.raises(ValueError, match="outside of 3 octets"):
        Cursor(b"abc", 0, 4)
