"""The wire of the server driver on real loopback sockets: PROXY, TLS, pauses, deadlines, last words."""

import asyncio
import contextlib
import socket
import struct

import pytest

from fakes.loops import LOOPS, PATIENCE_SECONDS, jump, run_under
from fakes.mail_sessions import Records
from fakes.self_signed import HOSTNAME, client_context, server_context
from fakes.serving import say_to, serving
from scop.net.connections import Connections
from scop.net.mail_server import Entrance, ServerTimeouts
from scop.net.peer import Peer
from scop.smtp import ServerOptions

BEGIN = b"HELO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"
PROXIED = bytes.fromhex("0d0a0d0a000d0a515549540a2111000cc0000207c6336401") + struct.pack("!HH", 40000, 25)
MESSAGE = b"Subject: x\r\n\r\n.dot\r\nbody\r\n"


async def test_commands_injected_before_the_handshake_are_dropped() -> None:
    """RFC 3207 §4.2, CVE-2011-0411: what stands behind STARTTLS in the clear is never looked at."""
    records = Records()
    options = ServerOptions(HOSTNAME, tls_available=True)
    async with serving(records, options, tls=server_context()) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(b"EHLO me\r\nSTARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@b.test>\r\n")
        while not (await reader.readline()).startswith(b"220 2.0.0 "):
            pass
        await writer.start_tls(client_context(), server_hostname=HOSTNAME)
        writer.write(b"EHLO again\r\nQUIT\r\n")
        lines = (await reader.read()).split(b"\r\n")
        writer.close()
    assert b"250-mx.harbor.test" == lines[0]
    assert b"STARTTLS" not in b"".join(lines)
    assert ["hello EHLO me", "hello EHLO again"] == [
        each for each in records.asked if each.startswith(("hello", "mail"))
    ]


async def test_time_for_a_command_begins_after_the_handshake() -> None:
    """RFC 5321 §4.5.3.2.7: a client may think about its hello under TLS as long as about any command."""
    records, timeouts = Records(), ServerTimeouts(handshake_seconds=30, idle_seconds=60)
    options = ServerOptions(HOSTNAME, tls_available=True)
    async with serving(records, options, tls=server_context(), timeouts=timeouts) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(b"EHLO me\r\nSTARTTLS\r\n")
        while not (await reader.readline()).startswith(b"220 2.0.0 "):
            pass
        await writer.start_tls(client_context(), server_hostname=HOSTNAME)
        heard = asyncio.ensure_future(reader.readline())
        jump(50)
        await asyncio.sleep(0)
        writer.write(b"NOOP\r\n")
        assert b"250 2.0.0 Ok\r\n" == await heard
        writer.close()


async def test_failed_handshake_ends_the_connection_and_nothing_else() -> None:
    """A client that speaks no TLS after STARTTLS is let go; the server goes on."""
    records = Records()
    options = ServerOptions(HOSTNAME, tls_available=True)
    faults: list[Exception] = []
    async with serving(records, options, tls=server_context(), on_fault=faults.append) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(b"EHLO me\r\nSTARTTLS\r\n")
        while not (await reader.readline()).startswith(b"220 2.0.0 "):
            pass
        writer.write(b"EHLO in the clear\r\n" * 10)
        await reader.read()
        writer.close()
        assert "221 " == (await say_to(listening, b"QUIT\r\n"))[-1]
    assert [] == faults


async def test_half_closed_client_gets_its_answers() -> None:
    """Who says all at once and closes its side (as `nc -N`) still hears every reply."""
    async with serving(Records()) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(BEGIN + b"x\r\n.\r\n")
        writer.write_eof()
        assert [b"250", b"250", b"250", b"354", b"250"] == [line[:3] for line in (await reader.read()).splitlines()]
        writer.close()


