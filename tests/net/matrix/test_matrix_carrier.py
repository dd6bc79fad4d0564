"""The carrier of requests against a server on loopback that is busy, broken, silent, endless or leads elsewhere."""

from __future__ import annotations

import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from fakes.odd_server import Answering, JumpingRest, breaks_off, floods, leads_to, odd_server, outlasts, says
from fakes.private_ca import authority
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.create_room import CreateRoom
from scop.matrix.api.client_server.joining import JoinRoom
from scop.matrix.api.client_server.login import GetLoginFlows, Login
from scop.matrix.api.client_server.room_send import SendMessage
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.client_server.versions import GetVersions
from scop.matrix.api.client_server.whoami import GetTokenOwner
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.request import Request
from scop.matrix.oauth.requests import ExchangeCode, RefreshTokens, RevokeToken
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix.carrier import MAX_STRANGER_OCTETS, Carrier
from scop.net.matrix.faults import BrokenOff, NoSuchHost, Unreached
from scop.net.matrix.options import NetworkOptions

WHO = says({"user_id": "@me:example.org"})
JOINED = says({"room_id": "!sea:example.org"})
SENT = says({"event_id": "$1"})
LIMITED = {"errcode": "M_LIMIT_EXCEEDED", "error": "too much"}
SEND = SendMessage(room_id="!sea:example.org", event_type="m.room.message", txn_id="t1", content={"body": "hello"})
JOIN = JoinRoom(room_id_or_alias="#sea:example.org")
PASSWORD = Login(type="m.login.password", password="secret")
REFRESH = RefreshTokens(refresh_token="r", client_id="c")


@asynccontextmanager
async def _carrier(options: NetworkOptions | None = None) -> AsyncIterator[tuple[Carrier, JumpingRest]]:
    rest = JumpingRest()
    carrier = Carrier(options or NetworkOptions(), rest)
    try:
        yield carrier, rest
    finally:
        await carrier.close()


@contextmanager
def _nobody() -> Iterator[str]:
    """Return a URL where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and never listens: connections are refused
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


async def test_carrier_asks_with_a_token_and_reads_the_answer() -> None:
    """A request goes to the homeserver's path with the access token, and its answer comes back as a value."""
    async with odd_server(WHO) as server, _carrier() as (carrier, rest):
        answer = await carrier.carry(server.url, GetTokenOwner(), "secret")
    assert ("@me:example.org", []) == (answer.user_id, rest.slept)
    (asked,) = server.asked
    assert ("GET", "/_matrix/client/v3/account/whoami") == (asked.method, asked.target)
    assert "Bearer secret" == asked.headers["Authorization"]


@pytest.mark.parametrize(
    ("limited", "seconds"),
    [
        (says({**LIMITED, "retry_after_ms": 7000}, 429), 7.0),
        (says({**LIMITED, "retry_after_ms": 1}, 429, retry_after="9"), 9.0),
        (says({**LIMITED, "retry_after_ms": 7000}, 400), 7.0),
    ],
    ids=["key", "header", "code"],
)
async def test_carrier_waits_as_long_as_a_busy_server_says(limited: Answering, seconds: float) -> None:
    """Any request that was limited is repeated after retry_after_ms, or Retry-After (CS §Rate limiting)."""
    async with odd_server(limited, says({"room_id": "!a:b"})) as server, _carrier() as (carrier, rest):
        answer = await carrier.carry(server.url, CreateRoom(), "t")
    assert ("!a:b", [seconds]) == (answer.room_id, rest.slept)
    assert 2 == len(server.asked)


async def test_carrier_gives_up_what_is_limited_for_longer_than_its_patience() -> None:
    """A server that wants more patience than we have is not waited for."""
    limited = says({**LIMITED, "retry_after_ms": 600_000}, 429)
    async with odd_server(limited) as server, _carrier() as (carrier, rest):
        with pytest.raises(MatrixError) as caught:
            await carrier.carry(server.url, SEND, "t")
    assert (429, [], 1) == (caught.value.status, rest.slept, len(server.asked))


