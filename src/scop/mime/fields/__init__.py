"""Typed header fields: one module per family, each with what it reads (`NAMES`), `parse_…` and `write_…`.

A family's parser takes an unfolded body and gives a value, or None where it cannot be read as one; it never raises.
Its writer gives words for `fold_field`, which joins them by single spaces, and raises `ValueError` for what it cannot
write. What a parser gave, and every valid value, is read again as the same from what the writer gives.

Standards: RFC 5322 §3.6; the families name their own.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar

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
from scop.mime.fields.unstructured import parse_unstructured, write_encoded, write_unstructured
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


class _Parser(Protocol):
    def __call__(
        self, text: str, *, limits: Limits = ..., defects: list[DefectKind] | None = None
    ) -> FieldValue | None: ...


_Writer: TypeAlias = Callable[[FieldValue], list[str]]
_Value = TypeVar("_Value")


def _writer(kind: type[_Value], write: Callable[[_Value], list[str]]) -> _Writer:
    """Return `write` for any value; one of another family cannot be read again from such a field."""

    def checked(value: FieldValue) -> list[str]:
        if not isinstance(value, kind):
            raise ValueError(f"no {kind.__name__} but {value!r:.80}")
        return write(value)

    return checked


def _write_addresses(value: FieldValue) -> list[str]:
    found = [one for one in _members(value) if isinstance(one, Address | Group)]
    return addresses.write_addresses(_all(found, value))


def _write_message_ids(value: FieldValue) -> list[str]:
    found = [one for one in _members(value) if isinstance(one, MessageId)]
    return message_ids.write_message_ids(_all(found, value))


def _members(value: FieldValue) -> Sequence[object]:
    return value if isinstance(value, tuple) else ()


def _all(found: list[_Value], value: FieldValue) -> list[_Value]:
    if not isinstance(value, tuple) or len(found) < len(value):
        raise ValueError(f"not a value of this field: {value!r:.80}")
    return found


_FAMILIES: tuple[tuple[frozenset[str], _Parser, _Writer], ...] = (
    (addresses.NAMES, addresses.parse_addresses, _write_addresses),
    (dates.NAMES, dates.parse_date, _writer(datetime.datetime, dates.write_date)),
    (message_ids.NAMES, message_ids.parse_message_ids, _write_message_ids),
    (
        message_ids.NAMES_OF_ONE,
        message_ids.parse_message_id,
        _write_message_ids,
    ),
    (received.NAMES, received.parse_received, _writer(Received, received.write_received)),
    (return_path.NAMES, return_path.parse_return_path, _writer(ReturnPath, return_path.write_return_path)),
    (lists.ID_NAMES, lists.parse_list_id, _writer(ListId, lists.write_list_id)),
    (lists.NAMES, lists.parse_list_actions, _writer(ListActions, lists.write_list_actions)),
    (content_type.NAMES, content_type.parse_content_type, _writer(ContentType, content_type.write_content_type)),
    (disposition.NAMES, disposition.parse_disposition, _writer(Disposition, disposition.write_disposition)),
    (
        transfer_encoding.NAMES,
        transfer_encoding.parse_transfer_encoding,
        _writer(str, transfer_encoding.write_transfer_encoding),
    ),
)
_PARSERS = {name: parse for names, parse, _ in _FAMILIES for name in names}
_WRITERS = {name: write for names, _, write in _FAMILIES for name in names}


def parse_field(
    name: str, text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> FieldValue:
    """Return what a field says, given its unfolded body; what its family cannot read is text. Never raises."""
    parse = _PARSERS.get(name.lower())
    if parse is not None:
        value = parse(text, limits=limits, defects=defects)
        if value is not None:
            return value
    return parse_unstructured(text, limits=limits, defects=defects)


def write_field(name: str, value: FieldValue) -> list[str]:
    """Return the words of a field's body, to be joined by single spaces and folded between them.

    `ValueError` where a field of that name cannot say `value`.
    """
    try:
        return _words(name, value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _words(name: str, value: FieldValue) -> list[str]:
    known = name.lower()
    if known in _WRITERS and (known in transfer_encoding.NAMES or not isinstance(value, str)):
        return _WRITERS[known](value)
    if not isinstance(value, str):
        raise ValueError(f"it is text, not {value!r:.80}")
    return _text_words(name, value)


def _text_words(name: str, text: str) -> list[str]:
    """Return the words of text that stands where its family could not be read: it must not be readable now."""
    words = write_unstructured(text, name=name)
    if name.lower() in _PARSERS and parse_field(name, " ".join(words)) != text:
        words = write_encoded(text, name=name)
        if parse_field(name, " ".join(words)) != text:
            raise ValueError(f"not a value of this field: {text[:80]!r}")
    return words