@pytest.mark.parametrize("message_octets", [0, 3])
async def test_octet_by_octet_wins_no_time(message_octets: int) -> None:
    """A command must be whole within the idle time, a message comes at a rate: else 421."""
    timeouts = ServerTimeouts(idle_seconds=30, block_seconds=30, min_octets_per_second=1000.0)
    async with serving(Records(), timeouts=timeouts) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        if message_octets:
            writer.write(BEGIN)
            while not (await reader.readline()).startswith(b"354"):
                pass
        ended = asyncio.ensure_future(reader.read())
        while not ended.done():
            writer.write(b"x")
            jump(1)
            await asyncio.sleep(0)
        assert (await ended).startswith(b"421 4.4.2 ")
        writer.close()


async def test_client_that_never_reads_is_cut_off() -> None:
    """Replies that nobody takes are held for a block's time, not for ever."""
    records = Records()
    async with serving(records, timeouts=ServerTimeouts(block_seconds=30)) as listening:
        _, writer = await asyncio.open_connection("127.0.0.1", listening.port, limit=1)
        while not records.closed.is_set():
            writer.write(b"EHLO x\r\n" * 2000)
            jump(1)
            await asyncio.sleep(0)
        writer.transport.abort()


async def test_drain_says_goodbye_to_who_is_idle_and_lets_a_mail_be_finished() -> None:
    """RFC 5321 §3.8: 421 at once or after the transaction; who does neither is cut off."""
    records = Records()
    connections = Connections()
    async with serving(records, entrance=Entrance(connections=connections)) as listening:
        talks = [await asyncio.open_connection("127.0.0.1", listening.port) for _ in range(3)]
        for reader, _ in talks:
            await reader.readline()
        (idle, _), (busy, busy_writer), (stuck, _) = talks
        for reader, writer in talks[1:]:
            writer.write(BEGIN)
            while not (await reader.readline()).startswith(b"354"):
                pass
        draining = asyncio.ensure_future(connections.drain(30))
        assert b"421 4.3.2 Server is going down, try again\r\n" == await idle.read()
        busy_writer.write(MESSAGE + b".\r\n")
        assert [b"250", b"421"] == [line[:3] for line in (await busy.read()).splitlines()]
        jump(30)
        await draining
        assert 0 == len(connections)
        with contextlib.suppress(ConnectionError):
            assert b"" == await stuck.read()
        for _, writer in talks:
            writer.close()
    assert 1 == len(records.messages)


async def test_proxy_says_who_the_client_is() -> None:
    """From a trusted address the connection begins with a PROXY header, and the session sees that client."""
    records = Records()
    async with serving(records, entrance=Entrance(is_proxy=lambda address: address == "127.0.0.1")) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        for octet in PROXIED:
            writer.write(bytes([octet]))
            await writer.drain()
        assert (await reader.readline()).startswith(b"220 ")
        writer.close()
    assert [("192.0.2.7", 40000)] == [(peer.address, peer.port) for peer in records.peers]


async def test_proxy_header_stands_before_implicit_tls() -> None:
    """The header comes in the clear, and what follows it in the same segment is the handshake."""
    records = Records()
    entrance = Entrance(implicit_tls=True, is_proxy=lambda _address: True)
    options = ServerOptions(HOSTNAME, tls_available=True, tls_active=True)

    def quit_over(port: int) -> bytes:
        plain = socket.create_connection(("127.0.0.1", port))
        plain.sendall(PROXIED)
        with client_context().wrap_socket(plain, server_hostname=HOSTNAME) as client, client.makefile("rb") as heard:
            greeting = heard.readline()
            client.sendall(b"QUIT\r\n")
            return greeting + heard.read()

    async with serving(records, options, tls=server_context(), entrance=entrance) as listening:
        said = await asyncio.to_thread(quit_over, listening.port)
    assert [b"220", b"221"] == [line[:3] for line in said.splitlines()]
    assert ("192.0.2.7", "TLS1.3") == (records.peers[0].address, records.peers[0].tls[:6])


