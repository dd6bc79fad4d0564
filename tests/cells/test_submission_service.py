"""The submission cell on real sockets, between a mail client and a neighbour that writes everything down."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fakes.submission_mesh import HOST, MESSAGE, Setting, submission_mesh
from scop.cells.submission.authors import Authors
from scop.mesh.config import Limits
from scop.mesh.vocabulary.keeper import MaySendAs
from scop.mime import raw_fields, split_header
from scop.smtp import Mailbox, reply
from scop.smtp.stamps import split_stamps


async def test_mail_reaches_the_signer_with_origin_and_login() -> None:
    """Below our Received stand the submitted octets; the trace id is in the stamp, the log and the origin."""
    async with submission_mesh() as mesh:
        await mesh.send(MESSAGE)
    (octets,), (mail,) = mesh.records.messages, mesh.records.mails
    stamps, below = split_stamps(octets, HOST)
    assert MESSAGE == below
    assert mail.origin is not None
    assert Mailbox("alice", "harbor.test") == mail.auth
    assert ("127.0.0.1", "me.test", "ESMTPSA") == (mail.origin.address, mail.origin.helo, mail.origin.protocol)
    assert f"id {mail.origin.ident}\r\n".encode() in stamps
    assert b"with ESMTPSA\r\n" in stamps
    assert b"\tfor <bob@lagoon.test>\r\n\ttls TLS_" in stamps
    (line,) = [line for line in mesh.log.lines if line["event"] == "mail.accepted"]
    assert (mail.origin.ident, "alice", []) == (line["trace"], line["account"], line["fixups"])


async def test_reply_to_the_message_names_the_trace() -> None:
    """What the client reads can be found in our logs."""

    def work(client: smtplib.SMTP) -> bytes:
        with client:
            client.mail("alice@harbor.test")
            client.rcpt("bob@lagoon.test")
            return client.data(MESSAGE)[1]

    async with submission_mesh() as mesh:
        said = await asyncio.to_thread(lambda: work(mesh.secure()))
    origin = mesh.records.mails[0].origin
    assert origin is not None
    assert f"2.0.0 Ok: accepted as {origin.ident}" == said.decode()


async def test_message_is_mended_for_the_login() -> None:
    """A missing From becomes the address that logged in; Bcc is gone."""
    async with submission_mesh() as mesh:
        await mesh.send(b"Subject: z\r\nBcc: carol@harbor.test\r\n\r\nbody\r\n", login="alice")
    _, below = split_stamps(mesh.records.messages[0], HOST)
    assert below.startswith(b"From: alice@harbor.test\r\nDate: ")
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in below
    assert below.endswith(b"\r\nSubject: z\r\n\r\nbody\r\n")
    assert b"carol" not in below


FOREIGN = (
    b"From: ceo@lagoon.test\r\n",
    b"From: alice@harbor.test, ceo@lagoon.test\r\n",
    b"From: alice@harbor.test\r\nFROM: ceo@lagoon.test\r\n",
    b"From: alice@harbor.test\r\nFrom : alice@harbor.test\r\n",
    b"From: Alice\r\n",
    b"From:\r\n",
    b"From: team: alice@harbor.test, ceo@lagoon.test;\r\n",
)


async def test_foreign_author_is_refused_but_to_who_may_be_anybody() -> None:
    """Every From address must be owned; several From fields or none of an address are nobody's."""

    def work(client: smtplib.SMTP) -> list[str]:
        said = []
        for author in FOREIGN:
            client.mail("")
            client.rcpt("bob@lagoon.test")
            code, text = client.data(author + MESSAGE.partition(b"\r\n")[2])
            said.append(f"{code} {text.decode()}")
        return said

    async with submission_mesh() as mesh:
        refused = await mesh.with_client(work)
        assert [] == mesh.records.messages
        taken = await mesh.with_client(work, lambda: mesh.secure("postman@harbor.test"))
    assert {"550 5.7.1 The From field must name one of your own addresses, and nothing else"} == set(refused)
    assert {"250"} == {line[:3] for line in taken}
    for author, octets in zip(FOREIGN, mesh.records.messages, strict=True):
        assert author in split_stamps(octets, HOST)[1]


