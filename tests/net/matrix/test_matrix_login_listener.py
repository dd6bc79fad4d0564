"""The listener on loopback: it takes what only we and the server know, and tells nobody what that is."""

from __future__ import annotations

import asyncio

import pytest

from scop.base import RemoteProtocolError
from scop.matrix.client.ways import login_token_of
from scop.net.matrix.login_listener import MAX_TARGET_OCTETS, Listener, listening_on_loopback


async def _asks(listener: Listener, target: str, *, method: str = "GET", host: str | None = None) -> tuple[int, str]:
    """Ask as a browser does; return the status and the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    name = host or f"127.0.0.1:{listener.port}"
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: {name}\r\nContent-Length: 0\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split()[1]), answer


def _waits(listener: Listener) -> None:
    here = listener.url("/a-word")
    listener.read = lambda url: login_token_of(here, url)


async def test_listener_takes_what_comes_to_the_place_that_was_asked_for() -> None:
    """The token is taken, and the page that answers shows none of it, sends it nowhere and is not kept."""
    async with listening_on_loopback() as listener:
        _waits(listener)
        status, answer = await _asks(listener, "/a-word?loginToken=precious")
        assert (200, "precious") == (status, await listener.came())
        assert "precious" not in answer
        for header in ("no-store", "no-referrer", "default-src 'none'"):
            assert header in answer
        again, _ = await _asks(listener, "/a-word?loginToken=other")
        assert (200, "precious") == (again, await listener.came())


@pytest.mark.parametrize(
    ("target", "method", "host"),
    [
        ("/other?loginToken=a", "GET", None),
        ("/a-word", "GET", None),
        ("/favicon.ico", "GET", None),
        ("/a-word?loginToken=a", "POST", None),
        ("/a-word?loginToken=a", "GET", "evil.example"),
    ],
)
async def test_listener_waits_past_others(target: str, method: str, host: str | None) -> None:
    """Who guesses, another method, or a page whose name leads here (DNS rebinding) neither logs in nor ends it."""
    async with listening_on_loopback() as listener:
        _waits(listener)
        status, _ = await _asks(listener, target, method=method, host=host)
        assert 404 == status
        assert (200, "b") == ((await _asks(listener, "/a-word?loginToken=b"))[0], await listener.came())


async def test_listener_takes_nothing_before_anybody_was_sent() -> None:
    """Until it knows what to wait for it takes nothing."""
    async with listening_on_loopback() as listener:
        assert 404 == (await _asks(listener, "/a-word?loginToken=a"))[0]


async def test_listener_ends_where_the_answer_is_wrong() -> None:
    """What is ours and says no ends the wait by its fault."""

    def denied(_url: str) -> str:
        raise RemoteProtocolError("no")

    async with listening_on_loopback() as listener:
        listener.read = denied
        assert 400 == (await _asks(listener, "/callback?error=access_denied"))[0]
        with pytest.raises(RemoteProtocolError, match="no"):
            await listener.came()


@pytest.mark.parametrize("octets", [MAX_TARGET_OCTETS - 100, MAX_TARGET_OCTETS + 1])
async def test_listener_reads_no_endless_line(octets: int) -> None:
    """A request line is read to a bound, and what is longer is refused."""
    async with listening_on_loopback() as listener:
        _waits(listener)
        token = "a" * (octets - len("/a-word?loginToken="))
        status, _ = await _asks(listener, f"/a-word?loginToken={token}")
        assert status == (200 if octets < MAX_TARGET_OCTETS else 400)
