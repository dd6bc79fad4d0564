"""The server driver on real loopback sockets."""

import asyncio
import contextlib
import smtplib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from fakes.loops import LOOPS, run_under
from fakes.mail_sessions import Listening, Records, listen
from fakes.self_signed import HOSTNAME, client_context, server_context
from scop.net.connections import Connections
from scop.net.entrance import MAX_REFUSALS
from scop.net.mail_server import MAX_REPLIES_AT_ONCE, Entrance, MailServer, ServerTimeouts
from scop.net.peer import Peer
from scop.smtp import ServerOptions, reply

OPTIONS = ServerOptions(HOSTNAME)
PATIENT = ServerTimeouts()
PLAIN = Entrance()
BEGIN = b"HELO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"
PROXIED = bytes.fromhex("0d0a0d0a000d0a515549540a2111000cc0000207c6336401") + struct.pack("!HH", 40000, 25)
MESSAGE = b"Subject: x\r\n\r\n.dot\r\nbody\r\n"


@asynccontextmanager
async def _server(
    records: Records,
    options: ServerOptions = OPTIONS,
    *,
    tls: ssl.SSLContext | None = None,
    timeouts: ServerTimeouts = PATIENT,
    entrance: Entrance = PLAIN,
    on_fault: Callable[[Exception], None] | None = None,
) -> AsyncIterator[Listening]:
    def new_protocol() -> MailServer:
        return MailServer(options, records.session, tls=tls, timeouts=timeouts, entrance=entrance, on_fault=on_fault)

    async with listen(new_protocol) as listening:
        yield listening


