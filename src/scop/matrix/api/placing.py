"""Takes the fields of a request or response to where they go – path, query, headers, body – and from there.

What each type has where is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import UnionType
from typing import Annotated, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.broken_parts import with_whole_texts, without_broken
from scop.matrix.api.endpoint import Body, Where
from scop.matrix.api.unknown_keys import json_of, keep_unknown, keep_unknown_of, with_unknown
from scop.matrix.json_values import JsonObject

__all__ = ["Placed", "Received", "has_body", "place", "read", "read_answer"]

_Value = TypeVar("_Value", bound=Body)
_Pairs = tuple[tuple[str, str], ...]
_JSON_OBJECT = msgspec.json.Decoder(dict[str, object])


@dataclass(frozen=True, slots=True)
class Placed:
    """A request or response, each field where it goes; the body is JSON unless `is_octets`."""

    path: _Pairs
    query: _Pairs
    headers: _Pairs
    body: bytes
    is_octets: bool


@dataclass(frozen=True, slots=True)
class Received:
    """What a request or response is read from; names of headers are in lower case."""

    body: bytes
    headers: dict[str, str]
    path: dict[str, str]
    query: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Place:
    """A field that does not go into a JSON body."""

    attribute: str
    name: str  # on the wire
    where: Where
    kind: object
    is_many: bool  # a tuple: the parameter is repeated
    is_rest: bool  # a dict: whatever parameters have no field of their own


@cache
def _places(kind: type[Body]) -> tuple[_Place, ...]:
    hints = get_type_hints(kind, include_extras=True)
    places = []
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        if get_origin(hint) is Annotated and isinstance(where := get_args(hint)[1], Where):
            bare = get_args(hint)[0]
            origins = {get_origin(one) for one in _members(bare)}
            places.append(_Place(field.name, field.encode_name, where, bare, tuple in origins, dict in origins))
    return tuple(places)


@cache
def has_body(kind: type[Body]) -> bool:
    """Return whether a type has fields that go into a body."""
    places = _places(kind)
    has_whole = any(place.where is Where.BODY for place in places)
    return has_whole or len(msgspec.structs.fields(kind)) > len(places) + 1  # `unknown` is no such field


@cache
def _whole(kind: type[Body]) -> _Place | None:
    return next((place for place in _places(kind) if place.where is Where.BODY), None)


def _members(kind: object) -> tuple[object, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def place(value: Body) -> Placed:
    """Return a request or response as its parts."""
    found: dict[Where, list[tuple[str, str]]] = {Where.PATH: [], Where.QUERY: [], Where.HEADER: []}
    for one in _places(type(value)):
        if one.where is not Where.BODY:
            found[one.where].extend(_texts(one, getattr(value, one.attribute)))
    whole = _whole(type(value))
    content: object = getattr(value, whole.attribute) if whole is not None else None
    if isinstance(content, bytes):
        body = content
    else:
        body = msgspec.json.encode(with_unknown(value) if whole is None else json_of(content, whole.kind))
    path, query, headers = (tuple(found[where]) for where in (Where.PATH, Where.QUERY, Where.HEADER))
    return Placed(path, query, headers, body, isinstance(content, bytes))


def _texts(place: _Place, value: object) -> list[tuple[str, str]]:
    """Return the parameters that a field is."""
    if value is None:
        return []
    if place.is_rest:
        return [(name, _text(one)) for name, one in cast("dict[str, object]", value).items()]
    values = cast("tuple[object, ...]", value) if place.is_many else (value,)
    texts = [(place.name, _text(one)) for one in values]
    # RFC 9110 §5.5: what a header cannot hold would be read as more headers.
    if place.where is Where.HEADER and not all(text.isprintable() for _, text in texts):
        raise LocalProtocolError(f"{place.name} holds what no header may")
    return texts


def _text(value: object) -> str:
    """Return a value as it stands in a path, a query or a header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def read(kind: type[_Value], received: Received) -> _Value:
    """Return a request or response from its parts; raises `RemoteProtocolError`."""
    return _read(kind, received, _as_it_is)


def read_answer(kind: type[_Value], received: Received) -> _Value:
    """Return a response, what other servers broke in it left out; raises `RemoteProtocolError`."""
    try:
        return _read(kind, received, _as_it_is)
    except RemoteProtocolError:
        # Lenient: see broken_parts.
        return _read(kind, _with_whole_texts(received), without_broken)


def _with_whole_texts(received: Received) -> Received:
    try:
        return replace(received, body=with_whole_texts(received.body))
    except (ValueError, RecursionError):
        return received  # no JSON in other ways, too


def _as_it_is(json: object, _kind: object) -> object:
    return json


def _read(kind: type[_Value], received: Received, prepared: Callable[[object, object], object]) -> _Value:
    try:
        whole = _whole(kind)
        if whole is None:
            return _of_keys(kind, received, prepared)
        return _of_octets(kind, received, whole) if whole.kind is bytes else _of_json(kind, received, whole, prepared)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError(f"not a {kind.__name__}: {error}") from error


def _of_keys(kind: type[_Value], received: Received, prepared: Callable[[object, object], object]) -> _Value:
    decoded: JsonObject = _JSON_OBJECT.decode(received.body) if received.body else {}
    json = cast("JsonObject", prepared(decoded, kind))
    places = _places(kind)
    value = msgspec.convert(_with_parameters(dict(json), places, received) if places else json, kind)
    keep_unknown(value, json)
    return value


def _of_json(
    kind: type[_Value], received: Received, whole: _Place, prepared: Callable[[object, object], object]
) -> _Value:
    json = prepared(msgspec.json.decode(received.body), whole.kind)
    value = msgspec.convert(_with_parameters({whole.name: json}, _places(kind), received), kind)
    keep_unknown_of(getattr(value, whole.attribute), json, whole.kind)
    return value


def _of_octets(kind: type[_Value], received: Received, whole: _Place) -> _Value:
    sent = _with_parameters({whole.name: received.body}, _places(kind), received)
    return msgspec.convert(sent, kind, builtin_types=(bytes,))


def _with_parameters(sent: JsonObject, places: tuple[_Place, ...], received: Received) -> JsonObject:
    """Put in what stands in the path, the query or a header, each as the kind of value that is wanted."""
    for place in places:
        if place.where is Where.BODY:
            continue
        sent.pop(place.name, None)  # a key of the body is no such field
        if place.is_rest:
            named = {one.name for one in places if one.where is Where.QUERY and not one.is_rest}
            if rest := {name: value for name, value in received.query if name not in named}:
                sent[place.name] = rest
        elif words := _words(place, received):
            sent[place.name] = _value(place, tuple(words) if place.is_many else words[-1])
    return sent


def _words(place: _Place, received: Received) -> list[str]:
    if place.where is Where.QUERY:
        return [value for name, value in received.query if name == place.name]
    named, name = (received.path, place.name) if place.where is Where.PATH else (received.headers, place.name.lower())
    return [named[name]] if name in named else []


def _value(place: _Place, words: str | tuple[str, ...]) -> object:
    # Without None: "null" is a word like another.
    wanted = tuple(one for one in _members(place.kind) if one is not type(None))
    return words if str in wanted else msgspec.convert(words, Union[wanted], strict=False)  # noqa: UP007 - known only now
