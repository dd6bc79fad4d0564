"""Plays a dialogue of tests/dialogues/servers: a server that says what the file says, and our client with it."""

from __future__ import annotations

import asyncio
import fnmatch
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fakes.loops import PATIENCE_SECONDS, jump
from fakes.self_signed import HOSTNAME, client_context, server_context
from scop.net.client_wire import ClientTimeouts
from scop.net.dialer import tcp_dialer
from scop.net.faults import TemporaryFailure
from scop.net.mail_client import MailClient
from scop.smtp import Envelope, ForwardPath, Mail, Recipient, ReversePath

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["MESSAGE", "Script", "play_server", "read_script"]

HASTY_SECONDS = 30.0
MESSAGE = b"Subject: x\r\n\r\n.dot\r\n"
_OF_SERVER, _OF_CLIENT = frozenset(("S", "W", "P", "C", "B", "X", "T")), frozenset(("D", "R", "F"))


@dataclass(frozen=True, slots=True)
class Script:
    """One file: what the server does, and what the client is asked to do."""

    words: frozenset[str]
    server: tuple[tuple[str, str, str], ...]  # kind, text, where
    client: tuple[tuple[str, str, str], ...]


def read_script(path: Path) -> Script:
    """Read a file; raises `AssertionError` where it does not keep to the language."""
    words: set[str] = set()
    steps: list[tuple[str, str, str]] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        kind, _, text = line.partition(":")
        if kind == "O":
            words |= set(text.split())
        elif line and not line.startswith("#"):
            assert kind in _OF_SERVER | _OF_CLIENT, f"{path.name}:{number}: {line}"
            steps.append((kind, text.removeprefix(" "), f"{path.name}:{number}: {line}"))
    server, client = ([step for step in steps if step[0] in kinds] for kinds in (_OF_SERVER, _OF_CLIENT))
    return Script(frozenset(words), tuple(server), tuple(client))


async def play_server(script: Script, *, write_octets: int) -> None:
    """Play a script, the server's words in pieces; raises `AssertionError` where it goes otherwise."""
    is_hasty = "hasty" in script.words
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Server(reader, writer, write_octets, is_hasty=is_hasty).play(script.server)
            if is_hasty:
                jump(HASTY_SECONDS)
            if script.server[-1][0] != "X":
                assert b"" == await _rest(reader), "the client went on"
            ended.set_result(None)
        except Exception as fault:
            ended.set_exception(fault)
        finally:
            writer.transport.abort()

    tls = server_context() if "tls" in script.words else None
    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls)
    port: int = server.sockets[0].getsockname()[1]
    try:
        await _Client(port, script).play()
        await ended
    finally:
        server.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


class _Server:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, write_octets: int, *, is_hasty: bool
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._write_octets = write_octets
        self._is_hasty = is_hasty

    async def play(self, steps: Sequence[tuple[str, str, str]]) -> None:
        for kind, text, where in steps:
            match kind:
                case "S" | "W":
                    await self._write(_octets(text) + (b"\r\n" if kind == "S" else b""))
                case "P":
                    await self._trickle(_octets(text) + b"\r\n")
                case "C":
                    said = (await self._reader.readline()).decode("utf-8")
                    assert said.endswith("\r\n"), f"{where}: the client said {said!r}"
                    assert fnmatch.fnmatchcase(said[:-2], text), f"{where}: the client said {said!r}"
                case "B":
                    wanted = _octets(text)
                    assert wanted == await self._reader.readexactly(len(wanted)), where
                case "T":
                    await self._writer.start_tls(server_context())
                case _:
                    self._writer.close()

    async def _trickle(self, octets: bytes) -> None:
        gone = asyncio.ensure_future(_rest(self._reader))
        while not gone.done():
            self._writer.write(octets)
            if self._is_hasty:
                jump(1)
            await asyncio.sleep(0)

    async def _write(self, octets: bytes) -> None:
        for start in range(0, len(octets), self._write_octets):
            self._writer.write(octets[start : start + self._write_octets])
            await asyncio.sleep(0)


class _Client:
    """Does what `D:` lines say and compares what came of it."""

    def __init__(self, port: int, script: Script) -> None:
        self._port = port
        self._script = script
        self._client: MailClient | None = None

    async def play(self) -> None:
        result = ""
        for kind, text, where in self._script.client:
            if kind == "D":
                result = await self._do(*text.split())
            else:
                assert fnmatch.fnmatchcase(result, text), f"{where}: it came to {result!r}"
        if self._client is not None:
            self._client.close()

    async def _do(self, verb: str, *words: str) -> str:
        try:
            if verb == "open":
                return await self._open()
            assert self._client is not None
            return await self._with(self._client, verb, words)
        except TemporaryFailure as failure:
            return f"failure: {failure}"

    async def _open(self) -> str:
        tls: ssl.SSLContext | None = client_context() if "tls" in self._script.words else None
        dial = tcp_dialer("127.0.0.1", self._port, tls=tls, server_name=HOSTNAME)
        seconds = ClientTimeouts.same(HASTY_SECONDS if "hasty" in self._script.words else PATIENCE_SECONDS)
        lmtp = "lmtp" in self._script.words
        self._client = await MailClient.open(dial, name="me.test", lmtp=lmtp, timeouts=seconds)
        return " ".join(self._client.extensions)

    async def _with(self, client: MailClient, verb: str, words: tuple[str, ...]) -> str:
        match verb:
            case "starttls":
                await client.start_tls(client_context(), HOSTNAME)
            case "login":
                login, password, *mechanisms = words
                wanted = {"mechanisms": mechanisms} if mechanisms else {}
                return str(await client.authenticate(login, password, **wanted))
            case "mail" | "binary" | "8bit" | "requiretls" | "utf8":
                told = await client.transaction(_envelope(verb, *words), MESSAGE)
                return " | ".join(map(str, told.outcomes))
            case "usable":
                return str(client.is_usable)
            case _:
                assert verb == "quit", f"not a deed: {verb}"
                await client.quit()
        return ""


def _envelope(verb: str, sender: str, *recipients: str) -> Envelope:
    body = {"binary": "BINARYMIME", "8bit": "8BITMIME"}.get(verb, "")
    path = ReversePath.parse(f"<{sender}>")
    mail = Mail(path, body=body, require_tls=verb == "requiretls", smtputf8=verb == "utf8")
    return Envelope(mail, tuple(Recipient(ForwardPath.parse(f"<{each}>")) for each in recipients))


def _octets(text: str) -> bytes:
    return text.encode("latin-1", "surrogateescape").decode("unicode_escape").encode("latin-1")
