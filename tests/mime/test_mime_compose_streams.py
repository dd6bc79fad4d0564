"""Mail with streamed attachments: written as it comes, never held."""

from __future__ import annotations

import datetime
import hashlib
import tracemalloc
from collections.abc import Iterator

import pytest

from scop.mime import Attachment, compose
from scop.mime.compose import compose_chunks

_DATE = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
_CHUNK_OCTETS = 65_537  # no multiple of a base64 line
_CHUNKS = 800  # 52 MB
MAX_HELD_OCTETS = 5 << 20


def _octets(chunks: int) -> Iterator[bytes]:
    for number in range(chunks):
        yield hashlib.blake2b(number.to_bytes(4, "big")).digest()[:1] * _CHUNK_OCTETS


def _mail(content: Iterator[bytes]) -> Iterator[bytes]:
    attachment = Attachment("big.bin", "application/octet-stream", content)
    return compose_chunks(author="a@b.test", date=_DATE, message_id="1@b.test", text="See", attachments=[attachment])


def test_compose_chunks_holds_no_streamed_attachment() -> None:
    """An attachment of 50 MB takes 5 MB of memory at most: a bound that no length of it moves."""
    tracemalloc.start()
    try:
        written = sum(map(len, _mail(_octets(_CHUNKS))))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert written > _CHUNKS * _CHUNK_OCTETS * 4 // 3
    assert peak < MAX_HELD_OCTETS


def test_compose_chunks_reads_a_stream_only_when_its_turn_comes() -> None:
    """What is before an attachment can be sent before the attachment exists."""
    asked: list[int] = []

    def slow() -> Iterator[bytes]:
        asked.append(1)
        yield b"x"

    mail = _mail(slow())
    begin = b""
    while b"base64" not in begin:
        begin += next(mail)
    assert [] == asked
    list(mail)
    assert [1] == asked


def test_compose_reads_what_was_streamed() -> None:
    """A stream and the same octets at once make the same attachment, always in base64."""
    attachment = Attachment("big.bin", "text/plain", _octets(3))
    message = compose(author="a@b.test", date=_DATE, message_id="1@b.test", text="See", attachments=[attachment])
    assert ("base64", b"".join(_octets(3))) == (message.parts[1].transfer_encoding, message.parts[1].content)


def test_compose_chunks_refuses_bad_values_before_the_first_piece() -> None:
    """Nothing is written of a mail that cannot be written."""
    with pytest.raises(ValueError, match="subject"):
        compose_chunks(author="a@b.test", date=_DATE, message_id="1@b.test", subject="a\nb")