async def test_foreign_reverse_path_is_refused() -> None:
    """MAIL FROM must be owned too; the null path is everybody's."""
    async with submission_mesh() as mesh:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            await mesh.send(MESSAGE, sender="ceo@lagoon.test")
        assert 550 == refused.value.smtp_code
        await mesh.send(MESSAGE, sender="")
    assert ["<>"] == [str(mail.reverse_path) for mail in mesh.records.mails]
    assert ["alice may not use 'ceo@lagoon.test'"] == mesh.log.reasons("mail.refused")


async def test_what_the_next_cell_refuses_the_client_hears_at_once() -> None:
    """RCPT is asked onward; a refusal of the message is told as it is."""
    async with submission_mesh() as mesh:
        mesh.records.replies["bob"] = reply(550, "5.1.1", "No such user")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            await mesh.send(MESSAGE)
        mesh.records.replies.clear()
        mesh.records.message_reply = reply(451, "4.7.5", "Keys do not resolve yet")
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await mesh.send(MESSAGE)
        assert 451 == refused.value.smtp_code


async def test_keeper_that_is_down_means_later() -> None:
    """454 for a login, 451 for a sender: nothing is decided without the keeper."""

    def work(client: smtplib.SMTP) -> int:
        with client:
            return client.mail("alice@harbor.test")[0]

    async with submission_mesh() as mesh:
        client = await asyncio.to_thread(mesh.secure)
        mesh.keeper.down = True
        assert 451 == await asyncio.to_thread(work, client)
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            await asyncio.to_thread(mesh.secure)
        assert 454 == refused.value.smtp_code


