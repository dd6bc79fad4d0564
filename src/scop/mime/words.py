"""Encoded words: text beyond ASCII in header fields, read and written.

Standards: RFC 2047, RFC 2231 §5 (language), RFC 6532 (UTF-8 as it is).
"""

from __future__ import annotations

import binascii
import re

from scop.mime.charsets import decode_text, is_known_charset, without_surrogates
from scop.mime.transfer import decode_base64

__all__ = ["decode_words", "encode_words"]

# Each piece ends at the next "?", so that hostile text is scanned a bounded number of times.
# Lenient: blanks inside of a word, which RFC 2047 §2 forbids, are common and harmless.
_WORD = re.compile(r"=\?([^?*\s]++)(?:\*[^?\s]*+)?\?([bBqQ])\?([^?]*+)\?=")
MAX_WORD_CHARACTERS = 75  # RFC 2047 §2


def decode_words(text: str) -> str:
    """Return `text`, an unfolded field body or a piece of one, with its encoded words decoded.

    What is no encoded word stays as it is.
    """
    if "=?" not in text:
        return without_surrogates(text)
    pieces: list[str] = []
    run: list[bytes] = []  # octets of adjacent words in one charset: a character may be split between them
    run_charset = ""
    position = 0
    for match in _WORD.finditer(text):
        charset = match[1].lower()
        if not is_known_charset(charset):
            continue
        gap = text[position : match.start()]
        adjacent = bool(run) and not gap.strip()  # RFC 2047 §6.2: white space between words is not shown
        if not adjacent or charset != run_charset:
            pieces.append(decode_text(b"".join(run), run_charset))
            run = []
        if not adjacent:
            pieces.append(gap)
        run.append(_word_octets(match[2], match[3]))
        run_charset = charset
        position = match.end()
    pieces.append(decode_text(b"".join(run), run_charset))
    pieces.append(text[position:])
    return without_surrogates("".join(pieces))


def _word_octets(encoding: str, text: str) -> bytes:
    # Lenient: some senders leave octets beyond ASCII unescaped inside of a word.
    octets = text.encode("utf-8", "surrogateescape")
    if encoding in "bB":
        return decode_base64(octets)
    return binascii.a2b_qp(octets, header=True)  # RFC 2047 §4.2: "_" is a space


def encode_words(text: str, *, room: int = MAX_WORD_CHARACTERS) -> list[str]:
    """Return `text` as encoded words of UTF-8 in base64, each at most `room` characters long."""
    overhead = len("=?utf-8?b??=")
    octets_a_word = max((room - overhead) // 4 * 3, 4)  # 4: any character fits
    words: list[str] = []
    piece = b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if piece and len(piece) + len(octets) > octets_a_word:  # RFC 2047 §5: no character is split
            words.append(_word_of(piece))
            piece = b""
        piece += octets
    if piece:
        words.append(_word_of(piece))
    return words


def _word_of(octets: bytes) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(octets, newline=False).decode('ascii')}?="
