"""Typed header fields: one module per family, each with the names that it reads, `parse_…` and `write_…`.

`parse_field` reads any field by its name: a value of its family, or its text where it cannot be read as one.
`write_field` gives the words of a body, which `fold.fold_field` joins; what is read from them is the same value.

Standards: RFC 5322 §3.6; the families name their own.
"""

from __future__ import annotations

import datetime
from typing import Protocol, TypeAlias

from scop.mime.defects import DefectKind
from scop.mime.fields import (
    addresses,
    content_type,
    dates,
    disposition,
    lists,
    message_ids,
    received,
    return_path,
    transfer_encoding,
)
from scop.mime.fields.addresses import Address, Group
from scop.mime.fields.content_type import ContentType
from scop.mime.fields.disposition import Disposition
from scop.mime.fields.lists import ListActions, ListId
from scop.mime.fields.message_ids import MessageId
from scop.mime.fields.received import Received
from scop.mime.fields.return_path import ReturnPath
from scop.mime.fields.unstructured import parse_text, write_text
from scop.mime.limits import DEFAULT_LIMITS, Limits

__all__ = ["FieldValue", "parse_field", "write_field"]

FieldValue: TypeAlias = (
    str  # unstructured text, Content-Transfer-Encoding, and a structured field that cannot be read as one
    | datetime.datetime
    | tuple[Address | Group, ...]
    | tuple[MessageId, ...]
    | ContentType
    | Disposition
    | Received
    | ReturnPath
    | ListId
    | ListActions
)


class _Reader(Protocol):
    """What every family offers: the value of a body, None where it cannot be read as one."""

    def __call__(self, text: str, *, limits: Limits, defects: list[DefectKind] | None) -> FieldValue | None: ...


_READERS: dict[str, _Reader] = {
    **dict.fromkeys(addresses.NAMES, addresses.parse_addresses),
    **dict.fromkeys(content_type.NAMES, content_type.parse_content_type),
    **dict.fromkeys(dates.NAMES, dates.parse_date),
    **dict.fromkeys(disposition.NAMES, disposition.parse_disposition),
    **dict.fromkeys(lists.ACTION_NAMES, lists.parse_list_actions),
    **dict.fromkeys(lists.ID_NAMES, lists.parse_list_id),
    **dict.fromkeys(message_ids.NAMES, message_ids.parse_message_ids),
    **dict.fromkeys(received.NAMES, received.parse_received),
    **dict.fromkeys(return_path.NAMES, return_path.parse_return_path),
    **dict.fromkeys(transfer_encoding.NAMES, transfer_encoding.parse_transfer_encoding),
}


def parse_field(
    name: str, text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> FieldValue:
    """Return the value of the unfolded body `text` of a field called `name`; never raises.

    What cannot be read as its family says is its text as a person reads it, and a defect names why.
    """
    reader = _READERS.get(name.lower())
    value = reader(text, limits=limits, defects=defects) if reader is not None else None
    return parse_text(text, limits=limits, defects=defects if reader is None else None) if value is None else value


def write_field(name: str, value: FieldValue) -> list[str]:
    """Return the words of the body of a field called `name`; `ValueError` names what cannot be written."""
    try:
        return _words(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _words(value: FieldValue) -> list[str]:
    match value:
        case str():
            return write_text(value)
        case datetime.datetime():
            return dates.write_date(value)
        case ContentType():
            return content_type.write_content_type(value)
        case Disposition():
            return disposition.write_disposition(value)
        case Received():
            return received.write_received(value)
        case ReturnPath():
            return return_path.write_return_path(value)
        case ListId():
            return lists.write_list_id(value)
        case ListActions():
            return lists.write_list_actions(value)
        case _:
            return _list_words(value)


def _list_words(value: tuple[Address | Group, ...] | tuple[MessageId, ...]) -> list[str]:
    identifiers = tuple([one for one in value if isinstance(one, MessageId)])
    mailboxes = tuple([one for one in value if isinstance(one, Address | Group)])
    return message_ids.write_message_ids(identifiers) + addresses.write_addresses(mailboxes)
