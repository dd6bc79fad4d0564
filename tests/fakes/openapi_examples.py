"""Sends the examples of the specification through our classes: octets to a value and back to the same octets.

Beside the examples that the files give, each body is tried with every property it may have (`sample`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from fakes.openapi import Content, Operation, Parameter, sample
from fakes.typed_operations import AnyRequest
from scop.matrix.api.endpoint import Where
from scop.matrix.api.http import HttpRequest, HttpResponse

__all__ = ["bodies", "example_request", "example_response", "json_of_body", "unfaithful"]


def bodies(content: Content | None) -> tuple[object, ...]:
    """Return the examples of a body, and one that has every property."""
    if content is None or content.shape is None:
        return ()
    return (*content.examples, sample(content.shape))


def example_request(operation: Operation, body: object) -> HttpRequest:
    """Return a request with every parameter there is, and a body of JSON, or none."""
    path = operation.path
    query: list[tuple[str, str]] = []
    headers = [(one.name.lower(), "a/word") for one in operation.parameters if one.where is Where.HEADER]
    for one in operation.parameters:
        if one.where is Where.PATH:
            path = path.replace("{" + one.name + "}", quote(_texts(one)[0][1], safe=""))
        elif one.where is Where.QUERY:
            query.extend(_texts(one))
    octets = b"" if body is None else json.dumps(body).encode()
    return HttpRequest(operation.method, path, tuple(query), tuple(headers), octets)


def _texts(parameter: Parameter) -> list[tuple[str, str]]:
    value = sample(parameter.shape)
    if parameter.is_rest:
        return [("a field", "a word")]
    values = value if isinstance(value, list) else [value]
    return [(parameter.name, json.dumps(one) if isinstance(one, bool | int) else str(one)) for one in values]


def example_response(operation: Operation, body: object) -> HttpResponse:
    """Return an answer with every header there is, and a body of JSON, or none."""
    headers = {name.lower(): "a/word" for name in operation.response_headers}
    return HttpResponse(operation.status, headers, b"" if body is None else json.dumps(body).encode())


def json_of_body(octets: bytes) -> object:
    """Return a body as JSON; an absent one and an empty object are the same."""
    return json.loads(octets or b"{}")


def unfaithful(operation: Operation, kind: AnyRequest) -> Iterator[str]:
    """Return the examples of an operation that do not come out as they went in."""
    for body in bodies(operation.request) or (None,):
        sent = example_request(operation, body)
        written = kind.from_http(sent).to_http()
        if (sent.method, sent.path, sorted(sent.query)) != (written.method, written.path, sorted(written.query)):
            yield f"{operation.id}: {sent.path} {sent.query} became {written.path} {written.query}"
        if (body or {}) != json_of_body(written.body):
            yield f"{operation.id}> {body} became {written.body!r}"
    for body in bodies(operation.response):
        request = kind.from_http(example_request(operation, next(iter(bodies(operation.request)), None)))
        answered = request.read_response(example_response(operation, body)).to_http()
        if body != json_of_body(answered.body):
            yield f"{operation.id}< {body} became {answered.body!r}"
