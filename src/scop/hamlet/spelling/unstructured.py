"""Unstructured text spelled: as it is, in UTF-8 or in encoded words, folded wherever white space stands.

Standards: RFC 5322 §2.2.1, §3.2.5, §4.1 (obs-unstruct); RFC 2047 §5 (1); RFC 6532 §3.1.
"""

from __future__ import annotations

import re

from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen
from scop.hamlet.spelling.words import spell_words

__all__ = ["spell_unstructured"]

_WORD_AND_GAP = re.compile(r"([^ \t]+)([ \t]*)")
_WORD_OF_KNOWN_CHARSET = re.compile(r"=\?(?!x-nowhere\?)[^?]+\?[bq]\?", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t]+")
MAX_TIDY_LINE = 60
MAX_LINE = 78  # RFC 5322 §2.1.1


def spell_unstructured(pen: Pen, text: str) -> str:
    """Return a field body that means `text`."""
    if not text:
        pen.note(Production.TEXT_EMPTY)
        return pen.choice(("", "", " ", "\t")) if pen.is_quirky else ""
    if "=?" in text and not _may_stay(pen, text):
        pen.note(Production.TEXT_LIKE_ENCODED_WORD)
        spelled = spell_words(pen, text)
    elif text.isascii():
        spelled = _spell_ascii(pen, text)
    elif pen.below(4) == 0:
        pen.note(Production.TEXT_UTF8)
        spelled = _folded(pen, text)
    else:
        spelled = _in_words(pen, text)
    return f"{spelled}{_trailing(pen)}"


def _may_stay(pen: Pen, text: str) -> bool:
    """Tell whether text with "=?" in it goes out as it is: nothing in it is a word that a reader decodes."""
    if not pen.whim(2) or _WORD_OF_KNOWN_CHARSET.search(text):
        return False
    pen.note(Production.TEXT_WITH_WORD_OF_UNKNOWN_CHARSET)  # RFC 2047 §6.3: shown as it is
    return True


def _spell_ascii(pen: Pen, text: str) -> str:
    if pen.whim(10):
        return _in_words(pen, text)
    pen.note(Production.TEXT_ASCII)
    return _folded(pen, text)


def _trailing(pen: Pen) -> str:
    if not pen.whim(20):
        return ""
    pen.note(Production.TEXT_TRAILING_BLANKS)
    # The last is a line of white space only (RFC 5322 §4.2).
    return pen.choice((" ", "\t", "   ", "\n ", " \n \n\t"))


def _folded(pen: Pen, text: str) -> str:
    """Fold `text` at white space: nowhere, where lines grow long, or at every place."""
    if "\t" in text or "  " in text:
        pen.note(Production.TEXT_BLANKS_KEPT)
    if not pen.whim(3):
        return text if len(text) < MAX_TIDY_LINE else _folded_when_long(pen, text)
    if pen.below(8):
        return _folded_when_long(pen, text)
    pen.note(Production.TEXT_FOLDED_EVERYWHERE)
    return _BLANKS.sub(lambda blanks: _fold_within(pen, blanks[0]), text)


def _fold_within(pen: Pen, blanks: str) -> str:
    """Fold inside of white space; between its characters, too, which makes lines of nothing else (RFC 5322 §4.2)."""
    if len(blanks) == 1:
        return f"\n{blanks}"
    pen.note(Production.TEXT_FOLDED_OBSOLETE)
    return "".join([f"\n{blank}" for blank in blanks])


def _folded_when_long(pen: Pen, text: str) -> str:
    lines: list[str] = []
    start = 0
    limit = 20 + pen.below(MAX_TIDY_LINE)
    for blanks in _BLANKS.finditer(text):
        if blanks.start() - start >= limit:
            lines.append(text[start : blanks.start()])
            start = blanks.start()
    if lines:
        pen.note(Production.TEXT_FOLDED)
    lines.append(text[start:])
    if max(map(len, lines)) > MAX_LINE:
        pen.note(Production.TEXT_UNFOLDABLE)
    return "\n".join(lines)


def _in_words(pen: Pen, text: str) -> str:
    if pen.below(2):
        pen.note(Production.TEXT_ALL_IN_WORDS)
        return spell_words(pen, text)
    pen.note(Production.TEXT_PARTLY_IN_WORDS)
    pieces: list[str] = []
    run = ""  # words to be encoded together: white space between encoded words is not shown
    for word, gap in _WORD_AND_GAP.findall(text):
        if not word.isascii() or "=?" in word or pen.whim(12):
            run += word + gap
            continue
        if run:
            pieces.append(_encoded_run(pen, run))
            run = ""
        pieces.append(word + gap)
    if run:
        pieces.append(_encoded_run(pen, run))
    return "".join(pieces)


def _encoded_run(pen: Pen, run: str) -> str:
    """Encode a run of words; white space behind it stays as it is, for plain text follows."""
    words = run.rstrip(" \t")
    return spell_words(pen, words) + run[len(words) :]
