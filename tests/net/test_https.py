"""Fetching a text over HTTPS from real servers on loopback: what is taken, and all that is not."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import replace

import pytest

from fakes.loops import PATIENCE_SECONDS, jump
from fakes.private_ca import authority
from fakes.web_server import ok, serve_web
from scop.dns import AAAA, A, Answer, Question, StaticNames
from scop.net.faults import TemporaryFailure
from scop.net.https import MAX_ADDRESSES, NotCertified, WebOptions, fetch_text

URL = "https://mta-sts.sea.test/.well-known/mta-sts.txt"
HOST = "mta-sts.sea.test"
SERVER = authority().leaf(HOST).server()


class _Names:
    """Knows one host, and what was asked."""

    def __init__(self, names: StaticNames) -> None:
        self._names = names

    async def lookup(self, question: Question) -> Answer:
        """Answer at once."""
        return self._names.answer(question)


def _options(port: int, *addresses: str, seconds: float = PATIENCE_SECONDS, source: str = "") -> WebOptions:
    trust = ssl.create_default_context(cadata=authority().pem)
    names = StaticNames({(HOST, "A"): [A(address) for address in addresses or ("127.0.0.1",)]})
    return WebOptions(_Names(names), trust, port, source, seconds)


async def test_https_fetches_a_text() -> None:
    """RFC 8461 §3.3: the text at the well-known place, over a certificate for the host, from our address."""
    async with serve_web(SERVER, ok(b"hello")) as web:
        assert b"hello" == await fetch_text(URL, _options(web.port, source="127.0.0.3"))
    assert web.requests[0].startswith(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.sea.test")


async def test_https_reads_a_text_in_chunks() -> None:
    """RFC 9112 §7.1: a text of unknown length is read as well, a type may have parameters."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serve_web(SERVER, head + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n") as web:
        assert b"hello" == await fetch_text(URL, _options(web.port))


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"hello", status="404 Not Found"),
        ok(b"", status="302 Found", extra="Location: https://mta-sts.sea.test/other\r\n"),
        ok(b"hello", content_type="text/html"),
        ok(b"hello", extra="Content-Encoding: gzip\r\n"),
        ok(b"x" * 65_537),
        ok(b"hello")[:-1],
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"",
    ],
)
async def test_https_takes_nothing_else(answer: bytes) -> None:
    """RFC 8461 §3.3: other statuses, redirects, other types, more than 64 KiB, what breaks off are no text."""
    async with serve_web(SERVER, answer) as web:
        with pytest.raises(TemporaryFailure):
            await fetch_text(URL, _options(web.port))
    assert 1 == len(web.requests)


async def test_https_takes_64_kib() -> None:
    """The bound is 65,536 octets and holds at it."""
    async with serve_web(SERVER, ok(b"x" * 65_536)) as web:
        assert 65_536 == len(await fetch_text(URL, _options(web.port)))


@pytest.mark.parametrize(
    "server",
    [
        authority().leaf("mx.sea.test").server(),
        authority().leaf(HOST, expired=True).server(),
        authority("another").leaf(HOST).server(),
    ],
)
async def test_https_believes_only_its_host(server: ssl.SSLContext) -> None:
    """RFC 8461 §3.3: another name, an old certificate and a strange authority are told from other faults."""
    async with serve_web(server, ok(b"hello")) as web:
        with pytest.raises(NotCertified):
            await fetch_text(URL, _options(web.port))
    assert [] == web.requests


async def test_https_loses_patience() -> None:
    """A server that never answers costs the seconds allowed, and no more."""
    async with serve_web(SERVER, None) as web:
        with pytest.raises(TemporaryFailure, match=r"within 0\.2 s"):
            await fetch_text(URL, _options(web.port, seconds=0.2))


async def test_https_goes_on_to_the_next_address() -> None:
    """Where one address does not answer, the next is asked; without any there is nothing to fetch."""
    async with serve_web(SERVER, ok(b"hello")) as web:
        assert b"hello" == await fetch_text(URL, _options(web.port, "127.0.0.9", "127.0.0.1"))
        with pytest.raises(TemporaryFailure, match="no address"):
            await fetch_text("https://mta-sts.none.test/", _options(web.port))


async def test_https_waits_for_no_address_that_is_silent() -> None:
    """RFC 8461 §3.3: one address of several that takes the connection and says nothing costs a part of the minute."""
    async with serve_web(SERVER, ok(b"hello")) as web:
        with socket.create_server(("127.0.0.9", web.port)) as silent:
            silent.setblocking(False)
            options = _options(web.port, "127.0.0.9", "127.0.0.1", seconds=60)
            fetching = asyncio.create_task(fetch_text(URL, replace(options, connect_seconds=20)))
            taken, _ = await asyncio.get_running_loop().sock_accept(silent)
            with taken:
                jump(21)
                assert b"hello" == await fetching


async def test_https_tries_both_families_in_turn() -> None:
    """RFC 8305 §4: where one family leads nowhere, as many addresses as there may be of it do not hide the other."""
    async with serve_web(SERVER, ok(b"hello")) as web:
        names = StaticNames(
            {(HOST, "AAAA"): [AAAA(f"::1:{number}") for number in range(MAX_ADDRESSES)], (HOST, "A"): [A("127.0.0.1")]}
        )
        assert b"hello" == await fetch_text(URL, replace(_options(web.port), names=_Names(names)))


async def test_https_wants_a_context_that_checks() -> None:
    """A context that believes anybody is refused before anything is fetched."""
    with pytest.raises(ValueError, match="only https"):
        await fetch_text("http://mta-sts.sea.test/", _options(1))
    with pytest.raises(ValueError, match="checks no"):
        WebOptions(_Names(StaticNames({})), ssl._create_unverified_context())
