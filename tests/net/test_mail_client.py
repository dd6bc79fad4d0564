"""The client driver on real loopback sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from fakes.loops import LOOPS, PATIENCE_SECONDS, run_under
from fakes.mail_sessions import OK, Listening, Records, listen, serve
from fakes.self_signed import HOSTNAME, client_context, server_context
from scop.net.client_wire import ClientTimeouts
from scop.net.dialer import tcp_dialer
from scop.net.faults import TemporaryFailure
from scop.net.mail_client import MailClient, Transaction
from scop.net.mail_server import MailServer
from scop.smtp import Envelope, ForwardPath, Mail, Mailbox, Origin, Recipient, ReversePath, ServerOptions, reply
from scop.smtp.client import PIECE_OCTETS
from scop.smtp.extensions import BUILT_IN, Extension, built_in

A = ReversePath.parse("<a@b.test>")
C = ForwardPath.parse("<c@d.test>")
NOBODY = ForwardPath.parse("<nobody@d.test>")
NO = reply(550, "5.1.1", "No such user")
MESSAGE = b".dot\r\n" * 3
OPTIONS = ServerOptions(HOSTNAME)


@asynccontextmanager
async def _scripted(*lines: bytes) -> AsyncIterator[Listening]:
    """A server that says one line at the start and one after each line it hears, then nothing more."""

    class Scripted(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            self.left = list(lines)
            transport.write(self.left.pop(0))

        def data_received(self, octets: bytes) -> None:
            for _ in range(octets.count(b"\r\n")):
                if self.left:
                    self.transport.write(self.left.pop(0))

    async with listen(Scripted) as listening:
        yield listening


async def test_transaction_hands_over_the_message() -> None:
    """Each reply comes back, and only accepted recipients get the message."""
    records = Records(replies={"nobody": NO})
    async with serve(records.session, OPTIONS) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        assert "PIPELINING" in client.extensions
        replies = await client.transaction(Envelope.plain(A, C, NOBODY), MESSAGE)
        await client.quit()
    assert Transaction(OK, (OK, NO), (OK,)) == replies
    assert (OK, NO) == replies.outcomes
    assert [MESSAGE] == records.messages
    assert len(MESSAGE) == records.mails[0].size_octets


async def test_transaction_without_recipients_sends_nothing() -> None:
    """Where all were refused the message stays here and the client is usable again."""
    records = Records(replies={"nobody": NO})
    async with serve(records.session, OPTIONS) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        assert Transaction(OK, (NO,)) == await client.transaction(Envelope.plain(A, NOBODY), MESSAGE)
        assert client.is_usable
        assert Transaction(OK, (OK,), (OK,)) == await client.transaction(Envelope.plain(A, C), MESSAGE)
        await client.quit()


async def test_origin_and_login_reach_trusted_servers_only() -> None:
    """XFORWARD and AUTH= are sent where they are offered, and only there."""
    origin, auth = Origin("192.0.2.1", 25, "x.test", "helo", "ESMTP", "trace"), Mailbox.parse("alice@b.test")
    for trusted in (False, True):
        records = Records()
        async with serve(records.session, ServerOptions(HOSTNAME, trusted=trusted)) as listening:
            client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
            await client.transaction(Envelope(Mail(A, origin=origin, auth=auth), (Recipient(C),)), MESSAGE)
            await client.transaction(Envelope.plain(A, C), MESSAGE)
            await client.quit()
        expected = [(origin, auth), (None, None)] if trusted else [(None, None)] * 2
        assert expected == [(mail.origin, mail.auth) for mail in records.mails]


async def test_lmtp_replies_are_merged() -> None:
    """RFC 2033 §4.2: a reply for each recipient comes in, one goes out."""
    records = Records()
    async with serve(records.session, ServerOptions(HOSTNAME, lmtp=True)) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=True)
        assert Transaction(OK, (OK, OK), (OK, OK)) == await client.transaction(Envelope.plain(A, C, C), MESSAGE)
        await client.quit()


async def test_lmtp_replies_that_differ_give_the_worst() -> None:
    """What must be tried again wins over what failed, and that over success."""
    lines = (b"220 x\r\n", b"250 x\r\n", b"250 a\r\n", b"250 a\r\n", b"250 a\r\n", b"250 a\r\n", b"354 go\r\n")
    async with _scripted(*lines, b"250 a\r\n550 b\r\n451 4.0.0 c\r\n") as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=True)
        told = await client.transaction(Envelope.plain(A, C, C, C), b"")
        assert reply(451, "4.0.0", "c") == told.message
        assert [250, 550, 451] == [each.code for each in told.outcomes]
        client.close()


async def test_server_without_pipelining_is_served_step_by_step() -> None:
    """RFC 5321 only; a refused MAIL refuses its recipients."""
    records = Records(replies={"a": NO})
    async with serve(records.session, ServerOptions(HOSTNAME, extensions=built_in("SIZE"))) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        assert Transaction(NO, (NO, NO)) == await client.transaction(Envelope.plain(A, C, C), MESSAGE)
        assert Transaction(OK, (OK,), (OK,)) == await client.transaction(Envelope.plain(ReversePath(None), C), MESSAGE)
        await client.quit()


async def test_server_that_knows_only_helo_is_served() -> None:
    """RFC 5321 §3.2: fall back to HELO."""
    async with _scripted(b"220 old\r\n", b"502 what\r\n", b"250 old\r\n") as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        assert {} == client.extensions
        client.close()


async def test_smtputf8_is_not_sent_to_who_does_not_take_it() -> None:
    """RFC 6531 §3.1: the mail fails here with 5.6.7."""
    async with serve(Records().session, ServerOptions(HOSTNAME, extensions=built_in("PIPELINING"))) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        answer = await client.mail(Mail(A, smtputf8=True))
        assert (550, "5.6.7") == (answer.code, answer.enhanced)
        await client.quit()


@pytest.mark.parametrize("loop", LOOPS)
def test_client_goes_on_under_tls(loop: str) -> None:
    """RFC 3207: after the handshake hello is said again, under both event loops that are used."""
    records = Records()

    def new_protocol() -> MailServer:
        return MailServer(ServerOptions(HOSTNAME, tls_available=True), records.session, tls=server_context())

    async def speak() -> None:
        async with listen(new_protocol) as listening:
            client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
            await client.start_tls(client_context(), HOSTNAME)
            assert "STARTTLS" not in client.extensions
            assert OK == (await client.transaction(Envelope.plain(A, C), MESSAGE)).message
            await client.quit()

    run_under(loop, speak)
    assert [MESSAGE] == records.messages


async def test_certificate_of_another_name_is_refused() -> None:
    """The server must bear the name that was asked for."""

    def new_protocol() -> MailServer:
        return MailServer(ServerOptions(HOSTNAME, tls_available=True), Records().session, tls=server_context())

    async with listen(new_protocol) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        with pytest.raises(TemporaryFailure, match="no TLS"):
            await client.start_tls(client_context(), "other.test")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((b"554 no\r\n",), "greets with 554"),
        ((b"220 x\r\n", b"550 no\r\n", b"550 no\r\n"), "hello is answered by 550"),
        ((b"hello\r\n",), "broke the protocol"),
        ((b"",), "silent"),
    ],
)
async def test_server_that_cannot_be_spoken_with_is_a_temporary_failure(lines: tuple[bytes, ...], reason: str) -> None:
    """Refusing, talking nonsense and silence keep the mail here."""
    timeouts = ClientTimeouts.same(0.05 if reason == "silent" else PATIENCE_SECONDS)
    async with _scripted(*lines) as listening:
        with pytest.raises(TemporaryFailure, match=reason):
            await MailClient.open(listening.dialer(), name="me.test", lmtp=False, timeouts=timeouts)


async def test_name_that_tls_cannot_ask_for_is_a_temporary_failure() -> None:
    """Who names his host so that no certificate can bear the name gets no TLS, and no fault of ours comes of it."""
    async with _scripted(b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n") as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        with pytest.raises(TemporaryFailure, match="no TLS"):
            await client.start_tls(client_context(), "a..b.test")


async def test_transaction_that_was_cancelled_is_not_taken_back() -> None:
    """The reply that is still to come belongs to nobody: the connection is closed, and no fault comes of it."""
    lines = (b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n")
    async with _scripted(*lines) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        await client.mail(Mail(A))
        waiting = asyncio.ensure_future(client.recipient(Recipient(C)))
        await asyncio.wait({waiting}, timeout=0.01)
        waiting.cancel()
        await client.reset()
        assert not client.is_usable


async def test_nobody_listens_is_a_temporary_failure() -> None:
    """A refused connection is told as such."""
    async with _scripted(b"220 x\r\n") as listening:
        port = listening.port
    with pytest.raises(TemporaryFailure, match="no connection"):
        await MailClient.open(tcp_dialer("127.0.0.1", port), name="me.test", lmtp=False)


async def test_who_does_not_answer_a_handshake_is_a_temporary_failure() -> None:
    """A dial takes as long as it is allowed to, TLS with it."""
    async with _scripted(b"") as listening:
        dial = tcp_dialer("127.0.0.1", listening.port, tls=client_context(), connect_seconds=0.05)
        with pytest.raises(TemporaryFailure, match=r"no answer within 0\.05 s"):
            await MailClient.open(dial, name="me.test", lmtp=False)


async def test_large_message_is_written_in_pieces() -> None:
    """Flow control holds, nothing is lost."""
    records = Records()
    message = (b"." + b"x" * 97 + b"\r\n") * 20_000
    async with serve(records.session, OPTIONS) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        assert OK == (await client.transaction(Envelope.plain(A, C), message)).message
        await client.quit()
    assert [message] == records.messages


async def test_large_message_goes_in_chunks_that_are_in_flight_together() -> None:
    """RFC 3030: each chunk is answered, and the message is whole."""
    records = Records()
    message = (b"." + b"x" * 97 + b"\r\n") * 20_000
    async with serve(records.session, OPTIONS) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        assert "CHUNKING" in client.extensions
        assert OK == (await client.transaction(Envelope.plain(A, C), message)).message
        assert client.answers >= 2 + len(message) // PIECE_OCTETS
        await client.quit()
    assert [message] == records.messages


async def test_large_message_is_not_sent_on_once_a_chunk_was_refused() -> None:
    """RFC 3030 §2: a full disk is heard of after the first chunk, not after the last."""
    heard = bytearray()

    class Full(asyncio.Protocol):
        """Takes one chunk, reads what follows, and refuses all of it."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            self.left = 0
            transport.write(b"220 x\r\n")

        def data_received(self, octets: bytes) -> None:
            heard.extend(octets)
            if self.left:
                self.left, octets = max(0, self.left - len(octets)), octets[self.left :]
                if not self.left:
                    self.transport.write(b"452 4.3.1 disk full\r\n")
            line, _, rest = octets.partition(b"\r\n")
            if line.startswith(b"EHLO"):
                self.transport.write(b"250-x\r\n250 CHUNKING\r\n")
            elif line.startswith(b"BDAT"):
                self.left = int(line.split()[1]) - len(rest)
            elif line:
                self.transport.write(b"250 ok\r\n")

    async with listen(Full) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        told = await client.transaction(Envelope.plain(A, C), b"x\r\n" * 1_000_000)
        assert [452] == [each.code for each in told.outcomes]
        assert client.is_usable
        await client.quit()
    assert len(heard) < 2 * PIECE_OCTETS
    assert b"RSET" in heard