@pytest.mark.parametrize("octets", [b"EHLO me\r\n", b"PROXY TCP4 192.0.2.7 198.51.100.1 1 25\r\n", PROXIED[:20]])
async def test_proxy_that_sends_no_header_hears_nothing(octets: bytes) -> None:
    """Anything but a whole header of version 2 ends the connection without a word."""
    records = Records()
    timeouts = ServerTimeouts(handshake_seconds=0.05)
    async with serving(records, timeouts=timeouts, entrance=Entrance(is_proxy=lambda _address: True)) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        writer.write(octets)
        with contextlib.suppress(ConnectionError):
            assert b"" == await reader.read()
        writer.close()
    assert [] == records.asked


async def test_fast_client_has_to_wait() -> None:
    """While the entrance asks for a pause nothing is read; the message comes whole all the same."""
    records = Records()
    counted: list[int] = []
    is_asked = asyncio.Event()

    def pause_seconds(_peer: Peer, octets: int) -> float:
        counted.append(octets)
        if not sum(counted) - octets < 300_000 <= sum(counted):
            return 0.0
        is_asked.set()
        return 100.0

    message = (b"x" * 98 + b"\r\n") * 10_000
    entrance = Entrance(pause_seconds=pause_seconds)
    async with serving(records, entrance=entrance, timeouts=ServerTimeouts(block_seconds=30)) as listening:
        octets = BEGIN + message + b".\r\nQUIT\r\n"
        saying = asyncio.create_task(say_to(listening, octets))
        await is_asked.wait()
        so_far = sum(counted)
        jump(90)
        for _ in range(20):
            await asyncio.sleep(0)
        assert so_far == sum(counted)
        jump(10)
        assert "221 " == (await saying)[-1]
    assert [message] == records.messages
    assert len(octets) == sum(counted)


@pytest.mark.parametrize("loop", LOOPS)
def test_large_message_passes_under_tls(loop: str) -> None:
    """Under our own TLS reading is paused and resumed as in the clear, and nothing is lost."""
    run_under(loop, _large_message_under_tls)


async def _large_message_under_tls() -> None:
    records = Records()
    message = (b"x" * 98 + b"\r\n") * 20_000
    entrance = Entrance(implicit_tls=True, pause_seconds=lambda _peer, octets: octets / 50_000_000)

    def send(port: int) -> bytes:
        plain = socket.create_connection(("127.0.0.1", port))
        with client_context().wrap_socket(plain, server_hostname=HOSTNAME) as client, client.makefile("rb") as heard:
            heard.readline()
            client.sendall(BEGIN + message + b".\r\nQUIT\r\n")
            return heard.read()

    options = ServerOptions(HOSTNAME, tls_available=True, tls_active=True)
    async with serving(records, options, tls=server_context(), entrance=entrance) as listening:
        said = await asyncio.to_thread(send, listening.port)
    assert b"221" == said.splitlines()[-1][:3]
    assert [message] == records.messages


async def test_client_that_speaks_in_the_clear_to_implicit_tls_is_let_go() -> None:
    """What is no handshake gets an alert and ends; no session was ever made."""
    records = Records()
    async with serving(records, tls=server_context(), entrance=Entrance(implicit_tls=True)) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        writer.write(b"EHLO me\r\n")
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
    assert [] == records.peers


async def test_last_words_reach_a_client_that_talks_on() -> None:
    """Who sends more than we read still hears why it ended: what it sends then is taken and thrown away."""
    async with serving(Records()) as listening:
        codes = await say_to(listening, b"QUIT\r\n" + b"NOOP\r\n" * 100_000)
    assert ["220 ", "221 "] == codes


@pytest.mark.parametrize("loop", LOOPS)
def test_client_that_was_sent_away_and_closes_is_no_fault(loop: str) -> None:
    """Nothing is said after our last words: a client that hears them and closes leaves no fault behind."""
    run_under(loop, _sent_away)


async def _sent_away() -> None:
    records, connections, faults = Records(), Connections(), list[Exception]()
    async with serving(records, entrance=Entrance(connections=connections), on_fault=faults.append) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        draining = asyncio.ensure_future(connections.drain(PATIENCE_SECONDS))
        assert (await reader.read()).startswith(b"421 4.3.2 ")
        writer.close()
        await records.closed.wait()
        await draining
    assert [] == faults