@pytest.mark.parametrize("broken", [says(b"<html>", 502), says({}, 500), breaks_off], ids=["502", "500", "broken off"])
@pytest.mark.parametrize("request_", [SEND, JOIN], ids=["PUT", "safe POST"])
async def test_carrier_repeats_what_is_safe_after_growing_pauses(
    broken: Answering, request_: SendMessage | JoinRoom
) -> None:
    """Where nobody knows whether it was done, a request whose second time does nothing new is made again."""
    happy = says({"event_id": "$1", "room_id": "!sea:example.org"})
    async with odd_server(broken, broken, broken, happy) as server, _carrier() as (carrier, rest):
        await carrier.carry(server.url, request_, "t")
    assert 4 == len(server.asked)
    assert 1 == len({(asked.method, asked.target, asked.body) for asked in server.asked})
    for pause, longest in zip(rest.slept, (0.5, 1.0, 2.0), strict=True):
        assert longest / 2 <= pause <= longest


@pytest.mark.parametrize("broken", [says({}, 500), breaks_off], ids=["500", "broken off"])
async def test_carrier_does_not_repeat_what_may_be_done_already(broken: Answering) -> None:
    """A room that may have been created is not created again."""
    async with odd_server(broken) as server, _carrier() as (carrier, rest):
        with pytest.raises((MatrixError, BrokenOff)):
            await carrier.carry(server.url, CreateRoom(), "t")
    assert ([], 1) == (rest.slept, len(server.asked))


async def test_carrier_repeats_anything_that_reached_nobody() -> None:
    """Where no connection came about nothing was done: it is tried until the patience ends, and then it is said why."""
    async with _carrier(NetworkOptions(patience_seconds=100)) as (carrier, rest):
        with _nobody() as url, pytest.raises(Unreached, match=r"^127\.0\.0\.1 cannot be reached: Connection refused$"):
            await carrier.carry(url, CreateRoom(), "t")
    assert 5 < len(rest.slept) < 12
    assert 100 >= sum(rest.slept)


async def test_carrier_says_at_once_that_a_host_does_not_exist() -> None:
    """A name without an address is not waited for."""
    async with _carrier() as (carrier, rest):
        with pytest.raises(NoSuchHost, match=r"^nowhere\.invalid has no address: "):
            await carrier.carry("https://nowhere.invalid", GetVersions(), None)
    assert [] == rest.slept


async def test_carrier_does_not_wait_for_a_silent_server() -> None:
    """An answer that does not come within the deadline is no answer; it is asked for again."""
    options = NetworkOptions(request_seconds=40)
    async with odd_server(outlasts(41), WHO) as server, _carrier(options) as (carrier, rest):
        assert "@me:example.org" == (await carrier.carry(server.url, GetTokenOwner(), "t")).user_id
    assert (2, 1) == (len(server.asked), len(rest.slept))


async def test_carrier_notices_a_dead_network_in_a_long_poll() -> None:
    """A sync whose answer does not come when the server's own waiting is over broke off; who listens hears at once."""
    options = NetworkOptions(request_seconds=1000, silence_seconds=40)
    async with odd_server(outlasts(41)) as server, _carrier(options) as (carrier, rest):
        with pytest.raises(BrokenOff, match=r"^127\.0\.0\.1 does not answer$"):
            await carrier.carry(server.url, Sync(since="s1", timeout=50), "t")
    assert ["/_matrix/client/v3/sync?since=s1&timeout=50"] == [asked.target for asked in server.asked]
    assert [] == rest.slept


@pytest.mark.parametrize("octets", [4096, 4097])
async def test_carrier_reads_no_more_than_its_limit(octets: int) -> None:
    """An answer of n octets is read, one of n + 1 is refused in a sentence."""
    options = NetworkOptions(max_answer_octets=4096)
    async with odd_server(floods(octets)) as server, _carrier(options) as (carrier, _):
        expected = RemoteProtocolError if octets == 4096 else PermanentFailure  # blanks are no JSON
        with pytest.raises(expected):
            await carrier.carry(server.url, GetVersions(), None)


@pytest.mark.parametrize("octets", [MAX_STRANGER_OCTETS, MAX_STRANGER_OCTETS + 1])
async def test_carrier_reads_little_of_whom_it_shows_no_token(octets: int) -> None:
    """Before a login answers are small ones: n octets are read, n + 1 refused; with a token there may be more."""
    async with odd_server(floods(octets)) as server, _carrier() as (carrier, _):
        expected = RemoteProtocolError if octets == MAX_STRANGER_OCTETS else PermanentFailure
        with pytest.raises(expected):
            await carrier.carry(server.url, GetLoginFlows(), None)
        with pytest.raises(RemoteProtocolError):
            await carrier.carry(server.url, GetTokenOwner(), "t")


