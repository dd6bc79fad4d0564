"""Length before each message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.net.dns_frames import FrameReader, frame

MESSAGES = st.lists(st.binary(min_size=12, max_size=40), max_size=5)


@given(MESSAGES, st.integers(1, 30))
def test_dns_frames_come_out_as_they_went_in_however_they_are_cut(messages: list[bytes], size: int) -> None:
    """One chunk equals many."""
    octets = b"".join(map(frame, messages))
    reader = FrameReader()
    pieces = [octets[start : start + size] for start in range(0, len(octets), size)]
    assert messages == [message for piece in pieces for message in reader.receive(piece)]
    assert messages == FrameReader().receive(octets)


@given(st.binary(max_size=60))
def test_dns_frames_of_any_octets_raise_only_remote_protocol_error(octets: bytes) -> None:
    """What comes out is never shorter than a header."""
    try:
        messages = FrameReader().receive(octets)
    except RemoteProtocolError:
        return
    assert all(len(message) >= 12 for message in messages)


@pytest.mark.parametrize("size", [0, 11])
def test_dns_frame_without_room_for_a_header_is_refused(size: int) -> None:
    """It holds no message, whatever follows."""
    with pytest.raises(RemoteProtocolError):
        FrameReader().receive(size.to_bytes(2, "big"))


def test_dns_frame_holds_at_most_65535_octets() -> None:
    """RFC 1035 §4.2.2: two octets of length."""
    assert 65_537 == len(frame(b"\0" * 65_535))
    with pytest.raises(LocalProtocolError):
        frame(b"\0" * 65_536)
