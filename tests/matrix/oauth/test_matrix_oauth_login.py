"""Logging in by OAuth 2.0: a browser that comes back, a code for another device; and logging out."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from fakes.authorization_server import OAuthDesk, OAuthHomeserver
from fakes.homeserver import Desk, FakeHomeserver, refusal
from fakes.logged_in import PLAIN
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.client_server.oauth_server_metadata import GetAuthMetadata
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.http import HttpResponse
from scop.matrix.client import Session
from scop.matrix.json_values import JsonObject
from scop.matrix.oauth import OAuthError, code_of
from scop.matrix.steps import Shelf

HERE = "http://127.0.0.1:4711/callback"
ALICE = "@alice:example.org"


@pytest.fixture
def server() -> OAuthHomeserver:
    """Return a homeserver that takes no passwords."""
    return OAuthHomeserver()


def _logged_in(desk: OAuthDesk, user: str | None = None) -> Session:
    client = desk.client(PLAIN)
    asked = desk.run(client.oauth.begin_code(desk.server.url + "/", HERE, user))
    code = code_of(asked, desk.authorization.agree(asked.url))
    return desk.run(client.oauth.end_code(asked, code))


def test_oauth_login_by_a_browser_keeps_the_session(server: OAuthHomeserver) -> None:
    """The code that came back is given for tokens of the device that we chose, and a restart knows them."""
    desk = OAuthDesk(server)
    session = _logged_in(desk)
    assert session == desk.client(PLAIN).session
    (grant,) = server.authorization.grants
    assert (ALICE, grant.device.device_id) == (session.user_id, session.device_id)
    assert session.oauth is not None
    assert (f"{server.authorization.url}/", grant.client_id) == (session.oauth.issuer, session.oauth.client_id)
    assert session.expires_unix == desk.clock.unix() + 300
    assert ALICE == desk.run(desk.client(PLAIN).login.whoami()).user_id


def test_oauth_login_registers_without_a_port(server: OAuthHomeserver) -> None:
    """The redirect URI is registered without its port; each login registers anew (§Client registration)."""
    desk = OAuthDesk(server)
    _logged_in(desk)
    _logged_in(desk)
    assert 2 == len(server.authorization.clients)
    for said in server.authorization.clients.values():
        assert ["http://127.0.0.1/callback"] == said["redirect_uris"]
        assert ["authorization_code", "refresh_token"] == said["grant_types"]


def test_oauth_login_again_keeps_the_device(server: OAuthHomeserver) -> None:
    """The same user goes on with the device and all that is kept; another begins anew."""
    desk = OAuthDesk(server)
    first = _logged_in(desk)
    desk.kept[Shelf.SECRETS]["something"] = b"precious"
    assert first.device_id == _logged_in(desk, ALICE).device_id
    assert b"precious" == desk.kept[Shelf.SECRETS]["something"]
    server.authorization.user = server.register("bob")
    assert first.device_id != _logged_in(desk, "@bob:example.org").device_id
    assert "something" not in desk.kept[Shelf.SECRETS]


def test_oauth_login_as_somebody_else_ends_what_it_was_given(server: OAuthHomeserver) -> None:
    """Where another agreed than who was to log in, their tokens are revoked and what is kept stays."""
    desk = OAuthDesk(server)
    before = _logged_in(desk)
    server.authorization.user = server.register("bob")
    with pytest.raises(RemoteProtocolError, match=r"^@alice:example\.org was to be logged in, and @bob"):
        _logged_in(desk, ALICE)
    assert before == desk.client(PLAIN).session
    assert [False, True] == [grant.is_over for grant in server.authorization.grants]


@pytest.mark.parametrize("change", [{"scope": "urn:matrix:client:api:*"}, {"token_type": "mac"}])
def test_oauth_login_takes_no_other_tokens(server: OAuthHomeserver, change: dict[str, str]) -> None:
    """Tokens of less, or of another kind, log nobody in and are revoked."""
    for name, value in change.items():
        setattr(server.authorization, name, value)
    desk = OAuthDesk(server)
    with pytest.raises(RemoteProtocolError):
        _logged_in(desk)
    assert (None, [True]) == (desk.client(PLAIN).session, [grant.is_over for grant in server.authorization.grants])


def test_oauth_code_counts_for_who_asked_alone(server: OAuthHomeserver) -> None:
    """A code that somebody stole is nothing without the verifier, and a code counts once (RFC 7636 §1)."""
    desk, thief = OAuthDesk(server), OAuthDesk(server)
    client = desk.client(PLAIN)
    asked = desk.run(client.oauth.begin_code(server.url, HERE))
    stolen = code_of(asked, server.authorization.agree(asked.url))
    theirs = thief.run(thief.client(PLAIN).oauth.begin_code(server.url, HERE))
    with pytest.raises(OAuthError, match="invalid_grant"):
        thief.run(thief.client(PLAIN).oauth.end_code(theirs, stolen))
    fresh = code_of(asked, server.authorization.agree(asked.url))
    desk.run(client.oauth.end_code(asked, fresh))
    with pytest.raises(OAuthError, match="invalid_grant"):
        desk.run(client.oauth.end_code(asked, fresh))


def test_oauth_login_by_a_code_on_another_device(server: OAuthHomeserver) -> None:
    """Nobody is logged in until a person agreed elsewhere; then the tokens are of our device (RFC 8628 §3.5)."""
    desk = OAuthDesk(server)
    client = desk.client(PLAIN)
    asked = desk.run(client.oauth.begin_device(server.url))
    assert ("https://account.example.org/link", 5, 60) == (asked.url, asked.interval_seconds, asked.expires_in_seconds)
    assert f"{asked.url}?user_code={asked.user_code}" == asked.whole_url
    assert asked.device_code not in repr(asked)
    with pytest.raises(OAuthError, match="authorization_pending"):
        desk.run(client.oauth.poll(asked))
    server.authorization.enter(asked.user_code)
    session = desk.run(client.oauth.poll(asked))
    assert (ALICE, asked.device_id) == (session.user_id, session.device_id)
    (registered,) = server.authorization.clients.values()
    assert "redirect_uris" not in registered


@pytest.mark.parametrize(
    ("change", "error"),
    [({"is_denied": True}, "access_denied"), ({"has_expired": True}, "expired_token"), ({"is_slowed": 1}, "slow_down")],
)
def test_oauth_polling_says_how_it_stands(server: OAuthHomeserver, change: JsonObject, error: str) -> None:
    """Refusals of the token endpoint are the words of RFC 8628 §3.5."""
    desk = OAuthDesk(server)
    asked = desk.run(desk.client(PLAIN).oauth.begin_device(server.url))
    server.authorization.enter(asked.user_code, **change)
    with pytest.raises(OAuthError) as refused:
        desk.run(desk.client(PLAIN).oauth.poll(asked))
    assert error == refused.value.errcode


def test_oauth_shows_no_page_that_is_none(server: OAuthHomeserver) -> None:
    """A verification URI that is no https URL is not shown; the whole one is left out where it is none."""
    desk = OAuthDesk(server)
    answer = server.authorization.answer

    def evil(method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        said = answer(method, url, headers, body)
        return HttpResponse(said.status, said.headers, said.body.replace(b"https://account.example.org/link", evil_url))

    server.authorization.answer = evil  # type: ignore[method-assign,assignment]  # one that lies
    evil_url = b"javascript:alert(1)//"
    with pytest.raises(RemoteProtocolError, match="no https URL"):
        desk.run(desk.client(PLAIN).oauth.begin_device(server.url))


def test_oauth_logging_out_later_ends_the_session(server: OAuthHomeserver) -> None:
    """Though the access token has long ended, and the server knows it no more, the session is over (RFC 7009 §2.2)."""
    desk = OAuthDesk(server)
    _logged_in(desk)
    client = desk.client(PLAIN)
    server.authorization.forget_access_tokens()
    desk.run(client.logout())
    assert [True] == [grant.is_over for grant in server.authorization.grants]
    assert client.session is None


def test_oauth_logging_out_revokes(server: OAuthHomeserver) -> None:
    """Logging out ends the tokens at the authorization server and keeps nothing (§Token revocation, RFC 7009)."""
    desk = OAuthDesk(server)
    session = _logged_in(desk)
    desk.run(desk.client(PLAIN).logout())
    assert [True] == [grant.is_over for grant in server.authorization.grants]
    assert not any(desk.kept.values())
    (path, form) = server.authorization.asked[-1]
    assert ("/oauth2/revoke", "refresh_token", session.refresh_token) == (path, form["token_type_hint"], form["token"])
    desk = OAuthDesk(server)
    _logged_in(desk)
    client = desk.client(PLAIN)
    with pytest.raises(LocalProtocolError, match="at its page in a browser"):
        desk.run(client.login.logout_everywhere())
    assert client.session is not None


def test_oauth_tokens_go_to_who_gave_them(server: OAuthHomeserver) -> None:
    """A homeserver that names another issuer later hears no token, neither to renew nor to revoke (RFC 9700 §4.4)."""
    desk = OAuthDesk(server)
    _logged_in(desk)
    server.authorization.asked.clear()
    server.authorization.more = {"issuer": "https://evil.example/"}
    client = desk.client(PLAIN)
    for steps in (client.renew(), client.logout()):
        with pytest.raises(RemoteProtocolError, match="another authorization server now"):
            desk.run(steps)
    assert [] == server.authorization.asked
    assert desk.kept[Shelf.SESSION]


def test_oauth_is_asked_where_it_is_offered(server: OAuthHomeserver) -> None:
    """Without metadata there is no authorization server; one that is busy says so (§Authentication API discovery)."""
    desk = OAuthDesk(server)
    client = desk.client(PLAIN)
    ways = desk.run(client.login.ways(server.url))
    assert ((), True, "OAuth 2.0") == (ways.flows, ways.server is not None, ways.offered())
    server.authorization.more = {"device_authorization_endpoint": None, "code_challenge_methods_supported": []}
    with pytest.raises(RemoteProtocolError, match="comes back"):
        desk.run(client.oauth.begin_code(server.url, HERE))
    with pytest.raises(RemoteProtocolError, match="entered on another device"):
        desk.run(client.oauth.begin_device(server.url))

    def busy(_device: object, _request: object) -> JsonObject:
        raise refusal(502, "M_UNKNOWN")

    server.answers[GetAuthMetadata] = busy
    with pytest.raises(MatrixError, match="502"):
        desk.run(client.oauth.server(server.url))
    del server.answers[GetAuthMetadata]
    assert desk.run(client.oauth.server(server.url)) is None
    with pytest.raises(RemoteProtocolError, match="no login by OAuth"):
        desk.run(client.oauth.begin_code(server.url, HERE))


@pytest.mark.parametrize("status", [403, 503])
def test_oauth_that_cannot_be_asked_for_is_no_bar_to_a_password(status: int) -> None:
    """What refuses the path of the metadata leaves the other ways; a server that is busy is asked again, for all."""
    homeserver = FakeHomeserver()
    desk = Desk(homeserver)

    def refuse(_device: object, _request: object) -> JsonObject:
        raise refusal(status, "M_FORBIDDEN")

    homeserver.answers[GetAuthMetadata] = refuse
    ways = desk.client(PLAIN).login.ways(homeserver.url)
    if status == 403:
        assert desk.run(ways).takes_passwords
    else:
        with pytest.raises(MatrixError, match="503"):
            desk.run(ways)


def test_oauth_names_the_page_of_the_account(server: OAuthHomeserver) -> None:
    """Devices are ended where the server has a page for it (§Account management)."""
    desk = OAuthDesk(server)
    _logged_in(desk)
    url = desk.run(desk.client(PLAIN).oauth.account_url("org.matrix.device_delete", "OTHER"))
    assert url is not None
    assert "action=org.matrix.device_delete&device_id=OTHER" == urlsplit(url).query
