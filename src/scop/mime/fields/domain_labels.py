"""Whether a label beyond ASCII can be registered: the rules of IDNA 2008, taken from the Unicode data of Python.

The classes of RFC 5892 are computed, not listed, so they grow with Python's Unicode. What unicodedata does not know
is given here as ranges. Stricter than RFC 5892 A.1: joining types are known for the Arabic block only, so that a
ZERO WIDTH NON-JOINER between letters of another cursive script is refused.

Standards: RFC 5891 §4.2 (labels), RFC 5892 §3 and appendix A (code points), RFC 5893 §2 (Bidi).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import bidirectional, category, combining, name, normalize

__all__ = ["check_bidi", "check_u_label"]

# RFC 5892 §2.6 (F), but for those of CONTEXTO, which stand in _in_context.
_VALID_EXCEPTIONS = frozenset("\u00df\u03c2\u06fd\u06fe\u0f0b\u3007")
_DISALLOWED_EXCEPTIONS = frozenset("\u0640\u07fa\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b")

_LETTER_DIGITS = frozenset({"Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"})  # RFC 5892 §2.1 (A)
# Letters, digits and marks that RFC 5892 forbids by properties that unicodedata does not know.
_FORBIDDEN = re.compile(
    "[\u034f\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"  # §2.3 (C): ignorable
    "\u20d0-\u20ff\U0001d100-\U0001d1ff\U0001d200-\U0001d24f"  # §2.4 (D): for symbols and music
    "\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]"  # §2.9 (I): conjoining Hangul
)

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_VIRAMA = 9  # the canonical combining class
# Joining types of the Arabic block: letters that join to nothing behind them (R), and letters that never join (U).
_JOINS_BACKWARD_ONLY = re.compile(
    "[\u0622-\u0625\u0627\u0629\u062f-\u0632\u0648\u0671-\u0673\u0675-\u0677\u0688-\u0699"
    "\u06c0\u06c3-\u06cb\u06cd\u06cf\u06d2\u06d3\u06d5\u06ee\u06ef]"
)
_NEVER_JOINS = frozenset("\u0621\u0674")
_ARABIC_DIGITS = re.compile("[\u0660-\u0669]")
_EXTENDED_ARABIC_DIGITS = re.compile("[\u06f0-\u06f9]")
_JAPANESE = ("HIRAGANA LETTER", "KATAKANA LETTER", "CJK UNIFIED", "IDEOGRAPHIC ITERATION")

# RFC 5893 §2 over the Bidi classes of a label, one letter each.
_BIDI_LETTERS = {"L": "l", "R": "r", "AL": "r", "AN": "a", "EN": "e", "NSM": "n"}
_BIDI_LETTERS |= dict.fromkeys(("ES", "CS", "ET", "ON", "BN"), "o")
_RIGHT_TO_LEFT = re.compile(r"r(?:[raeon]*[rae])?n*")  # conditions 1, 2 and 3
_LEFT_TO_RIGHT = re.compile(r"l(?:[leon]*[le])?n*")  # conditions 1, 5 and 6


def check_u_label(label: str) -> None:
    """Raise `ValueError` unless `label`, in NFC and lower case, is a U-label (RFC 5891 §4.2.3)."""
    if label[2:4] == "--" or label.startswith("-") or label.endswith("-"):  # §4.2.3.1
        raise ValueError(f"hyphens where a label must not have them: {label!r}")
    if category(label[0]).startswith("M"):  # §4.2.3.2
        raise ValueError(f"a label begins with a combining mark: {label!r}")
    for index, character in enumerate(label):
        if not (_is_valid(character) or _in_context(label, index)):
            raise ValueError(f"U+{ord(character):04X} has no place in the label {label!r}")


def check_bidi(labels: Sequence[str]) -> None:
    """Raise `ValueError` where a domain holds a label from right to left and some label breaks the Bidi rule."""
    shapes = ["".join([_BIDI_LETTERS.get(bidirectional(each), "x") for each in label]) for label in labels]
    if not any("r" in shape or "a" in shape for shape in shapes):
        return
    for label, shape in zip(labels, shapes, strict=True):
        mixes_digits = "a" in shape and "e" in shape  # RFC 5893 §2, condition 4
        if mixes_digits or not (_RIGHT_TO_LEFT.fullmatch(shape) or _LEFT_TO_RIGHT.fullmatch(shape)):
            raise ValueError(f"the label {label!r} breaks the Bidi rule")


def _is_valid(character: str) -> bool:
    """Tell whether a code point is PVALID (RFC 5892 §3, in the order given there)."""
    if character.isascii():
        return character.isdigit() or character.islower() or character == "-"
    if character in _VALID_EXCEPTIONS:
        return True
    if character in _DISALLOWED_EXCEPTIONS or _FORBIDDEN.match(character):
        return False
    if _ARABIC_DIGITS.match(character) or _EXTENDED_ARABIC_DIGITS.match(character):
        return False  # CONTEXTO
    stable = normalize("NFKC", normalize("NFKC", character).casefold())  # RFC 5892 §2.2 (B)
    return stable == character and category(character) in _LETTER_DIGITS


def _in_context(label: str, index: int) -> bool:
    """Tell whether a CONTEXTJ or CONTEXTO code point stands where it may (RFC 5892, appendix A)."""
    character, before, after = label[index], label[:index], label[index + 1 :]
    if character == _ZWNJ:  # A.1
        return _follows_virama(before) or _parts_joined_letters(before, after)
    if character == _ZWJ:  # A.2
        return _follows_virama(before)
    if character == "\u00b7":  # A.3: between two "l", as in Catalan
        return before.endswith("l") and after.startswith("l")
    if character == "\u0375":  # A.4: before Greek
        return _is_named(after[:1], "GREEK")
    if character in "\u05f3\u05f4":  # A.5, A.6: behind Hebrew
        return _is_named(before[-1:], "HEBREW")
    if character == "\u30fb":  # A.7: in a label with Japanese
        return any(_is_named(each, *_JAPANESE) for each in label)
    if _ARABIC_DIGITS.match(character):  # A.8
        return _EXTENDED_ARABIC_DIGITS.search(label) is None
    return _EXTENDED_ARABIC_DIGITS.match(character) is not None and _ARABIC_DIGITS.search(label) is None  # A.9


def _follows_virama(before: str) -> bool:
    return bool(before) and combining(before[-1]) == _VIRAMA


def _parts_joined_letters(before: str, after: str) -> bool:
    """Tell whether the letters around would join: (L or D) T* ZWNJ T* (R or D)."""
    left = next((each for each in reversed(before) if category(each) != "Mn"), "")
    right = next((each for each in after if category(each) != "Mn"), "")
    return _joins(left) and _joins(right) and not _JOINS_BACKWARD_ONLY.match(left)


def _joins(character: str) -> bool:
    return "\u0620" <= character <= "\u06ff" and category(character) == "Lo" and character not in _NEVER_JOINS


def _is_named(character: str, *prefixes: str) -> bool:
    return bool(character) and name(character, "").startswith(prefixes)
