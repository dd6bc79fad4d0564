"""Tokens that rotate: whatever ends the process, whoever goes on is not locked out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.authorization_server import OAuthDesk, OAuthHomeserver
from fakes.homeserver import Broken
from fakes.logged_in import PLAIN
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.http import HttpResponse
from scop.matrix.client import Session
from scop.matrix.oauth import code_of
from scop.matrix.steps import Keep, Needed

HERE = "http://127.0.0.1:4711/callback"


def _at_desk() -> tuple[OAuthHomeserver, OAuthDesk]:
    server = OAuthHomeserver()
    desk = OAuthDesk(server)
    client = desk.client(PLAIN)
    asked = desk.run(client.oauth.begin_code(server.url, HERE))
    desk.run(client.oauth.end_code(asked, code_of(asked, server.authorization.agree(asked.url))))
    return server, desk


def _session(desk: OAuthDesk) -> Session:
    session = desk.client(PLAIN).session
    assert session is not None
    return session


def test_oauth_renewing_takes_both_tokens() -> None:
    """The refresh token gives a new pair, which is kept; the first one counts no longer once it is used."""
    server, desk = _at_desk()
    first = _session(desk)
    assert desk.run(desk.client(PLAIN).renew(first.access_token))
    second = _session(desk)
    assert first.access_token != second.access_token
    assert first.refresh_token != second.refresh_token
    assert first.oauth == second.oauth
    desk.run(desk.client(PLAIN).login.whoami())
    assert {second.refresh_token} == {grant.refresh for grant in server.authorization.grants}


def test_oauth_renewing_shows_no_token_before_it_is_durable() -> None:
    """While new tokens are being kept, others go on with the old one: a used token would end what is on the disk."""
    _, desk = _at_desk()
    client = desk.client(PLAIN)
    seen = []

    def look(needed: Needed) -> None:
        if isinstance(needed, Keep):
            seen.append(client.session)

    before = client.session
    desk.before.append(look)
    assert desk.run(client.renew())
    assert [before] == seen
    assert before != client.session == _session(desk)


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=8))
def test_oauth_renewing_survives_any_end_of_the_process(ends: list[tuple[int, bool]]) -> None:
    """Killed before or after any step, any number of times, a client of what is kept renews, and is logged in."""
    server, desk = _at_desk()
    for at, is_done in ends:
        left = [at]

        def end(_needed: Needed, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Broken

        faults = desk.after if is_done else desk.before
        faults.append(end)
        client = desk.client(PLAIN)
        try:
            desk.run(client.renew())
            desk.run(client.login.whoami())
        except Broken:
            pass
        finally:
            faults.remove(end)
    client = desk.client(PLAIN)
    assert desk.run(client.renew())
    assert "@alice:example.org" == desk.run(client.login.whoami()).user_id
    assert [False] == [grant.is_over for grant in server.authorization.grants]


def test_oauth_renewing_ends_where_the_server_takes_the_token_no_longer() -> None:
    """A 4xx of the token endpoint means to log in again, with the device that is kept (§Refresh token grant)."""
    server, desk = _at_desk()
    before = _session(desk)
    server.authorization.grants[0].is_over = True
    assert not desk.run(desk.client(PLAIN).renew())
    assert before == _session(desk)


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(503, {}, b'{"error":"temporarily_unavailable"}'),
        HttpResponse(429, {"retry-after": "3"}, b'{"error":"slow_down"}'),
        HttpResponse(502, {}, b"<html>"),
        HttpResponse(403, {}, b"<html>a proxy"),
    ],
)
def test_oauth_renewing_is_tried_again_where_the_server_is_away(answer: HttpResponse) -> None:
    """A server that is busy, broken or behind a proxy says nothing of the session: the old token is kept and works."""
    server, desk = _at_desk()
    server.authorization.faults.append(answer)
    client = desk.client(PLAIN)
    with pytest.raises(MatrixError) as refused:
        desk.run(client.renew())
    assert refused.value.may_pass or not refused.value.is_of_homeserver
    assert desk.run(client.renew())


def test_oauth_renewing_without_a_refresh_token_is_no_way() -> None:
    """A session without a refresh token ends with its access token."""
    server, desk = _at_desk()
    said = b'{"access_token":"t","token_type":"Bearer"}'
    client = desk.client(PLAIN)
    asked = desk.run(client.oauth.begin_code(server.url, HERE))
    server.authorization.faults.append(HttpResponse(200, {}, said))
    server.tokens["t"] = server.device("@alice:example.org", asked.device_id)
    session = desk.run(client.oauth.end_code(asked, "any"))
    assert (None, None) == (session.refresh_token, session.expires_unix)
    assert not desk.run(client.renew())
