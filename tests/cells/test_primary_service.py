"""The primary on sockets: asked as the world asks, changed as the signer changes it, started anew."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import msgspec
import pytest
from dns.message import Message

from fakes.loops import LOOPS, run_under
from fakes.mesh import ClockAt, KeptLog, identity_of, loopback_listener
from fakes.self_signed import client_context, write_pem
from fakes.zone_folder import Folder, read_zones, zone_path
from scop.cells.primary.history import GitHistory
from scop.cells.primary.manifest import MANIFEST
from scop.cells.primary.name_server import Rights
from scop.cells.primary.service import PrimaryOptions, options_of, run
from scop.cells.primary.signing import ZoneSigner
from scop.dns.rdata import TXT
from scop.dns.tsig import TsigKey
from scop.dns.update import Addition, build_update, read_update_reply
from scop.dns.words import Rcode
from scop.dns.zone.first_zone import first_zone
from scop.dns.zone.grants import Grant
from scop.mesh.authority import Authority
from scop.mesh.cell import Cell, Life, Place
from scop.mesh.config import Config, Network, Primary, Tls
from scop.mesh.inlet import PlainInlet
from scop.mesh.pipes import PipeInlet, pipe_dialer
from scop.mesh.protocol import PipeProtocol
from scop.mesh.tsig_file import TSIG_FILE
from scop.net.dns_public import PublicSockets, StreamBounds

NOW = 1_800_000_000
HOST = "127.0.0.1"
AUTHORITY = Authority("harbor.test")
KEY = TsigKey("signer.harbor.test", b"k" * 32)
RIGHTS = Rights(grants=(Grant(KEY.name, "*._domainkey.harbor.test", frozenset({"TXT"})),), pipe_keys=(KEY,))
OWNER = "s1._domainkey.harbor.test"
UPDATE = build_update("harbor.test", [Addition(OWNER, 300, TXT.of(b"v=DKIM1"))], KEY, now_unix=NOW, message_id=7)
BIG = "".join(f'big IN TXT "{number:03d}{"x" * 97}"\n' for number in range(20))


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a primary under test listens."""

    udp: int
    tcp: int
    pipe: int


def options_for(folder: Path, pipe: socket.socket) -> PrimaryOptions:
    """Return the options of a primary that runs alone on a folder."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((HOST, 0))
    return PrimaryOptions(
        zones=read_zones(folder),
        history=Folder(folder),
        sockets=PublicSockets([datagrams], [loopback_listener()]),
        log=KeptLog().log("primary"),
        clock=ClockAt(NOW),
        life=Life(),
        inlet=PlainInlet(pipe, PipeProtocol.DOT),
        rights=RIGHTS,
    )


def both(options: PrimaryOptions) -> tuple[socket.socket, socket.socket]:
    """Return the public sockets, UDP and TCP."""
    return options.sockets.datagrams[0], options.sockets.streams[0]


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Ports]:
    """Run a primary until the block ends."""
    pipe = loopback_listener()
    options = options_for(folder, pipe)
    ready = asyncio.Event()
    options.life.on_ready(ready.set)
    ports = Ports(*(listener.getsockname()[1] for listener in (*both(options), pipe)))
    serving = asyncio.ensure_future(run(options))
    await ready.wait()
    try:
        yield ports
    finally:
        options.life.stop()
        await serving


async def send(octets: bytes, port: int) -> bytes:
    """Send one message over a stream and read one back (RFC 1035 §4.2.2)."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(len(octets).to_bytes(2, "big") + octets)
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    finally:
        writer.close()
        await writer.wait_closed()


