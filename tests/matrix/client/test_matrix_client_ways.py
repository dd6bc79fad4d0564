"""Which ways to log in there are, and single sign-on as values."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.homeserver import Desk, FakeHomeserver
from fakes.logged_in import PLAIN
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.login import GetLoginFlows
from scop.matrix.api.client_server.oauth_server_metadata import GetAuthMetadata
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.ways import Provider, login_token_of, sso_url
from scop.matrix.json_values import JsonObject
from scop.matrix.oauth import NotOurs

HERE = "http://127.0.0.1:4711/login/a-word"
HUB, LAB = Provider("com.example.idp.github", "GitHub", "github"), Provider("com.example.idp.gitlab", "GitLab")


def test_ways_name_providers() -> None:
    """Providers are those of the flow (§m.login.sso flow schema); what is none of them is left out."""
    server = FakeHomeserver()
    providers: list[object] = [
        {"id": "com.example.idp.github", "name": "GitHub", "brand": "github"},
        {"id": "com.example.idp.gitlab", "name": "GitLab", "icon": "mxc://example.com/abc123"},
        {"id": 3, "name": "broken"},
        "broken",
    ]
    sso = {"type": "m.login.sso", "identity_providers": providers, "oauth_aware_preferred": True}
    server.answers[GetLoginFlows] = lambda _device, _request: {"flows": [{"type": "m.login.password"}, sso]}
    desk = Desk(server)
    ways = desk.run(desk.client(PLAIN).login.ways(server.url + "/"))
    assert ((HUB, LAB), True, True, True) == (ways.providers, ways.prefers_sso, ways.takes_sso, ways.takes_passwords)
    assert "m.login.password, m.login.sso" == ways.offered()
    for word in ("GITHUB", "com.example.idp.github"):
        assert HUB == ways.provider(word)
    with pytest.raises(RemoteProtocolError, match="no provider Forge, but: GitHub, GitLab"):
        ways.provider("Forge")


def test_ways_are_known_where_metadata_is_broken() -> None:
    """Metadata that names no https URL takes no other way away, and is said where there is no other."""
    server = FakeHomeserver()
    lists = ("response_types", "grant_types", "response_modes", "code_challenge_methods")
    said: JsonObject = {name: [] for name in lists}
    ends = {f"{name}_endpoint": "ftp://a" for name in ("authorization", "token", "revocation", "registration")}
    server.answers[GetAuthMetadata] = lambda _device, _request: {
        "issuer": "https://a",
        **ends,
        **{f"{name}_supported": value for name, value in said.items()},
    }
    desk = Desk(server)
    ways = desk.run(desk.client(PLAIN).login.ways(server.url))
    assert (True, None) == (ways.takes_passwords, ways.server)
    del server.answers[GetLoginFlows]
    with pytest.raises(RemoteProtocolError, match="ftp://a is no https URL"):
        desk.run(desk.client(PLAIN).login.ways(server.url))
    del server.answers[GetAuthMetadata]
    with pytest.raises(MatrixError, match="M_UNRECOGNIZED"):
        desk.run(desk.client(PLAIN).login.ways(server.url))


def test_sso_begins_at_the_homeserver() -> None:
    """A browser goes to the redirect endpoint, of a provider where one is chosen (§SSO client login)."""
    for provider, path in ((None, ""), (HUB, "/com.example.idp.github"), (Provider("a/b", "x"), "/a%2Fb")):
        url = urlsplit(sso_url("https://matrix.example.org/", HERE, provider))
        assert f"/_matrix/client/v3/login/sso/redirect{path}" == url.path
        assert {"redirectUrl": [HERE], "action": ["login"]} == parse_qs(url.query)


def test_sso_brings_a_login_token() -> None:
    """What comes back at the place that nobody else knows is the token, however a browser called this machine."""
    for url in (f"{HERE}?loginToken=abc%2F1", "/login/a-word?loginToken=abc%2F1&x=y"):
        assert "abc/1" == login_token_of(HERE, url)


@pytest.mark.parametrize(
    "url",
    [
        "/login/another?loginToken=a",
        "/login/a-word",
        "/login/a-word?loginToken=",
        "/login/a-word?loginToken=a&loginToken=b",
        "/?loginToken=a",
    ],
)
def test_sso_takes_nothing_that_nobody_asked_for(url: str) -> None:
    """Callbacks that do not contain our identifier, or say two things, are rejected (§Security considerations)."""
    with pytest.raises(NotOurs):
        login_token_of(HERE, url)


@given(st.text())
def test_sso_raises_nothing_else(text: str) -> None:
    """Whatever is pasted, it is a token or none of ours."""
    for url in (text, f"/login/a-word?{text}"):
        try:
            login_token_of(HERE, url)
        except NotOurs:
            continue
