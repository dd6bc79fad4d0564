"""Reads the OpenAPI files of the Matrix specification: every operation as a value, all references resolved.

`operations("client-server")` gives those of one API; `typed_operations` holds them against our classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from fakes.shared import shared_path
from scop.matrix.api.endpoint import Access, Where

__all__ = ["ANYTHING", "Content", "Operation", "Parameter", "Shape", "either", "operations", "sample", "schema"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ANYTHING = "anything"


@dataclass(frozen=True)
class Shape:
    """What JSON may stand at a place; `kinds` are the words of JSON Schema."""

    kinds: frozenset[str]
    properties: Mapping[str, Shape] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    values: Shape | None = None  # of an object whose keys are not known
    items: Shape | None = None
    words: frozenset[str] = frozenset()
    example: object = None


@dataclass(frozen=True)
class Parameter:
    """One parameter in a path, a query or a header."""

    where: Where
    name: str
    is_required: bool
    shape: Shape
    is_rest: bool = False


@dataclass(frozen=True)
class Content:
    """What a body is: JSON of a shape, or octets where there is none; with the examples of the specification."""

    shape: Shape | None
    examples: tuple[object, ...] = ()


@dataclass(frozen=True)
class Operation:
    """One operation of an API."""

    file_name: str
    id: str
    method: str
    path: str
    access: Access
    is_rate_limited: bool
    is_deprecated: bool
    parameters: tuple[Parameter, ...]
    request: Content | None
    status: int
    response: Content | None
    response_headers: tuple[str, ...]
    errors: tuple[tuple[int, object], ...]  # status and example of refusals


# The files, and what they refer to


@cache
def _file(path: Path) -> object:
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # a safe one


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


@cache
def _referred(path: Path, fragment: str) -> object:
    found = _file(path)
    for key in filter(None, fragment.split("/")):
        found = _object(found)[key.replace("~1", "/").replace("~0", "~")]
    return _resolved(found, path)


def _resolved(node: object, path: Path) -> object:
    """Return a node with all references in it replaced by what they refer to."""
    if isinstance(node, list):
        return [_resolved(one, path) for one in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        name, _, fragment = reference.partition("#")
        target = _referred((path.parent / name).resolve() if name else path, fragment)
        rest = {key: _resolved(one, path) for key, one in node.items() if key != "$ref"}
        return {**_object(target), **rest} if rest else target
    return {key: _resolved(one, path) for key, one in node.items()}


# Schemas as shapes


def _merged(schema: dict[str, object]) -> dict[str, object]:
    """Return a schema with what it is composed of as one."""
    parts = [_merged(_object(part)) for part in _list(schema.get("allOf"))]
    if not parts:
        return schema
    merged: dict[str, object] = {}
    for part in [*parts, {key: one for key, one in schema.items() if key != "allOf"}]:
        properties = dict(_object(merged.get("properties")))
        for name, one in _object(part.get("properties")).items():
            properties[name] = _merged({"allOf": [properties[name], one]}) if name in properties else one
        required = [*_list(merged.get("required")), *_list(part.get("required"))]
        merged = {**merged, **part, "properties": properties, "required": required}
    return merged


def _shape(node: object) -> Shape:
    schema = _merged(_object(node))
    if alternatives := [_shape(one) for key in ("oneOf", "anyOf") for one in _list(schema.get(key))]:
        return either(alternatives)
    properties = {name: _shape(one) for name, one in _object(schema.get("properties")).items()}
    kinds = schema.get("type", "object" if properties else ANYTHING)
    patterns = list(_object(schema.get("patternProperties")).values())
    others = schema.get("additionalProperties")
    values = _shape(patterns[0]) if patterns else _shape(others) if isinstance(others, dict) else None
    return Shape(
        frozenset(map(str, _list(kinds))) if isinstance(kinds, list) else frozenset([str(kinds)]),
        properties,
        frozenset(map(str, _list(schema.get("required")))) & frozenset(properties),
        None if properties else values,  # whatever else there is goes into `unknown`
        _shape(schema["items"]) if "items" in schema else None,
        frozenset(map(str, _list(schema.get("enum")))),
        schema.get("example"),
    )


def schema(*parts: str) -> Shape:
    """Return the shape that one file of the specification describes; skip aloud where there is no data."""
    path = shared_path("matrix-spec", "data", *parts)
    return _shape(_resolved(_file(path), path))


def either(shapes: list[Shape]) -> Shape:
    """Return the shape of what is of one of several."""
    whole = next((one for one in shapes if one.properties or one.values), shapes[0])
    kinds = frozenset(kind for one in shapes for kind in one.kinds)
    words = frozenset(word for one in shapes for word in one.words)
    return Shape(kinds, whole.properties, whole.required, whole.values, whole.items, words, whole.example)


# Operations


@cache
def operations(part: str) -> tuple[Operation, ...]:
    """Return all operations of one API: "client-server" or "server-server"; skip aloud where there is no data."""
    folder = shared_path("matrix-spec", "data", "api", part)
    return tuple(one for path in sorted(folder.glob("*.yaml")) for one in _operations_of(path))


def _operations_of(path: Path) -> Iterator[Operation]:
    whole = _object(_resolved(_file(path), path))
    server = _object(_list(whole.get("servers"))[0]) if whole.get("servers") else {}
    base = str(_object(_object(server.get("variables")).get("basePath")).get("default", ""))
    for place, methods in _object(whole.get("paths")).items():
        for method in _METHODS:
            if method in _object(methods):
                # Where two operations are at one path, the files tell them apart by a space behind it.
                yield _operation(path.stem, method.upper(), (base + place).strip(), _object(_object(methods)[method]))


def _operation(file_name: str, method: str, path: str, node: dict[str, object]) -> Operation:
    responses = _object(node.get("responses"))
    status = "200" if "200" in responses else next(code for code in responses if code < "400")
    response = _object(responses[status])
    return Operation(
        file_name,
        str(node["operationId"]),
        method,
        path,
        _access(node.get("security")),
        "429" in responses,
        node.get("deprecated") is True,
        tuple(_parameter(_object(one)) for one in _list(node.get("parameters"))),
        _content(_object(node.get("requestBody"))),
        int(status),
        _content(response),
        tuple(_object(response.get("headers"))),
        tuple(_errors(responses)),
    )


def _access(security: object) -> Access:
    schemes = [set(_object(one)) for one in _list(security)]
    if not schemes:
        return Access.NONE
    if set() in schemes:
        return Access.OPTIONAL
    words = {"accessTokenBearer": Access.USER, "appserviceAccessTokenBearer": Access.APP_SERVICE}
    return words.get(schemes[0].pop(), Access.SERVER)


def _parameter(node: dict[str, object]) -> Parameter:
    where = Where(node["in"])
    shape = _shape(node.get("schema"))
    is_rest = "object" in shape.kinds
    return Parameter(where, str(node["name"]), where is Where.PATH or node.get("required") is True, shape, is_rest)


def _content(node: dict[str, object]) -> Content | None:
    content = _object(node.get("content"))
    if not content:
        return None
    if set(content) != {"application/json"}:
        return Content(None)
    media = _object(content["application/json"])
    return Content(_shape(media.get("schema")), tuple(_examples(media)))


def _examples(media: dict[str, object]) -> Iterator[object]:
    for one in _object(media.get("examples")).values():
        if "value" in _object(one):
            yield _object(one)["value"]
    if "example" in media:
        yield media["example"]
    schema = _merged(_object(media.get("schema")))
    if "example" in schema:
        yield schema["example"]


def _errors(responses: dict[str, object]) -> Iterator[tuple[int, object]]:
    for code, response in responses.items():
        if code >= "400":
            media = _object(_object(_object(response).get("content")).get("application/json"))
            for example in _examples(media):
                yield int(code), example


def sample(shape: Shape) -> object:
    """Return JSON of a shape with every property there is, from the examples of each where it has one."""
    if shape.properties:
        return {name: sample(one) for name, one in shape.properties.items()}
    if shape.values is not None:
        return shape.example if isinstance(shape.example, dict) else {"a key": sample(shape.values)}
    if shape.items is not None:
        return [sample(shape.items)]
    if shape.example is not None:
        return shape.example
    words = {"integer": 1, "number": 0.5, "boolean": True, "array": [], "object": {"a": 1}}
    return words.get(min(shape.kinds - {"null"}), next(iter(sorted(shape.words)), "a word"))