@pytest.mark.parametrize("offers", ["PIPELINING", "CHUNKING"])
async def test_large_message_is_held_once(offers: str) -> None:
    """What is written of a message waits for the server to read: only pieces are copied, by DATA and by BDAT."""
    message = (b"." + b"x" * 97 + b"\r\n") * 200_000  # 20 MB
    async with serve(Records().session, ServerOptions(HOSTNAME, extensions=built_in(offers))) as listening:
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False)
        most = 0

        def write(octets: bytes, *, to: Callable[[bytes], None] = client._wire.transport.write) -> None:
            nonlocal most
            to(octets)
            most = max(most, len(octets), client._wire.transport.get_write_buffer_size())

        client._wire.transport.write = write  # type: ignore[method-assign, assignment]  # to see each piece
        assert OK == (await client.transaction(Envelope.plain(A, C), message)).message
        await client.quit()
    assert most < 3 * PIECE_OCTETS


async def test_each_answer_has_a_patience_of_its_own() -> None:
    """RFC 5321 §4.5.3.2: who is slow with the message is waited for longer than who is slow with a command."""
    timeouts = ClientTimeouts(greeting=0.01, command=5, data=5, block=5, end=5, quit=5)
    async with _scripted(b"") as listening:
        with pytest.raises(TemporaryFailure, match="silent"):
            await MailClient.open(listening.dialer(), name="me.test", lmtp=False, timeouts=timeouts)
    records = Records(silent=True)
    async with serve(records.session, OPTIONS) as listening:
        patient = replace(timeouts, greeting=5, end=0.05)
        client = await MailClient.open(listening.dialer(), name="me.test", lmtp=False, timeouts=patient)
        with pytest.raises(TemporaryFailure, match="silent"):
            await client.transaction(Envelope.plain(A, C), MESSAGE)


