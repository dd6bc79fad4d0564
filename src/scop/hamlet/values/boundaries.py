"""Boundaries drawn: tidy ones, and those that a careless reader takes for one another.

Standards: RFC 2046 §5.1.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from scop.hamlet.draw import Draw, spread
from scop.hamlet.values.texts import draw_word

__all__ = ["draw_boundary", "draw_lure", "is_delimiter"]

MAX_BOUNDARY = 70
# RFC 2046 §5.1.1: bchars, of which the blank must not be the last.
_BCHARS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=?"
_KINDS = spread(
    *((8, "tidy"), (3, "dashes"), (2, "any"), (2, "long"), (2, "blanks"), (1, "short"), (1, "ends like a close")),
    *((4, "longer"), (4, "shorter"), (2, "other case")),
)


def draw_boundary(draw: Draw, outer: Sequence[str]) -> str:
    """Return a boundary that none of the boundaries around it can be taken for (RFC 2046 §5.1.2)."""
    boundary = _draw_any(draw, outer[-1] if outer else "")
    while not _is_apart(boundary, outer):
        boundary = f"{draw_word(draw)}{draw.below(1 << 32)}"
    return boundary


def _draw_any(draw: Draw, nearest: str) -> str:
    kind = draw.choice(_KINDS)
    word = draw_word(draw)
    match kind:
        case "dashes":
            return f"----=_Part_{draw.below(1000)}_{word}"
        case "any":
            return "".join([draw.choice(_BCHARS) for _ in range(1 + draw.below(20))])
        case "long":
            return "".join([draw.choice(_BCHARS) for _ in range(MAX_BOUNDARY)])
        case "blanks":
            return f"{word} {draw_word(draw)}  {draw.below(10)}"
        case "short":
            return draw.choice(_BCHARS)
        case "ends like a close":
            return f"{word}--"
        case "longer" if nearest:
            return f"{nearest}{draw.choice(('x', '-', ' x', '-x', '=='))}"[:MAX_BOUNDARY].rstrip(" ")
        case "shorter" if len(nearest) > 1:
            return nearest[: 1 + draw.below(len(nearest) - 1)].rstrip(" ")
        case "other case" if nearest:
            return nearest.swapcase()
    return f"=_{word}.{draw.below(1 << 32):08x}"


def _is_apart(boundary: str, outer: Sequence[str]) -> bool:
    return bool(boundary) and not any(
        boundary == other or boundary == f"{other}--" or other == f"{boundary}--" for other in outer
    )


def is_delimiter(line: str, boundaries: Sequence[str]) -> bool:
    """Tell whether a line would be a delimiter of one of `boundaries`; blanks behind it are transport padding."""
    if not line.startswith("--"):
        return False
    stated = line.rstrip(" \t\r")
    return any(stated in (f"--{boundary}", f"--{boundary}--") for boundary in boundaries)


def draw_lure(draw: Draw, boundaries: Sequence[str]) -> str:
    """Return a line that looks like a delimiter of one of `boundaries` and is none."""
    boundary = draw.choice(boundaries) if boundaries else draw_word(draw)
    line = draw.choice(
        (
            f"--{boundary}x",
            f"--{boundary} x",
            f" --{boundary}",
            f"-{boundary}",
            f"--{boundary[:-1]}",
            f"--{boundary.swapcase()}",
            f"--{boundary}-",
            f"--{boundary}---",
            f"--{boundary}-- x",
            f"x--{boundary}",
            f"---{boundary}",
            "--",
            "--other",
            "----",
        )
    )
    return f" {line}" if is_delimiter(line, boundaries) else line