async def ask(ports: Ports, name: str, type_: str = "TXT") -> Message:
    """Ask as a resolver does: by datagram, and over a stream when that was cut."""
    query = dns.message.make_query(name, type_)
    response = await dns.asyncquery.udp(query, HOST, port=ports.udp, timeout=60)
    if response.flags & dns.flags.TC:
        return await dns.asyncquery.tcp(query, HOST, port=ports.tcp, timeout=60)
    return response


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a state folder as `scop init` leaves it, and one big RRset."""
    text = first_zone("harbor.test", "mx.harbor.test", "127.0.20.1")
    zone_path(tmp_path, "harbor.test").write_text(text + BIG)
    (tmp_path / TSIG_FILE).write_text(KEY.to_text())
    return tmp_path


@pytest.mark.parametrize("loop", LOOPS)
def test_primary_answers_by_datagram_and_stream(folder: Path, loop: str) -> None:
    """The same answer comes by UDP and TCP (RFC 7766 §5), under either event loop."""

    async def main() -> None:
        query = dns.message.make_query("harbor.test", "MX")
        async with running(folder) as ports:
            by_datagram = await dns.asyncquery.udp(query, HOST, port=ports.udp, timeout=60)
            by_stream = await dns.asyncquery.tcp(query, HOST, port=ports.tcp, timeout=60)
        assert by_datagram == by_stream
        assert "10 mx.harbor.test." == str(by_stream.answer[0][0])

    run_under(loop, main)


async def test_primary_cut_datagram_comes_whole_by_stream(folder: Path) -> None:
    """What is too big for a datagram is cut with TC and comes whole over TCP (RFC 1035 §4.2.1)."""
    async with running(folder) as ports:
        response = await ask(ports, "big.harbor.test")
    assert (20, 0) == (len(response.answer[0]), response.flags & dns.flags.TC)


async def test_primary_update_outlives_a_restart(folder: Path) -> None:
    """What the signer published over the pipe is shown to the world, and still after a restart."""
    async with running(folder) as ports:
        assert dns.rcode.NXDOMAIN == (await ask(ports, OWNER)).rcode()
        assert Rcode.NOERROR == read_update_reply(UPDATE, await send(UPDATE.octets, ports.pipe), NOW)
        assert '"v=DKIM1"' == str((await ask(ports, OWNER)).answer[0][0])
    async with running(folder) as ports:
        assert '"v=DKIM1"' == str((await ask(ports, OWNER)).answer[0][0])


async def test_primary_public_ports_take_no_update(folder: Path) -> None:
    """An UPDATE signed by the pipe's key is NOTAUTH on port 53, over TCP too, and changes nothing."""
    before = zone_path(folder, "harbor.test").read_text()
    async with running(folder) as ports:
        reply = await send(UPDATE.octets, ports.tcp)
        assert dns.rcode.NXDOMAIN == (await ask(ports, OWNER)).rcode()
    assert (Rcode.NOTAUTH, before) == (reply[3] & 0x0F, zone_path(folder, "harbor.test").read_text())


async def test_primary_bounds_its_streams(folder: Path) -> None:
    """Of n + 1 connections the one that was quiet for longest makes room for the last (RFC 7766 §6.2.2, §6.2.3)."""
    pipe = loopback_listener()
    options = replace(options_for(folder, pipe), bounds=StreamBounds(max_streams=2))
    port = both(options)[1].getsockname()[1]
    serving = asyncio.ensure_future(run(options))
    query = dns.message.make_query("harbor.test", "MX").to_wire()
    quiet, busy = [await asyncio.open_connection(HOST, port) for _ in range(2)]
    for reader, writer in (quiet, busy):
        writer.write(len(query).to_bytes(2, "big") + query)
        await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    assert query[:2] == (await send(query, port))[:2]
    with suppress(ConnectionError):
        assert b"" == await quiet[0].read()
    busy[1].write(len(query).to_bytes(2, "big") + query)
    assert await busy[0].readexactly(2)
    options.life.stop()
    await serving
    for _, writer in (quiet, busy):
        writer.close()


async def test_primary_alone_is_a_root(tmp_path: Path) -> None:
    """Without mesh, inlet or keys it serves the root of a little Internet, and refers to what lies below."""
    zone_path(tmp_path, "").write_text("@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS a.\na. 60 A 127.0.30.1\n")
    delegation = "harbor 60 NS mx.harbor\nmx.harbor 60 A 127.0.20.1\n"
    zone_path(tmp_path, "test").write_text("@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS a.\n" + delegation)
    zones = read_zones(tmp_path)
    zone_path(tmp_path, "harbor.test").write_text(first_zone("harbor.test", "mx.harbor.test", "127.0.20.1"))
    pipe = loopback_listener()
    pipe.close()
    options = replace(options_for(tmp_path, pipe), zones=zones, inlet=None, rights=Rights())
    serving = asyncio.ensure_future(run(options))
    query = dns.message.make_query("www.harbor.test", "A")
    response = await dns.asyncquery.udp(query, HOST, port=both(options)[0].getsockname()[1], timeout=60)
    options.life.stop()
    await serving
    assert "mx.harbor.test. 60 IN A 127.0.20.1" == response.additional[0].to_text()


@pytest.fixture
def cell(folder: Path) -> Iterator[Cell]:
    """Return a primary's place in a mesh, with its sockets."""
    identity = identity_of(AUTHORITY, "primary")
    pipe, dot = loopback_listener(), loopback_listener()
    sockets = options_for(folder, pipe)
    pem = str(write_pem(folder))
    yield Cell(
        manifest=MANIFEST,
        config=Config(domain="harbor.test", network=Network(address="127.0.20.1"), tls=Tls(pem, pem)),
        state=folder,
        log=sockets.log,
        inlet=PipeInlet(pipe, identity, MANIFEST.granted(), sockets.log),
        identity=identity,
        places=dict.fromkeys(("signer", "resolver"), Place(*pipe.getsockname())),
        listeners=dict(zip(("dns/udp", "dns/tcp", "dot/tcp"), (*both(sockets), dot), strict=True)),
        clock=ClockAt(NOW),
    )
    for listener in (pipe, *both(sockets), dot):
        listener.close()


