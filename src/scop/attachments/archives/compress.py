"""Files of the old program compress: LZW in Python, so only their beginning.

Standards: POSIX.1-2024 `compress` (LZW with codes of 9 to 16 bits).
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.attachments.inspection import OutOfRoom

__all__ = ["uncompressed"]

_CLEAR, _FIRST_BITS, _MAX_BITS = 256, 9, 16
_MAX_OCTETS = 1 << 19  # half a second of Python
_BLOCK_MODE = 0x80


def uncompressed(octets: bytes) -> Iterator[bytes]:
    """Yield what a file of compress unpacks to; beyond half a mebibyte it ends with `OutOfRoom`."""
    max_bits, is_block = octets[2] & 0x1F, bool(octets[2] & _BLOCK_MODE)
    if not _FIRST_BITS <= max_bits <= _MAX_BITS:
        raise ValueError("a width that compress does not have")
    table = _fresh(is_block=is_block)
    before, made, pieces = b"", 0, []
    for code in _Codes(octets, max_bits, is_block=is_block).read(table):
        if code == _CLEAR and is_block:
            before = b""
            continue
        if code < len(table):
            entry = table[code]
        elif before and code == len(table):
            entry = before + before[:1]
        else:
            raise ValueError("a code that stands for nothing")
        if before and len(table) < 1 << max_bits:
            table.append(before + entry[:1])
        before = entry
        pieces.append(entry)
        made += len(entry)
        if len(pieces) >= 4_096:
            yield b"".join(pieces)
            pieces = []
        if made > _MAX_OCTETS:
            yield b"".join(pieces)
            raise OutOfRoom("longer than what is unpacked of it")
    yield b"".join(pieces)


def _fresh(*, is_block: bool) -> list[bytes]:
    return [bytes((octet,)) for octet in range(256)] + ([b""] if is_block else [])


class _Codes:
    """Codes of a growing width: eight of them fill a group, and a change of width begins a new one."""

    __slots__ = ("_is_block", "_max_bits", "_octets")

    def __init__(self, octets: bytes, max_bits: int, *, is_block: bool) -> None:
        self._octets = octets
        self._max_bits = max_bits
        self._is_block = is_block

    def read(self, table: list[bytes]) -> Iterator[int]:
        """Yield the codes; their width follows `table` as it grows, and a clear empties it."""
        octets, position, bits, begin = self._octets, 24, _FIRST_BITS, 24
        while position + bits <= len(octets) * 8:
            if len(table) >= 1 << bits and bits < self._max_bits:
                position += -(position - begin) % (bits * 8)
                bits, begin = bits + 1, position
                continue
            first = position >> 3
            code = int.from_bytes(octets[first : first + 3], "little") >> (position & 7) & (1 << bits) - 1
            position += bits
            yield code
            if code == _CLEAR and self._is_block:
                position += -(position - begin) % (bits * 8)
                table[:] = _fresh(is_block=True)
                bits, begin = _FIRST_BITS, position
