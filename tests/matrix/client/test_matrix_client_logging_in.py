"""Finding the homeserver, registering, and logging in."""

from __future__ import annotations

from typing import cast

import msgspec
import pytest

from fakes.homeserver import Desk, FakeHomeserver, refusal
from fakes.logged_in import PLAIN, alice_at_desk
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.login import GetLoginFlows, Login
from scop.matrix.api.client_server.registration import Register
from scop.matrix.api.client_server.versions import GetVersions
from scop.matrix.api.client_server.wellknown import GetWellknown
from scop.matrix.api.errors import MatrixError
from scop.matrix.client import ClientOptions
from scop.matrix.client.discovery import DiscoveryFailed, check_homeserver, find_homeserver
from scop.matrix.client.logging_in import Registration
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import AskElsewhere, Needed, Shelf


def _elsewhere(desk: Desk) -> list[AskElsewhere]:
    seen: list[AskElsewhere] = []

    def look(needed: Needed) -> None:
        if isinstance(needed, AskElsewhere):
            seen.append(needed)

    desk.before.append(look)
    return seen


def test_discovery_asks_the_well_known_and_checks_what_it_says() -> None:
    """The well-known is asked of the host of the server name, the versions of what it names (§Well-known URIs)."""
    server = FakeHomeserver()
    desk = Desk(server)
    seen = _elsewhere(desk)
    assert server.url == desk.run(desk.client(PLAIN).discover("example.org:8448"))
    assert ["https://example.org", server.url] == [asked.base_url for asked in seen]


def test_discovery_ignores_a_well_known_that_is_not_there() -> None:
    """404 is IGNORE: the server name itself is tried."""
    desk = Desk(FakeHomeserver())
    del desk.server.answers[GetWellknown]
    assert "https://example.org:8448" == desk.run(find_homeserver("example.org:8448")).base_url


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"{}", b'{"m.homeserver": {}}', b'{"m.homeserver": 3}'])
def test_discovery_asks_a_person_where_the_well_known_is_none(body: bytes) -> None:
    """A well-known that is empty, no JSON, or names no base_url is FAIL_PROMPT."""
    desk = Desk(FakeHomeserver())
    desk.server.answers[GetWellknown] = lambda _device, _request: body
    with pytest.raises(DiscoveryFailed) as failed:
        desk.run(find_homeserver("example.org"))
    assert failed.value.may_ask


def test_discovery_asks_a_person_where_the_well_known_fails() -> None:
    """A status other than 200 and 404 is FAIL_PROMPT."""
    desk = Desk(FakeHomeserver())

    def fail(_device: object, _request: object) -> JsonObject:
        raise refusal(500, "M_UNKNOWN")

    desk.server.answers[GetWellknown] = fail
    with pytest.raises(DiscoveryFailed) as failed:
        desk.run(find_homeserver("example.org"))
    assert failed.value.may_ask


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "ftp://example.org",
        "example.org",
        "https://",
        "https://a@b",
        "https://h:99999",
        "https://h?x",
    ],
)
def test_discovery_ends_where_the_well_known_names_no_url(url: str) -> None:
    """A base_url that is no https URL is FAIL_ERROR."""
    desk = Desk(FakeHomeserver())
    desk.server.answers[GetWellknown] = lambda _device, _request: {"m.homeserver": {"base_url": url}}
    with pytest.raises(DiscoveryFailed) as failed:
        desk.run(find_homeserver("example.org"))
    assert not failed.value.may_ask


def test_discovery_ends_where_no_homeserver_answers() -> None:
    """A base_url where no homeserver is is FAIL_ERROR; of a URL that a person gave they may be asked again."""
    desk = Desk(FakeHomeserver())
    desk.server.answers[GetVersions] = lambda _device, _request: {"version": 1}
    with pytest.raises(DiscoveryFailed) as failed:
        desk.run(find_homeserver("example.org"))
    assert not failed.value.may_ask
    with pytest.raises(DiscoveryFailed) as failed:
        desk.run(check_homeserver("https://elsewhere.example"))
    assert failed.value.may_ask


def test_login_keeps_the_session() -> None:
    """Who logged in is known after a restart, and a wrong password is refused."""
    desk = alice_at_desk()
    client = desk.client(PLAIN)
    assert client.session is not None
    assert "@alice:example.org" == client.session.user_id
    with pytest.raises(Exception, match="M_FORBIDDEN"):
        desk.run(client.login_with_password(desk.server.url, "alice", "wrong"))


def test_login_as_the_same_user_keeps_the_device() -> None:
    """Logging in again after a soft logout keeps the device and what is kept (§Soft logout)."""
    desk = alice_at_desk()
    client = desk.client(PLAIN)
    assert client.session is not None
    before = client.session.device_id
    desk.put(())
    desk.kept[Shelf.SECRETS]["something"] = b"precious"
    session = desk.run(client.login_with_password(desk.server.url + "/", "@alice:example.org", "secret"))
    assert before == session.device_id
    assert b"precious" == desk.kept[Shelf.SECRETS]["something"]


def test_login_as_another_user_forgets_the_first() -> None:
    """What was kept of one user is nothing to another."""
    desk = alice_at_desk()
    room = desk.server.rooms.make("@alice:example.org")
    client = desk.client(PLAIN)
    desk.run(client.sync())
    desk.server.register("bob")
    session = desk.run(client.login_with_password(desk.server.url, "bob", "secret"))
    assert "@bob:example.org" == session.user_id
    assert room not in client.rooms
    assert [Shelf.SESSION] == [shelf for shelf, names in desk.kept.items() if names]


