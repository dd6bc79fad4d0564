"""How requests and responses become HTTP, and are read from it."""

from __future__ import annotations

import json
from typing import ClassVar

import msgspec
import pytest

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api import Body, InHeader, InPath, InQuery, WholeBody, read_json, with_unknown
from scop.matrix.api.client_server.account_data import SetAccountData
from scop.matrix.api.client_server.content_repo import GetContent, UploadContent
from scop.matrix.api.client_server.create_room import CreateRoom
from scop.matrix.api.client_server.definitions import AuthenticationData
from scop.matrix.api.client_server.device_management import DeleteDevice
from scop.matrix.api.client_server.joining import JoinRoom, JoinRoomResponse
from scop.matrix.api.client_server.key_backup import PutRoomKeysVersion
from scop.matrix.api.client_server.rooms import GetRoomStateWithKey
from scop.matrix.api.client_server.sso_login_redirect import RedirectToSSO, RedirectToSSOResponse
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.client_server.third_party_lookup import GetProtocols, Protocol, QueryUserByProtocol
from scop.matrix.api.client_server.versions import GetVersions
from scop.matrix.api.http import HttpRequest, HttpResponse
from scop.matrix.api.request import Endpoint, Request, Response


def test_request_puts_fields_where_they_go() -> None:
    """A field goes into the path, the query or the JSON body, by its wire name; None goes nowhere."""
    request = JoinRoom(room_id_or_alias="#sea:example.org", via=("a.org", "b.org"), reason="waves")
    sent = request.to_http()
    assert ("POST", "/_matrix/client/v3/join/%23sea%3Aexample.org") == (sent.method, sent.path)
    assert (("via", "a.org"), ("via", "b.org")) == sent.query
    assert (("content-type", "application/json"),) == sent.headers
    assert {"reason": "waves"} == json.loads(sent.body)
    assert request == JoinRoom.from_http(sent)


def test_request_takes_a_token_where_the_endpoint_does() -> None:
    """A token goes along where the endpoint wants or takes one, and nowhere else."""
    assert ("authorization", "Bearer t") in Sync().to_http(token="t").headers
    assert ("authorization", "Bearer t") in GetVersions().to_http(token="t").headers
    assert () == RedirectToSSO(redirect_url="https://a.org/").to_http(token="t").headers
    assert () == Sync().to_http().headers


@pytest.mark.parametrize("segment", ["", ".", "..", "a/b", "a%2Fb", "?x=1#y", "{eventType}", "é ☃", "+ ", "\x00\n"])
def test_request_path_holds_any_segment(segment: str) -> None:
    """Whatever stands in a path is one segment of it, and the same when it is read."""
    request = GetRoomStateWithKey(room_id="!r", event_type=segment, state_key=segment)
    sent = request.to_http()
    assert 9 == len(sent.path.split("/"))
    assert not {".", ".."} & set(sent.path.split("/"))
    assert sent.path.isascii()
    assert sent.path.isprintable()
    assert request == GetRoomStateWithKey.from_http(sent)


def test_request_state_key_may_be_left_out() -> None:
    """Matrix CS §Getting state: an empty state key is read with and without the slash before it."""
    path = "/_matrix/client/v3/rooms/!r/state/m.room.name"
    expected = GetRoomStateWithKey(room_id="!r", event_type="m.room.name", state_key="")
    assert expected == GetRoomStateWithKey.from_http(HttpRequest("GET", path))
    assert expected == GetRoomStateWithKey.from_http(HttpRequest("GET", path + "/"))


@pytest.mark.parametrize("path", ["/", "/_matrix/client/v3/join", "/_matrix/client/v3/leave/!a", "/join/!a", "%ff"])
def test_request_of_another_path_is_refused(path: str) -> None:
    """A path that is not the endpoint's is the client's fault."""
    with pytest.raises(RemoteProtocolError):
        JoinRoom.from_http(HttpRequest("POST", path))


def test_request_path_that_is_no_utf8_is_refused() -> None:
    """Percent-encoding of what is not UTF-8 is the client's fault."""
    with pytest.raises(RemoteProtocolError):
        JoinRoom.from_http(HttpRequest("POST", "/_matrix/client/v3/join/%ff"))


