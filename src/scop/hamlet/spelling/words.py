"""Encoded words: text in any charset, in either encoding, in one word or many.

Standards: RFC 2047 §2, §4, §5; RFC 2231 §5 (language).
"""

from __future__ import annotations

import binascii
from collections.abc import Callable

from scop.hamlet.lexicon import SCRIPTS, Charset, charsets_of
from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen

__all__ = ["find_charset", "spell_words"]

MAX_WORD = 75  # RFC 2047 §2
_UTF8 = Charset("utf-8", "utf-8", width=4)
# RFC 2047 §5 (3): what "Q" may leave as it is in a phrase, the strictest place.
_PLAIN_IN_PHRASES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_IN_CHARSET = {
    charset.codec: Production[f"WORD_IN_{charset.codec.upper().replace('-', '_')}"]
    for script in SCRIPTS
    for charset in script.charsets
}
_LANGUAGES = ("en", "de", "ja", "x-small", "pt-BR")


def _q_table(plain: frozenset[int], form: str, blank: str) -> tuple[str, ...]:
    return tuple([chr(o) if o in plain else blank if o == 0x20 else form.format(o) for o in range(0x100)])


_Q_TABLES = (
    *[_q_table(_PLAIN_IN_PHRASES, "={:02X}", "_")] * 4,
    _q_table(_PLAIN_IN_PHRASES, "={:02x}", "=20"),
    _q_table(frozenset(), "={:02X}", "_"),
)


def find_charset(pen: Pen, text: str) -> Charset:
    """Return a charset that has every character of `text`."""
    charset = pen.choice(charsets_of(text))
    try:
        text.encode(charset.codec)
    except UnicodeEncodeError:
        return _UTF8
    return charset


def spell_words(pen: Pen, text: str) -> str:
    """Return `text` as encoded words with white space between them, fit for a phrase and for anywhere else."""
    if len(text) > 1 and pen.whim(12):
        pen.note(Production.WORDS_IN_TWO_CHARSETS)
        at = 1 + pen.below(len(text) - 1)
        return f"{_spell_run(pen, text[:at])}{pen.fws()}{_spell_run(pen, text[at:])}"
    return _spell_run(pen, text)


def _spell_run(pen: Pen, text: str) -> str:
    """Return `text` as encoded words in one charset and one encoding."""
    charset = find_charset(pen, text)
    label = pen.any_case(charset.label)
    pen.note(_IN_CHARSET[charset.codec])
    if pen.whim(6):
        pen.note(Production.WORD_WITH_LANGUAGE)
        label += f"*{pen.choice(_LANGUAGES)}"
    if pen.below(2):
        words = _words(pen, text, charset, label, _in_base64(pen))
    else:
        words = _words(pen, text, charset, label, _in_q(pen))
    if len(words) == 1:
        return words[0]
    pen.note(Production.WORDS_ADJACENT)
    if pen.whim(8):
        pen.note(Production.WORDS_NAME_CHARSET_IN_TWO_CASES)
        at = pen.below(len(words))
        words[at] = words[at].replace(label, label.swapcase(), 1)
    return (pen.fws() if len(words) < pen.TIDY_COUNT else "\n ").join(words)


def _in_base64(pen: Pen) -> Callable[[bytes], str]:
    pen.note(Production.WORD_IN_BASE64)
    letter = "bB"[pen.below(2)]
    return lambda octets: f"{letter}?{binascii.b2a_base64(octets, newline=False).decode('ascii')}"


def _in_q(pen: Pen) -> Callable[[bytes], str]:
    pen.note(Production.WORD_IN_Q)
    letter = "qQ"[pen.below(2)]
    table = pen.choice(_Q_TABLES)
    return lambda octets: f"{letter}?{''.join([table[octet] for octet in octets])}"


def _words(pen: Pen, text: str, charset: Charset, label: str, write: Callable[[bytes], str]) -> list[str]:
    room = (MAX_WORD - len(f"=?{label}?b??=")) // 3  # what fits however it is written
    octets = text.encode(charset.codec)
    if len(octets) > 1 and not charset.is_stateful and pen.whim(4):
        if charset.width > 1:
            pen.note(Production.WORDS_SPLIT_CHARACTER)  # against RFC 2047 §5, and common
        pieces = _cut(octets, 1 + pen.below(room))
    elif len(octets) <= room:
        pieces = [octets]
    else:
        step = max(room // charset.width, 1)
        pieces = [text[at : at + step].encode(charset.codec) for at in range(0, len(text), step)]
    return [f"=?{label}?{write(piece)}?=" for piece in pieces]


def _cut(octets: bytes, step: int) -> list[bytes]:
    return [octets[at : at + step] for at in range(0, len(octets), step)]