async def test_who_listens_hears_all_but_secrets() -> None:
    """A transcript has each line of both sides."""
    said: list[str] = []
    async with serve(Records().session, ServerOptions(HOSTNAME, extensions=built_in("PIPELINING"))) as listening:
        client = await MailClient.open(
            listening.dialer(), name="me.test", lmtp=False, heard=lambda side, line: said.append(f"{side}: {line}")
        )
        await client.transaction(Envelope.plain(A, C), MESSAGE)
        await client.quit()
    commands = ["EHLO me.test", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA", "(18 octets)", "QUIT"]
    assert commands == [line[3:] for line in said if line.startswith("C: ")]
    assert ["S: 250 2.0.0 Ok", "C: QUIT", "S: 221 2.0.0 Bye"] == said[-3:]


async def test_extensions_of_others_are_spoken() -> None:
    """RFC 5321 §2.2: what a third party's extension adds is written where the server offers it."""
    said: list[str] = []
    extension = Extension(
        "XTICKET", lambda _channel: "XTICKET", write_mail=lambda mail: f" TICKET={dict(mail.extra)['TICKET']}"
    )
    for offers in (b"250-x\r\n250 XTICKET\r\n", b"250 x\r\n"):
        async with _scripted(b"220 x\r\n", offers, b"550 no\r\n") as listening:
            client = await MailClient.open(
                listening.dialer(),
                name="me.test",
                lmtp=False,
                extensions=(*BUILT_IN, extension),
                heard=lambda side, line: said.append(line) if side == "C" else None,
            )
            await client.mail(Mail(A, extra=(("TICKET", "7"),)))
            client.close()
    assert ["EHLO me.test", "MAIL FROM:<a@b.test> TICKET=7", "EHLO me.test", "MAIL FROM:<a@b.test>"] == said