def test_request_query_is_read_as_its_type() -> None:
    """Numbers and truth values in a query are such; "null" is a word."""
    query = (("timeout", "30000"), ("full_state", "true"), ("since", "null"), ("org.example.x", "1"))
    request = Sync.from_http(HttpRequest("GET", "/_matrix/client/v3/sync", query))
    assert Sync(timeout=30000, full_state=True, since="null") == request
    assert (("since", "null"), ("full_state", "true"), ("timeout", "30000")) == request.to_http().query


@pytest.mark.parametrize(
    "query", [("timeout", "soon"), ("full_state", "maybe"), ("set_presence", "gone"), ("timeout", "")]
)
def test_request_query_of_another_type_is_refused(query: tuple[str, str]) -> None:
    """A parameter that is not of its type is the client's fault."""
    with pytest.raises(RemoteProtocolError):
        Sync.from_http(HttpRequest("GET", "/_matrix/client/v3/sync", (query,)))


def test_request_takes_all_other_parameters_into_a_dict() -> None:
    """A dict in the query is the parameters that no other field names."""
    request = QueryUserByProtocol(protocol="irc", fields={"nick": "a", "network": "b"})
    sent = request.to_http()
    assert (("nick", "a"), ("network", "b")) == sent.query
    assert request == QueryUserByProtocol.from_http(sent)


def test_request_body_key_named_as_a_path_parameter_is_kept() -> None:
    """The path says the version; a body that repeats it is written as it came."""
    body = {"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": {}, "version": "2"}
    path = "/_matrix/client/v3/room_keys/version/1"
    request = PutRoomKeysVersion.from_http(HttpRequest("PUT", path, body=json.dumps(body).encode()))
    assert "1" == request.version
    assert (path, body) == (request.to_http().path, json.loads(request.to_http().body))


def test_request_body_cannot_fill_a_parameter() -> None:
    """A key of the body is never taken for a parameter of the query or path."""
    body = json.dumps({"via": ["evil.org"], "roomIdOrAlias": "!other"}).encode()
    request = JoinRoom.from_http(HttpRequest("POST", "/_matrix/client/v3/join/!r", body=body))
    assert ("!r", None) == (request.room_id_or_alias, request.via)


def test_request_without_a_body_sends_none() -> None:
    """GET has no body, nor has DELETE where the endpoint has none; POST and PUT send an object."""
    assert b"" == Sync().to_http().body
    assert b"{}" == DeleteDevice(device_id="D").to_http().body
    assert b"{}" == CreateRoom().to_http().body


def test_request_whole_body_is_json_or_octets() -> None:
    """A whole body is any JSON, written as it is, or octets with a type of their own."""
    wanted = SetAccountData(user_id="@a:b", type="m.direct", content={"@c:d": ["!e"], "…": 1})
    assert {"@c:d": ["!e"], "…": 1} == json.loads(wanted.to_http().body)
    assert wanted == SetAccountData.from_http(wanted.to_http())
    upload = UploadContent(content=b"\x00\xff", content_type="image/png", filename="é.png")
    assert b"\x00\xff" == upload.to_http().body
    assert (("Content-Type", "image/png"),) == upload.to_http().headers
    assert upload == UploadContent.from_http(upload.to_http())


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\x00", "\x7f"])
def test_request_header_holds_one_line(value: str) -> None:
    """What would begin another header is never written."""
    with pytest.raises(LocalProtocolError):
        UploadContent(content=b"", content_type=value).to_http()


def test_response_to_media_has_its_headers() -> None:
    """Media come with the headers that say what they are; names are in lower case either way."""
    answer = HttpResponse(200, {"content-type": "image/png", "content-disposition": "inline"}, b"\x89PNG")
    read = GetContent(server_name="a.org", media_id="m").read_response(answer)
    assert ("image/png", "inline", b"\x89PNG") == (read.content_type, read.content_disposition, read.content)
    assert answer == read.to_http()


