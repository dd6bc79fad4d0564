"""Keeps what a struct does not name: keys that the specification does not know, or not yet.

A walk goes through a value and the JSON beside it, and moves what is unknown from one to the other. The walk over each
type is put together once and leads only to where structs are; an object without unknown keys costs a comparison of
two sets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.api.endpoint import Body, Where
from scop.matrix.json_values import JsonObject

__all__ = ["json_of", "keep_unknown", "keep_unknown_of", "read_json", "with_unknown"]

_UNKNOWN = "…"  # what msgspec calls the field `unknown`
_Value = TypeVar("_Value", bound=Body)
_Inner = TypeVar("_Inner")
_Json = TypeVar("_Json")
# Takes a value and the JSON it was read from (or is to be written as), and moves what is unknown.
_Walk: TypeAlias = Callable[[object, object], None]


def read_json(kind: type[_Value], json: object) -> _Value:
    """Return decoded JSON as a struct with its unknown keys; raises `RemoteProtocolError`."""
    try:
        value = msgspec.convert(json, kind)
        keep_unknown(value, json)
    except (msgspec.ValidationError, RecursionError) as error:
        raise RemoteProtocolError(f"not a {kind.__name__}: {error}") from error
    return value


def with_unknown(value: Body) -> JsonObject:
    """Return what a struct is as JSON, its unknown keys where they were; of a request or response its JSON body."""
    return cast("JsonObject", json_of(value, type(value)))


def json_of(value: object, kind: object) -> object:
    """Return what a value of a type is as JSON, the unknown keys of the structs within it where they were."""
    json: object = msgspec.to_builtins(value)
    if walk := _walk_of(kind, _give):
        walk(value, json)
    return json


def keep_unknown(value: Body, json: object) -> None:
    """Put the keys of `json` that `value`, just read from it, has no field for into its `unknown`, at every depth."""
    keep_unknown_of(value, json, type(value))


def keep_unknown_of(value: object, json: object, kind: object) -> None:
    """Keep the unknown keys of all structs within a value of a type."""
    if walk := _walk_of(kind, _take):
        walk(value, json)


# Moves unknown keys of one object; the last are the keys that are fields of its body.
_Move: TypeAlias = Callable[[Body, JsonObject, frozenset[str]], None]


def _take(value: Body, json: JsonObject, known: frozenset[str]) -> None:
    kept = {key: one for key, one in json.items() if key not in known}
    msgspec.structs.force_setattr(value, "unknown", kept)


def _give(value: Body, json: JsonObject, known: frozenset[str]) -> None:
    for key in [key for key in json if key not in known]:  # `unknown` itself, and what goes elsewhere than the body
        del json[key]
    for key, one in value.unknown.items():
        json.setdefault(key, one)


@cache
def _walk_of(kind: object, move: _Move) -> _Walk | None:
    """Return the walk over values of a type, or None where none of them holds a struct of ours."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, Body):
        return _struct_walk(kind, move)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _union_walk(inner, move)
    if origin is tuple and (within := _walk_of(inner[0], move)):
        return _items_walk(within)
    if origin is dict and (within := _walk_of(inner[1], move)):
        return _values_walk(within)
    return None


def _struct_walk(kind: type[Body], move: _Move) -> _Walk:
    hints = get_type_hints(kind, include_extras=True)
    names = {
        field.encode_name: field.name
        for field in msgspec.structs.fields(kind)
        if field.name != "unknown" and not _is_placed(hints[field.name])
    }
    known = frozenset(names)
    is_all_known = known.issuperset
    inner: list[tuple[str, Callable[[object], object], _Walk]] | None = None

    def walk(value: Body, json: JsonObject) -> None:
        nonlocal inner
        if inner is None:  # not before: a type may hold itself
            found = ((key, name, _walk_of(_without_none(hints[name]), move)) for key, name in names.items())
            inner = [(key, attrgetter(name), within) for key, name, within in found if within is not None]
        for key, of, within in inner:
            if key in json and (one := of(value)) is not None:
                within(one, json[key])
        if not is_all_known(json):
            move(value, json, known)

    return _of(walk)


def _is_placed(hint: object) -> bool:
    return get_origin(hint) is Annotated and isinstance(get_args(hint)[1], Where)


def _without_none(hint: object) -> object:
    """Return a type without None, which is asked for before: most of what may be absent is nothing else."""
    if get_origin(hint) not in (Union, UnionType):
        return hint
    rest = tuple(one for one in get_args(hint) if one is not NoneType)
    return Union[rest]  # noqa: UP007 - known only now


def _union_walk(inner: tuple[object, ...], move: _Move) -> _Walk | None:
    # msgspec takes one kind of struct, of list and of dict in a union at most.
    walks = [(_class_of(one), walk) for one in inner if (walk := _walk_of(one, move)) is not None]
    if not walks:
        return None
    if len(walks) == 1:
        only, within = walks[0]

        def walk_one(value: object, json: object) -> None:
            if isinstance(value, only):
                within(value, json)

        return walk_one

    def walk_any(value: object, json: object) -> None:
        for kind, walk in walks:
            if isinstance(value, kind):
                walk(value, json)

    return walk_any


def _class_of(kind: object) -> type:
    origin = get_origin(kind) or kind
    return origin if isinstance(origin, type) else object


def _items_walk(within: _Walk) -> _Walk:
    def walk(value: tuple[object, ...], json: list[object]) -> None:
        for one, its_json in zip(value, json, strict=True):
            within(one, its_json)

    return _of(walk)


def _values_walk(within: _Walk) -> _Walk:
    def walk(value: dict[str, object], json: JsonObject) -> None:
        for key, one in value.items():
            within(one, json[key])

    return _of(walk)


def _of(walk: Callable[[_Inner, _Json], None]) -> _Walk:
    """Take a walk over values of one type as one that is only ever led to those: msgspec has seen to it."""
    return cast("_Walk", walk)
