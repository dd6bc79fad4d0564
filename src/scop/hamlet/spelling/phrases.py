"""Display names spelled: as atoms, quoted strings, encoded words, in UTF-8, and mixed.

Standards: RFC 5322 §3.2.3–§3.2.5, §4.1 (obs-phrase); RFC 2047 §5 (3); RFC 6532 §3.2.
"""

from __future__ import annotations

import re

from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen
from scop.hamlet.spelling.words import spell_words

__all__ = ["spell_phrase", "spell_quoted"]

_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")  # RFC 5322 §3.2.3
_OBSOLETE_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+\.?")  # RFC 5322 §4.1: a period in a phrase
_UTF8_ATOM = re.compile(r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x7f])+")  # RFC 6532 §3.2


def spell_phrase(pen: Pen, text: str) -> str:
    """Return a phrase that means `text`; a blank in `text` may be any white space in the phrase."""
    if "=?" in text:
        pen.note(Production.PHRASE_ENCODED)
        return spell_words(pen, text)
    if "  " in text or pen.below(4) == 0:
        return _spell_whole(pen, text)
    return _spell_by_words(pen, text.split(" "))


def spell_quoted(pen: Pen, text: str) -> str:
    """Return the quoted string that means `text`, with quoted pairs at need and at will."""
    pen.note(Production.QUOTED_STRING)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if len(escaped) > len(text):
        pen.note(Production.QUOTED_PAIR_NEEDED)
    elif text and pen.whim(6):
        pen.note(Production.QUOTED_PAIR_AT_WILL)
        at = pen.below(len(text))
        escaped = f"{text[:at]}\\{text[at:]}"
    elif " " in text and pen.whim(8):
        pen.note(Production.QUOTED_STRING_FOLDED)
        escaped = text.replace(" ", "\n ", 1)
    return f'"{escaped}"'


def _spell_whole(pen: Pen, text: str) -> str:
    if text.isascii():
        pen.note(Production.PHRASE_QUOTED)
        return spell_quoted(pen, text)
    if pen.below(3) == 0:
        pen.note(Production.PHRASE_QUOTED_UTF8)
        return spell_quoted(pen, text)
    pen.note(Production.PHRASE_ENCODED)
    return spell_words(pen, text)


def _spell_by_words(pen: Pen, words: list[str]) -> str:
    """Spell each word by itself; neighbours that are encoded are encoded together, or the blank would be lost."""
    pieces: list[str] = []
    run: list[str] = []
    for word in words:
        atom = _atom(pen, word)
        if atom is None:
            run.append(word)
            continue
        if run:
            pieces.append(spell_words(pen, " ".join(run)))
            run = []
        pieces.append(atom)
    if run:
        pen.note(Production.PHRASE_MIXED if pieces else Production.PHRASE_ENCODED)
        pieces.append(spell_words(pen, " ".join(run)))
    spelled = pieces[0]
    for piece in pieces[1:]:
        spelled += pen.cfws() + piece
    return spelled


def _atom(pen: Pen, word: str) -> str | None:
    """Return `word` as an atom or a quoted string, None where it is to be encoded."""
    if pen.whim(16):
        return spell_quoted(pen, word)
    if _ATOM.fullmatch(word):
        pen.note(Production.PHRASE_ATOM)
        return word
    if _OBSOLETE_ATOM.fullmatch(word) and pen.below(2):
        pen.note(Production.PHRASE_PERIOD)
        return word
    if word.isascii():
        return spell_quoted(pen, word)
    if _UTF8_ATOM.fullmatch(word) and pen.below(3) == 0:
        pen.note(Production.PHRASE_UTF8)
        return word
    return None
