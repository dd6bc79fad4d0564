"""Encoded words: text beyond ASCII in header fields, read and written.

Reading takes what senders write (words too long, glued to their neighbours, with blanks or "?" inside) and says so
when it is asked. Writing gives words of UTF-8 in whichever of the two encodings is shorter.

Standards: RFC 2047, RFC 2231 §5 (language), RFC 6532 (UTF-8 as it is).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from scop.mime.base64_encoding import decode_base64, is_clean_base64
from scop.mime.charsets import decode_text, is_cleanly_decodable, is_known_charset, is_stateful, without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.quoted_printable import decode_q

__all__ = ["decode_words", "encode_words"]

# Each piece ends at the next "?", and only few more may be in the text: hostile text is scanned a bounded
# number of times. Lenient: blanks inside of a word and "?" in its text, which RFC 2047 §2 forbids, are common.
_WORD = re.compile(r"=\?([^?*\s]++)(?:\*[^?\s]*+)?\?([bBqQ])\?([^?]*+(?:(?<!=)\?(?!=)[^?]*+){0,4})\?=")
_WELL_FORMED = re.compile(r"=\?[^?\s]++\?[bBqQ]\?[!->@-~]++\?=")
_BAD_ESCAPE = re.compile(r"=(?![0-9A-Fa-f]{2})")

MAX_WORD_CHARACTERS = 75  # RFC 2047 §2
_FRAME = len("=?utf-8?q??=")
# RFC 2047 §5 (3): what a word in a phrase may hold unescaped in "Q", which is allowed everywhere else, too.
_PLAIN_IN_Q = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_IN_Q = [chr(o) if o in _PLAIN_IN_Q else "_" if o == 0x20 else f"={o:02X}" for o in range(0x100)]  # RFC 2047 §4.2


def decode_words(text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None) -> str:
    """Return `text`, an unfolded field body or a piece of one, with its encoded words decoded.

    What is no encoded word stays as it is written, as do words in a charset that is not known and those beyond the
    limit. What is wrong is added to `defects`, each kind once.
    """
    if "=?" not in text:
        return without_surrogates(text)
    reader = _Reader(text, defects)
    for count, match in enumerate(_WORD.finditer(text)):
        if count == limits.encoded_words:
            reader.note(DefectKind.TOO_MANY_ENCODED_WORDS)
            break
        if is_known_charset(match[1]):
            reader.take(match)
        else:
            reader.note(DefectKind.UNKNOWN_CHARSET)
    return reader.finish()


class _Reader:
    """Gathers the pieces of a text; the octets of adjacent words in one charset wait to be decoded together."""

    __slots__ = ("_charset", "_defects", "_pieces", "_position", "_run", "_text")

    def __init__(self, text: str, defects: list[DefectKind] | None) -> None:
        self._text = text
        self._defects = defects
        self._pieces: list[str] = []
        self._position = 0  # behind the last word
        self._run: list[bytes] = []
        self._charset = ""

    def note(self, kind: DefectKind) -> None:
        """Add a defect where they are asked for."""
        if self._defects is not None and kind not in self._defects:
            self._defects.append(kind)

    def take(self, word: re.Match[str]) -> None:
        """Read the next word, and what stands between it and the one before."""
        charset = word[1].lower()
        gap = self._text[self._position : word.start()]
        adjacent = bool(self._run) and not gap.strip(" \t\r\n")  # RFC 2047 §6.2: such white space is not shown
        # Lenient: RFC 2047 §5 wants whole characters in each word, many senders cut between octets.
        # What shifts between states begins anew in each word (RFC 2047 §3).
        if not adjacent or charset != self._charset or is_stateful(charset):
            self._decode_run()
        if not adjacent:
            self._pieces.append(gap)
        self._run.append(_word_octets(word[2], word[3]))
        self._charset = charset
        self._position = word.end()
        if self._defects is not None and not _is_well_formed(word):
            self.note(DefectKind.INVALID_ENCODED_WORD)

    def finish(self) -> str:
        """Return the whole text."""
        self._decode_run()
        self._pieces.append(self._text[self._position :])
        return without_surrogates("".join(self._pieces))

    def _decode_run(self) -> None:
        if self._run:
            octets = b"".join(self._run)
            self._pieces.append(decode_text(octets, self._charset))
            self._run = []
            if self._defects is not None and not is_cleanly_decodable(octets, self._charset):
                self.note(DefectKind.UNDECODABLE_TEXT)


def _word_octets(encoding: str, text: str) -> bytes:
    try:
        # Lenient: some senders leave octets beyond ASCII unescaped inside of a word.
        octets = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character; text that was read from octets has none
        octets = text.encode("utf-8", "replace")
    if encoding in "bB":
        return decode_base64(octets)
    return decode_q(octets)


def _is_well_formed(word: re.Match[str]) -> bool:
    text, start, end = word.string, word.start(), word.end()
    return (
        end - start <= MAX_WORD_CHARACTERS
        and _WELL_FORMED.fullmatch(text, start, end) is not None
        # RFC 2047 §5: white space around it, or the brackets of a comment.
        and (start == 0 or text[start - 1] in " \t\r\n(")
        and (end == len(text) or text[end] in " \t\r\n)")
        and (is_clean_base64(word[3].encode()) if word[2] in "bB" else _BAD_ESCAPE.search(word[3]) is None)
    )


def encode_words(text: str, *, room: int = MAX_WORD_CHARACTERS) -> list[str]:
    """Return `text` as encoded words of UTF-8, the first of at most `room` characters if any fits, each below 76.

    A line end raises `ValueError`: it would begin a field of its own where somebody decodes before he cuts.
    """
    if "\r" in text or "\n" in text:
        raise ValueError("line end in text for encoded words")
    octets = text.encode()
    if _length_in_q(octets) <= (len(octets) + 2) // 3 * 4:
        pieces, letter = _pieces_in_q(text, room - _FRAME), "q"
    else:
        pieces, letter = _pieces_in_b(text, room - _FRAME), "b"
    return [f"=?utf-8?{letter}?{piece}?=" for piece in pieces]


def _length_in_q(octets: bytes) -> int:
    return sum([len(_IN_Q[octet]) for octet in octets])


def _pieces_in_q(text: str, room: int) -> Iterator[str]:
    piece = ""
    for character in text:
        written = "".join([_IN_Q[octet] for octet in character.encode()])
        if piece and len(piece) + len(written) > room:  # RFC 2047 §5: no character is split
            yield piece
            piece, room = "", MAX_WORD_CHARACTERS - _FRAME
        piece += written
    if piece:
        yield piece


def _pieces_in_b(text: str, room: int) -> Iterator[str]:
    piece = b""
    for character in text:
        octets = character.encode()
        if piece and len(piece) + len(octets) > room // 4 * 3:
            yield binascii.b2a_base64(piece, newline=False).decode("ascii")
            piece, room = b"", MAX_WORD_CHARACTERS - _FRAME
        piece += octets
    if piece:
        yield binascii.b2a_base64(piece, newline=False).decode("ascii")
