"""`scop matrix login` where a person agrees elsewhere: single sign-on, OAuth 2.0, a code on another device."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fakes.agreeing_logins import browser_script, pending_login, signed_on, visit
from fakes.authorization_server import OAuthDesk, OAuthHomeserver
from fakes.chat_terminals import ALICE, BOB, Chat
from fakes.command_line import row, sentence
from fakes.homeserver import FakeHomeserver
from fakes.served_authorization import served_authorization
from fakes.served_homeserver import served_homeserver
from scop.cli.matrix.accounts import Account
from scop.cli.matrix.login_agreed import Agreeing, Lines, show_code
from scop.cli.matrix.login_ways import Way
from scop.cli.matrix.qr import drawn
from scop.matrix.api.client_server.login import GetLoginFlows
from scop.matrix.client.ways import Ways
from scop.net.matrix import AsyncClient

GITHUB = {"id": "idp.github", "name": "GitHub"}


@pytest.fixture
def sso(tmp_path: Path) -> Iterator[Chat]:
    """Serve a homeserver that takes single sign-on alone; a name is a login token there."""
    server = FakeHomeserver()
    server.register("alice")
    flow = {"type": "m.login.sso", "identity_providers": [GITHUB, {"id": "idp.gitlab", "name": "GitLab"}]}
    server.answers[GetLoginFlows] = lambda _device, _request: {"flows": [flow, {"type": "m.login.token"}]}
    with served_homeserver(server) as url:
        yield Chat(server, url, tmp_path, "")


@pytest.fixture
def oauth(tmp_path: Path) -> Iterator[Chat]:
    """Serve a homeserver that takes OAuth 2.0 alone."""
    server = OAuthHomeserver()
    server.authorization.interval = 1
    with served_homeserver(server) as url, served_authorization(server.authorization):
        yield Chat(server, url, tmp_path, "")


def _login(chat: Chat, who: str, *words: str) -> list[str]:
    return [*words, "--homeserver", chat.url, "--store", str(chat.folder / who), "--json"]


def test_matrix_login_by_single_sign_on_waits_for_the_browser(sso: Chat) -> None:
    """The browser that comes back to the place that was named logs in; others do not, and no password is asked."""
    with pending_login(*_login(sso, "alice", ALICE, "--no-browser")) as login:
        url = login.url
        assert f"{sso.url}/_matrix/client/v3/login/sso/redirect" == url.partition("?")[0]
        back = urlsplit(signed_on(url, ALICE))
        assert ("127.0.0.1", True) == (back.hostname, len(back.path) > 30)
        assert 404 == visit(back._replace(path="/guessed").geturl())[0]
        status, page = visit(back.geturl())
        said = login.end()
    assert (200, True, ALICE) == (status, "close this page" in page, row(said)["user_id"])
    assert ALICE not in page
    assert row(said) == row(sso.scop("alice", "whoami", "--json"))


def test_matrix_login_by_single_sign_on_takes_what_is_pasted(sso: Chat) -> None:
    """Where no browser reaches us, the address that it ended at is pasted, or the token; what is neither is said so."""
    with pending_login(*_login(sso, "alice", "--provider", "github", "--no-browser")) as login:
        url = login.url
        assert "/login/sso/redirect/idp.github?" in url
        back = signed_on(url, ALICE)
        login.paste("https://example.org/?loginToken=somebody")
        login.paste(urlsplit(back)._replace(netloc="localhost:1").geturl())
        said = login.end()
    assert (ALICE, True) == (row(said)["user_id"], "That is not it: this leads to another place." in said.err)
    words = _login(sso, "token", ALICE, "--with", "sso")
    token = sso.scop("token", "login", *words[:-3], "--json", stdin=f"\n{ALICE}\n")
    assert ALICE == row(token)["user_id"]
    assert "GitHub, GitLab" in token.err
    with pending_login(*_login(sso, "latin", ALICE, "--no-browser")) as login:
        login.paste("\udcff")
        login.paste(ALICE)
        said = login.end()
    assert (ALICE, True) == (row(said)["user_id"], "That is not it: it is no UTF-8." in said.err)


def test_matrix_login_by_single_sign_on_as_somebody_else_is_refused(sso: Chat) -> None:
    """Whoever's browser it was: who was named is logged in, or nobody."""
    at = ("--homeserver", sso.url, "--json")
    for named in (ALICE, "alice"):
        said = sso.scop("alice", "login", named, *at, stdin=f"{BOB}\n")
        assert (2, "") == (said.status, said.out)
        assert f"{named} was to be logged in, and {BOB} was" in said.err
    assert "no provider Forge" in sso.scop("alice", "login", *at, "--provider", "Forge").err


def test_matrix_login_of_a_server_goes_on_with_the_device_that_is_here(sso: Chat) -> None:
    """Where only the server is said, and who agrees is here already, they agree once more and keep their device."""
    words = ("login", "--homeserver", sso.url, "--json")
    first = row(sso.scop("alice", *words, stdin=f"{ALICE}\n"))
    again = sso.scop("alice", *words, stdin=f"{ALICE}\n{ALICE}\n")
    assert first == row(again)
    assert "is here already" in again.err


