"""Base64 without padding."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.matrix_appendices import base64_vectors, signing_seed
from scop.base import RemoteProtocolError
from scop.matrix import unpadded_base64


def test_unpadded_base64_is_as_the_appendix_has_it() -> None:
    """Matrix v1.19 appendices §Unpadded Base64: all its examples, both ways."""
    vectors = base64_vectors()
    assert len(vectors) == 7
    for octets, text in vectors:
        assert text == unpadded_base64.encode(octets)
        assert octets == unpadded_base64.decode(text)


@given(st.binary())
def test_unpadded_base64_reads_back(octets: bytes) -> None:
    """Both alphabets give back what was written, with padding and without."""
    assert octets == unpadded_base64.decode(unpadded_base64.encode(octets))
    assert octets == unpadded_base64.decode_url_safe(unpadded_base64.encode_url_safe(octets))
    padded = unpadded_base64.encode(octets)
    assert octets == unpadded_base64.decode(padded + "=" * (-len(padded) % 4))


def test_unpadded_base64_takes_bits_that_are_left_over() -> None:
    """The signing seed of the appendix ends in bits that no octet has."""
    assert 32 == len(unpadded_base64.decode(signing_seed()))


@pytest.mark.parametrize("text", ["A", "AA=", "AA===", "A A", "AA\n", "Zm9v-w", "é", "AAAA=", "AA==AA"])
def test_unpadded_base64_refuses_other_text(text: str) -> None:
    """Nothing but the alphabet, and padding where it belongs."""
    with pytest.raises(RemoteProtocolError):
        unpadded_base64.decode(text)


@pytest.mark.parametrize("text", ["ab+/", "A", "AA!!"])
def test_url_safe_base64_refuses_the_other_alphabet(text: str) -> None:
    """Appendices §URL-safe unpadded Base64: - and _ stand for + and /."""
    with pytest.raises(RemoteProtocolError):
        unpadded_base64.decode_url_safe(text)


@given(st.text())
def test_unpadded_base64_raises_nothing_else(text: str) -> None:
    """Any text is octets or a `RemoteProtocolError`."""
    for decode in (unpadded_base64.decode, unpadded_base64.decode_url_safe):
        with contextlib.suppress(RemoteProtocolError):
            decode(text)
