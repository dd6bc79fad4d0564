"""Text whose lines may be joined to paragraphs again (format=flowed), read and written.

A line that ends with a space goes on in the next one; ">" in front count the levels of quotation.
Text in no such format is one paragraph a line.

Standards: RFC 3676 (obsoletes RFC 2646).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Paragraph", "flow", "flow_paragraphs", "read_paragraphs", "unflow"]

SIGNATURE = "-- "  # RFC 3676 §4.3: a line of its own, though it ends with a space
_LINE_END = re.compile(r"\r\n|\r|\n")
_STUFFED = (" ", ">", "From ")  # RFC 3676 §4.4: what must not begin a line
_MIN_WIDTH = 20  # however deep a quotation is


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph, without line ends, and by how many people it was quoted."""

    quote_depth: int
    text: str


def read_paragraphs(text: str, parameters: Mapping[str, str]) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a text/plain with these parameters of its Content-Type."""
    if parameters.get("format", "").lower() == "flowed":
        return unflow(text, delete_space=parameters.get("delsp", "").lower() == "yes")
    return tuple([Paragraph(0, line) for line in _lines(text)])


def unflow(text: str, *, delete_space: bool = False) -> tuple[Paragraph, ...]:
    """Return the paragraphs of flowed text; any text at all has some.

    With `delete_space` (DelSp=yes) the space that joins two lines is no part of the text (RFC 3676 §4.1).
    """
    found: list[Paragraph] = []
    pieces: list[str] = []  # of the paragraph that goes on
    depth = 0
    for line in _lines(text):
        # RFC 3676 §4.5: first the quotation, then the stuffing, then whether it goes on.
        content = line.lstrip(">")
        line_depth = len(line) - len(content)
        content = content.removeprefix(" ")
        # RFC 3676 §4.5: a paragraph that meets another depth or a signature was not ended as it should be.
        if pieces and (line_depth != depth or content == SIGNATURE):
            found.append(Paragraph(depth, "".join(pieces)))
            pieces = []
        depth = line_depth
        flows = content.endswith(" ") and content != SIGNATURE
        pieces.append(content[:-1] if flows and delete_space else content)
        if not flows:
            found.append(Paragraph(depth, "".join(pieces)))
            pieces = []
    if pieces:
        found.append(Paragraph(depth, "".join(pieces)))
    return tuple(found)


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":  # the last line end opens no line
        lines.pop()
    return lines


def flow(text: str, *, width: int = 72, delete_space: bool = False) -> str:
    """Return `text` as flowed text: each of its lines is a paragraph. See `flow_paragraphs`."""
    lines = _LINE_END.split(text)
    if lines[-1] == "":
        lines.pop()
    return flow_paragraphs([Paragraph(0, line) for line in lines], width=width, delete_space=delete_space)


def flow_paragraphs(paragraphs: Iterable[Paragraph], *, width: int = 72, delete_space: bool = False) -> str:
    """Return flowed text with CRLF, in lines of at most `width` characters where there are spaces to break at.

    With `delete_space` (to be stated as DelSp=yes) a line may break anywhere, as text without spaces needs it.
    Spaces at the end of a paragraph are lost; a line end in one raises `ValueError`.
    """
    lines: list[str] = []
    for paragraph in paragraphs:
        if _LINE_END.search(paragraph.text):
            raise ValueError("line end in a paragraph")
        quotes = ">" * paragraph.quote_depth
        # RFC 3676 §4.2: a space at the end would say that the paragraph goes on.
        text = paragraph.text if paragraph.text == SIGNATURE else paragraph.text.rstrip(" ")
        room = max(width - len(quotes) - 1, _MIN_WIDTH)
        lines += [_stuffed(quotes, piece) for piece in _pieces(text, room, delete_space=delete_space)]
    return "".join([f"{line}\r\n" for line in lines])


def _stuffed(quotes: str, piece: str) -> str:
    return f"{quotes} {piece}" if quotes or piece.startswith(_STUFFED) else piece


def _pieces(text: str, room: int, *, delete_space: bool) -> Iterator[str]:
    """Cut a paragraph into lines; all but the last end with a space that says so."""
    start = 0
    joint = " " if delete_space else ""
    while len(text) - start > room:
        end = text.rfind(" ", start, start + room - len(joint)) + 1
        if end <= start and delete_space:
            end = start + room - 1
        elif end <= start:
            end = text.find(" ", start) + 1 or len(text)
        if text[start:end] + joint == SIGNATURE:  # RFC 3676 §4.3: only a signature may look like one
            end = end + 1 if delete_space else text.find(" ", end) + 1 or len(text)
        if end == len(text):
            break
        yield text[start:end] + joint
        start = end
    yield text[start:]