async def test_carrier_takes_a_place_as_it_is() -> None:
    """A request without a path goes to the URL itself, with its last slash and its query (RFC 6749 §3.2)."""
    async with odd_server(says({})) as server, _carrier() as (carrier, _):
        for place in ("/token/", "/token?tenant=a%20b", "/token"):
            await carrier.carry(f"{server.url}{place}", RevokeToken(token="t", token_type_hint="h", client_id="c"), "T")
    assert ["/token/", "/token?tenant=a%20b", "/token"] == [asked.target for asked in server.asked]
    (asked, *_) = server.asked
    assert ("POST", b"token=t&token_type_hint=h&client_id=c") == (asked.method, asked.body)
    assert ("application/x-www-form-urlencoded", None) == (
        asked.headers["Content-Type"],
        asked.headers.get("Authorization"),
    )


async def test_carrier_repeats_a_refresh_and_no_code() -> None:
    """After a broken answer a refresh token is shown again, a code is not: twice, it would end what it gave."""
    tokens = says({"access_token": "a", "token_type": "Bearer"})
    async with odd_server(breaks_off, tokens) as server, _carrier() as (carrier, _):
        assert (
            "a" == (await carrier.carry(server.url, RefreshTokens(refresh_token="r", client_id="c"), None)).access_token
        )
    code = ExchangeCode(code="c", redirect_uri="r", client_id="c", code_verifier="v")
    async with odd_server(breaks_off, tokens) as server, _carrier() as (carrier, _):
        with pytest.raises(BrokenOff):
            await carrier.carry(server.url, code, None)
    assert 1 == len(server.asked)


async def test_carrier_counts_what_was_compressed_unpacked() -> None:
    """A small answer that unpacks to a huge one is refused."""
    bomb = says(zlib.compress(b" " * 10_000_000), Content_Encoding="deflate")
    options = NetworkOptions(max_answer_octets=100_000)
    async with odd_server(bomb) as server, _carrier(options) as (carrier, _):
        with pytest.raises(PermanentFailure, match=r"^127\.0\.0\.1 answers with more than 100000 octets$"):
            await carrier.carry(server.url, GetVersions(), None)


async def test_carrier_takes_its_token_to_nobody_else() -> None:
    """A redirect is followed, but another server hears no token, and the path is that of the redirect."""
    async with odd_server(WHO) as other, _carrier() as (carrier, _):
        async with odd_server(leads_to(f"{other.url}/moved?a=1")) as server:
            answer = await carrier.carry(server.url, GetTokenOwner(), "secret")
        assert "@me:example.org" == answer.user_id
        assert "Authorization" in server.asked[0].headers
        (asked,) = other.asked
        assert ("/moved?a=1", False) == (asked.target, "Authorization" in asked.headers)


@pytest.mark.parametrize("sent", [REFRESH, PASSWORD], ids=["refresh token", "password"])
async def test_carrier_takes_what_it_sends_to_nobody_else(sent: Request[Any]) -> None:
    """Passwords, codes and refresh tokens stand in bodies: another server hears none, wherever the first one leads."""
    async with odd_server(says({})) as other, _carrier() as (carrier, _):
        async with odd_server(leads_to(f"{other.url}/moved", 307)) as server:
            with pytest.raises(PermanentFailure, match=r"^127\.0\.0\.1 wants what is sent to go elsewhere$"):
                await carrier.carry(server.url, sent, None)
        assert [] == other.asked
        moved = says({"access_token": "a", "token_type": "Bearer", "user_id": "@a:b", "device_id": "d"})
        async with odd_server(leads_to("/moved", 308), moved) as server:  # within it, it does
            await carrier.carry(server.url, sent, None)
        assert server.asked[0].body == server.asked[1].body


async def test_carrier_follows_no_circle() -> None:
    """A server that leads to itself is asked a few times."""
    async with odd_server(leads_to("/again")) as server, _carrier() as (carrier, _):
        with pytest.raises(PermanentFailure, match=r"leads round in circles: 5 redirects$"):
            await carrier.carry(server.url, GetTokenOwner(), "t")
    assert 6 == len(server.asked)


