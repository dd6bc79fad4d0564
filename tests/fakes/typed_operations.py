"""Holds our classes against the operations of the specification, down to the last nested property.

A difference that is meant is not left out here: who compares lists it with its reason.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Literal, TypeAlias, get_args, get_origin, get_type_hints

import msgspec

from fakes.openapi import ANYTHING, Content, Operation, Parameter, Shape, either
from scop.matrix.api.endpoint import Body, Where
from scop.matrix.api.request import Request, Response

__all__ = ["AnyRequest", "differences", "request_class", "struct_differences"]

AnyRequest: TypeAlias = type[Request[Response]]


# Our classes


def request_class(operation: Operation, package: str) -> AnyRequest:
    """Return the class that is an operation, by the rule of names: file → module, operationId → class."""
    module = importlib.import_module(f"{package}.{operation.file_name.replace('-', '_')}")
    name = "".join(word[:1].upper() + word[1:] for word in operation.id.split("_"))
    found: object = getattr(module, name)
    assert isinstance(found, type)
    assert issubclass(found, Request)
    return found


def _our_shape(kind: object) -> Shape:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Body):
        return _struct_shape(kind)
    if origin is Literal:
        return Shape(frozenset(["string"]), words=frozenset(map(str, inner)))
    if origin is tuple:
        return Shape(frozenset(["array"]), items=_our_shape(inner[0]))
    if origin is dict:
        values = _our_shape(inner[1])
        return Shape(frozenset(["object"]), values=None if values.kinds == {ANYTHING} else values)
    if inner:
        return either([_our_shape(one) for one in inner])
    words = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null", object: ANYTHING}
    return Shape(frozenset([words[kind]])) if isinstance(kind, type) else Shape(frozenset())


@cache
def _struct_shape(kind: type[Body]) -> Shape:
    properties, required = {}, set()
    hints = get_type_hints(kind, include_extras=True)
    for one in msgspec.structs.fields(kind):
        if one.name != "unknown" and _where(hints[one.name]) is None:
            properties[one.encode_name] = _our_shape(hints[one.name])
            if one.required:
                required.add(one.encode_name)
    return Shape(frozenset(["object"]), properties, frozenset(required))


def _where(hint: object) -> Where | None:
    if get_origin(hint) is Annotated and isinstance(where := get_args(hint)[1], Where):
        return where
    return None


def _our_parameters(kind: type[Body]) -> Iterator[Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    for one in msgspec.structs.fields(kind):
        where = _where(hints[one.name])
        if where is not None and where is not Where.BODY:
            shape = _our_shape(hints[one.name])
            yield Parameter(where, one.encode_name, one.required, shape, "object" in shape.kinds)


def _our_body(kind: type[Body]) -> Shape | None:
    """Return the shape of the body; None where it is octets."""
    hints = get_type_hints(kind, include_extras=True)
    for hint in hints.values():
        if _where(hint) is Where.BODY:
            bare = get_args(hint)[0]
            return None if bare is bytes else _our_shape(bare)
    return _struct_shape(kind)


# The comparison


def differences(operation: Operation, kind: AnyRequest) -> list[str]:
    """Return where a class differs from the operation it is to be, each as the place and what is there."""
    found = list(_in_endpoint(operation, kind))
    found += _in_parameters(operation.parameters, tuple(_our_parameters(kind)))
    found += (f">{one}" for one in _in_content(operation.request, kind))
    answer = kind.response_type()
    found += (f"<{one}" for one in _in_content(operation.response, answer))
    names = {one.name.lower() for one in _our_parameters(answer)}
    found += (f"<: header {name} is missing" for name in operation.response_headers if name.lower() not in names)
    return [f"{operation.id}{one}" for one in found]


def struct_differences(theirs: Shape, kind: type[Body]) -> list[str]:
    """Return where a struct differs from a shape that it is to be."""
    return list(_in_shape(theirs, _struct_shape(kind), ""))


def _in_endpoint(operation: Operation, kind: AnyRequest) -> Iterator[str]:
    ours = kind.endpoint
    pairs = (
        ("method", operation.method, ours.method),
        ("path", operation.path, ours.path),
        ("access", operation.access.name, ours.access.name),
        ("rate limit", operation.is_rate_limited, ours.is_rate_limited),
        ("deprecation", operation.is_deprecated, ours.is_deprecated),
        ("status", operation.status, kind.response_type().status),
    )
    yield from (f": {name} is {theirs}, ours {mine}" for name, theirs, mine in pairs if theirs != mine)


def _in_parameters(theirs: tuple[Parameter, ...], ours: tuple[Parameter, ...]) -> Iterator[str]:
    mine = {(one.where, one.name): one for one in ours}
    for one in theirs:
        same = mine.pop((one.where, one.name), None)
        if same is None:
            yield f"?{one.name}: missing in the {one.where.value}"
        else:
            if one.is_required != same.is_required:
                yield f"?{one.name}: required is {one.is_required}, ours {same.is_required}"
            yield from _in_shape(one.shape, same.shape, f"?{one.name}")
    yield from (f"?{name}: not in the specification ({where.value})" for where, name in mine)


def _in_content(theirs: Content | None, kind: type[Body]) -> Iterator[str]:
    ours = _our_body(kind)
    if theirs is None:
        if ours is None or ours.properties:
            yield ": there is no body"
    elif theirs.shape is None:
        if ours is not None:
            yield ": the body is octets"
    elif ours is None:
        yield ": the body is JSON"
    else:
        yield from _in_shape(theirs.shape, ours, "")


def _in_shape(theirs: Shape, ours: Shape, at: str) -> Iterator[str]:
    if theirs.kinds != ours.kinds - ({"null"} - theirs.kinds) and theirs.kinds != {ANYTHING}:
        yield f"{at}: {_words(theirs.kinds)}, ours {_words(ours.kinds)}"
        return
    if ours.words and ours.words != theirs.words:
        yield f"{at}: the words are {_words(theirs.words)}, ours {_words(ours.words)}"
    yield from _in_properties(theirs, ours, at)
    for name, one, same in (("[]", theirs.items, ours.items), (".*", theirs.values, ours.values)):
        if one is not None and same is not None:
            yield from _in_shape(one, same, at + name)
        elif one is not None and one.kinds != {ANYTHING} and not ours.properties:
            yield f"{at}{name}: {_words(one.kinds)}, ours anything"


def _in_properties(theirs: Shape, ours: Shape, at: str) -> Iterator[str]:
    if theirs.properties and not ours.properties:
        yield f"{at}: has properties, ours is open"
        return
    for name, one in theirs.properties.items():
        same = ours.properties.get(name)
        if same is None:
            yield f"{at}.{name}: missing"
            continue
        is_required = name in theirs.required
        if is_required != (name in ours.required):
            yield f"{at}.{name}: required is {is_required}, ours {not is_required}"
        yield from _in_shape(one, same, f"{at}.{name}")
    yield from (f"{at}.{name}: not in the specification" for name in ours.properties if name not in theirs.properties)


def _words(words: frozenset[str]) -> str:
    return " | ".join(sorted(words))
