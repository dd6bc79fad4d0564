"""A mail server of one process, on loopback."""

import asyncio
import errno
import smtplib

import pytest

from fakes.mail_sessions import Records, serve
from fakes.watched_log import WatchedLog
from scop.net.dialer import tcp_dialer
from scop.net.mail_client import MailClient
from scop.net.mail_drop import Directory, Forwarding, Inbox, Keeping, Parcel, ServeOptions, serve_mail
from scop.net.mail_pool import MailPool
from scop.smtp import Envelope, ForwardPath, ReversePath, ServerOptions, reply

BEGIN = b"EHLO c\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"
MAIL = b"Subject: x\r\n\r\nbody\r\n"


def _send(port: int, *recipients: str, octets: bytes = MAIL) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="me.test") as client:
        return client.sendmail("a@b.test", recipients, octets)


def _text(told: smtplib.SMTPResponseException) -> str:
    return told.smtp_error if isinstance(told.smtp_error, str) else told.smtp_error.decode()


async def test_three_lines_are_a_server_for_a_test_suite() -> None:
    """What was sent is in the inbox, octet for octet, with its envelope."""
    async with serve_mail(Inbox()) as service:
        assert {} == await asyncio.to_thread(_send, service.port, "c@d.test", "e@f.test")
        (mail,) = await service.drop.wait_for(1)
    assert (MAIL, "<a@b.test>", ["<c@d.test>", "<e@f.test>"]) == (
        mail.octets,
        str(mail.mail.reverse_path),
        [str(path) for path in mail.recipients],
    )
    assert mail.received.startswith(b"Received: from me.test (unknown [127.0.0.1])\r\n\tby localhost with ESMTP\r\n")


async def test_unknown_users_and_other_domains_are_refused_before_the_message() -> None:
    """550 5.1.1 and 5.7.1 at RCPT, and the mail comes to the others."""
    options = ServeOptions(directory=Directory.of(["d.test"], ["c"]))
    async with serve_mail(Inbox(), options) as service:
        refused = await asyncio.to_thread(_send, service.port, "c@d.test", "x@d.test", "c@e.test")
        (mail,) = service.drop.mails
    assert {"x@d.test": b"5.1.1", "c@e.test": b"5.7.1"} == {each: words[:5] for each, (_, words) in refused.items()}
    assert ["<c@d.test>"] == [str(path) for path in mail.recipients]


@pytest.mark.parametrize(
    ("code", "expected"),
    [(errno.ENOSPC, "452 4.3.1"), (errno.EDQUOT, "452 4.3.1"), (errno.EIO, "451 4.3.0")],
)
async def test_fault_of_the_disk_is_a_temporary_refusal(code: int, expected: str) -> None:
    """A full disk is 452, any other fault 451; the reason is in the log alone, and the server goes on."""
    faults = [OSError(code, "private")]
    kept: list[Parcel] = []

    async def keep(parcel: Parcel) -> None:
        if faults:
            raise faults.pop()
        kept.append(parcel)

    log = WatchedLog()
    async with serve_mail(Keeping(keep), ServeOptions(log=log.log("serve"))) as service:
        with pytest.raises(smtplib.SMTPDataError) as told:
            await asyncio.to_thread(_send, service.port, "c@d.test")
        await asyncio.to_thread(_send, service.port, "c@d.test")
    answer = f"{told.value.smtp_code} {_text(told.value)}"
    assert answer.startswith(expected)
    assert "private" not in answer
    assert 1 == len(kept)
    assert ["private" in reason for reason in log.reasons("mail.refused")] == [True]


def _forwarding(port: int, *, lmtp: bool = False) -> Forwarding:
    return Forwarding(MailPool(tcp_dialer("127.0.0.1", port), name="front.test", lmtp=lmtp), lmtp=lmtp)


async def test_next_server_decides_on_recipients_and_on_the_mail() -> None:
    """RCPT and the message are asked onward; only our Received stands above the octets."""
    records = Records(replies={"nobody": reply(550, "5.1.1", "No such user")})
    async with (
        serve(records.session, ServerOptions("mx.harbor.test")) as behind,
        serve_mail(_forwarding(behind.port)) as service,
    ):
        refused = await asyncio.to_thread(_send, service.port, "c@d.test", "nobody@d.test")
    (taken,) = records.messages
    assert ["nobody@d.test"] == list(refused)
    assert taken.startswith(b"Received: from me.test ")
    assert taken.endswith(b" +0000\r\n" + MAIL)