def test_matrix_login_by_oauth_opens_a_browser(oauth: Chat) -> None:
    """With --browser one is opened; when it comes back we are logged in, and logging out revokes the tokens."""
    around = {**os.environ, "BROWSER": browser_script(oauth.folder)}
    words = _login(oauth, "alice", ALICE, "--with", "oauth", "--browser", "--device-name", "Sextant")
    with pending_login(*words, around=around) as login:
        said = login.end()
    assert ALICE == row(said)["user_id"], said.err
    assert row(said) == row(oauth.scop("alice", "whoami", "--json"))
    server = oauth.server
    assert isinstance(server, OAuthHomeserver)
    assert "Sextant" == next(iter(server.authorization.clients.values()))["client_name"]
    assert 0 == oauth.scop("alice", "logout").status
    assert [True] == [grant.is_over for grant in server.authorization.grants]


def test_matrix_login_by_oauth_takes_an_address_that_is_pasted(oauth: Chat) -> None:
    """The address of the page that a browser elsewhere could not show logs in; one of another login does not."""
    server = oauth.server
    assert isinstance(server, OAuthHomeserver)
    with pending_login(*_login(oauth, "alice", ALICE, "--with", "oauth", "--no-browser")) as login:
        back = server.authorization.agree(login.url)
        login.paste(back.replace("state=", "state=x"))
        login.paste(back)
        said = login.end()
    assert (ALICE, True) == (row(said)["user_id"], "its state is another" in said.err)


def test_matrix_login_by_oauth_may_be_denied(oauth: Chat) -> None:
    """Who says no in the browser is told so in both places, in a sentence."""
    server = oauth.server
    assert isinstance(server, OAuthHomeserver)
    with pending_login(*_login(oauth, "alice", "--with", "oauth", "--no-browser")) as login:
        status, page = visit(server.authorization.deny(login.url))
        said = login.end()
    assert (400, True, 2) == (status, "the terminal says why" in page, said.status)
    assert said.err.endswith("scop: the authorization server says access_denied: they said no\n")


def test_matrix_login_by_a_code_on_another_device(oauth: Chat) -> None:
    """Without a desktop, a server of OAuth 2.0 shows a code and where to enter it; a token that ends is renewed."""
    server = oauth.server
    assert isinstance(server, OAuthHomeserver)
    server.authorization.agrees_at_once = True
    server.authorization.expires_in = 5  # due at once
    words = ("login", ALICE, "--homeserver", oauth.url, "--json")
    said = oauth.scop("alice", *words)
    first = row(said)
    assert ALICE == first["user_id"]
    assert f"Open {server.authorization.url}/link on any device, and enter there:\n\n  WDJB-" in said.err
    assert first == row(oauth.scop("alice", "whoami", "--json"))
    assert any(form.get("grant_type") == "refresh_token" for _, form in server.authorization.asked)
    assert first == row(oauth.scop("alice", *words))  # the device stays
    server.authorization.user = server.register("bob")
    assert f"{ALICE} was to be logged in, and {BOB} was" in oauth.scop("alice", *words).err
    assert first == row(oauth.scop("alice", "whoami", "--json"))


class _Silence(Lines):
    """Nobody types anything."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked = asyncio.Event()

    async def next(self) -> str | None:
        """Return that there is no more."""
        self.is_asked.set()
        return None


def test_matrix_login_goes_on_from_what_others_did_meanwhile(oauth: Chat, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever comes back from a browser is logged in to the account as others left it: no keys of before return."""
    server = oauth.server
    assert isinstance(server, OAuthHomeserver)
    server.authorization.agrees_at_once = True
    assert ALICE == row(oauth.scop("alice", "login", ALICE, "--homeserver", oauth.url, "--json"))["user_id"]
    account = Account(ALICE, oauth.folder / "alice")

    async def whole() -> None:
        lines = _Silence()
        async with AsyncClient(account.open(ALICE)) as client:
            login = asyncio.create_task(Agreeing(client, oauth.url, ALICE, False, lines).by(Way.OAUTH, Ways(()), ""))
            await lines.is_asked.wait()
            url = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("  http")).strip()
            async with AsyncClient(await asyncio.to_thread(account.open, ALICE)) as other:
                await other.do(other.core.sync)
            assert 200 == (await asyncio.to_thread(visit, server.authorization.agree(url)))[0]
            assert await login == client.session

    asyncio.run(whole())


def test_matrix_login_draws_the_code_for_a_camera(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a terminal the whole URL stands as a QR code, too; what a server says cannot steer the terminal."""
    server = OAuthHomeserver()
    desk = OAuthDesk(server)
    asked = desk.run(desk.client().oauth.begin_device(server.url))
    evil = replace(asked, user_code="WDJB\x1b[2J-MJHT")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    show_code(evil)
    said = capsys.readouterr().err
    assert asked.whole_url is not None
    assert drawn(asked.whole_url) in said
    assert "\n  WDJB\\x1b[2J-MJHT\n" in said
    monkeypatch.setattr("sys.stderr.isatty", lambda: False)
    show_code(asked)
    assert "█" not in capsys.readouterr().err


def test_matrix_login_says_what_it_must_know(oauth: Chat) -> None:
    """Nobody and nowhere is a usage; a way that is not there is a sentence."""
    assert "say who, or where" in oauth.scop("alice", "login").err
    at = ("login", "alice", "--homeserver", oauth.url)
    assert "but by OAuth 2.0" in sentence(oauth.scop("alice", *at, "--with", "password", stdin="secret\n"))
    assert "logs in whom you name" in sentence(
        oauth.scop("a", "login", "--homeserver", oauth.url, "--with", "password")
    )
