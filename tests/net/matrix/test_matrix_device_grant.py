"""Waiting for a person who agrees on another device, in a time that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from fakes.authorization_server import OAuthHomeserver
from fakes.odd_server import JumpingRest
from fakes.served_authorization import served_authorization
from fakes.served_homeserver import served_homeserver
from scop.matrix.api.http import HttpResponse
from scop.matrix.client import ClientOptions
from scop.matrix.oauth import DeviceAsked
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient
from scop.net.matrix.device_grant import await_agreement

PLAIN = ClientOptions(encrypts=False)


class _Pausing(JumpingRest):
    """Lets something happen at a pause."""

    def __init__(self, happens: dict[int, Callable[[], None]]) -> None:
        super().__init__()
        self._happens = happens

    async def sleep(self, seconds: float) -> None:
        self._happens.get(len(self.slept), lambda: None)()
        await super().sleep(seconds)


@asynccontextmanager
async def _asked(server: OAuthHomeserver) -> AsyncIterator[tuple[AsyncClient, DeviceAsked]]:
    with served_homeserver(server) as url, served_authorization(server.authorization):
        async with AsyncClient(options=PLAIN) as client:
            yield client, await client.do(client.core.oauth.begin_device, url)


async def test_device_grant_ends_when_a_person_agrees() -> None:
    """It asks every five seconds until somebody agreed, and slower by five after slow_down (RFC 8628 §3.5)."""
    server = OAuthHomeserver()
    async with _asked(server) as (client, asked):
        rest = _Pausing(
            {
                1: lambda: server.authorization.enter(asked.user_code, is_slowed=2),
                4: lambda: server.authorization.enter(asked.user_code),
            }
        )
        session = await await_agreement(client, asked, rest)
    assert ("@alice:example.org", [5, 5, 10, 15, 15]) == (session.user_id, rest.slept)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"is_denied": True}, "not agreed to"), ({"has_expired": True}, "the code ended before anybody agreed")],
)
async def test_device_grant_ends_where_nobody_agrees(change: dict[str, object], sentence: str) -> None:
    """A no, or the end of the code, ends it in a sentence."""
    server = OAuthHomeserver()
    async with _asked(server) as (client, asked):
        server.authorization.enter(asked.user_code, **change)
        with pytest.raises(PermanentFailure, match=sentence):
            await await_agreement(client, asked, JumpingRest())


async def test_device_grant_is_asked_for_no_longer_than_it_counts() -> None:
    """After `expires_in` nobody is asked any more, whatever the server says."""
    server = OAuthHomeserver()
    async with _asked(server) as (client, asked):
        rest = JumpingRest()
        with pytest.raises(PermanentFailure, match="the code ended"):
            await await_agreement(client, asked, rest)
    assert 60 == sum(rest.slept)


async def test_device_grant_asks_less_of_a_server_that_is_away() -> None:
    """After each answer that is none the pause doubles, and the login goes on (RFC 8628 §3.5)."""
    server = OAuthHomeserver()
    server.authorization.faults = [HttpResponse(503, {}, b"<html>")] * 2
    async with _asked(server) as (client, asked):
        server.authorization.enter(asked.user_code)
        rest = JumpingRest()
        session = await await_agreement(client, asked, rest)
    assert ("@alice:example.org", [5, 10, 20]) == (session.user_id, rest.slept)


async def test_device_grant_session_renews_for_all_who_need_it_once() -> None:
    """Many whose token has ended bring about one renewal at the token endpoint, and all go on."""
    server = OAuthHomeserver()
    async with _asked(server) as (client, asked):
        server.authorization.enter(asked.user_code)
        session = await await_agreement(client, asked, JumpingRest())
        server.end_token(session.access_token)
        answers = await asyncio.gather(*(client.do(client.core.login.whoami) for _ in range(8)))
        assert {"@alice:example.org"} == {answer.user_id for answer in answers}
        assert 1 == sum(form.get("grant_type") == "refresh_token" for _, form in server.authorization.asked)
        await client.logout()
    assert [True] == [grant.is_over for grant in server.authorization.grants]
