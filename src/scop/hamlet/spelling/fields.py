"""One header field spelled: its name as it is, its body by what kind of value it has.

Standards: RFC 5322 §2.2, §4.5 (blanks before the colon).
"""

from __future__ import annotations

import datetime

from scop.hamlet.draw import spread
from scop.hamlet.production import Production
from scop.hamlet.spelling.addresses import spell_addresses
from scop.hamlet.spelling.dates import spell_date
from scop.hamlet.spelling.lists import spell_list_actions, spell_list_id
from scop.hamlet.spelling.message_ids import spell_message_ids
from scop.hamlet.spelling.parameters import spell_content_type, spell_disposition
from scop.hamlet.spelling.pen import Pen
from scop.hamlet.spelling.received import spell_received
from scop.hamlet.spelling.return_path import spell_return_path
from scop.hamlet.spelling.transfer_encoding import spell_transfer_encoding
from scop.hamlet.spelling.unstructured import spell_unstructured
from scop.mime.fields import FieldValue
from scop.mime.fields.addresses import Address, Group
from scop.mime.fields.content_type import ContentType
from scop.mime.fields.disposition import Disposition
from scop.mime.fields.lists import ListActions, ListId
from scop.mime.fields.message_ids import MessageId
from scop.mime.fields.received import Received
from scop.mime.fields.return_path import ReturnPath

__all__ = ["spell_field"]

_STARTS = spread((12, " "), (2, ""), (1, "\t"), (1, "  "), (1, "\n "))
_COLONS = (" :", "\t:", "  :")
_WITH_PHRASES = frozenset({"in-reply-to", "references"})  # RFC 5322 §4.5.4


def spell_field(pen: Pen, name: str, value: FieldValue) -> bytes:
    """Return one field with its line end."""
    body = _spell_value(pen, name.lower(), value)
    colon, start = ":", " " if body else ""
    if pen.is_quirky:
        if pen.below(30) == 0:
            pen.note(Production.BLANK_BEFORE_COLON)
            colon = pen.choice(_COLONS)
        if body and pen.below(4) == 0:
            start = pen.choice(_STARTS)
            if start != " ":
                pen.note(Production.FIELD_START_UNUSUAL)
    octets = f"{name}{colon}{start}{body}\n".encode()
    return octets if pen.line_end == b"\n" else octets.replace(b"\n", pen.line_end)


def _spell_value(pen: Pen, name: str, value: FieldValue) -> str:
    match value:
        case str() if name == "content-transfer-encoding":
            return spell_transfer_encoding(pen, value)
        case str():
            return spell_unstructured(pen, value)
        case tuple():
            return _spell_list(pen, name, value)
        case datetime.datetime():
            return f"{pen.gap()}{spell_date(pen, value)}"
        case ContentType():
            return spell_content_type(pen, value)
        case Disposition():
            return spell_disposition(pen, value)
        case Received():
            return spell_received(pen, value)
        case _:
            return _spell_path_or_list(pen, value)


def _spell_list(pen: Pen, name: str, value: tuple[Address | Group, ...] | tuple[MessageId, ...]) -> str:
    identifiers = tuple([one for one in value if isinstance(one, MessageId)])
    if identifiers:
        return spell_message_ids(pen, identifiers, may_have_phrases=name in _WITH_PHRASES)
    return spell_addresses(pen, tuple([one for one in value if not isinstance(one, MessageId)]))


def _spell_path_or_list(pen: Pen, value: ReturnPath | ListId | ListActions) -> str:
    match value:
        case ReturnPath():
            return spell_return_path(pen, value)
        case ListId():
            return spell_list_id(pen, value)
        case ListActions():
            return spell_list_actions(pen, value)
