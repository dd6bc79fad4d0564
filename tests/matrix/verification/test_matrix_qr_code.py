"""The octets in QR codes of verifications."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.matrix.verification.parties import FlowId, Side
from scop.matrix.verification.qr_code import QrCode, QrMode, parse_qr_code
from scop.matrix.verification.reciprocate import make_code

_KEYS = st.binary(min_size=32, max_size=32)
_CODES = st.builds(
    QrCode,
    st.sampled_from(QrMode),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    _KEYS,
    _KEYS,
    st.binary(min_size=8, max_size=40),
)
_KEY = "A" * 43
_EVENT_ID = "!ABCD" + "x" * 40
_EXAMPLE = (
    bytes.fromhex("4D4154524958 02 00 002D 21 41 42 43 44")
    + b"x" * 40
    + bytes(range(32))
    + bytes(range(0x10, 0x30))
    + bytes(range(0x20, 0x28))
)


def test_qr_codes_are_as_in_the_example() -> None:
    """Matrix v1.19 CS §QR code format: its example, whose event id it cuts off."""
    code = QrCode(QrMode.OTHER_USER, _EVENT_ID, bytes(range(32)), bytes(range(0x10, 0x30)), bytes(range(0x20, 0x28)))
    assert parse_qr_code(_EXAMPLE) == code
    assert code.to_octets() == _EXAMPLE


@given(_CODES)
def test_qr_codes_come_back(code: QrCode) -> None:
    """Parse and write are inverse."""
    assert parse_qr_code(code.to_octets()) == code


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: b"MATRIX\x02\x00" + rest))
def test_qr_codes_raise_nothing_but_protocol_errors(octets: bytes) -> None:
    """Whatever is scanned is a code or a RemoteProtocolError."""
    try:
        code = parse_qr_code(octets)
    except RemoteProtocolError:
        return
    assert code.to_octets() == octets


def test_qr_codes_hold_no_longer_id_than_fits() -> None:
    """Whoever asks names the verification: an id that no QR code holds makes none, and breaks nothing."""
    ours, theirs = (Side(f"@{name}:x", "D", _KEY, _KEY, trusts_master=True) for name in ("ada", "ben"))

    def made(characters: int) -> QrCode | None:
        return make_code(FlowId("x" * characters), ours, theirs, bytes)

    longest = made(2953 - 10 - 64 - 16)
    assert longest is not None
    assert len(longest.to_octets()) == 2953
    assert made(2953 - 10 - 64 - 15) is None
    assert made(100_000) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"MATRIY" + _EXAMPLE[6:],
        b"MATRIX\x01" + _EXAMPLE[7:],
        b"MATRIX\x02\x03" + _EXAMPLE[8:],
        _EXAMPLE[:-1],  # a secret of seven octets
        _EXAMPLE[:60],
        _EXAMPLE[:8] + b"\xff\xff" + _EXAMPLE[10:],
        _EXAMPLE[:10] + b"\xff" + _EXAMPLE[11:],  # no UTF-8
        _EXAMPLE + bytes(3000),
    ],
)
def test_qr_codes_that_are_broken_are_refused(octets: bytes) -> None:
    """Prefix, version, mode, lengths and secret are what they must be."""
    with pytest.raises(RemoteProtocolError):
        parse_qr_code(octets)
