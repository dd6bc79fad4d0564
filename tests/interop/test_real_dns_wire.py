"""Octets between us and servers that others wrote: how we ask them, and how they ask us under TLS."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from bench.peers import bind, knot, nsd, unbound
from bench.peers.bind import running_bind
from bench.peers.knot import running_knot
from bench.peers.nsd import running_nsd
from bench.peers.unbound import running_unbound

from fakes.self_signed import HOSTNAME, certificate_pem, server_context
from scop.dns import A, Question, Rcode
from scop.dns.asking import Ask, Protocol, Server
from scop.dns.edns import OptionCode
from scop.dns.message import Flag, Message, Record, build_message, parse_message
from scop.dns.words import Opcode
from scop.net.dns_public import PublicDns, PublicSockets
from scop.net.dns_server import DnsTransport
from scop.net.dns_upstream import Upstream
from scop.net.peer import Peer

pytestmark = pytest.mark.interop

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
ADDRESS, PORT, TLS_PORT = "127.53.9.1", 5359, 8530
ZONE = """\
$ORIGIN ex.test.
$TTL 300
@ SOA ns host 1 3600 600 86400 60
@ NS ns
ns A 192.0.2.1
a-name-with-letters A 192.0.2.2
""" + "".join(f'big TXT "{n:03}{"x" * 100}"\n' for n in range(30))
ASKED = Question("a-name-with-letters.ex.test", "A")
LARGE = Question("big.ex.test", "TXT")
FOUND = (Record(ASKED.name, 300, A("192.0.2.2")),)

Running = Callable[[Path], AbstractContextManager[object]]


@contextmanager
def _bind(folder: Path) -> Iterator[None]:
    zone = 'zone "ex.test" { type primary; file "ex.test.zone"; };'
    with running_bind(folder, ADDRESS, PORT, zone, options="require-server-cookie yes;"):
        yield


@contextmanager
def _knot(folder: Path) -> Iterator[None]:
    template = f'template:\n  - id: default\n    storage: "{folder}"\n    global-module: mod-cookies\n'
    with running_knot(folder, ADDRESS, PORT, f"{template}zone:\n  - domain: ex.test\n    file: ex.test.zone\n"):
        yield


@contextmanager
def _nsd(folder: Path) -> Iterator[None]:
    server = "server:\n  answer-cookie: yes\n"
    with running_nsd(folder, ADDRESS, PORT, f'{server}zone:\n  name: "ex.test"\n  zonefile: "ex.test.zone"\n'):
        yield


@contextmanager
def _unbound(folder: Path) -> Iterator[None]:
    server = "    local-zone: test. nodefault\n    module-config: iterator\n"
    zone = f'auth-zone:\n  name: "ex.test"\n  zonefile: "{folder}/ex.test.zone"\n  for-downstream: yes\n'
    with running_unbound(folder, ADDRESS, PORT, zone, server=server):
        yield


PEERS: dict[str, tuple[Callable[[], bool], Running]] = {
    "BIND": (bind.is_there, _bind),
    "Knot": (knot.is_there, _knot),
    "NSD": (nsd.is_there, _nsd),
    "Unbound": (unbound.is_there, _unbound),
}


class _Watched(Upstream):
    """Notes what is asked by TCP."""

    streams = 0

    async def _by_stream(self, ask: Ask) -> Message | None:
        self.streams += 1
        return await super()._by_stream(ask)


@pytest.mark.parametrize("peer", PEERS)
async def test_real_servers_keep_our_spelling_and_take_our_cookies(peer: str, tmp_path: Path) -> None:
    """RFC 7873 §5.3, RFC 9018: by datagram alone, with the cookie that the server gave; what is cut comes by TCP."""
    is_there, running = PEERS[peer]
    if not is_there():
        pytest.skip(f"{peer} is not installed")
    (tmp_path / "ex.test.zone").write_text(ZONE)
    upstream = _Watched()

    async def asked(question: Question, protocol: Protocol = Protocol.UDP) -> Message:
        message = await upstream.exchange(Ask(Server(ADDRESS, PORT), question, protocol, timeout_seconds=5))
        assert message is not None
        return message

    with running(tmp_path):
        for _ in range(20):
            assert FOUND == (await asked(ASKED)).answers
        if peer != "Unbound":  # before 1.19 it takes a cookie and gives none
            edns = (await asked(ASKED)).edns
            assert edns is not None
            assert edns.cookie is not None
            assert 16 == len(edns.cookie.server)  # RFC 9018 §4.2
        assert Rcode.NXDOMAIN is (await asked(Question("none.ex.test", "A"))).rcode
        assert (await asked(LARGE)).is_truncated
        assert 0 == upstream.streams
        assert 30 == len((await asked(LARGE, Protocol.TCP)).answers)


def _answer(query: bytes, peer: Peer, transport: DnsTransport) -> bytes:
    asked = parse_message(query)
    assert asked.question is not None
    assert (Opcode.QUERY, DnsTransport.TLS) == (asked.opcode, transport)
    answers = (Record(asked.question.name, 300, A("192.0.2.7")),) if asked.question.type == "A" else ()
    block = 468 if asked.edns is not None and asked.edns.option(OptionCode.PADDING) is not None else 0
    flags = Flag.RESPONSE | Flag.AUTHORITATIVE | Flag.RECURSION_AVAILABLE
    return build_message(
        Message(asked.id, flags, question=asked.question, answers=answers, edns=asked.edns), block_octets=block
    )


async def _told_by(*command: str) -> str:
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=True, timeout=30, env=os.environ | {"PATH": PATH}
    )
    return done.stdout


async def test_real_clients_ask_us_under_tls(tmp_path: Path) -> None:
    """RFC 7858: dig, padded or not, proving our certificate; and Unbound as a forwarder that keeps its stream."""
    if shutil.which("dig", path=PATH) is None or not unbound.is_there():
        pytest.skip("dig or Unbound is not installed")
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(certificate_pem())
    listening = socket.create_server((ADDRESS, TLS_PORT))
    serving = PublicDns(_answer)
    await serving.open(PublicSockets(tls_streams=[listening], tls=server_context()))
    by_tls = ("dig", f"@{ADDRESS}", "-p", str(TLS_PORT), f"+tls-ca={bundle}", f"+tls-hostname={HOSTNAME}")
    for words in ((), ("+padding=128",), ("+keepalive",), ("+keepopen", "b.test", "A")):
        assert "192.0.2.7" in await _told_by(*by_tls, "wWw.ExAmple.test", "A", *words)
    server = f'    tls-cert-bundle: "{bundle}"\n    module-config: iterator\n    local-zone: test. nodefault\n'
    forward = (
        f"forward-zone:\n  name: .\n  forward-tls-upstream: yes\n  forward-addr: {ADDRESS}@{TLS_PORT}#{HOSTNAME}\n"
    )
    with running_unbound(tmp_path / "unbound", ADDRESS, PORT, forward, server=server):
        for number in range(20):
            asking = ("dig", f"@{ADDRESS}", "-p", str(PORT), f"n{number}.example.org", "A", "+short", "+tries=1")
            assert "192.0.2.7\n" == await _told_by(*asking)
    await serving.drain(1)