def test_response_to_sso_is_a_redirect() -> None:
    """Where the expected answer is a redirect, it is the answer and no fault."""
    read = RedirectToSSO(redirect_url="https://a.org/").read_response(HttpResponse(302, {"location": "https://idp/"}))
    assert RedirectToSSOResponse(location="https://idp/") == read
    assert (302, "https://idp/") == (read.to_http().status, read.to_http().headers["location"])


def test_response_may_be_any_success() -> None:
    """Any status from 200 to 299 is a success: 201 for a device, say."""
    read = JoinRoom(room_id_or_alias="!r").read_response(HttpResponse(201, {}, b'{"room_id": "!r"}'))
    assert JoinRoomResponse(room_id="!r") == read


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"room_id": 1}', b"\xff", b'{"room_id":"\xff"}', b"[" * 9999]
)
def test_response_that_is_broken_is_the_servers_fault(body: bytes) -> None:
    """An answer that is not of its shape raises `RemoteProtocolError`."""
    with pytest.raises(RemoteProtocolError):
        JoinRoom(room_id_or_alias="!r").read_response(HttpResponse(200, {}, body))


def test_unknown_keys_survive_within_maps() -> None:
    """Structs within a map that is the whole body keep what is unknown in them too."""
    protocol = {"user_fields": [], "location_fields": [], "field_types": {}, "instances": [], "org.example": [1]}
    read = GetProtocols().read_response(HttpResponse(200, {}, json.dumps({"irc": protocol}).encode()))
    assert {"org.example": [1]} == read.protocols["irc"].unknown
    assert isinstance(read.protocols["irc"], Protocol)
    assert {"irc": protocol} == json.loads(read.to_http().body)


def test_unknown_keys_are_given_by_hand() -> None:
    """What an authentication stage needs has no fields; it is written from `unknown` and read into it."""
    auth = AuthenticationData(type="m.login.password", session="s", unknown={"password": "p"})
    assert {"type": "m.login.password", "session": "s", "password": "p"} == with_unknown(auth)
    assert auth == read_json(AuthenticationData, with_unknown(auth))


def test_unknown_keys_never_overwrite_known_ones() -> None:
    """A key in `unknown` that is a field's is not written: the field says it."""
    assert {"type": "a"} == with_unknown(AuthenticationData(type="a", unknown={"type": "b"}))


class _Nested(Body, frozen=True, kw_only=True):
    inner: _Nested | None = None
    either: str | tuple[_Nested, ...] | None = None


class _NestedResponse(Response, frozen=True, kw_only=True):
    nested: _Nested


class _AskNested(Request[_NestedResponse], frozen=True, kw_only=True):
    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/nested/{id}")

    id: InPath[int]
    flags: InQuery[tuple[bool, ...] | None] = None
    trace: InHeader[str | None] = msgspec.field(name="X-Trace", default=None)
    nested: WholeBody[_Nested | None]


def test_unknown_keys_survive_in_types_that_hold_themselves() -> None:
    """A type may hold itself, also in a list that might have been a word."""
    body = {"nested": {"inner": {"x": 1, "either": [{"y": 2}, {"either": "word"}]}, "…": None}, "z": []}
    request = _AskNested(id=1, nested=None)
    assert body == json.loads(request.read_response(HttpResponse(200, {}, json.dumps(body).encode())).to_http().body)


def test_request_reads_numbers_in_paths_and_lists_of_truths() -> None:
    """Every kind of value can stand in every place that holds words."""
    request = _AskNested(id=7, flags=(True, False), trace="t", nested=_Nested(unknown={"a": [1]}))
    sent = request.to_http()
    assert (("flags", "true"), ("flags", "false")) == sent.query
    assert request == _AskNested.from_http(sent)
    assert _AskNested(id=7, nested=None) == _AskNested.from_http(_AskNested(id=7, nested=None).to_http())


def test_request_class_names_its_response() -> None:
    """A request that says nothing of its answer is our own mistake, told at once."""

    class Silent(Request, frozen=True, kw_only=True):  # type: ignore[type-arg]  # that is the mistake
        """Ask for nothing."""

    with pytest.raises(TypeError, match="does not say"):
        Silent.response_type()
