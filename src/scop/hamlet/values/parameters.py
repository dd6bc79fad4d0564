"""Content types and dispositions drawn, with parameters for machines and names for people.

Standards: RFC 2045 §5, RFC 2046, RFC 2183, RFC 3676, RFC 6838.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scop.hamlet.draw import Draw, spread
from scop.hamlet.lexicon import ASCII, SCRIPTS, draw_words
from scop.hamlet.values.texts import draw_word, draw_words_of_one_script
from scop.mime.fields.content_type import ContentType
from scop.mime.fields.disposition import Disposition

__all__ = ["draw_disposition", "draw_filename", "draw_parameters", "media"]

_EXTENSIONS = ("txt", "png", "tar.gz", "pdf", "eml", "")
_ODD_NAMES = (
    *("two words.txt", 'q"uote.txt', "back\\slash", "semi;colon", "a=b", "per%20cent", "it's.txt", "=?utf-8?q?x?=.txt"),
    *("../../etc/passwd", "C:\\autoexec.bat", "(paren).txt", "", "tab\there", "trailing ", "ask?.txt", "star*.txt"),
)
_KINDS = spread((6, "attachment"), (4, "inline"), (1, "x-other"))


def media(maintype: str, subtype: str, parameters: Mapping[str, str]) -> ContentType:
    """Return a content type as a reader gives it."""
    return ContentType(maintype, subtype, MappingProxyType(dict(parameters)))


def draw_filename(draw: Draw) -> str:
    """Return the name of a file, which is for people and never a path to be trusted."""
    kind = draw.below(8)
    if kind == 0:
        return draw.choice(_ODD_NAMES)
    if kind == 1:
        return f"{' '.join(draw_words(draw, draw.choice(SCRIPTS), 12))}.txt"
    name = draw_words_of_one_script(draw, 3) if kind < 5 else draw_word(draw)
    return f"{name}.{draw.choice(_EXTENSIONS)}".rstrip(".")


def draw_parameters(draw: Draw, known: Mapping[str, str]) -> dict[str, str]:
    """Return `known` parameters with others around them, in any order."""
    parameters = dict(known)
    if draw.below(6) == 0:
        parameters[f"x-{draw_word(draw)}"] = " ".join(draw_words(draw, ASCII, 1 + draw.below(12)))
    if draw.below(4) == 0 and len(parameters) > 1:
        parameters = {name: parameters[name] for name in draw.shuffled(tuple(parameters))}
    return parameters


def draw_disposition(draw: Draw, filename: str) -> Disposition:
    """Return how a file is to be shown."""
    known = {"filename": filename}
    if draw.below(6) == 0:
        known["size"] = str(draw.below(1 << 20))
    if draw.below(8) == 0:
        known["creation-date"] = "Wed, 12 Feb 1997 16:29:51 -0500"
    return Disposition(draw.choice(_KINDS), MappingProxyType(draw_parameters(draw, known)))
