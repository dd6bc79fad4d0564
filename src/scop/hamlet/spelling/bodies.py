"""Contents spelled in their transfer encodings, with all that each leaves to the writer.

No spelling begins a line with "--" or is taken for a delimiter: base64 has no "-", and quoted-printable escapes it.
What goes out unencoded is drawn so that no delimiter stands in it.

Standards: RFC 2045 §6.7 (quoted-printable), §6.8 (base64); POSIX uuencode.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable

from scop.hamlet.draw import spread
from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen

__all__ = ["spell_content"]

_BASE64_LINES = spread((6, 76), (1, 60), (1, 64), (1, 72), (1, 4))
_MAX_BASE64_LINE = 900  # below what SMTP carries (RFC 5321 §4.5.3.1.6), beyond what RFC 2045 §6.8 allows
_MAX_QP_LINE = 70  # RFC 2045 §6.7 (5) allows 76: room for escapes at either end
_UU_LINE = 45


def spell_content(pen: Pen, content: bytes, encoding: str) -> bytes:
    """Return the body that means `content` where `encoding` is stated."""
    spell = _SPELLERS.get(encoding)
    return spell(pen, content) if spell is not None else content


def _base64(pen: Pen, content: bytes) -> bytes:
    pen.note(Production.BASE64)
    packed = binascii.b2a_base64(content, newline=False)
    if packed.endswith(b"="):
        pen.note(Production.BASE64_PADDED)
    length = pen.choice(_BASE64_LINES)
    if length == 4 and len(packed) > 400:  # lines of one quantum are for small contents
        length = 76
    if pen.whim(10) and len(packed) < _MAX_BASE64_LINE:
        pen.note(Production.BASE64_ON_ONE_LINE)
        lines = [packed]
    elif pen.whim(10):
        pen.note(Production.BASE64_UNEVEN_LINES)
        lines = _uneven(pen, packed)
    else:
        lines = [packed[at : at + length] for at in range(0, len(packed), length)]
    return _base64_lines(pen, lines)


def _base64_lines(pen: Pen, lines: list[bytes]) -> bytes:
    end = pen.line_end
    if lines and pen.whim(12):
        pen.note(Production.BASE64_BLANK_LINES)
        lines.insert(pen.below(len(lines)), pen.choice((b"", b"  ", end)))
    if lines and pen.whim(12):
        pen.note(Production.BASE64_BLANKS_AT_LINE_END)
        at = pen.below(len(lines))
        lines[at] += pen.choice((b" ", b"\t", b"   "))
    if lines and pen.whim(24):
        pen.note(Production.BASE64_FOREIGN_CHARACTERS)  # RFC 2045 §6.8: to be ignored
        lines[0] = pen.choice((b"*", b"-", b"!.", b"\x00", b"<>")) + lines[0]
    body = end.join(lines)
    if pen.below(4):
        return body + end
    pen.note(Production.BASE64_WITHOUT_LAST_LINE_END)
    return body


def _uneven(pen: Pen, packed: bytes) -> list[bytes]:
    lines: list[bytes] = []
    at = 0
    while at < len(packed):
        length = 1 + pen.below(76)
        lines.append(packed[at : at + length])
        at += length
    return lines


# What stands for itself in quoted-printable: everything printable, only what every gateway knows, nothing.
_PRINTABLE = bytes([*range(33, 61), *range(62, 127), 32, 9])
_EBCDIC = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'()+,-./:? "  # RFC 2045 §6.7
_QP_STYLES = spread(
    (6, (Production.QP_FEW_ESCAPES, _PRINTABLE)),
    (1, (Production.QP_EBCDIC, _EBCDIC)),
    (1, (Production.QP_ALL_ESCAPED, b"")),
)


def _escaper(plain: bytes, form: str) -> Callable[[bytes], bytes]:
    table = [bytes((o,)) if o in plain else form.format(o).encode("ascii") for o in range(0x100)]
    pattern = re.compile(b"[^" + re.escape(plain) + b"]") if plain else re.compile(b".", re.DOTALL)
    return lambda line: pattern.sub(lambda found: table[found[0][0]], line)


_ESCAPERS = {
    (production, form): _escaper(plain, form)
    for production, plain in dict.fromkeys(_QP_STYLES)
    for form in ("={:02X}", "={:02x}")
}


def _quoted_printable(pen: Pen, content: bytes) -> bytes:
    production, _ = pen.choice(_QP_STYLES)
    form = "={:02X}"
    if pen.whim(10):
        form = "={:02x}"
        pen.note(Production.QP_LOWER_CASE)
    pen.note(production)
    escape = _ESCAPERS[production, form]
    end = pen.line_end
    if content and pen.whim(12):
        pen.note(Production.QP_LINE_ENDS_ESCAPED)
        return _soft_broken(pen, escape(content))
    # Only a line end like the mail's may stand for itself; of any other the rest is escaped.
    lines = [_soft_broken(pen, escape(line)) for line in content.split(end)]
    if pen.whim(12):
        pen.note(Production.QP_SOFT_BREAK_AT_END)
        lines[-1:] = [lines[-1] + b"=", b""]
    if pen.whim(8):
        pen.note(
            Production.QP_TRANSPORT_PADDING
        )  # RFC 2045 §6.7 (3): white space at a line's end is none of the content's
        at = pen.below(len(lines))
        lines[at] += pen.choice((b" ", b"\t", b" \t", b"    "))
    return end.join(lines)


def _soft_broken(pen: Pen, line: bytes) -> bytes:
    """Return one escaped line in lines short enough, its last blank and a "-" at a line's start escaped."""
    pieces: list[bytes] = []
    at = 0
    length = len(line)
    while length - at > _MAX_QP_LINE or (pen.is_quirky and length > at and pen.below(40) == 0):
        pen.note(Production.QP_SOFT_BREAK)
        stop = min(at + 1 + (pen.below(_MAX_QP_LINE) if pen.is_quirky else _MAX_QP_LINE - 1), length)
        stop -= next((back for back in (1, 2) if line[stop - back : stop - back + 1] == b"="), 0)  # no escape is cut
        if stop <= at:
            stop = at + 3
        pieces.append(_safe_start(line[at:stop]))
        at = stop
    last = _safe_start(line[at:])
    if last.endswith((b" ", b"\t")):
        pen.note(Production.QP_LAST_BLANK_ESCAPED)
        last = last[:-1] + (b"=20" if last.endswith(b" ") else b"=09")
    return (b"=" + pen.line_end).join([*pieces, last])


def _safe_start(line: bytes) -> bytes:
    return b"=2D" + line[1:] if line.startswith(b"-") else line


def _uuencode(pen: Pen, content: bytes) -> bytes:
    pen.note(Production.UUENCODE)
    zero = pen.below(2) == 0  # "`" or a blank for six zero bits
    first = b"begin 644 " + pen.choice((b"a.bin", b"small word.txt"))
    pieces = [content[at : at + _UU_LINE] for at in range(0, len(content), _UU_LINE)]
    lines = [binascii.b2a_uu(piece, backtick=zero).removesuffix(b"\n") for piece in (*pieces, b"")]
    return pen.line_end.join([first, *lines, b"end", b""])


_SPELLERS: dict[str, Callable[[Pen, bytes], bytes]] = {
    "base64": _base64,
    "quoted-printable": _quoted_printable,
    "x-uuencode": _uuencode,
}
