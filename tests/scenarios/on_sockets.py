"""Plays one scenario to `scop dns resolver` itself: real sockets, real addresses, the ports that servers have.

    unshare --net python -m scenarios.on_sockets FILE

It says `pass`, `skip: why` or `fail: why`, and ends with 0, 3 or 1. The network is its own, so every address of the
scenario is given to loopback there; a scenario of another time is played under `faketime`.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from scenarios.comparing import Mismatch, compare
from scenarios.replay import matching_entry
from scenarios.rpl import Entry, Scenario, read_scenario
from scenarios.settings import NotSupported, Settings, settings_of
from scop.base import RemoteProtocolError
from scop.dns.asking import Ask, Protocol, Server
from scop.dns.message import Message, parse_message
from scop.dns.resolver.options import Resort, Way, Zone

PASSED, FAILED, SKIPPED = 0, 1, 3
HOST, PORT = "127.0.0.1", 5353
ANSWER_SECONDS = 60.0
READY_SECONDS = 60.0
PLAYED = frozenset({"QUERY", "CHECK_ANSWER", "TRAFFIC", "NOTHING"})


class _Stage:
    """The mock servers, all in this process, and the step at which the play is."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.step = 0

    def said(self, address: str, query: bytes, protocol: Protocol) -> bytes | None:
        """Return what the server at `address` says at this step; None for silence."""
        try:
            message = parse_message(query)
        except RemoteProtocolError:
            return None
        if message.question is None:
            return None
        flags = bool(message.flags & 0x0100)
        ask = Ask(Server(address), message.question, protocol, message.edns, flags)
        entry = matching_entry(self._scenario, ask, self.step)
        return None if entry is None else _octets(entry, message, query)


def _octets(entry: Entry, message: Message, query: bytes) -> bytes:
    assert message.question is not None
    copied = (message.question.name, message.question.type, "IN") if "copy_query" in entry.adjust else None
    said = entry.to_octets(message.id, copied)
    if copied is None:
        return said
    end = 12 + len(query[12:].split(b"\0", 1)[0]) + 1
    return said[:12] + query[12:end] + said[end:]  # testbound copies the question's very letters


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, stage: _Stage, address: str) -> None:
        self._stage = stage
        self._address = address

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        said = self._stage.said(self._address, data, Protocol.UDP)
        if said is not None:
            self._transport.sendto(said, addr)


async def _serve_stream(
    stage: _Stage, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            said = stage.said(address, await reader.readexactly(size), Protocol.TCP)
            if said is not None:
                writer.write(len(said).to_bytes(2, "big") + said)
    writer.close()


async def _open_servers(scenario: Scenario, stage: _Stage) -> None:
    loop = asyncio.get_running_loop()
    for address in sorted({address for range_ in scenario.ranges for address in range_.addresses}):
        await loop.create_datagram_endpoint(partial(_Datagrams, stage, address), local_addr=(address, 53))

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, own: str = address) -> None:
            await _serve_stream(stage, own, reader, writer)

        await asyncio.start_server(serve, address, 53)


def _command(settings: Settings, folder: Path) -> list[str]:
    """Return the command that is told what the scenario's options say; raises `NotSupported` where it has no words."""
    plain = settings_of_nothing(settings)
    if plain != Settings():
        raise NotSupported(f"its options have no words on the command line: {plain}")
    options = settings.resolver
    words = [sys.executable, "-m", "scop.cli", "dns", "resolver", "--listen", f"{HOST}:{PORT}"]
    if options.roots:
        hints = [f"r{number}. {_type(server)} {server.address}" for number, server in enumerate(options.roots)]
        names = [f". NS r{number}." for number in range(len(options.roots))]
        (folder / "hints").write_text("\n".join([*names, *hints]) + "\n")
        words += ["--root-hints", str(folder / "hints")]
    if settings.anchors:
        (folder / "anchors").write_text("\n".join(settings.anchors) + "\n")
        words += ["--trust-anchor", str(folder / "anchors")]
    elif not options.roots:
        words += ["--negative-trust-anchor", "."]  # nothing is to be proved, and the built-in anchors cannot be
    for zone in options.zones:
        words += _zone_words(zone)
    for name in settings.negative_anchors:
        words += ["--negative-trust-anchor", name]
    if not options.minimise:
        words += ["--minimise", "off"]
    return words


