"""How a server finds the request of a method and a path."""

from __future__ import annotations

import pytest

from fakes.openapi import operations
from fakes.openapi_examples import example_request
from fakes.typed_operations import request_class
from scop.matrix.api.client_server.account_data import GetAccountData
from scop.matrix.api.client_server.operations import OPERATIONS
from scop.matrix.api.client_server.rooms import GetRoomState, GetRoomStateWithKey
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.routes import Routes

ROUTES = Routes(OPERATIONS)


def test_routes_find_every_operation_of_the_specification() -> None:
    """A request of each operation is found as its class, by its method alone."""
    for operation in operations("client-server"):
        kind = request_class(operation, "scop.matrix.api.client_server")
        path = example_request(operation, None).path
        assert kind is ROUTES.find(operation.method, path)
        assert operation.method in ROUTES.methods(path)
        assert ROUTES.find("PATCH", path) is None


def test_routes_know_state_without_a_key() -> None:
    """The state of a room, one piece of it, and one with an empty key left out are three paths."""
    room = "/_matrix/client/v3/rooms/!r/state"
    assert GetRoomState is ROUTES.find("GET", room)
    assert GetRoomStateWithKey is ROUTES.find("GET", room + "/m.room.name")
    assert GetRoomStateWithKey is ROUTES.find("GET", room + "/m.room.name/")
    assert GetRoomStateWithKey is ROUTES.find("GET", room + "/m.room.name/a")


@pytest.mark.parametrize("path", ["", "/", "/_matrix/client/v3/sync/", "//_matrix/client/v3/sync", "/_matrix/{}", "{}"])
def test_routes_know_no_other_path(path: str) -> None:
    """A path that is no endpoint's is not found, by no method."""
    assert ROUTES.find("GET", path) is None
    assert frozenset() == ROUTES.methods(path)


def test_routes_take_braces_in_a_path_as_a_word() -> None:
    """What stands for a parameter in the table is a word like another in a path."""
    assert GetAccountData is ROUTES.find("GET", "/_matrix/client/v3/user/{}/account_data/{}")
    assert ROUTES.find("GET", "/{}/client/v3/sync") is None


def test_routes_of_two_endpoints_at_one_place_are_a_mistake() -> None:
    """One method and path is one endpoint."""

    class Another(Sync, frozen=True, kw_only=True):
        """Ask the same."""

    with pytest.raises(ValueError, match="are both"):
        Routes([Sync, Another])
