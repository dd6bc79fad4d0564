"""Folded text to words: cut where a language puts no spaces, disguises undone."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from itertools import filterfalse, islice
from typing import NamedTuple

from scop.spam.evidence.folding import is_latin, with_latin_letters, without_accents

__all__ = ["MAX_WORD_CHARACTERS", "Chunks", "disguises", "oddities", "shortened", "words_in_order"]

MAX_WORD_CHARACTERS = 24  # longer ones are told by their length and beginning
SHORT_ROW = 3  # letters that may stand apart in honest text
MAX_DISGUISES = 60  # of each kind, in one text

# Vowel signs are no letters to Python: they must not part the words of India and of Thailand.
_SIGNS = "\u0900-\u0963\u0971-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3"
# Thai, Lao, Burmese, Khmer; Japanese, Chinese, Korean: pairs of characters stand for words.
_UNSPACED = "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
# Dots, quotes and hyphens stand inside of words ("u.s.a", "e-mail", "$9.99"); shouting is a word of its own.
# These begin with one class, which the engine looks for quickly; the second knows no shouting.
_ASCII_WORD = re.compile(r"[a-z0-9$!?](?:(?<![!?])[\w'.%-]{0,60}[\w%]|(?<=[!?])[!?]{0,4})", re.ASCII)
_QUIET_ASCII_WORD = re.compile(r"[a-z0-9$][\w'.%-]{0,60}[\w%]", re.ASCII)
_LATIN_WORD = re.compile(r"(?:[^\W_]|[$£])[\w'.%-]{0,60}[\w%]|[!?]{1,5}")
_WORD = re.compile(rf"(?:[^\W_]|[$€£])[\w'.%{_SIGNS}-]{{0,60}}[\w%{_SIGNS}]|[!?]{{1,5}}")
MAX_MATCHED = 62  # characters of a word that these find
_NEVER_OUTERMOST = "\"'()[]{}<>.,:;*-~=+#|/\\"  # in what they find
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}\U00020000-\U0003134f]{{1,1000}}")
_RUN_OR_WORD = re.compile(
    f"([{_UNSPACED}\U00020000-\U0003134f]{{1,1000}})|[^\\W_{_UNSPACED}](?:[^\\W{_UNSPACED}]|['%{_SIGNS}-]){{1,60}}|[!?]{{1,5}}"
)

_AROUND = "\"'()[]{}<>.,;:!?*_-~=+#|/\\“”‘’„«»…–—"  # what stands around words without being of them
# Whole lines of those that `oddities` found; the line end before them is what the regex engine looks for quickly.
_PARTED = re.compile(
    r"\n(?:[^\W\d_](?:([.*_-])[^\W\d_])(?:\1[^\W\d_]){2,30}|[a-z]{1,20}(?:[*^~`|_][a-z]{1,20}){1,4})(?=\n)"
)
_ROW_LENGTHS = array("I", [1] * (SHORT_ROW + 1)).tobytes()
_DIGITS_INSIDE = re.compile(r"\n[a-z]{1,20}(?:[0134579@$!|]{1,2}[a-z]{1,20}){1,3}(?=\n)")
_AS_LETTERS = str.maketrans("0134579@$!|", "oieastgasil")
_NO_LETTERS = re.compile(r"[\W\d_]+")


class Chunks(NamedTuple):
    """A folded text, and what stands in it between blanks."""

    folded: str
    every: list[str]
    unique: dict[str, None]  # each once, where it comes first

    @classmethod
    def of(cls, folded: str) -> Chunks:
        """Cut a folded text at its blanks."""
        every = folded.split()
        return cls(folded, every, dict.fromkeys(every))

    def words(self) -> list[str]:
        """Return all words in the order in which they come first; some of them may come again."""
        pattern = _word_pattern(self.folded)
        if pattern is None:
            return words_in_order(self.folded)
        words: list[str] = []
        for chunk in self.unique:  # no word holds a blank: each chunk is read once
            # Most are nothing but letters and digits, but for what no word begins or ends with: they need no pattern.
            is_bare = chunk.isalnum()
            bare = chunk if is_bare else chunk.strip(_NEVER_OUTERMOST)
            if not (is_bare or bare.isalnum()) or len(bare) > MAX_MATCHED:
                words += pattern.findall(chunk)
            elif len(bare) > 1:
                words.append(bare)
        return words if pattern is _ASCII_WORD else with_latin_letters(words, self.folded)


def _word_pattern(folded: str) -> re.Pattern[str] | None:
    """Return what finds the words of a text; None where some stand without blanks between them."""
    if folded.isascii():
        return _ASCII_WORD
    if is_latin(folded):
        return _LATIN_WORD
    return _WORD if _UNSPACED_RUN.search(folded) is None else None


def words_in_order(folded: str) -> list[str]:
    """Return the words of a folded text as they follow each other; pairs of characters where nothing parts words."""
    if folded.isascii():
        return _ascii_words(folded)
    words: list[str] = []
    for line in folded.split("\n"):  # of most texts beyond ASCII few lines are
        words += _ascii_words(line) if line.isascii() else _words_beyond_ascii(line)
    return words


def _ascii_words(text: str) -> list[str]:
    return (_ASCII_WORD if "!" in text or "?" in text else _QUIET_ASCII_WORD).findall(text)


def _words_beyond_ascii(line: str) -> list[str]:
    if is_latin(line):
        return _LATIN_WORD.findall(line)
    if _UNSPACED_RUN.search(line) is None:
        return with_latin_letters(_WORD.findall(line), line)
    words: list[str] = []
    for found in _RUN_OR_WORD.finditer(line):
        run = found[1]
        if run is None:
            words.append(found[0])
        elif len(run) == 1:
            words.append(run)
        else:
            words += map(str.__add__, run, run[1:])
    return with_latin_letters(words, line)


def shortened(words: Iterable[str]) -> dict[str, None]:
    """Return each word once; of long ones their length and beginning: random strings do not fill the model."""
    unique = dict.fromkeys(words)
    if max(map(len, unique), default=0) <= MAX_WORD_CHARACTERS:
        return unique
    return dict.fromkeys(
        [word if len(word) <= MAX_WORD_CHARACTERS else f"long:{word[0]}{len(word) // 10}" for word in unique]
    )


def oddities(chunks: Chunks) -> tuple[list[str], list[str]]:
    """Return what stands between blanks and is no plain word, each once; and the words of letters that stand apart."""
    stripped = [chunk.strip(_AROUND) for chunk in filterfalse(str.isalpha, chunks.unique)]
    odd = [chunk for chunk in stripped if chunk and not chunk.isalpha()]
    if _ROW_LENGTHS not in array("I", map(len, chunks.every)).tobytes():  # half of what joining and cutting takes
        return odd, []
    rows = "".join([chunk if len(chunk) == 1 else " " for chunk in chunks.every]).split()
    return odd, [row[:MAX_WORD_CHARACTERS] for row in rows if len(row) > SHORT_ROW and row.isalpha()][:MAX_DISGUISES]


def disguises(chunks: Chunks, odd: list[str], apart: list[str]) -> list[str]:
    """Return the words that were written so that nobody finds them, and a token for each way of doing so.

    `odd` and `apart` are what `oddities` said of the text.
    """
    found = ["trick:spaced", *apart] if apart else []
    lines = "\n".join(["", *odd, ""])
    for token, pattern, undo in _WAYS:
        undone = [undo(match[0][1:]) for match in _first(pattern, lines)]
        if undone:
            found += [token, *undone]
    if not chunks.folded.isascii():
        accented = [chunk for chunk in chunks.unique if not chunk.isascii()]
        found += [f"like:{word}" for chunk in accented[:MAX_DISGUISES] if (word := _latin(chunk))]
    return found


def _undone_parts(word: str) -> str:
    return _NO_LETTERS.sub("", word)


def _undone_digits(word: str) -> str:
    return word.translate(_AS_LETTERS)


_WAYS = (("trick:parted", _PARTED, _undone_parts), ("trick:digits", _DIGITS_INSIDE, _undone_digits))


def _latin(chunk: str) -> str:
    """Return a word of Latin letters with accents as it looks without them; "" for any other."""
    plain = without_accents(chunk.strip(_AROUND))
    return plain[:MAX_WORD_CHARACTERS] if plain.isascii() and plain.isalpha() else ""


def _first(pattern: re.Pattern[str], text: str) -> Iterable[re.Match[str]]:
    return islice(pattern.finditer(text), MAX_DISGUISES)
