"""The server driver on real loopback sockets."""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from fakes.mail_sessions import Listening, Records, listen
from fakes.self_signed import HOSTNAME, client_context, server_context
from scop.net.mail_server import MAX_REFUSALS, MailServer, ServerTimeouts
from scop.smtp import ServerOptions, reply

OPTIONS = ServerOptions(HOSTNAME)
PATIENT = ServerTimeouts()
MESSAGE = b"Subject: x\r\n\r\n.dot\r\nbody\r\n"


@asynccontextmanager
async def _server(
    records: Records,
    options: ServerOptions = OPTIONS,
    *,
    tls: ssl.SSLContext | None = None,
    timeouts: ServerTimeouts = PATIENT,
    on_fault: Callable[[Exception], None] | None = None,
) -> AsyncIterator[Listening]:
    def new_protocol() -> MailServer:
        return MailServer(options, records.session, tls=tls, timeouts=timeouts, on_fault=on_fault)

    async with listen(new_protocol) as listening:
        yield listening


async def _say(listening: Listening, octets: bytes) -> list[str]:
    """Send octets in the clear, read to the end, return the codes of the replies' lines."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    writer.write(octets)
    lines = (await reader.read()).split(b"\r\n")[:-1]
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
    assert ["220 ", "250-", "250-", "250-", "250-", "250-", "250 "] == codes[:7]
    assert ["250 ", "250 ", "550 ", "354 ", "250 ", "250 ", "252 ", "214 ", "221 "] == codes[7:]
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


async def test_failed_handshake_ends_the_connection_and_nothing_else() -> None:
    """A client that speaks no TLS after STARTTLS is let go; the server goes on."""
    records = Records()
    options = ServerOptions(HOSTNAME, tls_available=True)
    faults: list[Exception] = []
    async with _server(records, options, tls=server_context(), on_fault=faults.append) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
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
        _, writer = await asyncio.open_connection("127.0.0.1", listening.port)
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