async def test_next_server_that_fails_is_451_and_nothing_is_lost() -> None:
    """What it says to the message is what the client hears; when it is down the client tries again."""
    records = Records(message_reply=reply(452, "4.2.2", "Mailbox full"))
    async with (
        serve(records.session, ServerOptions("mx.harbor.test")) as behind,
        serve_mail(_forwarding(behind.port)) as service,
    ):
        with pytest.raises(smtplib.SMTPDataError) as told:
            await asyncio.to_thread(_send, service.port, "c@d.test")
        behind.kill()
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            await asyncio.to_thread(_send, service.port, "c@d.test")
    assert (452, {"c@d.test": 451}) == (
        told.value.smtp_code,
        {each: code for each, (code, _) in refused.value.recipients.items()},
    )


async def test_transaction_for_an_lmtp_server_has_one_recipient() -> None:
    """One reply is true for one recipient: the second hears 452 4.5.3, and the client brings the mail again."""
    records = Records()
    async with (
        serve(records.session, ServerOptions("mx.harbor.test", lmtp=True)) as behind,
        serve_mail(_forwarding(behind.port, lmtp=True)) as service,
    ):
        refused = await asyncio.to_thread(_send, service.port, "c@d.test", "e@d.test")
    assert {"e@d.test": (452, b"4.5.3")} == {each: (code, words[:5]) for each, (code, words) in refused.items()}
    assert 1 == len(records.messages)


async def test_lmtp_is_spoken_where_asked() -> None:
    """RFC 2033: LHLO, and a reply for each recipient."""
    async with serve_mail(Inbox(), ServeOptions(lmtp=True)) as service:
        client = await MailClient.open(tcp_dialer("127.0.0.1", service.port), name="me.test", lmtp=True)
        envelope = Envelope.plain(
            ReversePath.parse("<a@b.test>"), *map(ForwardPath.parse, ("<c@d.test>", "<e@d.test>"))
        )
        answers = await client.transaction(envelope, MAIL)
        await client.quit()
    assert answers.message is not None
    assert 250 == answers.message.code
    assert b" with LMTP\r\n" in service.drop.mails[0].received


async def test_trusted_proxy_speaks_for_its_client() -> None:
    """XCLIENT is offered to the listed networks only; afterwards the mail comes from the client that was named."""
    said = b"EHLO p\r\nXCLIENT ADDR=192.0.2.7 NAME=client.test\r\n" + BEGIN
    for xclients, expected in ((("127.0.0.0/8",), b"client.test [192.0.2.7]"), ((), b"unknown [127.0.0.1]")):
        async with serve_mail(Inbox(), ServeOptions(xclients=xclients)) as service:
            reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
            for line in said.splitlines(keepends=True):
                await _reply(reader)
                writer.write(line)
            await _reply(reader)
            writer.write(MAIL + b".\r\n")
            (mail,) = await service.drop.wait_for(1)
            writer.close()
        assert expected in mail.received


async def _reply(reader: asyncio.StreamReader) -> bytes:
    while (line := await reader.readline())[3:4] == b"-":
        pass
    return line


async def test_message_that_goes_in_circles_ends() -> None:
    """RFC 5321 §6.3: beyond a hundred hops 554 5.4.6."""
    async with serve_mail(Inbox()) as service:
        looping = b"Received: from x by y; z\r\n" * 101 + MAIL
        with pytest.raises(smtplib.SMTPDataError) as told:
            await asyncio.to_thread(lambda: _send(service.port, "c@d.test", octets=looping))
        await asyncio.to_thread(lambda: _send(service.port, "c@d.test", octets=looping[26:]))
    assert (554, "5.4.6") == (told.value.smtp_code, _text(told.value)[:5])


async def test_end_lets_the_idle_know_and_finishes_what_is_being_kept() -> None:
    """At the end of the context: 421 to the idle, 250 to the mail that is being written, then all is closed."""
    writing, may_end = asyncio.Event(), asyncio.Event()
    closed: list[bool] = []

    async def keep(_parcel: Parcel) -> None:
        writing.set()
        await may_end.wait()

    async def close() -> None:
        closed.append(True)

    async with serve_mail(Keeping(keep, close)) as service:
        idle, idle_writer = await asyncio.open_connection("127.0.0.1", service.port)
        await _reply(idle)
        busy, busy_writer = await asyncio.open_connection("127.0.0.1", service.port)
        for line in (*BEGIN.splitlines(keepends=True), MAIL + b".\r\n"):
            await _reply(busy)
            busy_writer.write(line)
        await writing.wait()
        asyncio.get_running_loop().call_soon(may_end.set)
    said = [line[:9] for line in (await busy.read()).splitlines()]
    assert ([b"421 4.3.2"], [b"250 2.0.0", b"421 4.3.2"], [True]) == ([(await idle.read())[:9]], said, closed)
    idle_writer.close()
    busy_writer.close()
