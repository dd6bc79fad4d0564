"""Contents drawn: prose in many charsets, octets of any value, and lines that mislead a reader of mail.

Standards: RFC 2045 §2.7–§2.9 (7bit, 8bit, binary), RFC 3676 (format=flowed).
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import cache

from scop.hamlet.draw import Draw, spread
from scop.hamlet.lexicon import ASCII, SCRIPTS_AT_WILL, Charset, Script, draw_words
from scop.hamlet.values.boundaries import draw_lure, is_delimiter
from scop.hamlet.values.surroundings import Surroundings

__all__ = ["draw_block", "draw_octets", "draw_prose", "draw_text_content"]

_SENTENCES = 64  # of each script: a text is made of these, which is quicker than of words
_LINES = spread((6, 4), (6, 12), (6, 24), (3, 50), (1, 0), (1, 1))
_MAX_TIMES = 40  # what a long text is repeated to: about 50 KB
_SIZES = spread((8, 100), (8, 700), (4, 2_000), (1, 0), (1, 1))
_LINE_ENDS = ("\n", "\r\n", "\r")  # of texts that were written elsewhere and are encoded as they were
_ODD_LINES = (
    *(
        "",
        " ",
        "\t",
        "trailing blanks  ",
        "trailing tab\t",
        ".",
        "..",
        ".dot",
        "From the pond",
        ">From the pond",
        "-- ",
    ),
    *("=", "a = b", "=3D", "=?utf-8?q?owl?=", "begin 644 pond.txt", "end", "Subject: no field", "x" * 900, "- dash"),
)
_UTF16 = (Charset("utf-16", "utf-16-le"), Charset("UTF-16", "utf-16-be"))
_MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


@cache
def _sentences(script: Script) -> tuple[str, ...]:
    draw = Draw(0, 0, f"sentences of {script.words[0]}")
    return tuple([" ".join(draw_words(draw, script, 3 + draw.below(9))) for _ in range(_SENTENCES)])


def _draw_lines(draw: Draw, script: Script, count: int) -> list[str]:
    sentences, below = _sentences(script), draw.below
    return [sentences[below(_SENTENCES)] for _ in range(count)]


def draw_prose(draw: Draw, script: Script, around: Surroundings, *, is_encoded: bool) -> str:
    """Return a text; no delimiter of the boundaries around it stands in it, unless it will be encoded."""
    lines = _draw_lines(draw, script, draw.choice(_LINES))
    if lines and draw.below(3) == 0:
        lines.insert(draw.below(len(lines)), draw.choice(_ODD_LINES))
        lines.insert(draw.below(len(lines)), draw_lure(draw, around.boundaries))
        if is_encoded and around.boundaries:
            lines.append(f"--{draw.choice(around.boundaries)}{draw.choice(('', '--'))}")
    if draw.below(40) == 0:
        lines *= 1 + draw.below(_MAX_TIMES)
    if draw.below(4):
        lines.append("")  # so the last line has its end
    is_foreign = is_encoded and draw.below(8) == 0
    return (draw.choice(_LINE_ENDS) if is_foreign else around.line_end).join(lines)


def draw_block(draw: Draw, around: Surroundings, *, own: str = "") -> bytes:
    """Return a preamble or an epilogue: a few lines without a delimiter of the boundaries around it, nor of `own`."""
    boundaries = (*around.boundaries, own) if own else around.boundaries
    lines = _draw_lines(draw, ASCII, 1 + draw.below(2))
    if draw.below(4) == 0:
        lines.append(draw_lure(draw, boundaries))
    return around.line_end.join([line for line in lines if not is_delimiter(line, boundaries)]).encode()


def draw_text_content(draw: Draw, around: Surroundings, encoding: str) -> tuple[Charset, bytes]:
    """Return a text in a charset that may be sent in `encoding`, and that charset."""
    is_encoded = encoding not in ("", "7bit", "8bit", "binary", "x-unheard-of")
    script = ASCII if encoding in ("", "7bit") and draw.below(4) else draw.choice(SCRIPTS_AT_WILL)
    charset = draw.choice(_allowed(script, encoding))
    text = draw_prose(draw, script, around, is_encoded=is_encoded)
    octets = text.encode(charset.codec)
    if charset.is_stateful and not is_encoded and b"\n--" in b"\n" + octets:
        octets = _without_delimiters(octets, around)
    return charset, _MARKS.get(charset.codec, b"") * (charset in _UTF16) + octets


def _without_delimiters(octets: bytes, around: Surroundings) -> bytes:
    """Leave out lines that have become delimiters: UTF-7 writes "+" as "+-"."""
    end = around.line_end.encode()
    lines = octets.split(end)
    return end.join([line for line in lines if not is_delimiter(line.decode("ascii"), around.boundaries)])


@cache
def _allowed(script: Script, encoding: str) -> Sequence[Charset]:
    """Return the charsets of `script` whose text `encoding` carries."""
    if encoding in ("", "7bit"):  # RFC 2045 §2.7: what changes its state by escapes stays within seven bits
        seven_bits = [one for one in script.charsets if one.is_stateful]
        return seven_bits if script is not ASCII else [script.charsets[0], *seven_bits]
    if encoding == "8bit":
        return [one for one in script.charsets if one.has_ascii]
    return (*script.charsets, *_UTF16)


def draw_octets(draw: Draw, around: Surroundings) -> bytes:
    """Return octets of any value."""
    octets = draw.octets(draw.below(1 + draw.choice(_SIZES)))
    if draw.below(60) == 0:
        octets *= 1 + draw.below(_MAX_TIMES)
    # Where a mail's lines end with LF alone, a last CR would be taken for a part of the line end behind it.
    return octets + b"." if octets.endswith(b"\r") and around.line_end == "\n" else octets
