"""Draws requests, responses and what they are made of from their types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from scop.matrix.api.endpoint import Body, Where
from scop.matrix.api.request import Request

__all__ = ["JSON", "JSON_OBJECTS", "bodies_of"]

_Value = TypeVar("_Value", bound=Body)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
_WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
_FLOAT = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | _WHOLE | _FLOAT | _TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXT, inner, max_size=2),
    max_leaves=4,
)
JSON_OBJECTS = st.dictionaries(_TEXT, JSON, max_size=2)


@cache
def bodies_of(kind: type[_Value]) -> st.SearchStrategy[_Value]:
    """Return values of a class, optional fields there or not, now and then with keys that nobody knows."""
    hints = get_type_hints(kind, include_extras=True)
    fields = {
        one.name: (hints[one.name], one.required) for one in msgspec.structs.fields(kind) if one.name != "unknown"
    }
    known = {one.encode_name for one in msgspec.structs.fields(kind)}
    required = {name: _values(hint) for name, (hint, is_required) in fields.items() if is_required}
    optional = {name: _values(hint) for name, (hint, is_required) in fields.items() if not is_required}
    if _has_json_of_keys(kind, hints):
        # What is written and read again is none of the known keys.
        optional["unknown"] = JSON_OBJECTS.map(lambda keys: {k: v for k, v in keys.items() if k not in known})
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: _made(kind, values))


def _has_json_of_keys(kind: type[Body], hints: dict[str, object]) -> bool:
    if any(_where(hint) is Where.BODY for hint in hints.values()):
        return False
    return not issubclass(kind, Request) or kind.endpoint.method in ("POST", "PUT")


def _made(kind: Callable[..., _Value], values: Mapping[str, object]) -> _Value:
    return kind(**values)


def _where(hint: object) -> Where | None:
    if get_origin(hint) is Annotated and isinstance(where := get_args(hint)[1], Where):
        return where
    return None


def _values(hint: object) -> st.SearchStrategy[object]:
    where = _where(hint)
    if where is not None:
        hint = get_args(hint)[0]
        if where is Where.HEADER:
            return _HEADER
        if where is Where.QUERY and dict in {get_origin(one) for one in _members(hint)}:
            return st.dictionaries(_TEXT, _TEXT, min_size=1, max_size=2)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return st.one_of([_values(one) if where is None else _values(Annotated[one, where]) for one in inner])
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple:
        return st.lists(_values(inner[0]), min_size=int(where is Where.QUERY), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(_TEXT, _values(inner[1]), max_size=2)
    if isinstance(hint, type) and issubclass(hint, Body):
        return bodies_of(hint)
    words: dict[object, st.SearchStrategy[object]] = {
        str: _TEXT,
        int: _WHOLE,
        float: _FLOAT,
        bool: st.booleans(),
        bytes: st.binary(max_size=6),
        type(None): st.none(),
        object: JSON,
    }
    return words[hint]


def _members(hint: object) -> tuple[object, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
