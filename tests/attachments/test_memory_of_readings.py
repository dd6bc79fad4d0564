"""What the readings of one part take in memory: one of them is held at a time, beside the part itself."""

from __future__ import annotations

import base64
import tracemalloc
from random import Random

import pytest

from scop.attachments.encodings import contents_of
from scop.mime import parse

_OCTETS = Random(1).randbytes(1_500_000)
_ENCODED = base64.encodebytes(_OCTETS)
_TOP = b"From: a@lagoon.example\nMIME-Version: 1.0\nContent-Type: application/octet-stream\n"
_HALF = len(_ENCODED) // 2 // 77 * 77  # a line's begin
_BROKEN = {
    "a star at its end": _ENCODED[:-5] + b"*" + _ENCODED[-5:],
    "a star in its midst": _ENCODED[:_HALF] + b"*" + _ENCODED[_HALF:],
    "a star in each line": _ENCODED.replace(b"\n", b"*\n", 50_000).replace(b"*", b"", 2),
    "padding in its midst": _ENCODED[:_HALF] + b"====" + _ENCODED[_HALF:],
    "padding at its begin": _ENCODED.replace(b"A", b"=", 2_500),
    "that of web addresses": _ENCODED.replace(b"+", b"-"),
    "cut short": _ENCODED.rstrip(b"=\n")[:-3],
}


def _most_held(octets: bytes) -> int:
    """Return how much was held at most beside the mail, while each content was held in turn."""
    entity = parse(octets)
    tracemalloc.start()
    try:
        for content in contents_of(entity):
            del content
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("broken", _BROKEN)
def test_readings_of_broken_base64_are_held_one_at_a_time(broken: str) -> None:
    """Beside a mail of any size there are its body, one content and a little."""
    octets = _TOP + b"Content-Transfer-Encoding: base64\n\n" + _BROKEN[broken]

    assert _most_held(octets) < 2.2 * len(octets)


def test_base64_that_does_not_say_so_is_held_once() -> None:
    """That a text is nothing but base64 is told without cutting it into lines."""
    octets = _TOP + b"\n" + _ENCODED

    assert _most_held(octets) < 2.2 * len(octets)