async def _say(listening: Listening, octets: bytes) -> list[str]:
    """Send octets in the clear after the greeting, read to the end, return the codes of the replies' lines."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    greeting = await reader.readline()
    writer.write(octets)
    lines = (greeting + await reader.read()).split(b"\r\n")[:-1]
    writer.close()
    return [line[:4].decode() for line in lines]


async def test_pipelined_session_is_answered_in_order() -> None:
    """RFC 2920: every reply in its place, the message whole, the end told to the session."""
    records = Records(replies={"nobody": reply(550, "5.1.1", "No such user")})
    async with _server(records) as listening:
        octets = (
            b"EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRCPT TO:<nobody@d.test>\r\nDATA\r\n"
            b"Subject: x\r\n\r\n..dot\r\nbody\r\n.\r\nNOOP\r\nVRFY x\r\nHELP\r\nQUIT\r\n"
        )
        codes = await _say(listening, octets)
    told = ["220 ", "250 ", "250 ", "250 ", "550 ", "354 ", "250 ", "250 ", "252 ", "214 ", "221 "]
    assert told == [code for code in codes if code != "250-"]
    assert [MESSAGE] == records.messages
    assert [
        "mail <a@b.test>",
        "recipient <c@d.test>",
        "recipient <nobody@d.test>",
        "message",
        "closed",
    ] == records.asked[2:]


async def test_stdlib_client_is_served() -> None:
    """A client that knows nothing of us: smtplib over STARTTLS with a login."""
    records = Records()
    options = ServerOptions(HOSTNAME, tls_available=True, auth_mechanisms=("PLAIN", "LOGIN"), auth_required=True)

    def send(port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="me.test") as client:
            client._host = HOSTNAME  # type: ignore[attr-defined]  # smtplib checks the certificate for its host
            client.starttls(context=client_context())
            client.login("alice", "secret")
            return client.sendmail("a@b.test", ["c@d.test", "e@f.test"], MESSAGE)

    async with _server(records, options, tls=server_context()) as listening:
        assert {} == await asyncio.to_thread(send, listening.port)
    assert [MESSAGE] == records.messages
    assert records.peers[0].tls == ""
    assert records.peers[1].tls.startswith("TLS1.3 TLS_")
    assert ["connected", "hello EHLO me.test", "closed", "connected", "hello EHLO me.test"] == records.asked[:5]


async def test_commands_injected_before_the_handshake_are_dropped() -> None:
    """RFC 3207 §4.2, CVE-2011-0411: what stands behind STARTTLS in the clear is never looked at."""
    records = Records()
    options = ServerOptions(HOSTNAME, tls_available=True)
    async with _server(records, options, tls=server_context()) as listening:
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
    records, timeouts = Records(), ServerTimeouts(handshake_seconds=0.3, idle_seconds=20)
    options = ServerOptions(HOSTNAME, tls_available=True)
    async with _server(records, options, tls=server_context(), timeouts=timeouts) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(b"EHLO me\r\nSTARTTLS\r\n")
        while not (await reader.readline()).startswith(b"220 2.0.0 "):
            pass
        await writer.start_tls(client_context(), server_hostname=HOSTNAME)
        heard = asyncio.ensure_future(reader.readline())
        await asyncio.wait({heard}, timeout=0.5)
        writer.write(b"NOOP\r\n")
        assert b"250 2.0.0 Ok\r\n" == await heard
        writer.close()


async def test_failed_handshake_ends_the_connection_and_nothing_else() -> None:
    """A client that speaks no TLS after STARTTLS is let go; the server goes on."""
    records = Records()
    options = ServerOptions(HOSTNAME, tls_available=True)
    faults: list[Exception] = []
    async with _server(records, options, tls=server_context(), on_fault=faults.append) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(b"EHLO me\r\nSTARTTLS\r\n")
        while not (await reader.readline()).startswith(b"220 2.0.0 "):
            pass
        writer.write(b"EHLO in the clear\r\n" * 10)
        await reader.read()
        writer.close()
        assert "221 " == (await _say(listening, b"QUIT\r\n"))[-1]
    assert [] == faults


async def test_refused_client_is_told_and_closed() -> None:
    """A session that greets with 421 or 554 is not spoken with."""
    records = Records(greeting=reply(421, "4.7.0", "Too many connections"))
    async with _server(records) as listening:
        assert ["421 "] == await _say(listening, b"")
    assert ["connected", "closed"] == records.asked


async def test_fault_of_a_session_is_told_to_nobody_but_us() -> None:
    """A bug answers 451 without its reason, ends the connection and reaches `on_fault`."""
    records = Records(fault=KeyError("private"))
    faults: list[Exception] = []
    async with _server(records, on_fault=faults.append) as listening:
        codes = await _say(
            listening, b"HELO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n"
        )
    assert ["354 ", "451 "] == codes[-2:]
    assert [records.fault] == faults
    assert "closed" == records.asked[-1]


async def test_silent_client_hears_421() -> None:
    """RFC 5321 §4.5.3.2.7: who says nothing is let go."""
    async with _server(Records(), timeouts=ServerTimeouts(idle_seconds=0.01)) as listening:
        assert ["220 ", "421 "] == await _say(listening, b"")


async def test_one_timer_counts_from_the_last_command() -> None:
    """The timer that was set at the start does not end a client that spoke in between."""
    async with _server(Records(), timeouts=ServerTimeouts(idle_seconds=0.05)) as listening:
        assert ["220 ", "250 ", "421 "] == await _say(listening, b"HELO me\r\n")


async def test_client_that_speaks_no_smtp_is_let_go() -> None:
    """After enough errors the answer is 421."""
    async with _server(Records()) as listening:
        codes = await _say(listening, b"GET / HTTP/1.1\r\n" * 100)
    assert ["500 "] * (MAX_REFUSALS - 1) + ["421 "] == codes[1:]


async def test_transaction_is_abandoned_by_reset_hello_and_a_bad_message() -> None:
    """The session hears of each end of a transaction that is no message."""
    records = Records()
    begin = b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n"
    async with _server(records) as listening:
        await _say(
            listening,
            b"HELO me\r\n"
            + begin
            + b"RSET\r\n"
            + begin
            + b"HELO me\r\n"
            + begin
            + b"DATA\r\nx\ny\r\n.\r\nRSET\r\nQUIT\r\n",
        )
    assert 3 == records.asked.count("reset")
    assert [] == records.messages


async def test_lmtp_answers_for_each_recipient() -> None:
    """RFC 2033 §4.2: one decision, told once for each accepted recipient."""
    async with _server(Records(), ServerOptions(HOSTNAME, lmtp=True)) as listening:
        octets = b"LHLO me\r\nMAIL FROM:<a@b.test>\r\n" + b"RCPT TO:<c@d.test>\r\n" * 3 + b"DATA\r\nx\r\n.\r\nQUIT\r\n"
        codes = await _say(listening, octets)
    assert ["354 ", "250 ", "250 ", "250 ", "221 "] == codes[-5:]


@pytest.mark.parametrize("octets", [b"", b"EHLO me\r\nMAIL FROM:<a@b.test>\r\n"])
async def test_client_that_vanishes_closes_the_session(octets: bytes) -> None:
    """Whatever the state, the session lets go."""
    records = Records()
    async with _server(records) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(octets)
        await writer.drain()
        writer.transport.abort()
        await records.closed.wait()
    assert 1 == records.asked.count("closed")


async def test_large_message_passes_in_pieces() -> None:
    """Reading is paused and resumed, nothing is lost."""
    records = Records()
    message = b"x" * 98 + b"\r\n"
    async with _server(records) as listening:
        octets = (
            b"HELO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n" + message * 20_000 + b".\r\nQUIT\r\n"
        )
        assert "221 " == (await _say(listening, octets))[-1]
    assert [message * 20_000] == records.messages


async def test_half_closed_client_gets_its_answers() -> None:
    """Who says all at once and closes its side (as `nc -N`) still hears every reply."""
    async with _server(Records()) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(BEGIN + b"x\r\n.\r\n")
        writer.write_eof()
        assert [b"250", b"250", b"250", b"354", b"250"] == [line[:3] for line in (await reader.read()).splitlines()]
        writer.close()


@pytest.mark.parametrize("message_octets", [0, 3])
async def test_octet_by_octet_wins_no_time(message_octets: int) -> None:
    """A command must be whole within the idle time, a message comes at a rate: else 421."""
    timeouts = ServerTimeouts(idle_seconds=0.1, block_seconds=0.1, min_octets_per_second=1000.0)
    async with _server(Records(), timeouts=timeouts) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        if message_octets:
            writer.write(BEGIN)
            while not (await reader.readline()).startswith(b"354"):
                pass
        ended = asyncio.ensure_future(reader.read())
        while not ended.done():
            writer.write(b"x")
            await asyncio.wait({ended}, timeout=0.01)
        assert (await ended).startswith(b"421 4.4.2 ")
        writer.close()


async def test_client_that_brings_no_mail_is_let_go() -> None:
    """NOOP keeps a connection open, but not for ever; a message taken buys new time."""
    timeouts = ServerTimeouts(fruitless_seconds=0.1)
    async with _server(Records(), timeouts=timeouts) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        ended = asyncio.ensure_future(reader.read())
        await asyncio.wait({ended}, timeout=0.02)
        while not ended.done():
            writer.write(b"NOOP\r\n")
            await asyncio.wait({ended}, timeout=0.01)
        assert b"421 4.4.2 Timeout" == (await ended).splitlines()[-1]
        writer.close()


async def test_client_that_never_reads_is_cut_off() -> None:
    """Replies that nobody takes are held for a block's time, not for ever."""
    records = Records()
    async with _server(records, timeouts=ServerTimeouts(block_seconds=0.1)) as listening:
        _, writer = await asyncio.open_connection("127.0.0.1", listening.port, limit=1)
        while not records.closed.is_set():
            writer.write(b"EHLO x\r\n" * 2000)
            await asyncio.wait({asyncio.ensure_future(records.closed.wait())}, timeout=0.01)
        writer.transport.abort()


