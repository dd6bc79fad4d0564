"""How a server finds the request of a method and a path."""

from __future__ import annotations

import pytest

from fakes.openapi import operations
from fakes.openapi_examples import bodies, example_request
from fakes.typed_operations import request_class
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.account_data import GetAccountData
from scop.matrix.api.client_server.inviting import InviteUser
from scop.matrix.api.client_server.old_sync import GetEvents
from scop.matrix.api.client_server.operations import OPERATIONS
from scop.matrix.api.client_server.peeking_events import PeekEvents
from scop.matrix.api.client_server.rooms import GetRoomState, GetRoomStateWithKey
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.client_server.third_party_membership import InviteBy3PID
from scop.matrix.api.http import HttpRequest
from scop.matrix.api.routes import Routes

ROUTES = Routes(OPERATIONS)
SHARED = {InviteUser, InviteBy3PID, GetEvents, PeekEvents}  # two at one place, each


def test_routes_find_every_operation_of_the_specification() -> None:
    """A request of each operation is found as its class, by its method alone, and read as it."""
    for operation in operations("client-server"):
        kind = request_class(operation, "scop.matrix.api.client_server")
        request = example_request(operation, next(iter(bodies(operation.request)), None))
        found = ROUTES.find(operation.method, request.path)
        assert kind in found
        assert len(found) == (2 if kind in SHARED else 1)
        assert operation.method in ROUTES.methods(request.path)
        assert () == ROUTES.find("PATCH", request.path)
        assert kind is type(ROUTES.read(request))


def test_routes_tell_two_endpoints_at_one_place_by_the_body() -> None:
    """An invitation is by id or by address; what is neither is the client's fault, as the first sees it."""
    path = "/_matrix/client/v3/rooms/!r/invite"
    by_id = ROUTES.read(HttpRequest("POST", path, body=b'{"user_id": "@a:b"}'))
    assert InviteUser(room_id="!r", user_id="@a:b") == by_id
    address = b'{"id_server": "a", "id_access_token": "t", "medium": "email", "address": "a@b"}'
    assert InviteBy3PID is type(ROUTES.read(HttpRequest("POST", path, body=address)))
    with pytest.raises(RemoteProtocolError, match="InviteUser"):
        ROUTES.read(HttpRequest("POST", path, body=b"{}"))


def test_routes_know_state_without_a_key() -> None:
    """The state of a room, one piece of it, and one with an empty key left out are three paths."""
    room = "/_matrix/client/v3/rooms/!r/state"
    assert (GetRoomState,) == ROUTES.find("GET", room)
    assert (GetRoomStateWithKey,) == ROUTES.find("GET", room + "/m.room.name")
    assert (GetRoomStateWithKey,) == ROUTES.find("GET", room + "/m.room.name/")
    assert (GetRoomStateWithKey,) == ROUTES.find("GET", room + "/m.room.name/a")


@pytest.mark.parametrize("path", ["", "/", "/_matrix/client/v3/sync/", "//_matrix/client/v3/sync", "/_matrix/{}", "{}"])
def test_routes_know_no_other_path(path: str) -> None:
    """A path that is no endpoint's is not found, by no method."""
    assert () == ROUTES.find("GET", path)
    assert frozenset() == ROUTES.methods(path)
    assert ROUTES.read(HttpRequest("GET", path)) is None


def test_routes_take_braces_in_a_path_as_a_word() -> None:
    """What stands for a parameter in the table is a word like another in a path."""
    assert (GetAccountData,) == ROUTES.find("GET", "/_matrix/client/v3/user/{}/account_data/{}")
    assert () == ROUTES.find("GET", "/{}/client/v3/sync")


def test_routes_know_only_what_they_were_given() -> None:
    """A table of one endpoint has one."""
    one = Routes([Sync])
    assert frozenset(["GET"]) == one.methods("/_matrix/client/v3/sync")
    assert frozenset() == one.methods("/_matrix/client/versions")