def test_login_of_a_service_shows_its_token() -> None:
    """An application service logs in its users by its own token (§Appservice Login)."""
    server = FakeHomeserver()
    bot = server.register("bot")
    service = server.device(bot, "SERVICE")
    token = server.new_token(service)
    desk = Desk(server)
    seen = _elsewhere(desk)
    desk.run(desk.client(PLAIN).login_as_service(server.url, bot, token))
    http = seen[0].request.to_http(seen[0].token)
    assert ("authorization", f"Bearer {token}") in http.headers
    assert "m.login.application_service" == msgspec.json.decode(http.body)["type"]


def test_login_by_token() -> None:
    """A token of single sign-on logs in."""
    server = FakeHomeserver()
    desk = Desk(server)
    client = desk.client(PLAIN)
    assert ("m.login.password",) == desk.run(client.login.ways(server.url)).flows
    session = desk.run(client.login_with_token(server.url, server.register("alice")))
    assert "@alice:example.org" == session.user_id


def test_login_by_a_token_of_somebody_else_is_refused() -> None:
    """A token that logs in whom nobody named changes nothing of the session that is kept."""
    server = FakeHomeserver()
    desk = alice_at_desk(server)
    client = desk.client(PLAIN)
    before = client.session
    with pytest.raises(
        RemoteProtocolError, match=r"^@alice:example\.org was to be logged in, and @bob:example\.org was$"
    ):
        desk.run(client.login_with_token(server.url, server.register("bob"), "@alice:example.org"))
    assert before == client.session == desk.client(PLAIN).session
    again = desk.run(client.login_with_token(server.url, "@alice:example.org", "@alice:example.org"))
    assert before is not None
    assert before.device_id == again.device_id
    assert [None, None] == [asked.identifier for asked in server.asked if isinstance(asked, Login)][-2:]


def test_registering_logs_in() -> None:
    """A new account is logged in to where the server does so at once."""
    server = FakeHomeserver()

    def register(_device: object, request: Register) -> JsonObject:
        if request.auth is None:
            raise refusal(401, "M_UNKNOWN", flows=[{"stages": ["m.login.dummy"]}], session="s")
        user_id = server.register(str(request.username), str(request.password))
        device = server.device(user_id, "NEW")
        return {"user_id": user_id, "device_id": "NEW", "access_token": server.new_token(device)}

    server.answers[Register] = register
    desk = Desk(server)
    client = desk.client(PLAIN)
    session = desk.run(client.login.register(server.url, Registration("carol", "secret")))
    assert session is not None
    assert "@carol:example.org" == session.user_id
    assert "NEW" == desk.run(client.login.whoami()).device_id


@pytest.mark.parametrize(
    ("flows", "offered"),
    [
        ([], "nothing that is known here"),
        ([{"type": "m.login.sso"}, {"type": "m.login.token"}], "m.login.sso, m.login.token"),
    ],
)
def test_login_says_what_a_server_without_passwords_offers(flows: list[JsonObject], offered: str) -> None:
    """Where nobody logs in by a password (OAuth 2.0, single sign-on) the refusal says what there is instead."""
    server = FakeHomeserver()
    server.register("alice")
    desk = Desk(server)
    server.answers[GetLoginFlows] = lambda _device, _request: {"flows": flows}
    del server.answers[Login]
    with pytest.raises(MatrixError, match=f"no login by a password there, but by {offered}") as refused:
        desk.run(desk.client(PLAIN).login_with_password(server.url, "alice", "secret"))
    assert "M_UNRECOGNIZED" == refused.value.errcode


def test_login_keeps_what_there_is_where_somebody_else_is_logged_in() -> None:
    """A server that answers with another user ends the login, and nothing that is kept is thrown away for it."""
    desk = alice_at_desk()
    kept = dict(desk.kept[Shelf.SESSION])
    desk.server.register("mallory")
    known = desk.server.answers[Login]
    desk.server.answers[Login] = lambda device, request: {
        **cast("JsonObject", known(device, request)),
        "user_id": "@mallory:example.org",
    }
    with pytest.raises(RemoteProtocolError, match="@mallory"):
        desk.run(desk.client(PLAIN).login_with_password(desk.server.url, "@alice:example.org", "secret"))
    assert kept == desk.kept[Shelf.SESSION]


def test_login_says_that_a_password_is_wrong_as_the_server_does() -> None:
    """A wrong password is no reason to ask for the ways to log in."""
    server = FakeHomeserver()
    server.register("alice")
    desk = Desk(server)
    with pytest.raises(MatrixError, match="M_FORBIDDEN"):
        desk.run(desk.client(PLAIN).login_with_password(server.url, "alice", "wrong"))
    assert [Login] == [type(request) for request in server.asked]


def test_login_asks_for_refresh_tokens_as_options_want() -> None:
    """`refresh_token` is asked for, or left out, as our options say."""
    server = FakeHomeserver()
    server.register("alice")
    for wants in (True, False):
        desk = Desk(server)
        client = desk.client(ClientOptions(encrypts=False, asks_refresh_token=wants, device_name="Sextant"))
        desk.run(client.login_with_password(server.url, "alice", "secret"))
        asked = [one for one in server.asked if isinstance(one, Login)][-1]
        assert asked.refresh_token is (True if wants else None)
        assert "Sextant" == asked.initial_device_display_name
