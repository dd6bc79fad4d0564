"""The pen: where a spelling gets its chances from, and where it notes which production it used.

Also what every structured field shares: white space, folding and comments.

Standards: RFC 5322 §2.2.3 (folding), §3.2.2 (white space and comments), §4.2 (obsolete folding).
"""

from __future__ import annotations

from collections.abc import Callable

from scop.hamlet.draw import Draw, spread
from scop.hamlet.lexicon import ASCII, SCRIPTS, draw_words
from scop.hamlet.production import Production

__all__ = ["Pen"]

_BLANKS = spread(
    (6, (Production.FWS_BLANK, " ")),
    (2, (Production.FWS_TAB, "\t")),
    (2, (Production.FWS_BLANKS, "  ")),
    (5, (Production.FWS_FOLD, "\n ")),
    (2, (Production.FWS_FOLD_TAB, "\n\t")),
    (2, (Production.FWS_FOLD_BLANKS, " \n  ")),
    (1, (Production.FWS_OBSOLETE, "\n \n ")),
    (1, (Production.FWS_OBSOLETE, " \n\t\n\t")),
)
_MAX_COMMENT_DEPTH = 4


class Pen:
    """Spells one mail. `is_quirky` mails use every freedom, the others are written as today's senders write.

    Spellings of fields write a line end as LF; `line_end` is what the mail has in its place.
    """

    TIDY_COUNT = 4  # from so many items on, each has a line of its own: RFC 5322 §2.1.1 allows 998 octets

    __slots__ = ("below", "boundaries", "choice", "draw", "is_quirky", "line_end", "note")

    def __init__(self, draw: Draw, line_end: bytes, note: Callable[[Production], object]) -> None:
        self.draw = draw
        self.below = draw.below
        self.choice = draw.choice
        self.note = note
        self.line_end = line_end
        self.boundaries: list[str] = []  # of the multiparts around what is being spelled
        self.is_quirky = draw.below(3) > 0

    def whim(self, times: int) -> bool:
        """Tell whether to use a freedom: once in so many times in a quirky mail, else never."""
        return self.is_quirky and self.below(times) == 0

    def fws(self) -> str:
        """Return white space that must not be empty, perhaps folded."""
        if self.is_quirky and self.below(3) == 0:
            production, blanks = self.choice(_BLANKS)
            self.note(production)
            return blanks
        return " "

    def cfws(self) -> str:
        """Return white space that must not be empty, perhaps with comments in it."""
        if self.whim(8):
            return f"{self.fws()}{self.comment()}{self.fws()}"
        return self.fws()

    def gap(self) -> str:
        """Return white space and comments where none are needed: mostly nothing."""
        if self.whim(10):
            return self.cfws()
        return ""

    def blank(self) -> str:
        """Return white space where none is needed, without comments."""
        if self.whim(10):
            return self.fws()
        return ""

    def comment(self, depth: int = 1) -> str:
        """Return a comment with its brackets."""
        if self.below(12) == 0:
            self.note(Production.COMMENT_EMPTY)
            return "()"
        self.note(Production.COMMENT)
        script = self.choice(SCRIPTS) if self.below(6) == 0 else ASCII
        pieces = draw_words(self.draw, script, 1 + self.below(3))
        if script is not ASCII:
            self.note(Production.COMMENT_UTF8)
        if self.below(5) == 0:
            self.note(Production.COMMENT_QUOTED_PAIR)
            pieces.append(self.choice(("\\)", "\\(", "\\\\", "\\ a", '\\"')))
        if self.below(5) == 0:
            self.note(Production.COMMENT_SIGNS)
            pieces.append(self.choice((";, <a@b.test>", "=?", '"', "a@b", ":;", "[", "]>")))
        if self.below(5) == 0 and depth < _MAX_COMMENT_DEPTH:
            self.note(Production.COMMENT_NESTED)
            pieces.append(self.comment(depth + 1))
        return f"({self.fws().join(pieces)})"

    def any_case(self, text: str) -> str:
        """Return ASCII `text`, whose case means nothing, in another case or none."""
        if not self.whim(3):
            return text
        self.note(Production.CASE_CHANGED)
        how = self.below(3)
        return text.upper() if how == 0 else text.swapcase() if how == 1 else text.title()
