"""The server driver on real loopback sockets."""

import asyncio
import smtplib
from collections.abc import Callable

import pytest

from fakes.loops import jump
from fakes.mail_sessions import Records
from fakes.self_signed import HOSTNAME, client_context, server_context
from fakes.serving import say_to, serving
from scop.net.entrance import MAX_REFUSALS
from scop.net.mail_server import MAX_REPLIES_AT_ONCE, ServerTimeouts
from scop.smtp import ServerOptions, reply

MESSAGE = b"Subject: x\r\n\r\n.dot\r\nbody\r\n"


async def test_pipelined_session_is_answered_in_order() -> None:
    """RFC 2920: every reply in its place, the message whole, the end told to the session."""
    records = Records(replies={"nobody": reply(550, "5.1.1", "No such user")})
    async with serving(records) as listening:
        octets = (
            b"EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRCPT TO:<nobody@d.test>\r\nDATA\r\n"
            b"Subject: x\r\n\r\n..dot\r\nbody\r\n.\r\nNOOP\r\nVRFY x\r\nHELP\r\nQUIT\r\n"
        )
        codes = await say_to(listening, octets)
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

    async with serving(records, options, tls=server_context()) as listening:
        assert {} == await asyncio.to_thread(send, listening.port)
    assert [MESSAGE] == records.messages
    assert records.peers[0].tls == ""
    assert records.peers[1].tls.startswith("TLS1.3 TLS_")
    assert ["connected", "hello EHLO me.test", "closed", "connected", "hello EHLO me.test"] == records.asked[:5]


async def test_refused_client_is_told_and_closed() -> None:
    """A session that greets with 421 or 554 is not spoken with."""
    records = Records(greeting=reply(421, "4.7.0", "Too many connections"))
    async with serving(records) as listening:
        assert ["421 "] == await say_to(listening, b"")
    assert ["connected", "closed"] == records.asked


async def test_fault_of_a_session_is_told_to_nobody_but_us() -> None:
    """A bug answers 451 without its reason, ends the connection and reaches `on_fault`."""
    records = Records(fault=KeyError("private"))
    faults: list[Exception] = []
    async with serving(records, on_fault=faults.append) as listening:
        codes = await say_to(
            listening, b"HELO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n"
        )
    assert ["354 ", "451 "] == codes[-2:]
    assert [records.fault] == faults
    assert "closed" == records.asked[-1]


async def test_silent_client_hears_421() -> None:
    """RFC 5321 §4.5.3.2.7: who says nothing is let go."""
    async with serving(Records(), timeouts=ServerTimeouts(idle_seconds=0.01)) as listening:
        assert ["220 ", "421 "] == await say_to(listening, b"")


async def test_one_timer_counts_from_the_last_command() -> None:
    """The timer that was set at the start does not end a client that spoke in between."""
    async with serving(Records(), timeouts=ServerTimeouts(idle_seconds=60)) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        for command, expected in ((b"HELO me\r\n", b"250 "), (b"NOOP\r\n", b"250 "), (b"", b"421 ")):
            jump(40)
            await asyncio.sleep(0)
            writer.write(command)
            if not command:
                jump(20)
            assert expected == (await reader.readline())[:4]
        writer.close()


async def test_client_that_speaks_no_smtp_is_let_go() -> None:
    """After enough errors the answer is 421."""
    async with serving(Records()) as listening:
        codes = await say_to(listening, b"GET / HTTP/1.1\r\n" * 100)
    assert ["500 "] * (MAX_REFUSALS - 1) + ["421 "] == codes[1:]


async def test_transaction_is_abandoned_by_reset_hello_and_a_bad_message() -> None:
    """The session hears of each end of a transaction that is no message."""
    records = Records()
    begin = b"MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n"
    async with serving(records) as listening:
        await say_to(
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
    async with serving(Records(), ServerOptions(HOSTNAME, lmtp=True)) as listening:
        octets = b"LHLO me\r\nMAIL FROM:<a@b.test>\r\n" + b"RCPT TO:<c@d.test>\r\n" * 3 + b"DATA\r\nx\r\n.\r\nQUIT\r\n"
        codes = await say_to(listening, octets)
    assert ["354 ", "250 ", "250 ", "250 ", "221 "] == codes[-5:]


@pytest.mark.parametrize("octets", [b"", b"EHLO me\r\nMAIL FROM:<a@b.test>\r\n"])
async def test_client_that_vanishes_closes_the_session(octets: bytes) -> None:
    """Whatever the state, the session lets go."""
    records = Records()
    async with serving(records) as listening:
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
    async with serving(records) as listening:
        octets = (
            b"HELO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n" + message * 20_000 + b".\r\nQUIT\r\n"
        )
        assert "221 " == (await say_to(listening, octets))[-1]
    assert [message * 20_000] == records.messages


async def test_client_that_brings_no_mail_is_let_go() -> None:
    """NOOP keeps a connection open, but not for ever; a message taken buys new time."""
    timeouts = ServerTimeouts(fruitless_seconds=60)
    async with serving(Records(), timeouts=timeouts) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        ended = asyncio.ensure_future(reader.read())
        while not ended.done():
            writer.write(b"NOOP\r\n")
            jump(1)
            await asyncio.sleep(0)
        *answers, farewell = (await ended).splitlines()
        assert ({b"250 2.0.0 Ok"}, b"421 4.4.2 Timeout") == ({*answers}, farewell)
        writer.close()


async def test_replies_leave_while_a_client_talks_on() -> None:
    """Who says thousands of commands at once is answered in portions: its replies are never held together."""
    written: list[int] = []
    async with serving(Records()) as listening:
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


async def test_refused_chunk_may_take_its_time() -> None:
    """RFC 5321 §4.5.3.2.5: what a refused BDAT announced is awaited as a message is, not as a command."""
    timeouts = ServerTimeouts(idle_seconds=30, block_seconds=1000)
    async with serving(Records(), timeouts=timeouts) as listening:
        reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
        await reader.readline()
        writer.write(b"BDAT 12 LAST\r\n")
        answered = asyncio.ensure_future(reader.readline())
        while not answered.done():
            writer.write(b"x")
            jump(5)
            await asyncio.sleep(0)
        assert (await answered).startswith(b"503 5.5.1 ")
        writer.close()
