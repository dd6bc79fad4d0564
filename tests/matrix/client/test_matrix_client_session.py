"""Finding the homeserver, logging in, staying so, and logging out."""

from __future__ import annotations

from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.homeserver import Broken, Desk, FakeHomeserver, refusal
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.client_server.device_management import DeleteDevice
from scop.matrix.api.client_server.login import GetLoginFlows, Login
from scop.matrix.api.client_server.logout import Logout
from scop.matrix.api.client_server.refresh import Refresh
from scop.matrix.api.client_server.registration import Register
from scop.matrix.api.client_server.versions import GetVersions
from scop.matrix.api.client_server.wellknown import GetWellknown
from scop.matrix.api.errors import MatrixError
from scop.matrix.client import ClientOptions, Session
from scop.matrix.client.discovery import DiscoveryFailed, check_homeserver, find_homeserver
from scop.matrix.client.logging_in import Registration
from scop.matrix.confirming import Credentials, confirmed
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import AskElsewhere, Needed, Shelf

_PLAIN = ClientOptions(encrypts=False)


def _alice(server: FakeHomeserver | None = None) -> Desk:
    """Return the desk of a client that is logged in."""
    server = server or FakeHomeserver()
    server.register("alice")
    desk = Desk(server)
    client = desk.client(_PLAIN)
    desk.run(client.login_with_password(server.url, "alice", "secret"))
    return desk


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
    assert server.url == desk.run(desk.client(_PLAIN).discover("example.org:8448"))
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
    desk = _alice()
    client = desk.client(_PLAIN)
    assert client.session is not None
    assert "@alice:example.org" == client.session.user_id
    with pytest.raises(Exception, match="M_FORBIDDEN"):
        desk.run(client.login_with_password(desk.server.url, "alice", "wrong"))


def test_login_as_the_same_user_keeps_the_device() -> None:
    """Logging in again after a soft logout keeps the device and what is kept (§Soft logout)."""
    desk = _alice()
    client = desk.client(_PLAIN)
    assert client.session is not None
    before = client.session.device_id
    desk.put(())
    desk.kept[Shelf.SECRETS]["something"] = b"precious"
    session = desk.run(client.login_with_password(desk.server.url + "/", "@alice:example.org", "secret"))
    assert before == session.device_id
    assert b"precious" == desk.kept[Shelf.SECRETS]["something"]


def test_login_as_another_user_forgets_the_first() -> None:
    """What was kept of one user is nothing to another."""
    desk = _alice()
    room = desk.server.rooms.make("@alice:example.org")
    client = desk.client(_PLAIN)
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
    desk.run(desk.client(_PLAIN).login_as_service(server.url, bot, token))
    http = seen[0].request.to_http(seen[0].token)
    assert ("authorization", f"Bearer {token}") in http.headers
    assert "m.login.application_service" == msgspec.json.decode(http.body)["type"]


def test_login_by_token() -> None:
    """A token of single sign-on logs in."""
    server = FakeHomeserver()
    desk = Desk(server)
    client = desk.client(_PLAIN)
    assert ("m.login.password",) == desk.run(client.login.flows(server.url))
    session = desk.run(client.login_with_token(server.url, server.register("alice")))
    assert "@alice:example.org" == session.user_id


def test_login_by_a_token_of_somebody_else_is_refused() -> None:
    """A token that logs in whom nobody named changes nothing of the session that is kept."""
    server = FakeHomeserver()
    desk = _alice(server)
    client = desk.client(_PLAIN)
    before = client.session
    with pytest.raises(
        RemoteProtocolError, match=r"^@alice:example\.org was to be logged in, and @bob:example\.org was$"
    ):
        desk.run(client.login_with_token(server.url, server.register("bob"), "@alice:example.org"))
    assert before == client.session == desk.client(_PLAIN).session
    again = desk.run(client.login_with_token(server.url, "@alice:example.org", "@alice:example.org"))
    assert before is not None
    assert before.device_id == again.device_id
    assert [None, None] == [asked.identifier for asked in server.asked if isinstance(asked, Login)][-2:]


