"""Short texts: words of one script or two, with the signs and the white space that people put between them."""

from __future__ import annotations

from scop.hamlet.draw import Draw, spread
from scop.hamlet.lexicon import ASCII, SCRIPTS, SCRIPTS_AT_WILL, draw_words

__all__ = ["draw_long_text", "draw_text", "draw_word", "draw_words_of_one_script"]

_SIGNS = ("Re:", "Fwd:", "[list]", "(note)", "<b>", '"so"', "a=b;", "50%", "#1", "--", "=", "a@b.test", "\\o/", "?=")
# Text that looks as if it were encoded: it must be, lest it be decoded.
_LIKE_ENCODED = (
    "=?utf-8?q?owl?=",
    "=?us-ascii?b?b3ds?=",
    "=?x?=",
    "=?x-nowhere?q?owl?=",
    "=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=",
)
_BLANKS = spread((4, "  "), (2, "\t"), (1, "    "), (1, " \t "))
_LENGTHS = spread((8, 3), (6, 5), (4, 8), (2, 14), (1, 1))


def draw_word(draw: Draw) -> str:
    """Return one word of ASCII."""
    return draw.choice(ASCII.words)


def draw_words_of_one_script(draw: Draw, most: int) -> str:
    """Return a few words, single blanks between them."""
    return " ".join(draw_words(draw, draw.choice(SCRIPTS_AT_WILL), 1 + draw.below(most)))


def draw_text(draw: Draw) -> str:
    """Return what an unstructured field says, without white space at either end."""
    kind = draw.below(40)
    if kind < 3:
        return _draw_odd_text(draw, kind)
    script = draw.choice(SCRIPTS_AT_WILL)
    words = draw_words(draw, script, draw.choice(_LENGTHS))
    if script is not ASCII and kind < 20:
        words += draw_words(draw, ASCII, 1 + draw.below(4))
        words = draw.shuffled(words)
    if kind < 12:
        words.insert(draw.below(len(words) + 1), draw.choice(_SIGNS))
    if kind % 8 == 3 and len(words) > 1:
        at = 1 + draw.below(len(words) - 1)
        words[at] = draw.choice(_BLANKS)[1:] + words[at]
    return " ".join(words)


def _draw_odd_text(draw: Draw, kind: int) -> str:
    if kind == 0:
        return ""
    if kind == 1:
        return f"{draw_word(draw)} {draw.choice(_LIKE_ENCODED)} {draw_word(draw)}"
    return draw_long_text(draw)


def draw_long_text(draw: Draw) -> str:
    """Return a text of many words, or with one word that no line can be folded in."""
    script = draw.choice(SCRIPTS)
    words = draw_words(draw, script, 20 + draw.below(60))
    if draw.below(3) == 0:
        word = draw_word(draw)
        words.insert(draw.below(len(words)), word * (1 + 800 // len(word)))
    return " ".join(words)