def settings_of_nothing(settings: Settings) -> Settings:
    """Return the settings without all that the command line has words for: what is left must be the default."""
    default = Settings()
    resolver = replace(settings.resolver, roots=(), zones=(), minimise=default.resolver.minimise)
    return replace(
        settings,
        resolver=resolver,
        anchors=(),
        negative_anchors=(),
        unix=default.unix,
        aggressive=default.aggressive,
        validates=settings.validates or not settings.anchors,
        manners=replace(settings.manners, explains=default.manners.explains),
        zones=(),
    )


def _type(server: Server) -> str:
    return "AAAA" if ":" in server.address else "A"


def _zone_words(zone: Zone) -> list[str]:
    if zone.is_primed or zone.resort is not Resort.NONE:
        raise NotSupported("its stub zone has no words on the command line")
    option = "--stub" if zone.way is Way.STUB else "--forward"
    return [word for server in zone.servers for word in (option, f"{zone.name or '.'}={server.address}")]


async def _play(scenario: Scenario, settings: Settings, folder: Path) -> None:
    stage = _Stage(scenario)
    command = _command(settings, folder)
    await _open_servers(scenario, stage)
    environment = {**os.environ, **_clock(settings)}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        assert process.stdout is not None
        ready = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        if not ready.startswith(b"ready"):
            raise Mismatch(f"the resolver said {ready!r}")
        await _moves(scenario, stage)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _clock(settings: Settings) -> dict[str, str]:
    """Return what makes a process believe that it is the scenario's time; monotonic clocks stay true."""
    if settings.unix == Settings().unix:
        return {}
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        raise NotSupported("it plays at another time, and libfaketime is not installed")
    moment = datetime.datetime.fromtimestamp(settings.unix, datetime.UTC)
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"@{moment:%Y-%m-%d %H:%M:%S}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }


class _Asker(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self.answers.put_nowait(data)


async def _moves(scenario: Scenario, stage: _Stage) -> None:
    loop = asyncio.get_running_loop()
    transport, asker = await loop.create_datagram_endpoint(_Asker, remote_addr=(HOST, PORT))
    for move in scenario.steps:
        stage.step = move.number
        if move.kind not in PLAYED:
            raise NotSupported(f"{move.kind} cannot be made from outside")
        if move.kind == "QUERY":
            assert move.entry is not None
            transport.sendto(move.entry.to_octets(move.number & 0xFFFF))
        elif move.kind == "CHECK_ANSWER":
            assert move.entry is not None
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    answer = await asker.answers.get()
            except TimeoutError:
                raise Mismatch(f"step {move.number}: no answer within {ANSWER_SECONDS} s") from None
            try:
                compare(move.entry, parse_message(answer))
            except Mismatch as fault:
                raise Mismatch(f"step {move.number}: {fault}") from None


def _own_network(scenario: Scenario) -> None:
    def ip(*words: str) -> None:
        subprocess.run(("ip", *words), check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})

    ip("link", "set", "lo", "up")
    for address in {address for range_ in scenario.ranges for address in range_.addresses}:
        ip("address", "replace", f"{address}/{128 if ':' in address else 32}", "dev", "lo")


def main(path: Path) -> int:
    """Play it; tell how it went by word and status."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            scenario = read_scenario(path)
            settings = settings_of(scenario)
            _own_network(scenario)
            asyncio.run(_play(scenario, settings, Path(folder)))
        except NotSupported as fault:
            print(f"skip: {fault}")
            return SKIPPED
        except Mismatch as fault:
            print(f"fail: {fault}")
            return FAILED
    print("pass")
    return PASSED


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