def test_renewing_takes_new_tokens_once() -> None:
    """Whoever comes with a token that is not in use any more needs no new one."""
    server = FakeHomeserver()
    server.expires_in_ms = 300_000
    desk = _alice(server)
    client = desk.client(_PLAIN)
    first = client.session
    assert first is not None
    assert not first.is_due(desk.clock.unix())
    desk.clock.jump(295)
    assert first.is_due(desk.clock.unix())
    assert desk.run(client.renew(first.access_token))
    assert desk.run(client.renew(first.access_token))
    assert 1 == sum(isinstance(asked, Refresh) for asked in server.asked)
    renewed = desk.client(_PLAIN).session
    assert renewed is not None
    assert first.access_token != renewed.access_token
    assert not renewed.is_due(desk.clock.unix())


def test_renewing_that_is_not_kept_can_be_repeated() -> None:
    """The refresh token in the disk's hands counts until the new one does."""
    server = FakeHomeserver()
    server.expires_in_ms = 300_000
    desk = _alice(server)
    client = desk.client(_PLAIN)
    before = client.session

    def full(_needed: Needed) -> None:
        raise Broken

    desk.before.append(full)
    with pytest.raises(Broken):
        desk.run(client.renew())
    assert before == desk.client(_PLAIN).session


def test_renewing_says_where_there_is_no_way() -> None:
    """Without a refresh token, or when the session is over softly, one logs in again; else the refusal is raised."""
    desk = _alice()
    assert not desk.run(desk.client(_PLAIN).renew())
    desk.server.expires_in_ms = 1000
    desk = _alice(desk.server)
    desk.server.refresh_tokens.clear()
    assert not desk.run(desk.client(_PLAIN).renew())

    def over(_device: object, _request: object) -> JsonObject:
        raise refusal(401, "M_UNKNOWN_TOKEN")

    desk.server.answers[Refresh] = over
    with pytest.raises(Exception, match="M_UNKNOWN_TOKEN"):
        desk.run(desk.client(_PLAIN).renew())

    def used_up(_device: object, _request: object) -> JsonObject:
        raise refusal(403, "M_FORBIDDEN")  # Synapse, of a refresh token that was used, or has expired

    desk.server.answers[Refresh] = used_up
    assert not desk.run(desk.client(_PLAIN).renew())


def test_logging_out_keeps_nothing() -> None:
    """After logging out nothing is kept, even if the server had ended the session already."""
    for has_ended in (False, True):
        desk = _alice()
        client = desk.client(_PLAIN)
        if has_ended:
            desk.server.tokens.clear()
        desk.run(client.logout())
        assert client.session is None
        assert not any(desk.kept.values())
        with pytest.raises(LocalProtocolError):
            desk.run(client.logout())


def test_logging_out_that_fails_keeps_all() -> None:
    """Where the server does not answer, the session stays."""
    desk = _alice()

    def fail(_device: object, _request: object) -> JsonObject:
        raise refusal(502, "M_UNKNOWN")

    desk.server.answers[Logout] = fail
    client = desk.client(_PLAIN)
    with pytest.raises(Exception, match="502"):
        desk.run(client.logout())
    assert client.session is not None
    assert desk.kept[Shelf.SESSION]


def _asks_for(server: FakeHomeserver, flows: list[list[str]], password: str = "secret") -> list[JsonObject]:
    """Let deleting a device want stages; return what is shown."""
    shown: list[JsonObject] = []

    def delete(_device: object, request: DeleteDevice) -> JsonObject:
        auth = {} if request.auth is None else {"type": request.auth.type, **request.auth.unknown}
        shown.append(auth)
        done = [str(one["type"]) for one in shown if one and one.get("password", password) == password]
        more: JsonObject = {"flows": [{"stages": flow} for flow in flows], "session": "s1", "completed": done}
        if auth and auth.get("password", password) != password:
            raise refusal(401, "M_FORBIDDEN", **more)
        if not any(set(flow) <= set(done) for flow in flows):
            answer = refusal(401, "M_UNKNOWN", **more)
            del answer.body["errcode"]
            raise answer
        return {}

    server.answers[DeleteDevice] = delete
    return shown


