"""Staying logged in, confirming who one is, and logging out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.homeserver import Broken, FakeHomeserver, refusal
from fakes.logged_in import PLAIN, alice_at_desk
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.client_server.device_management import DeleteDevice
from scop.matrix.api.client_server.logout import Logout
from scop.matrix.api.client_server.refresh import Refresh
from scop.matrix.api.errors import MatrixError
from scop.matrix.client import Session
from scop.matrix.client.session import OAuthGrant
from scop.matrix.confirming import ConfirmationWanted, Credentials, confirmed
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Needed, Shelf


def test_renewing_takes_new_tokens_once() -> None:
    """Whoever comes with a token that is not in use any more needs no new one."""
    server = FakeHomeserver()
    server.expires_in_ms = 300_000
    desk = alice_at_desk(server)
    client = desk.client(PLAIN)
    first = client.session
    assert first is not None
    assert not first.is_due(desk.clock.unix())
    desk.clock.jump(295)
    assert first.is_due(desk.clock.unix())
    assert desk.run(client.renew(first.access_token))
    assert desk.run(client.renew(first.access_token))
    assert 1 == sum(isinstance(asked, Refresh) for asked in server.asked)
    renewed = desk.client(PLAIN).session
    assert renewed is not None
    assert first.access_token != renewed.access_token
    assert not renewed.is_due(desk.clock.unix())


def test_renewing_that_is_not_kept_can_be_repeated() -> None:
    """The refresh token in the disk's hands counts until the new one does."""
    server = FakeHomeserver()
    server.expires_in_ms = 300_000
    desk = alice_at_desk(server)
    client = desk.client(PLAIN)
    before = client.session

    def full(_needed: Needed) -> None:
        raise Broken

    desk.before.append(full)
    with pytest.raises(Broken):
        desk.run(client.renew())
    assert before == desk.client(PLAIN).session


def test_renewing_says_where_there_is_no_way() -> None:
    """Without a refresh token, or when the session is over softly, one logs in again; else the refusal is raised."""
    desk = alice_at_desk()
    assert not desk.run(desk.client(PLAIN).renew())
    desk.server.expires_in_ms = 1000
    desk = alice_at_desk(desk.server)
    desk.server.refresh_tokens.clear()
    assert not desk.run(desk.client(PLAIN).renew())

    def over(_device: object, _request: object) -> JsonObject:
        raise refusal(401, "M_UNKNOWN_TOKEN")

    desk.server.answers[Refresh] = over
    with pytest.raises(Exception, match="M_UNKNOWN_TOKEN"):
        desk.run(desk.client(PLAIN).renew())

    def used_up(_device: object, _request: object) -> JsonObject:
        raise refusal(403, "M_FORBIDDEN")  # Synapse, of a refresh token that was used, or has expired

    desk.server.answers[Refresh] = used_up
    assert not desk.run(desk.client(PLAIN).renew())


def test_logging_out_keeps_nothing() -> None:
    """After logging out nothing is kept, even if the server had ended the session already."""
    for has_ended in (False, True):
        desk = alice_at_desk()
        client = desk.client(PLAIN)
        if has_ended:
            desk.server.tokens.clear()
        desk.run(client.logout())
        assert client.session is None
        assert not any(desk.kept.values())
        with pytest.raises(LocalProtocolError):
            desk.run(client.logout())


def test_logging_out_that_fails_keeps_all() -> None:
    """Where the server does not answer, the session stays."""
    desk = alice_at_desk()

    def fail(_device: object, _request: object) -> JsonObject:
        raise refusal(502, "M_UNKNOWN")

    desk.server.answers[Logout] = fail
    client = desk.client(PLAIN)
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
    desk = alice_at_desk()
    shown = _asks_for(desk.server, [["m.login.sso"], ["m.login.dummy", "m.login.password"]])
    desk.run(desk.client(PLAIN).devices.end("OTHER", Credentials("@alice:example.org", "secret")))
    assert [None, "m.login.dummy", "m.login.password"] == [one.get("type") for one in shown]
    assert {"type": "m.id.user", "user": "@alice:example.org"} == shown[-1]["identifier"]


