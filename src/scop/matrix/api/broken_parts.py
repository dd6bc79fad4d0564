"""Leaves out of an answer what another server broke in it.

A homeserver passes on what others wrote: stripped state of invitations, keys of devices, events. If one of those is
not of its shape it is left out of its list or map, and the rest of the answer counts; otherwise whoever can write to a
user could keep the user's client from ever reading a sync again. So is a map of such parts that is none, and half of a
surrogate pair in a text is read as a question mark. What the homeserver itself says is not so forgiven.
"""

from __future__ import annotations

import json as any_json
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgspec

from scop.matrix.api.endpoint import Body

__all__ = ["with_whole_texts", "without_broken"]

_Prune: TypeAlias = Callable[[object], object]


def without_broken(json: object, kind: object) -> object:
    """Return JSON that is to be of a type without the elements that are foreign and not of theirs."""
    prune = _prune_of(kind)
    return json if prune is None else prune(json)


@cache
def _prune_of(kind: object) -> _Prune | None:
    """Return what prunes JSON of a type, or None where nothing in it may be left out."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, Body):
        return _fields(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        prunes = [prune for one in inner if (prune := _prune_of(one)) is not None]
        return prunes[0] if prunes else None  # others are words and numbers
    if origin is tuple:
        return _items(inner[0])
    return _values(inner[1]) if origin is dict else None


def _fields(kind: type[Body]) -> _Prune | None:
    hints = get_type_hints(kind, include_extras=True)
    fields = msgspec.structs.fields(kind)
    found = ((one.encode_name, _prune_of(hints[one.name])) for one in fields)
    inner = {key: within for key, within in found if within is not None}

    def prune(json: object) -> object:
        if not isinstance(json, dict):
            return json
        return {key: inner[key](one) if key in inner else one for key, one in json.items()}

    return prune if inner else None


def _items(kind: object) -> _Prune | None:
    prune, keeps = _prune_of(kind), _keeps(kind)
    if prune is None and keeps is None:
        return None

    def prune_items(json: object) -> object:
        if not isinstance(json, list):
            return json
        items = json if prune is None else [prune(one) for one in json]
        return items if keeps is None else [one for one in items if keeps(one)]

    return prune_items


def _values(kind: object) -> _Prune | None:
    prune, keeps = _prune_of(kind), _keeps(kind)
    if prune is None and keeps is None:
        return None

    def prune_values(json: object) -> object:
        if not isinstance(json, dict):
            return json
        values = json if prune is None else {key: prune(one) for key, one in json.items()}
        return values if keeps is None else {key: one for key, one in values.items() if keeps(one)}

    return prune_values


def _keeps(kind: object) -> Callable[[object], bool] | None:
    """Return what says whether an element is of its type, or None where all are to be."""
    if get_origin(kind) is dict and _keeps(get_args(kind)[1]) is not None:
        return lambda json: isinstance(json, dict)  # what is in it was seen to
    members = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if not any(isinstance(one, type) and issubclass(one, Body) and one.is_foreign for one in members):
        return None

    def keeps(json: object) -> bool:
        try:
            msgspec.convert(json, kind)
        except (msgspec.ValidationError, RecursionError):
            return False
        return True

    return keeps


def with_whole_texts(body: bytes) -> bytes:
    """Return JSON without halves of surrogate pairs, which no UTF-8 can hold; raises `ValueError` where it is none."""
    # RFC 8259 §8.2: what software makes of them is unpredictable: Synapse passes them on as escapes.
    return any_json.dumps(any_json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
