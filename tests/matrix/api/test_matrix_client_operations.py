"""Every operation of the client-server API against our classes for it."""

from __future__ import annotations

import json

import pytest

from fakes.openapi import Content, Operation, Shape, operations
from fakes.openapi_examples import bodies, example_request, example_response, unfaithful
from fakes.typed_operations import AnyRequest, differences, request_class
from scop.matrix.api.errors import MatrixError, UserInteractive
from scop.matrix.api.http import HttpResponse

PACKAGE = "scop.matrix.api.client_server"

# Where we differ, and why; anything else fails.
MEANT = {
    # The same value stands in the path; what a body repeats is kept among its unknown keys.
    "putRoomKeysVersion>.version: missing",
    # The files call this `signedRequest`, a scheme of servers; the text wants a token where the client has one.
    "getRoomSummary: access is SERVER, ours OPTIONAL",
    # Content of any event, or the event, by the parameter `format`.
    "getRoomStateWithKey<: has properties, ours is open",
    # Required, and absent from the example and from answers in the field.
    "getProtocols<.*.icon: required is True, ours False",
    "getProtocolMetadata<.icon: required is True, ours False",
    # Servers may ask who wants to know, and commonly do: a token goes along where there is one.
    "getPublicRooms: access is NONE, ours OPTIONAL",
    "getUserProfile: access is NONE, ours OPTIONAL",
    "getProfileField: access is NONE, ours OPTIONAL",
    "getRoomIdByAlias: access is NONE, ours OPTIONAL",
    "getRoomVisibilityOnDirectory: access is NONE, ours OPTIONAL",
    # Synapse answers an empty object where there is no relay.
    "getTurnServer<.username: required is True, ours False",
    "getTurnServer<.password: required is True, ours False",
    "getTurnServer<.uris: required is True, ours False",
    "getTurnServer<.ttl: required is True, ours False",
    # Synapse writes a floating-point number.
    "search<.search_categories.room_events.groups.*.*.order: integer, ours null | number",
    # Said in the text only: §Presence, §Send-to-Device messaging, §End-to-End Encryption, each "Extensions to /sync".
    "initialSync<.presence[].sender: not in the specification",
    "initialSync<.rooms[].account_data[].sender: not in the specification",
    "initialSync<.account_data[].sender: not in the specification",
    "roomInitialSync<.account_data[].sender: not in the specification",
    "sync<.rooms.join.*.ephemeral.events[].sender: not in the specification",
    "sync<.rooms.join.*.account_data.events[].sender: not in the specification",
    "sync<.rooms.leave.*.account_data.events[].sender: not in the specification",
    "sync<.presence.events[].sender: not in the specification",
    "sync<.account_data.events[].sender: not in the specification",
    "sync<.to_device.events: not in the specification",
    "sync<.device_lists.changed: not in the specification",
    "sync<.device_lists.left: not in the specification",
    "sync<.device_unused_fallback_key_types: not in the specification",
}


def _typed() -> list[tuple[Operation, AnyRequest]]:
    return [(one, request_class(one, PACKAGE)) for one in operations("client-server")]


def test_client_operations_are_all_typed() -> None:
    """All 166 operations have a class, and with them the 157 that are not deprecated."""
    typed = _typed()
    current = [one for one, _ in typed if not one.is_deprecated]
    print(f"\nclient-server API: {len(typed)} of 166 operations typed, {len(current)} of 157 not deprecated")
    assert (166, 157) == (len(typed), len(current))
    assert 166 == len({kind for _, kind in typed})


def test_client_operations_are_as_specified() -> None:
    """Method, path, access, limits, parameters and all properties of bodies are those of the OpenAPI files."""
    found = {one for operation, kind in _typed() for one in differences(operation, kind)}
    assert sorted(MEANT) == sorted(found)


def test_client_operations_keep_their_examples() -> None:
    """Every example of a request or response, read and written again, is the same JSON."""
    found = [one for operation, kind in _typed() for one in unfaithful(operation, kind)]
    counts = [len(bodies(content)) for one, _ in _typed() for content in (one.request, one.response)]
    print(f"\nclient-server API: {sum(counts)} examples of bodies read and written again")
    assert [] == found
    assert sum(counts) > 380


def test_client_operations_refuse_by_the_examples() -> None:
    """Every example of a refusal is read as one: with flows it is a user-interactive challenge."""
    for operation, kind in _typed():
        request = kind.from_http(example_request(operation, next(iter(bodies(operation.request)), None)))
        for status, example in operation.errors:
            with pytest.raises(MatrixError) as caught:
                request.read_response(HttpResponse(status, {}, json.dumps(example).encode()))
            assert isinstance(example, dict)
            assert example.get("errcode", "M_UNKNOWN") == caught.value.errcode
            assert ("flows" in example) == isinstance(caught.value, UserInteractive)


def test_client_operations_keep_what_nobody_knows() -> None:
    """A key that no struct names survives at every depth of every request and response."""
    for operation, kind in _typed():
        for body in bodies(operation.request):
            strange = _with_strange_keys(body, operation.request)
            written = kind.from_http(example_request(operation, strange)).to_http()
            assert strange == json.loads(written.body)
        request = kind.from_http(example_request(operation, next(iter(bodies(operation.request)), None)))
        for body in bodies(operation.response):
            strange = _with_strange_keys(body, operation.response)
            answered = request.read_response(example_response(operation, strange)).to_http()
            assert strange == json.loads(answered.body)


def _with_strange_keys(body: object, content: Content | None) -> object:
    return body if content is None or content.shape is None else _strange(body, content.shape)


def _strange(value: object, shape: Shape) -> object:
    """Put strange keys into every object of known keys; maps, whose values are of one type, stay as they are."""
    if isinstance(value, list) and shape.items is not None:
        return [_strange(one, shape.items) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {key: shape.properties.get(key) or shape.values for key in value}
    walked = {key: one if (its := inner[key]) is None else _strange(one, its) for key, one in value.items()}
    return {**walked, **_STRANGE} if shape.properties else walked


_STRANGE: dict[str, object] = {"…": 5, "unknown": {"a": 1}, "org.example.strange": [{"deep": None}]}
