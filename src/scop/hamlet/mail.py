"""One mail of the corpus: its values, then its octets, each from a stream of chances of its own.

Standards: RFC 5322 §2.1 (line ends), RFC 6531 (addresses in UTF-8).
"""

from __future__ import annotations

from scop.hamlet.draw import Draw
from scop.hamlet.production import Production
from scop.hamlet.spelling.entities import spell_entity
from scop.hamlet.spelling.pen import Pen
from scop.hamlet.values.entities import draw_mail
from scop.hamlet.values.surroundings import Surroundings
from scop.mime.values import EntityValues

__all__ = ["expected", "generate", "generate_expected", "productions"]


def generate(seed: int, index: int) -> bytes:
    """Return mail `index` of the corpus that `seed` names."""
    return generate_expected(seed, index)[0]


def expected(seed: int, index: int) -> EntityValues:
    """Return what the mail says that `generate(seed, index)` gives."""
    return _drawn(seed, index)[1]


def generate_expected(seed: int, index: int) -> tuple[bytes, EntityValues]:
    """Return both, drawn once."""
    around, values = _drawn(seed, index)
    return _spelled(seed, index, around, values)[0], values


def productions(seed: int, index: int) -> tuple[Production, ...]:
    """Return the productions that the mail is written with, each as often as it is used, in the order of use."""
    return _spelled(seed, index, *_drawn(seed, index))[1]


def _drawn(seed: int, index: int) -> tuple[Surroundings, EntityValues]:
    draw = Draw(seed, index, "values")
    # A mail's lines end alike throughout: as on the wire, or as in a file (which contents are, too).
    around = Surroundings("\r\n" if draw.below(4) else "\n", is_utf8=draw.below(4) == 0)
    return around, draw_mail(draw, around)


def _spelled(seed: int, index: int, around: Surroundings, values: EntityValues) -> tuple[bytes, tuple[Production, ...]]:
    noted = [Production.LINES_END_WITH_LF if around.line_end == "\n" else Production.LINES_END_WITH_CRLF]
    pen = Pen(Draw(seed, index, "spelling"), around.line_end.encode(), noted.append)
    return spell_entity(pen, values), tuple(noted)
