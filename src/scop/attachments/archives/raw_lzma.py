"""LZMA without a header of its own, as zip and 7z hold it.

Standards: PKWARE APPNOTE.TXT §5.8.8; the LZMA specification of the LZMA SDK, "lzma properties".
"""

from __future__ import annotations

import lzma
from collections.abc import Mapping, Sequence

from scop.attachments.archives.pieces import MAX_DICTIONARY_OCTETS

__all__ = ["lzma2_filter", "lzma_filter", "raw_decoder"]

_MIN_DICTIONARY = 4_096


def lzma_filter(properties: bytes) -> Mapping[str, int]:
    """Return the filter of LZMA by its five octets of properties; `ValueError` where they are none."""
    if len(properties) < 5 or properties[0] >= 9 * 5 * 5:
        raise ValueError("properties that no LZMA has")
    first = properties[0]
    dictionary = _bounded(int.from_bytes(properties[1:5], "little"))
    return {"id": lzma.FILTER_LZMA1, "lc": first % 9, "lp": first // 9 % 5, "pb": first // 45, "dict_size": dictionary}


def lzma2_filter(properties: bytes) -> Mapping[str, int]:
    """Return the filter of LZMA2 by its one octet of properties; `ValueError` where it is none."""
    if not properties or properties[0] > 40:
        raise ValueError("properties that no LZMA2 has")
    size = properties[0]
    dictionary = 0xFFFFFFFF if size == 40 else (2 | size & 1) << (size // 2 + 11)
    return {"id": lzma.FILTER_LZMA2, "dict_size": _bounded(dictionary)}


def _bounded(dictionary: int) -> int:
    """Return a dictionary as large as is held: what looks further back than that breaks off."""
    return max(_MIN_DICTIONARY, min(dictionary, MAX_DICTIONARY_OCTETS))


def raw_decoder(filters: Sequence[Mapping[str, int]]) -> lzma.LZMADecompressor:
    """Return a decoder of a chain of filters, the one nearest to the file first."""
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[dict(one) for one in filters])