async def test_drain_says_goodbye_to_who_is_idle_and_lets_a_mail_be_finished() -> None:
    """RFC 5321 §3.8: 421 at once or after the transaction; who does neither is cut off."""
    records = Records()
    connections = Connections()
    async with _server(records, entrance=Entrance(connections=connections)) as listening:
        talks = [await asyncio.open_connection("127.0.0.1", listening.port) for _ in range(3)]
        for reader, _ in talks:
            await reader.readline()
        (idle, _), (busy, busy_writer), (stuck, _) = talks
        for reader, writer in talks[1:]:
            writer.write(BEGIN)
            while not (await reader.readline()).startswith(b"354"):
                pass
        draining = asyncio.ensure_future(connections.drain(0.3))
        assert b"421 4.3.2 Server is going down, try again\r\n" == await idle.read()
        busy_writer.write(MESSAGE + b".\r\n")
        assert [b"250", b"421"] == [line[:3] for line in (await busy.read()).splitlines()]
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
    async with _server(records, entrance=Entrance(is_proxy=lambda address: address == "127.0.0.1")) as listening:
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

    async with _server(records, options, tls=server_context(), entrance=entrance) as listening:
        said = await asyncio.to_thread(quit_over, listening.port)
    assert [b"220", b"221"] == [line[:3] for line in said.splitlines()]
    assert ("192.0.2.7", "TLS1.3") == (records.peers[0].address, records.peers[0].tls[:6])