@asynccontextmanager
async def _greeting(port: int) -> AsyncIterator[bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield (await reader.readline())[:3]
    finally:
        writer.close()
        await writer.wait_closed()


async def test_too_many_connections_of_one_address_are_told_to_wait() -> None:
    """421 for one too many; when one leaves there is room again."""
    limits = Limits(connections_per_address=1)

    async with submission_mesh(Setting(limits)) as mesh:
        async with _greeting(mesh.starttls) as code:
            assert b"220" == code
            async with _greeting(mesh.starttls) as second:
                assert b"421" == second
        codes: list[bytes] = []
        while not codes or codes[-1] == b"421":
            async with _greeting(mesh.starttls) as code:
                codes.append(code)
        assert b"220" == codes[-1]


@pytest.mark.parametrize(
    ("octets", "expected", "senders"),
    [
        (b"From: A <a@b.test>\r\n\r\n", ("a@b.test",), ()),
        (b"From: a@b.test, c@d.test\r\n\r\n", ("a@b.test", "c@d.test"), ()),
        (b"From: g: a@b.test;\r\n\r\n", ("a@b.test",), ()),
        (b"From: nobody\r\n\r\n", ("",), ()),
        (b"From: a@b.test\r\nFrom: a@b.test\r\n\r\n", ("a@b.test", "a@b.test", ""), ()),
        (b"Subject: x\r\n\r\nFrom: a@b.test\r\n", (), ()),
        (b"From: a@b.test\r\nSender: c@d.test\r\n\r\n", ("a@b.test",), ("c@d.test",)),
        (b"Sender: c@d.test\r\nSender: c@d.test\r\n\r\n", (), ("c@d.test", "c@d.test", "")),
        (b"From: c@d.test a@b.test\r\n\r\n", ("a@b.test", "c@d.test"), ()),
        (b"From: c@d.test\r\n \r\n a@b.test\r\n\r\n", ("a@b.test", "c@d.test"), ()),
        (b"From: c@d.test <a@b.test>\r\n\r\n", ("a@b.test", "c@d.test"), ()),
        (b"From: a@b.test <a@b.test> (old: c@d.test)\r\n\r\n", ("a@b.test",), ()),
        (b'From: "c@d.test" <a@b.test>\r\n\r\n', ("a@b.test",), ()),
        (b"X: y\r\n" * 20_000 + b"From: c@d.test\r\n\r\n", ("",), ()),
    ],
)
def test_authors_are_found(octets: bytes, expected: tuple[str, ...], senders: tuple[str, ...]) -> None:
    """'' marks what nobody owns, and a field too far down to be read; what looks like an address is one.

    No From at all is mended, not refused.
    """
    assert Authors(expected, senders) == Authors.of(octets)


# What a mail says, who sends it, what is mended, and which Sender stands there then.
SENDERS: tuple[tuple[bytes, str, list[str], list[bytes]], ...] = (
    (b"From: alice@harbor.test, al@harbor.test\r\n", "alice", ["sender-added"], [b"alice@harbor.test"]),
    (b"From: al@harbor.test\r\n", "alice", [], []),
    (b"From: al@harbor.test\r\nSender: A <alice@harbor.test>\r\n", "alice", [], [b"A <alice@harbor.test>"]),
    (b"From: al@harbor.test\r\nSender: ceo@lagoon.test\r\n", "alice", ["sender-removed"], []),
    (b"From: al@harbor.test\r\nSender: ceo\r\n", "alice", ["sender-removed"], []),
    (
        b"From: alice@harbor.test, al@harbor.test\r\nSender: ceo@lagoon.test\r\n",
        "al@harbor.test",
        ["sender-removed", "sender-added"],
        [b"al@harbor.test"],
    ),
    (b"From: a@lagoon.test\r\nSender: ceo@lagoon.test\r\n", "postman", [], [b"ceo@lagoon.test"]),
    (b"From: a@lagoon.test, b@lagoon.test\r\n", "postman", ["sender-added"], [b"postman@harbor.test"]),
)


async def test_sender_names_nobody_whom_the_login_is_not() -> None:
    """RFC 5322 §3.6.2, RFC 6409 §8.1: it is there for several authors, and never a lie; docs/submission-fixups.md."""
    rest = b"To: x@y.test\r\nDate: x\r\nMessage-ID: <y>\r\n\r\nbody\r\n"
    async with submission_mesh() as mesh:
        await mesh.own("alice", "al@harbor.test")
        for fields, login, *_ in SENDERS:
            await mesh.send(fields + rest, sender="", login=login)
    lines = [line for line in mesh.log.lines if line["event"] == "mail.accepted"]
    found = [_senders(split_stamps(octets, HOST)[1]) for octets in mesh.records.messages]
    assert [(fixups, senders) for *_, fixups, senders in SENDERS] == [
        (line["fixups"], senders) for line, senders in zip(lines, found, strict=True)
    ]
    assert [] == mesh.log.reasons("mail.refused")


def _senders(octets: bytes) -> list[bytes]:
    return [field.octets[8:-2] for field in raw_fields(split_header(octets)[0]) if field.name.lower() == b"sender"]


async def test_keeper_is_asked_once_for_one_address() -> None:
    """Who may use the reverse path may write in its name; any other name is asked for, and none is never one."""

    def work(client: smtplib.SMTP) -> list[int]:
        codes = []
        for sender, author in (
            ("alice@harbor.test", "alice@harbor.test"),
            ("alice@harbor.test", "al@harbor.test"),
            ("alice@harbor.test", "ceo@lagoon.test"),
            ("", "alice@harbor.test"),
            ("", "nobody"),
        ):
            client.mail(sender)
            client.rcpt("bob@lagoon.test")
            codes.append(client.data(f"From: {author}\r\n\r\nbody\r\n".encode())[0])
        return codes

    async with submission_mesh() as mesh:
        await mesh.own("alice", "al@harbor.test")
        codes = await mesh.with_client(work)
    asked = [each.addresses for each in mesh.keeper.asked if isinstance(each, MaySendAs)]
    alice, other = ("alice@harbor.test",), ("al@harbor.test",)
    assert [250, 250, 550, 250, 550] == codes
    assert [alice, alice, other, alice, ("ceo@lagoon.test",), alice, ("",)] == asked


async def test_sender_that_cannot_be_asked_for_puts_the_mail_off() -> None:
    """Without the keeper nothing is mended on a guess."""

    def work(client: smtplib.SMTP) -> int:
        client.mail("alice@harbor.test")
        client.rcpt("bob@lagoon.test")
        mesh.keeper.down = True
        return client.data(b"Sender: ceo@lagoon.test\r\n" + MESSAGE)[0]

    async with submission_mesh() as mesh:
        assert 451 == await mesh.with_client(work)
    assert [] == mesh.records.messages
