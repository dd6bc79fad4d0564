"""Keys as people write them down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.matrix.verification.recovery_key import parse_recovery_key, write_recovery_key

# What other clients show for Alice's key of RFC 7748 §6.1.
_RFC_7748 = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
_WRITTEN = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"


def test_recovery_keys_are_written_as_by_others() -> None:
    """Matrix v1.19 appendices §Cryptographic key representation: header, parity, base58, groups of four."""
    assert write_recovery_key(_RFC_7748) == _WRITTEN
    assert parse_recovery_key(_WRITTEN) == _RFC_7748


@given(st.binary(min_size=32, max_size=32), st.integers(0, 60))
def test_recovery_keys_come_back_whatever_blanks_are_in_them(key: bytes, at: int) -> None:
    """What is written is read: "clients should disregard whitespace"."""
    text = write_recovery_key(key)
    assert parse_recovery_key(text) == key
    assert parse_recovery_key(text.replace(" ", "")) == key
    assert parse_recovery_key(text[:at] + "\n\t " + text[at:]) == key


@given(st.text(max_size=300))
def test_recovery_keys_raise_nothing_but_protocol_errors(text: str) -> None:
    """Whatever is typed is a key or a RemoteProtocolError."""
    try:
        key = parse_recovery_key(text)
    except RemoteProtocolError:
        return
    assert parse_recovery_key(write_recovery_key(key)) == key


@pytest.mark.parametrize("at", [0, 1, 7, 30, 58])
def test_recovery_keys_show_a_typing_mistake(at: int) -> None:
    """One character that is another is noticed by header, parity or length."""
    wrong = "2" if _WRITTEN[at] != "2" else "3"
    with pytest.raises(RemoteProtocolError):
        parse_recovery_key(_WRITTEN[:at] + wrong + _WRITTEN[at + 1 :])


@pytest.mark.parametrize("text", ["", "   ", "1" * 48, _WRITTEN[:-4], _WRITTEN + "2222", "0" + _WRITTEN, "2" * 300])
def test_recovery_keys_of_another_length_are_refused(text: str) -> None:
    """Keys have 32 octets, neither fewer nor more."""
    with pytest.raises(RemoteProtocolError):
        parse_recovery_key(text)