def test_confirming_shows_the_password_when_it_is_asked_for() -> None:
    """The stages of a flow that we can end are gone through one by one (§User-Interactive Authentication API)."""
    desk = _alice()
    shown = _asks_for(desk.server, [["m.login.sso"], ["m.login.dummy", "m.login.password"]])
    desk.run(desk.client(_PLAIN).devices.end("OTHER", "secret"))
    assert [None, "m.login.dummy", "m.login.password"] == [one.get("type") for one in shown]
    assert {"type": "m.id.user", "user": "@alice:example.org"} == shown[-1]["identifier"]


def test_confirming_ends_where_a_stage_is_refused_or_cannot_be_shown() -> None:
    """A wrong password is shown once, and a flow that we cannot end is not begun."""
    desk = _alice()
    shown = _asks_for(desk.server, [["m.login.password"]])
    with pytest.raises(Exception, match="M_FORBIDDEN"):
        desk.run(desk.client(_PLAIN).devices.end("OTHER", "wrong"))
    assert 2 == len(shown)
    shown = _asks_for(desk.server, [["m.login.sso"]])
    with pytest.raises(Exception, match="401"):
        desk.run(desk.client(_PLAIN).devices.end("OTHER", "secret"))
    assert 1 == len(shown)


def test_confirming_does_not_take_a_broken_token_for_stages() -> None:
    """A 401 without flows is a refusal."""
    desk = _alice()
    desk.server.tokens.clear()
    steps = confirmed(lambda auth: DeleteDevice(device_id="X", auth=auth), Credentials("@alice:example.org", "secret"))
    desk.client(_PLAIN)
    with pytest.raises(Exception, match="M_UNKNOWN_TOKEN"):
        desk.run(steps)


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
    client = desk.client(_PLAIN)
    session = desk.run(client.login.register(server.url, Registration("carol", "secret")))
    assert session is not None
    assert "@carol:example.org" == session.user_id
    assert "NEW" == desk.run(client.login.whoami()).device_id


@given(
    session=st.builds(
        Session,
        st.text(),
        st.text(),
        st.text(),
        st.text(),
        st.none() | st.text(),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_session_is_what_was_kept(session: Session) -> None:
    """A session read from its octets is the same one, and its tokens are not shown."""
    assert session == Session.from_octets(session.to_octets())
    assert "access_token" not in repr(session)


@given(octets=st.binary(max_size=40))
def test_session_of_other_octets_is_refused(octets: bytes) -> None:
    """Octets that are no session raise RemoteProtocolError and nothing else."""
    with pytest.raises(RemoteProtocolError):
        Session.from_octets(octets)


@pytest.mark.parametrize(
    ("flows", "offered"),
    [
        ([], "OAuth 2.0, which is not spoken here"),
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
        desk.run(desk.client(_PLAIN).login_with_password(server.url, "alice", "secret"))
    assert "M_UNRECOGNIZED" == refused.value.errcode


def test_login_keeps_what_there_is_where_somebody_else_is_logged_in() -> None:
    """A server that answers with another user ends the login, and nothing that is kept is thrown away for it."""
    desk = _alice()
    kept = dict(desk.kept[Shelf.SESSION])
    desk.server.register("mallory")
    known = desk.server.answers[Login]
    desk.server.answers[Login] = lambda device, request: {
        **cast("JsonObject", known(device, request)),
        "user_id": "@mallory:example.org",
    }
    with pytest.raises(RemoteProtocolError, match="@mallory"):
        desk.run(desk.client(_PLAIN).login_with_password(desk.server.url, "@alice:example.org", "secret"))
    assert kept == desk.kept[Shelf.SESSION]


def test_login_says_that_a_password_is_wrong_as_the_server_does() -> None:
    """A wrong password is no reason to ask for the ways to log in."""
    server = FakeHomeserver()
    server.register("alice")
    desk = Desk(server)
    with pytest.raises(MatrixError, match="M_FORBIDDEN"):
        desk.run(desk.client(_PLAIN).login_with_password(server.url, "alice", "wrong"))
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