async def test_primary_in_the_mesh_takes_update_over_tls(cell: Cell) -> None:
    """The signer, known by its certificate and its key, publishes over DNS over TLS (RFC 7858)."""
    serving = asyncio.ensure_future(run(options_of(cell)))
    place = cell.places["signer"]
    dial = pipe_dialer(identity_of(AUTHORITY, "signer"), "primary", place.address, place.port)
    reader = asyncio.StreamReader()
    transport, _ = await dial(lambda: asyncio.StreamReaderProtocol(reader))
    transport.write(len(UPDATE.octets).to_bytes(2, "big") + UPDATE.octets)
    reply = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    transport.close()
    cell.life.stop()
    await serving
    assert Rcode.NOERROR == read_update_reply(UPDATE, reply, NOW)


async def test_primary_in_the_mesh_answers_everybody_over_tls(cell: Cell) -> None:
    """RFC 7858 §3.1: strangers may ask at the DoT port too, and see the public certificate."""
    serving = asyncio.ensure_future(run(options_of(cell)))
    query, port = dns.message.make_query("harbor.test", "MX"), cell.listeners["dot/tcp"].getsockname()[1]
    context = client_context()
    context.set_alpn_protocols(["dot"])
    response = await dns.asyncquery.tls(
        query, HOST, port=port, timeout=60, ssl_context=context, server_hostname="mx.harbor.test"
    )
    cell.life.stop()
    await serving
    assert "harbor.test. 300 IN MX 10 mx.harbor.test." == response.answer[0].to_text()


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        (TSIG_FILE, None, r"tsig\.key is missing: the primary holds the same"),
        (TSIG_FILE, "secret", r"tsig\.key: not a TSIG key file"),
        ("harbor.test.zone", None, r"harbor\.test\.zone is missing .*scop init"),
        ("harbor.test.zone", "@ IN\n", r"harbor\.test\.zone: line 1: "),
    ],
)
def test_primary_start_names_the_file(cell: Cell, name: str, text: str | None, complaint: str) -> None:
    """A file that is missing or wrong is named in one sentence before anything starts."""
    (cell.state / name).unlink()
    if text is not None:
        (cell.state / name).write_text(text)
    with pytest.raises(ValueError, match=complaint):
        options_of(cell)


def test_primary_start_names_a_key_that_is_missing(cell: Cell) -> None:
    """A zone whose parent vouches for a key that is gone is not signed by another one; which file it is, is said."""
    keys = cell.state / "keys" / "harbor.test"
    options = options_of(cell)
    assert isinstance(options.signing, ZoneSigner)
    assert isinstance(options.history, GitHistory)
    options.signing.know(options.zones.by_origin["harbor.test"], NOW)
    options.history.close()
    next(keys.glob("*.pem")).unlink()
    with pytest.raises(ValueError, match=r"harbor\.test/csk.*\.pem is missing"):
        options_of(cell)


def test_primary_more_keys_of_the_configuration(cell: Cell) -> None:
    """Keys in `tsig.keys` open in public what `[primary]` grants them, and are no keys of pipes."""
    (cell.state / "tsig.keys").write_text("home hmac-sha256 a2tra2s=\nlagoon hmac-sha512 a2tra2s=\n")
    config = msgspec.structs.replace(
        cell.config,
        primary=Primary(
            allow_update=("home:mx.harbor.test:A",),
            transfer_keys=("lagoon",),
            notify=("192.0.2.1",),
            secondary=("lagoon.test=192.0.2.1@54:lagoon",),
        ),
    )
    options = options_of(replace(cell, config=config))
    assert ["home", "lagoon"] == [key.name for key in options.rights.keys]
    assert frozenset({"lagoon"}) == options.rights.transfer_keys
    assert ["lagoon"] == [target.key.name for target in options.notify if target.key]
    assert ["lagoon.test"] == [zone.origin for zone in options.secondaries]
    assert (54,) == config.primary.primaries_ports(53)


def test_primary_key_of_the_pipe_is_none_of_the_public(cell: Cell) -> None:
    """A key that is good on its pipe only cannot be named once more for everybody."""
    (cell.state / "tsig.keys").write_text(f"{KEY.name} hmac-sha256 a2tra2s=\n")
    with pytest.raises(ValueError, match=r"tsig\.keys: .* is a key of ours"):
        options_of(cell)


def test_primary_key_opens_only_domain_keys(cell: Cell) -> None:
    """In the mesh the signer's key may write TXT at and below _domainkey of the domain."""
    assert RIGHTS == options_of(cell).rights
