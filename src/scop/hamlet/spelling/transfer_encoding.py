"""Content-Transfer-Encoding spelled: one word, in any case, with comments.

Standards: RFC 2045 §6.1.
"""

from __future__ import annotations

from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen

__all__ = ["spell_transfer_encoding"]

_PRODUCTIONS = {
    "7bit": Production.ENCODING_7BIT,
    "8bit": Production.ENCODING_8BIT,
    "binary": Production.ENCODING_BINARY,
    "base64": Production.ENCODING_BASE64,
    "quoted-printable": Production.ENCODING_QUOTED_PRINTABLE,
    "x-uuencode": Production.ENCODING_UUENCODE,
    "x-unheard-of": Production.ENCODING_UNKNOWN,
}


def spell_transfer_encoding(pen: Pen, encoding: str) -> str:
    """Return the name of an encoding in any case."""
    pen.note(_PRODUCTIONS[encoding])
    return f"{pen.gap()}{pen.any_case(encoding)}{pen.gap()}"