def test_confirming_ends_where_a_stage_is_refused_or_cannot_be_shown() -> None:
    """A wrong password is shown once, and a flow that we cannot end is not begun."""
    desk = alice_at_desk()
    shown = _asks_for(desk.server, [["m.login.password"]])
    with pytest.raises(Exception, match="M_FORBIDDEN"):
        desk.run(desk.client(PLAIN).devices.end("OTHER", Credentials("@alice:example.org", "wrong")))
    assert 2 == len(shown)
    shown = _asks_for(desk.server, [["m.login.sso"]])
    with pytest.raises(Exception, match="401"):
        desk.run(desk.client(PLAIN).devices.end("OTHER", Credentials("@alice:example.org", "secret")))
    assert 1 == len(shown)


@pytest.mark.parametrize(
    ("stage", "params", "url"),
    [
        ("m.login.sso", {}, "https://h/_matrix/client/v3/auth/m.login.sso/fallback/web?session=s1"),
        ("m.oauth", {"m.oauth": {"url": "https://example.org/account/x"}}, "https://example.org/account/x"),
        ("m.oauth", {"m.oauth": {"url": "javascript:alert(1)"}}, None),
        ("m.oauth", {"m.oauth": "none"}, None),
        ("m.oauth", {}, None),
    ],
)
def test_confirming_in_a_browser_goes_on_by_its_session(stage: str, params: JsonObject, url: str | None) -> None:
    """Where a person must say yes in a browser the page is named, and the session alone shown after it (§Fallback)."""
    desk = alice_at_desk()
    agreed: list[str | None] = []

    def delete(_device: object, request: DeleteDevice) -> JsonObject:
        agreed.append(None if request.auth is None else request.auth.session)
        if request.auth is None:
            raise refusal(401, "M_UNKNOWN", flows=[{"stages": [stage]}], session="s1", params=params)
        assert (None, {}) == (request.auth.type, request.auth.unknown)
        return {}

    desk.server.answers[DeleteDevice] = delete
    desk.client(PLAIN)

    def end(shown: Credentials) -> None:
        desk.run(confirmed(lambda auth: DeleteDevice(device_id="OTHER", auth=auth), shown))

    with pytest.raises(ConfirmationWanted) as wanted:
        end(Credentials("@alice:example.org", "secret"))
    assert (stage, url) == (wanted.value.stage, wanted.value.url_at("https://h"))
    end(Credentials(session=wanted.value.session))
    assert [None, "s1"] == agreed


def test_confirming_takes_a_password_before_a_browser() -> None:
    """Where a password would do, and none was shown, nobody is sent to a browser; a wrong one is a refusal."""
    desk = alice_at_desk()
    _asks_for(desk.server, [["m.login.sso"], ["m.login.password"]])
    for shown in (Credentials(), Credentials("@alice:example.org", "wrong")):
        with pytest.raises(MatrixError) as refused:
            desk.run(desk.client(PLAIN).devices.end("OTHER", shown))
        assert not isinstance(refused.value, ConfirmationWanted)


def test_confirming_does_not_take_a_broken_token_for_stages() -> None:
    """A 401 without flows is a refusal."""
    desk = alice_at_desk()
    desk.server.tokens.clear()
    steps = confirmed(lambda auth: DeleteDevice(device_id="X", auth=auth), Credentials("@alice:example.org", "secret"))
    desk.client(PLAIN)
    with pytest.raises(Exception, match="M_UNKNOWN_TOKEN"):
        desk.run(steps)


@given(
    session=st.builds(
        Session,
        st.text(),
        st.text(),
        st.text(),
        st.text(),
        st.none() | st.text(),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.builds(OAuthGrant, st.text(), st.text()),
    )
)
def test_session_is_what_was_kept(session: Session) -> None:
    """A session read from its octets is the same one, and its tokens are not shown."""
    assert session == Session.from_octets(session.to_octets())
    assert "access_token" not in repr(session)


def test_session_that_an_older_release_kept_is_read() -> None:
    """A session without a word of OAuth 2.0 is one of the homeserver's own tokens."""
    kept = b'{"homeserver_url":"https://h","user_id":"@a:h","device_id":"D","access_token":"t"}'
    assert Session("https://h", "@a:h", "D", "t") == Session.from_octets(kept)


@given(octets=st.binary(max_size=40))
def test_session_of_other_octets_is_refused(octets: bytes) -> None:
    """Octets that are no session raise RemoteProtocolError and nothing else."""
    with pytest.raises(RemoteProtocolError):
        Session.from_octets(octets)
