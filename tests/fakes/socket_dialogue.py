"""Plays the dialogues of tests/dialogues over sockets, in the clear and under TLS, against `MailServer`."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
from typing import TYPE_CHECKING

from fakes.dialogue import Dialogue, Step, check_whole_reply, octets_of, read_dialogue
from fakes.dialogue_host import GREETING, Host
from fakes.loops import PATIENCE_SECONDS
from fakes.mail_sessions import listen
from fakes.self_signed import HOSTNAME, client_context, server_context
from scop.net.mail_server import Entrance, MailServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from scop.net.peer import Peer
    from scop.smtp import Hello, Mail, Proof, Recipient, Reply

__all__ = ["play_over_socket"]

MAX_PIECES = 3000  # of one step: longer ones are cut into bigger pieces


class _HostSession:
    """Satisfies `MailSession`: the dialogue's host, who greets when those who talk early have talked."""

    def __init__(self, host: Host, may_greet: asyncio.Event) -> None:
        self._host = host
        self._may_greet = may_greet

    async def connected(self) -> Reply:
        await self._may_greet.wait()
        return GREETING

    async def hello(self, hello: Hello, /) -> None:
        return

    async def authenticate(self, proof: Proof, /) -> Reply:
        return self._host.authenticate(proof)

    async def mail(self, mail: Mail, /) -> Reply:
        return self._host.mail(mail)

    async def recipient(self, recipient: Recipient, /) -> Reply:
        return self._host.recipient(recipient)

    async def message(self, octets: bytes, /) -> Reply:
        return self._host.message(octets)

    async def reset(self) -> None:
        return

    async def closed(self) -> None:
        return


class _Client:
    """The dialogue's client, on a socket."""

    def __init__(self, host: Host, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer

    async def play(self, step: Step, piece_octets: int) -> None:
        match step.kind:
            case "E" | "C" | "R":
                # What comes in one segment with STARTTLS was said in the clear; later octets would be a bad handshake.
                whole = b"STARTTLS\r\n" in step.octets
                await self.say(step.octets, len(step.octets) if whole else piece_octets)
            case "S":
                said = await self._line()
                assert fnmatch.fnmatchcase(said, step.text.replace("[", "[[]")), f"{step.where}: the server said {said}"
            case "S+":
                await self._whole_reply(step)
            case "T":
                await self._writer.start_tls(client_context(), server_hostname=HOSTNAME)
            case "M":
                sender, recipients, message = step.text.split("|", 2)
                assert (sender, recipients, octets_of(message)) == self._host.taken.pop(0), step.where

    async def say(self, octets: bytes, piece_octets: int) -> None:
        piece_octets = max(piece_octets, len(octets) // MAX_PIECES)
        with contextlib.suppress(ConnectionError):  # who is hung up on may talk on
            for start in range(0, len(octets), piece_octets):
                self._writer.write(octets[start : start + piece_octets])
                await self._writer.drain()
                await asyncio.sleep(0)

    async def end(self) -> bytes:
        """Say nothing more; return what the server still says."""
        with contextlib.suppress(OSError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            else:
                self._writer.close()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._reader.read()
        except ConnectionError:
            return b""
        finally:
            self._writer.close()

    def abort(self) -> None:
        """Be gone."""
        self._writer.transport.abort()

    async def _line(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return (await self._reader.readline()).decode().removesuffix("\r\n")

    async def _whole_reply(self, step: Step) -> None:
        code, *wanted = (part.strip() for part in step.text.split("|"))
        heard = [await self._line()]
        while heard[-1].startswith(f"{code}-"):
            heard.append(await self._line())
        check_whole_reply(heard, code, wanted, step.where)


async def play_over_socket(
    path: Path,
    piece_octets: int,
    order: Callable[[Sequence[Step]], Sequence[Step]] = tuple,
    *,
    under_tls: bool,
) -> None:
    """Play a dialogue in pieces of `piece_octets`; raises `AssertionError` where it goes otherwise."""
    dialogue = read_dialogue(path)
    host = Host()
    faults: list[Exception] = []
    async with listen(lambda: _server(dialogue, host, under_tls, faults)) as listening:
        tls = client_context() if under_tls else None
        name = HOSTNAME if under_tls else None
        connection = await asyncio.open_connection("127.0.0.1", listening.port, ssl=tls, server_hostname=name)
        client = _Client(host, *connection)
        try:
            for step in _in_order(dialogue.steps, order):
                await client.play(step, piece_octets)
            rest = await client.end()
        finally:
            client.abort()  # uvloop waits for ever for what a failed dialogue left open
    assert (b"", [], []) == (rest, host.taken, faults)


def _server(dialogue: Dialogue, host: Host, under_tls: bool, faults: list[Exception]) -> MailServer:
    may_greet = asyncio.Event()
    early = sum(len(step.octets) for step in dialogue.steps if step.kind == "E")
    came = 0

    def count(_peer: Peer, octets: int) -> float:
        nonlocal came
        came += octets
        if came >= early:
            may_greet.set()
        return 0.0

    if not early:
        may_greet.set()
    return MailServer(
        dialogue.options,
        lambda _peer: _HostSession(host, may_greet),
        tls=server_context(),
        entrance=Entrance(implicit_tls=under_tls, pause_seconds=count, max_refusals=1000),
        on_fault=faults.append,
    )


def _in_order(steps: Sequence[Step], order: Callable[[Sequence[Step]], Sequence[Step]]) -> list[Step]:
    """Return the steps as `order` has them, but the greeting is heard before anything is said."""
    kept = _without_what_nobody_reads(steps)
    greeted = next(place for place, step in enumerate(kept, 1) if step.kind != "E")
    return [*kept[:greeted], *order(kept[greeted:])]


def _without_what_nobody_reads(steps: Sequence[Step]) -> list[Step]:
    """Leave out what is said in the clear after the server agreed on TLS: on a socket it would be no handshake."""
    kept: list[Step] = []
    for step in steps:
        while step.kind == "T" and kept[-1].kind in ("C", "R"):
            kept.pop()
        kept.append(step)
    return kept
