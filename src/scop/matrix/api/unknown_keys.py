"""Keeps what a struct does not name: keys that the specification does not know, or not yet.

For each type its known keys, and the fields within which there are structs, are worked out once; a value without such
fields costs a comparison of two sets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Union, get_args, get_origin, get_type_hints

import msgspec

from scop.matrix.api.endpoint import Body

__all__ = ["keep_unknown", "with_unknown"]

_UNKNOWN = "…"  # what msgspec calls the field `unknown`
# Takes a value and the JSON it was read from (or is to be written as), and moves what is unknown.
_Walk = Callable[[object, object], None]


def keep_unknown(value: Body, json: object) -> None:
    """Put the keys of `json` that `value`, just read from it, has no field for into its `unknown`, at every depth."""
    if walk := _reading(type(value)):
        walk(value, json)


def with_unknown(value: Body) -> dict[str, object]:
    """Return what `value` is as JSON, its unknown keys where they were."""
    json: dict[str, object] = msgspec.to_builtins(value)
    _writing(type(value))(value, json)
    return json


def _nothing(_value: object, _json: object) -> None:
    """Walk no further."""


@cache
def _reading(kind: type) -> _Walk | None:
    return _walk_of(kind, _take)


@cache
def _writing(kind: type) -> _Walk:
    return _walk_of(kind, _give) or _nothing


def _take(value: Body, json: dict[str, object], known: frozenset[str]) -> None:
    if not known.issuperset(json):
        kept = {key: one for key, one in json.items() if key not in known}
        msgspec.structs.force_setattr(value, "unknown", kept)


def _give(value: Body, json: dict[str, object], _known: frozenset[str]) -> None:
    json.pop(_UNKNOWN, None)
    for key, one in value.unknown.items():
        json.setdefault(key, one)


def _walk_of(kind: object, move: Callable[[Body, dict[str, object], frozenset[str]], None]) -> _Walk | None:
    """Return the walk over values of a type, or None where none of them holds a struct of ours."""
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, Body):
        return _struct_walk(kind, move)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        # msgspec takes one kind of struct, of list and of dict in a union at most.
        walks = [walk for one in inner if (walk := _walk_of(one, move)) is not None]
        return _either(walks) if walks else None
    if origin in (list, tuple) and inner:
        within = _walk_of(inner[0], move)
        return None if within is None else _items_walk(within)
    if origin is dict:
        within = _walk_of(inner[1], move)
        return None if within is None else _values_walk(within)
    return None


def _bare(kind: object) -> object:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _struct_walk(kind: type[Body], move: Callable[[Body, dict[str, object], frozenset[str]], None]) -> _Walk:
    fields = msgspec.structs.fields(kind)
    known = frozenset(field.encode_name for field in fields) - {_UNKNOWN}
    hints = get_type_hints(kind, include_extras=True)
    inner: list[tuple[str, str, object]] = [
        (field.name, field.encode_name, hints[field.name]) for field in fields if field.name != "unknown"
    ]
    walks: list[tuple[str, str, _Walk]] | None = None

    def walk(value: object, json: object) -> None:
        nonlocal walks
        if not isinstance(value, Body) or not isinstance(json, dict):
            return
        if walks is None:  # not before: a type may hold itself
            reach = _reading if move is _take else _writing
            found = ((name, key, _reach(hint, move, reach)) for name, key, hint in inner)
            walks = [(name, key, one) for name, key, one in found if one is not None]
        move(value, json, known)
        for name, key, one in walks:
            if key in json:
                one(getattr(value, name), json[key])

    return walk


def _reach(
    hint: object,
    move: Callable[[Body, dict[str, object], frozenset[str]], None],
    struct_walk: Callable[[type], _Walk | None],
) -> _Walk | None:
    bare = _bare(hint)
    return struct_walk(bare) if isinstance(bare, type) and issubclass(bare, Body) else _walk_of(bare, move)


def _either(walks: list[_Walk]) -> _Walk:
    def walk(value: object, json: object) -> None:
        for one in walks:
            one(value, json)

    return walk


def _items_walk(within: _Walk) -> _Walk:
    def walk(value: object, json: object) -> None:
        if isinstance(value, list | tuple) and isinstance(json, list | tuple):
            for one, its_json in zip(value, json, strict=True):
                within(one, its_json)

    return walk


def _values_walk(within: _Walk) -> _Walk:
    def walk(value: object, json: object) -> None:
        if isinstance(value, dict) and isinstance(json, dict):
            for key, one in value.items():
                within(one, json[key])

    return walk