async def test_carrier_turns_no_request_into_another() -> None:
    """A redirect that would make a GET of a POST is a refusal (RFC 9110 §15.4.3)."""
    async with odd_server(leads_to("/again", 302)) as server, _carrier() as (carrier, _):
        with pytest.raises(MatrixError):
            await carrier.carry(server.url, JOIN, "t")
    assert 1 == len(server.asked)


async def test_carrier_shows_tokens_to_no_listener() -> None:
    """By http only this machine itself is asked, unless told otherwise; other schemes never."""
    async with _carrier() as (carrier, _):
        for url in ("http://homeserver.invalid", "ftp://127.0.0.1", "homeserver.invalid", "file:///etc/passwd"):
            with pytest.raises(PermanentFailure, match=r"only https: is asked|no URL"):
                await carrier.carry(url, GetTokenOwner(), "t")
    async with _carrier(NetworkOptions(plain_http_anywhere=True)) as (carrier, _):
        with pytest.raises(NoSuchHost):
            await carrier.carry("http://homeserver.invalid", GetTokenOwner(), "t")


def _trusting_nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def test_carrier_believes_no_certificate_of_a_stranger() -> None:
    """A certificate that no authority of ours signed ends it at once, in a sentence; one of ours is believed."""
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ours.load_verify_locations(cadata=authority().pem)
    async with odd_server(WHO, tls=authority().leaf("localhost").server()) as server:
        async with _carrier(NetworkOptions(tls=ours)) as (carrier, _):
            assert "@me:example.org" == (await carrier.carry(server.url, GetTokenOwner(), "t")).user_id
        async with _carrier(NetworkOptions(tls=_trusting_nobody())) as (carrier, rest):
            with pytest.raises(PermanentFailure, match=r"^localhost does not prove that it is localhost: "):
                await carrier.carry(server.url, GetTokenOwner(), "t")
        assert [] == rest.slept


async def test_carrier_is_not_led_out_of_tls() -> None:
    """What began under TLS goes on under TLS, or not at all."""
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ours.load_verify_locations(cadata=authority().pem)
    async with odd_server(WHO) as plain:
        tls = authority().leaf("localhost").server()
        async with (
            odd_server(leads_to(plain.url), tls=tls) as server,
            _carrier(NetworkOptions(tls=ours)) as (carrier, _),
        ):
            with pytest.raises(MatrixError):
                await carrier.carry(server.url, GetTokenOwner(), "t")
        assert [] == plain.asked


def test_carrier_is_given_no_context_that_believes_anybody() -> None:
    """Options with a TLS context that checks nothing are no options."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="checks no certificates"):
        NetworkOptions(tls=context)


@pytest.mark.parametrize("since", [None, "s1"])
async def test_carrier_waits_longer_for_what_happened_meanwhile(since: str | None) -> None:
    """A sync that is to be answered at once, the first or after weeks, takes a server longer than other requests."""
    options = NetworkOptions(request_seconds=40, patience_seconds=0)
    async with odd_server(outlasts(60, says({"next_batch": "s2"}))) as server, _carrier(options) as (carrier, _):
        assert "s2" == (await carrier.carry(server.url, Sync(since=since, timeout=0), "t")).next_batch


@pytest.mark.parametrize("not_for", ["", "matrix.invalid"])
async def test_carrier_goes_by_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, not_for: str) -> None:
    """Whoever may only leave by a proxy says so as to other programs; loopback, and who is named, is not proxied."""
    options = NetworkOptions(plain_http_anywhere=True, patience_seconds=0)
    who = says({"user_id": "@me:example.org"})
    async with odd_server(who) as proxy, odd_server(who) as near, _carrier(options) as (carrier, _):
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", not_for)
        await carrier.carry(near.url, GetTokenOwner(), "t")
        assert (0, 1) == (len(proxy.asked), len(near.asked))
        if not_for:
            with pytest.raises(TemporaryFailure, match="has no address"):
                await carrier.carry("http://matrix.invalid", GetTokenOwner(), "t")
        else:
            await carrier.carry("http://matrix.invalid", GetTokenOwner(), "t")
    assert ([] if not_for else ["http://matrix.invalid/_matrix/client/v3/account/whoami"]) == [
        asked.target for asked in proxy.asked
    ]
