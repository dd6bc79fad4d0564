"""What is not sealed since nobody would verify it, and its seals would cost more than all other mail."""

from __future__ import annotations

import pytest

from fakes.dkim_keys import ed25519_key
from scop.dkim import sign
from scop.dkim.header import MAX_HEADER_OCTETS
from scop.dkim.sign import MAX_NAMES, OVERSIGNED_FIELDS

NOW = 1_800_000_000
FROM = b"From: a@lagoon.test\r\n"


def header_of(octets: int) -> bytes:
    """Return a mail with a header of that size."""
    return FROM + b"X: " + b"x" * (octets - len(FROM) - 3) + b"\r\n\r\nbody\r\n"


def copies(names: int) -> bytes:
    """Return a mail whose seal lists that many names: each over-signed one once more than it occurs."""
    return FROM + b"Cc:\r\n" * (names - len(OVERSIGNED_FIELDS) - 1) + b"\r\nbody\r\n"


@pytest.mark.parametrize(
    ("fits", "exceeds", "complaint"),
    [
        (header_of(MAX_HEADER_OCTETS), header_of(MAX_HEADER_OCTETS + 1), f"a header of {MAX_HEADER_OCTETS + 1} octets"),
        (copies(MAX_NAMES), copies(MAX_NAMES + 1), f"{MAX_NAMES + 1} fields to be covered"),
    ],
    ids=["octets", "names"],
)
def test_sign_refuses_a_header_that_nobody_would_judge(fits: bytes, exceeds: bytes, complaint: str) -> None:
    """RFC 6376 §8.4: verifiers bound what they do; ten million fields took a minute and gigabytes to list."""
    assert sign(fits, [ed25519_key()], now=NOW).startswith(b"DKIM-Signature:")
    with pytest.raises(ValueError, match=complaint):
        sign(exceeds, [ed25519_key()], now=NOW)
