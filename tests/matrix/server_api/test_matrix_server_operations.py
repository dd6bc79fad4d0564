"""Every operation of the server-server API against our classes for it."""

from __future__ import annotations

from fakes.openapi import Operation, operations
from fakes.openapi_examples import bodies, unfaithful
from fakes.typed_operations import AnyRequest, differences, request_class

PACKAGE = "scop.matrix.api.server_server"

# Where we differ, and why; anything else fails.
MEANT = {
    # Events are JSON, read by their room's version: not all versions have what these files require (`origin`).
    "makeJoin<.event: has properties, ours is open",
    "makeKnock<.event: has properties, ours is open",
    "makeLeave<.event: has properties, ours is open",
    "sendInviteV1<[].event: has properties, ours is open",
    "sendInviteV1>: has properties, ours is open",
    "sendInviteV2<.event: has properties, ours is open",
    "sendInviteV2>.event: has properties, ours is open",
    "sendJoinV2>: has properties, ours is open",
    "sendKnock>: has properties, ours is open",
    "sendLeaveV2>: has properties, ours is open",
    # Said in the text of the operation: the arguments depend on the kind of query.
    "queryInfo?arguments: not in the specification (query)",
}


def _typed() -> list[tuple[Operation, AnyRequest]]:
    return [(one, request_class(one, PACKAGE)) for one in operations("server-server")]


def test_server_operations_are_all_typed() -> None:
    """All 36 operations have a class, none is deprecated."""
    typed = _typed()
    print(f"\nserver-server API: {len(typed)} of 36 operations typed")
    assert 36 == len(typed) == len({kind for _, kind in typed})
    assert not any(one.is_deprecated for one, _ in typed)


def test_server_operations_are_as_specified() -> None:
    """Method, path, access, limits, parameters and all properties of bodies are those of the OpenAPI files."""
    found = {one for operation, kind in _typed() for one in differences(operation, kind)}
    assert sorted(MEANT) == sorted(found)


def test_server_operations_keep_their_examples() -> None:
    """Every example of a request or response, read and written again, is the same JSON."""
    found = [one for operation, kind in _typed() for one in unfaithful(operation, kind)]
    counts = [len(bodies(content)) for one, _ in _typed() for content in (one.request, one.response)]
    print(f"\nserver-server API: {sum(counts)} examples of bodies read and written again")
    assert [] == found
    assert sum(counts) > 50
