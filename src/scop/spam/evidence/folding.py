"""Text folded so that one word has one spelling: NFKC, lower case, nothing invisible, no marks without a letter.

Letters of other alphabets that were mixed into a Latin word are read as what they look like. Whatever had to be
undone is told, since honest mail seldom needs it.

Standards: Unicode UAX #15 (NFKC), UTS #39 (confusables; the common ones only).
"""

from __future__ import annotations

import re
from unicodedata import normalize

__all__ = ["fold", "is_latin", "tricks_of", "with_latin_letters", "without_accents"]

# Pieces are normalised one by one: of many marks on one letter it takes time that grows with their square.
_PIECE_CHARACTERS = 512
_MAX_GROWTH = 2  # times the text: NFKC writes one letter of Arabic as eighteen

_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"  # which found no letter to join
_VOWEL_POINTS = "\u0591-\u05c7\u0640\u064b-\u065f\u0670"  # Hebrew, Arabic: seldom written, so never counted
_UNSEEN = "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
_INVISIBLE = re.compile(f"[{_MARKS}{_VOWEL_POINTS}{_UNSEEN}\U000e0000-\U000e007f]+")

_SIGNS = (
    *(("\u2018", "'"), ("\u2019", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u2013", "-"), ("\u2014", "-")),
    *(("\u2026", "..."), ("\u2022", " "), ("\xa0", " ")),
)
_LOOKS = "аαɑʙсϲⅽԁеєɛɡһнιіıїјϳкӏмпηоοσօрρϼԛгѕꜱтτυսνѵωѡхχуγүуᴢ"
_LATIN = "aaabcccdeeeghhiiiijjklmnnoooopppqrssttuuvvwwxxyyyyz"
_CONFUSABLE = dict(zip(map(ord, _LOOKS), _LATIN, strict=True))
_OTHERS = "\u0250-\u02af\u0370-\u058f"  # IPA, Greek, Cyrillic, Armenian
_MIXED = (re.compile(f"[a-z][{_OTHERS}]"), re.compile(f"[{_OTHERS}][a-z]"))  # two: each scans for one class
_ACCENTS = dict.fromkeys(range(0x300, 0x370))

_ANY_TRICK = re.compile(
    f"[\u00ad\u200b-\u200d\u202d\u202e\u2060-\u2068\ufeff{_OTHERS}\u0300-\u036f\u2460-\u24ff\uff21-\uff5a"
    "\U0001d400-\U0001d7ff\U0001f100-\U0001f1e5\U000e0020-\U000e007f]"
)
_TRICKS = (
    ("trick:mixed-letters", re.compile(f"[A-Za-z][{_OTHERS}]|[{_OTHERS}][A-Za-z]")),
    ("trick:zero-width", re.compile("[A-Za-z][\u00ad\u200b-\u200d\u2060\ufeff]+[A-Za-z]")),
    ("trick:direction", re.compile("[\u202d\u202e\u2066-\u2068]")),
    ("trick:letter-forms", re.compile("[\U0001d400-\U0001d7ff\u2460-\u24ff\U0001f100-\U0001f1e5]")),
    ("trick:full-width", re.compile("[\uff21-\uff5a]")),
    ("trick:tag-characters", re.compile("[\U000e0020-\U000e007f]")),
    ("trick:many-marks", re.compile("[\u0300-\u036f]{3}")),
)


def fold(text: str) -> str:
    """Return `text` in the one spelling in which words are compared."""
    if not text.isascii():
        text = _with_plain_signs(text)
    if text.isascii():
        return text.lower()
    pieces: list[str] = []
    room = _MAX_GROWTH * len(text)
    for at in range(0, len(text), _PIECE_CHARACTERS):
        pieces.append(normalize("NFKC", text[at : at + _PIECE_CHARACTERS]))
        room -= len(pieces[-1])
        if room < 0:
            break
    normal = "".join(pieces).lower()
    return normal.replace("\xad", "") if is_latin(normal) else _INVISIBLE.sub("", normal)


def _with_plain_signs(text: str) -> str:
    """Return `text` with the quotes and dashes of typewriters: "don’t" is "don't"."""
    for written, plain in _SIGNS:
        text = text.replace(written, plain)
    return text


def is_latin(text: str) -> bool:
    """Tell whether there is nothing beyond Latin-1 in `text`; this is quick."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def tricks_of(text: str) -> list[str]:
    """Return a token for each way in which `text`, not folded yet, writes letters that are none."""
    if text.isascii() or _ANY_TRICK.search(text) is None:
        return []
    return [token for token, pattern in _TRICKS if pattern.search(text)]


def with_latin_letters(words: list[str], folded: str) -> list[str]:
    """Return the words of a folded text, in Latin letters where those of other alphabets were mixed into one."""
    if not _is_mixed(folded):
        return words
    return [word.translate(_CONFUSABLE) if not word.isascii() and _is_mixed(word) else word for word in words]


def _is_mixed(folded: str) -> bool:
    return any(pattern.search(folded) for pattern in _MIXED)


def without_accents(word: str) -> str:
    """Return a folded word without the accents of its letters, and with Latin ones for all that look like them."""
    return normalize("NFD", word).translate(_ACCENTS).translate(_CONFUSABLE)