@pytest.mark.parametrize("octets", [b"EHLO me\r\n", b"PROXY TCP4 192.0.2.7 198.51.100.1 1 25\r\n", PROXIED[:20]])
async def test_proxy_that_sends_no_header_hears_nothing(octets: bytes) -> None:
    """Anything but a whole header of version 2 ends the connection without a word."""
    records = Records()
    timeouts = ServerTimeouts(handshake_seconds=0.05)
    async with _server(records, timeouts=timeouts, entrance=Entrance(is_proxy=lambda _address: True)) as listening:
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

    def pause_seconds(_peer: Peer, octets: int) -> float:
        counted.append(octets)
        return 0.06 if sum(counted) - octets < 300_000 <= sum(counted) else 0.0

    message = (b"x" * 98 + b"\r\n") * 10_000
    loop = asyncio.get_running_loop()
    began = loop.time()
    entrance = Entrance(pause_seconds=pause_seconds)
    async with _server(records, entrance=entrance, timeouts=ServerTimeouts(block_seconds=0.05)) as listening:
        octets = BEGIN + message + b".\r\nQUIT\r\n"
        assert "221 " == (await _say(listening, octets))[-1]
    assert [message] == records.messages
    assert len(octets) == sum(counted)
    assert loop.time() - began > 0.05


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
    async with _server(records, options, tls=server_context(), entrance=entrance) as listening:
        said = await asyncio.to_thread(send, listening.port)
    assert b"221" == said.splitlines()[-1][:3]
    assert [message] == records.messages


async def test_client_that_speaks_in_the_clear_to_implicit_tls_is_let_go() -> None:
    """What is no handshake gets an alert and ends; no session was ever made."""
    records = Records()
    async with _server(records, tls=server_context(), entrance=Entrance(implicit_tls=True)) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        writer.write(b"EHLO me\r\n")
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
    assert [] == records.peers


async def test_last_words_reach_a_client_that_talks_on() -> None:
    """Who sends more than we read still hears why it ended: what it sends then is taken and thrown away."""
    async with _server(Records()) as listening:
        codes = await _say(listening, b"QUIT\r\n" + b"NOOP\r\n" * 100_000)
    assert ["220 ", "221 "] == codes


async def test_replies_leave_while_a_client_talks_on() -> None:
    """Who says thousands of commands at once is answered in portions: its replies are never held together."""
    written: list[int] = []
    async with _server(Records()) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        (transport,) = listening.transports
        assert isinstance(transport, asyncio.WriteTransport)

        def write(octets: bytes, *, to: Callable[[bytes], None] = transport.write) -> None:
            written.append(octets.count(b"250 "))
            to(octets)

        transport.write = write  # type: ignore[method-assign, assignment]  # to see each portion
        writer.write(b"EHLO me\r\n" * 5000 + b"QUIT\r\n")
        heard = await reader.read()
        writer.close()
    assert (5000, True) == (heard.count(b"\r\n250 "), heard.endswith(b"221 2.0.0 Bye\r\n"))
    assert max(written) <= MAX_REPLIES_AT_ONCE


@pytest.mark.parametrize("loop", LOOPS)
def test_client_that_was_sent_away_and_closes_is_no_fault(loop: str) -> None:
    """Nothing is said after our last words: a client that hears them and closes leaves no fault behind."""
    run_under(loop, _sent_away)


async def _sent_away() -> None:
    records, connections, faults = Records(), Connections(), list[Exception]()
    async with _server(records, entrance=Entrance(connections=connections), on_fault=faults.append) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        draining = asyncio.ensure_future(connections.drain(1))
        assert (await reader.read()).startswith(b"421 4.3.2 ")
        writer.close()
        await records.closed.wait()
        await draining
    assert [] == faults


async def test_refused_chunk_may_take_its_time() -> None:
    """RFC 5321 §4.5.3.2.5: what a refused BDAT announced is awaited as a message is, not as a command."""
    timeouts = ServerTimeouts(idle_seconds=0.05, block_seconds=5.0)
    async with _server(Records(), timeouts=timeouts) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(b"BDAT 12 LAST\r\n")
        answered = asyncio.ensure_future(reader.readline())
        while not answered.done():
            writer.write(b"x")
            await asyncio.wait({answered}, timeout=0.01)
        assert (await answered).startswith(b"503 5.5.1 ")
        writer.close()
