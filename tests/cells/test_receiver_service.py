"""The receiver on real sockets, between a mail server of the Internet and a neighbour that writes everything down."""

import asyncio
import smtplib

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.receiver_mesh import (
    BEGIN,
    DELAY,
    LIMITS,
    MAX_BROKEN_COMMANDS,
    MAX_REFUSED_RECIPIENTS,
    MESSAGE,
    NAMES,
    RECEIVER,
    Mesh,
    receiver_mesh,
)
from fakes.self_signed import HOSTNAME, client_context
from scop.cells.receiver.session import upstream_id
from scop.dns import A, StaticNames
from scop.mesh.config import Limits, PerAddress, PerNetwork, Receiver
from scop.smtp import reply
from scop.smtp.stamps import MAX_HOPS, split_stamps


async def test_mail_goes_onward_with_one_stamp_and_its_origin() -> None:
    """Below our Received stand the octets that came; log, stamp, origin and reply name one trace id."""
    async with receiver_mesh() as mesh:
        *_, said, _ = await mesh.say(BEGIN + MESSAGE + b".\r\n")
    (octets,), (mail,) = mesh.records.messages, mesh.records.mails
    stamps, below = split_stamps(octets, HOSTNAME)
    assert MESSAGE == below
    assert stamps.startswith(
        b"Received: from mail.lagoon.test (mail.lagoon.test [127.0.0.1])\r\n\tby mx.harbor.test with ESMTP\r\n"
    )
    assert b"\tfor <bob@harbor.test>;\r\n" in stamps
    assert mail.origin is not None
    trace = mail.origin.ident
    assert ("127.0.0.1", "mail.lagoon.test", "mail.lagoon.test", "ESMTP") == (
        mail.origin.address,
        mail.origin.name,
        mail.origin.helo,
        mail.origin.protocol,
    )
    assert f"id {trace}\r\n".encode() in stamps
    assert f"250 2.0.0 Ok: stored as {trace}" == said
    (line,) = [line for line in mesh.log.lines if line["event"] == "mail.received"]
    assert (trace, "0123abc", len(MESSAGE)) == (line["trace"], line["upstream"], line["size_octets"])


# PROXY protocol 2 §2.2: signature, version and command, TCP over IPv4, 12 octets of addresses and ports.
PROXY = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([192, 0, 2, 7, 127, 0, 0, 1]) + b"\x04\x00\x00\x19"


async def test_proxy_of_ours_speaks_for_its_client() -> None:
    """The client that the PROXY header names is the one that is stamped, counted and passed on."""
    async with receiver_mesh(proxies=("127.0.0.0/8",)) as mesh:
        reader, writer = await asyncio.open_connection("127.0.0.1", mesh.port)
        writer.write(PROXY)
        await reader.readline()
        writer.write(BEGIN + MESSAGE + b".\r\nQUIT\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()
    (mail,) = mesh.records.mails
    assert mail.origin is not None
    assert ("192.0.2.7", 1024) == (mail.origin.address, mail.origin.port)


async def test_proxy_header_of_anybody_else_is_no_header() -> None:
    """Who is not named as a proxy has spoken before the greeting, and is refused."""
    async with receiver_mesh(receiver=DELAY) as mesh:
        mesh.names.answers = StaticNames({})
        reader, writer = await asyncio.open_connection("127.0.0.1", mesh.port)
        writer.write(PROXY)
        await mesh.let_wait()
        said = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert said.startswith(b"554 ")
    assert [] == mesh.records.mails


async def test_stamp_tells_of_tls() -> None:
    """After STARTTLS the facts are in the stamp, and no recipient is named where there are two."""

    def send(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="mail.lagoon.test") as client:
            client._host = HOSTNAME  # type: ignore[attr-defined]  # the name its certificate must bear
            client.starttls(context=client_context())
            client.sendmail("alice@lagoon.test", ["bob@harbor.test", "postmaster"], MESSAGE)

    async with receiver_mesh() as mesh:
        await asyncio.to_thread(send, mesh.port)
    stamps, _ = split_stamps(mesh.records.messages[0], HOSTNAME)
    assert b"with ESMTPS\r\n" in stamps
    assert b"\r\n\ttls TLS_" in stamps
    assert b"\tfor " not in stamps


async def test_other_domains_are_refused_at_once() -> None:
    """RFC 5321 §3.6.1: no relaying, and nobody inside is asked; our domain in any spelling and Postmaster are."""
    words = (b"x@lagoon.test", b"x@harbor.test.evil.test", b"x@[127.0.0.1]", b"bob@HARBOR.test", b"Postmaster")
    async with receiver_mesh() as mesh:
        said = await mesh.say(b"HELO x\r\nMAIL FROM:<>\r\n" + b"".join(b"RCPT TO:<%s>\r\n" % word for word in words))
    assert ["550 5.7.1 Relay access denied"] * 3 == said[3:6]
    assert ["250", "250"] == [line[:3] for line in said[6:8]]
    assert ["recipient <bob@HARBOR.test>", "recipient <Postmaster>"] == [
        each for each in mesh.records.asked if each.startswith("recipient")
    ]


async def test_recipient_is_decided_inside() -> None:
    """What the next cell says of a recipient the client reads, and it is logged."""
    async with receiver_mesh() as mesh:
        mesh.records.replies["bob"] = reply(550, "5.1.1", "No such recipient here")
        said = await mesh.say(BEGIN)
    assert ["550 5.1.1 No such recipient here", "503 5.5.1 Bad sequence of commands"] == said[3:5]
    (line,) = [line for line in mesh.log.lines if line["event"] == "mail.refused"]
    assert ("<bob@harbor.test>", "550 5.1.1 No such recipient here") == (line["recipient"], line["reply"])


async def test_refusal_of_the_message_is_told_as_it_is() -> None:
    """A DMARC reject, a full disk: the client hears the words of who refused it, and the id in our log."""
    async with receiver_mesh() as mesh:
        mesh.records.message_reply = reply(550, "5.7.1", "DMARC policy of lagoon.test")
        said = await mesh.say(BEGIN + MESSAGE + b".\r\n")
    (refused,) = [line for line in mesh.log.lines if line["event"] == "mail.refused"]
    assert f"550 5.7.1 Refused as {refused['trace']}" == said[-2]
    assert "550 5.7.1 DMARC policy of lagoon.test" == refused["reply"]


async def test_silent_resolver_blocks_no_mail() -> None:
    """The name is waited for a bounded time, then it is unknown."""
    async with receiver_mesh(name_seconds=0.01) as mesh:
        mesh.names.silent = True
        await mesh.say(BEGIN + MESSAGE + b".\r\n")
    assert b"(unknown [127.0.0.1])" in mesh.records.messages[0]


async def test_receiver_offers_what_it_can_keep() -> None:
    """In the clear and under TLS; BINARYMIME is left out, since such a mail could not be forwarded to most hosts."""

    def keywords(port: int) -> tuple[set[str], set[str]]:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="mail.lagoon.test") as client:
            client._host = HOSTNAME  # type: ignore[attr-defined]  # the name its certificate must bear
            client.ehlo()
            plain = set(client.esmtp_features)
            client.starttls(context=client_context())
            client.ehlo()
            return plain, set(client.esmtp_features)

    async with receiver_mesh() as mesh:
        plain, secured = await asyncio.to_thread(keywords, mesh.port)
    always = {"size", "8bitmime", "pipelining", "chunking", "smtputf8", "enhancedstatuscodes", "dsn", "limits"}
    assert always | {"starttls"} == plain
    assert always | {"requiretls"} == secured


async def test_what_mail_and_recipients_ask_for_goes_onward() -> None:
    """DSN, SMTPUTF8, BODY and SIZE reach the next cell as the client said them."""
    async with receiver_mesh() as mesh:
        said = await mesh.say(
            b"EHLO x\r\nMAIL FROM:<alice@lagoon.test> SIZE=99 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2B1\r\n"
            b"RCPT TO:<bob@harbor.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bc@sea.test\r\nDATA\r\nA: b\r\n.\r\n"
        )
    assert "250" == said[-2][:3]
    (mail,), (recipient,) = mesh.records.mails, mesh.records.recipients
    assert (99, "8BITMIME", True, "HDRS", "QQ+1") == (
        mail.size_octets,
        mail.body,
        mail.smtputf8,
        mail.ret,
        mail.envid,
    )
    assert (frozenset({"SUCCESS", "DELAY"}), "rfc822;b+c@sea.test") == (recipient.notify, recipient.original_recipient)
    assert b" with UTF8SMTP\r\n" in mesh.records.messages[0]


async def test_mail_in_chunks_goes_onward_whole() -> None:
    """RFC 3030: BDAT is taken from outside, whatever way it goes inside."""
    async with receiver_mesh() as mesh:
        begin = BEGIN.removesuffix(b"DATA\r\n")
        said = await mesh.say(
            begin + b"BDAT 20\r\n" + MESSAGE[:20] + b"BDAT %d LAST\r\n" % len(MESSAGE[20:]) + MESSAGE[20:]
        )
    assert ["250", "250", "221"] == [line[:3] for line in said[-3:]]
    assert MESSAGE == split_stamps(mesh.records.messages[0], HOSTNAME)[1]


async def test_bounces_of_forwards_are_asked_onward() -> None:
    """A rewritten sender at our domain is an address like any other here: whose it is, is decided inside."""
    async with receiver_mesh() as mesh:
        said = await mesh.say(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<SRS0=hash=day=sea.test=carol@harbor.test>\r\n")
    assert "250" == said[3][:3]
    assert "recipient <SRS0=hash=day=sea.test=carol@harbor.test>" in mesh.records.asked


async def test_nothing_of_the_mesh_is_offered_or_believed_outside() -> None:
    """XFORWARD, XCLIENT, AUTH and what only our own users or pipes may ask of a mail are refused on port 25."""
    wishes = ("AUTH=ceo@harbor.test", "BY=60;R", "HOLDFOR=60", "MT-PRIORITY=9", "BODY=BINARYMIME", "REQUIRETLS")
    commands = b"".join(f"MAIL FROM:<a@b.test> {wish}\r\n".encode() for wish in wishes)
    async with receiver_mesh() as mesh:
        said = await mesh.say(
            b"EHLO x\r\nXFORWARD ADDR=192.0.2.1 IDENT=mine\r\nXCLIENT ADDR=192.0.2.1\r\nAUTH PLAIN AGEAYg==\r\n"
            + commands
        )
    assert ["250", "502", "502", "502"] == [line[:3] for line in said[1:5]]
    assert {"501", "555"} >= {line[:3] for line in said[5:-1]}


async def test_octets_without_a_header_never_join_our_stamp() -> None:
    """A first line that is no field, or a folded one, stands below an empty line."""
    for octets in (b" by mx.evil.test; folded\r\n\r\nbody\r\n", b"hello\r\n"):
        async with receiver_mesh() as mesh:
            await mesh.say(BEGIN + octets + b".\r\n")
        assert b"\r\n" + octets == split_stamps(mesh.records.messages[0], HOSTNAME)[1]


async def test_mail_that_goes_in_circles_is_refused() -> None:
    """RFC 5321 §6.3: the limit on Received fields holds at n and n + 1."""
    for count, expected in ((MAX_HOPS, "250"), (MAX_HOPS + 1, "554")):
        async with receiver_mesh() as mesh:
            said = await mesh.say(BEGIN + b"RECEIVED: x\r\n" * count + b"\r\nReceived: in the body\r\n.\r\n")
        assert expected == said[-2][:3]


async def test_limits_of_the_configuration_hold() -> None:
    """Recipients and octets."""
    async with receiver_mesh(Limits(recipients=1, message_octets=65_536)) as mesh:
        said = await mesh.say(
            b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@harbor.test>\r\nRCPT TO:<b@harbor.test>\r\nDATA\r\n"
            + b"x" * 65_537
            + b"\r\n.\r\n"
        )
    assert ["250", "452", "354", "552"] == [line[:3] for line in said[3:7]]
    assert [] == mesh.records.messages


async def test_too_many_connections_of_one_address_are_told_to_wait() -> None:
    """421 for one too many, of the address or of its network; the reason is in the log."""
    one_of_network = Receiver(per_network=PerNetwork(connections=1), greeting_delay_seconds=0)
    too_many = (
        (Limits(connections_per_address=1), RECEIVER, "too many connections, of this address or of all"),
        (Limits(connections=1), RECEIVER, "too many connections, of this address or of all"),
        (LIMITS, one_of_network, "too many connections from 127.0.0.0/24"),
    )
    for limits, receiver, reason in too_many:
        async with receiver_mesh(limits, receiver=receiver) as mesh:
            await _crowd(mesh)
        assert [reason] == mesh.log.reasons("mail.refused")


async def _crowd(mesh: Mesh) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.port)
    assert b"220" == (await reader.readline())[:3]
    second, second_writer = await asyncio.open_connection("127.0.0.1", mesh.port)
    assert b"421" == (await second.readline())[:3]
    for each in (writer, second_writer):
        each.close()
        await each.wait_closed()


async def test_too_many_mails_of_one_address_are_told_to_wait() -> None:
    """451 for the one too many, however the transactions are spread; what is pipelined behind it is no misdeed."""
    clock = JumpingClock()
    limits = Receiver(PerAddress(mails_per_minute=2, broken_commands_per_hour=1), greeting_delay_seconds=0)
    mail = b"MAIL FROM:<>\r\nRCPT TO:<bob@harbor.test>\r\nRSET\r\n"
    async with receiver_mesh(receiver=limits, clock=clock) as mesh:
        said = await mesh.say(b"HELO x\r\n" + mail * 2)
        said = await mesh.say(b"HELO x\r\n" + mail)
        assert "451 4.7.1 Too many mails from your address, try again in 30 seconds" == said[2]
        assert ["503", "250", "221"] == [line[:3] for line in said[3:]]
        clock.jump(30)
        assert "250" == (await mesh.say(b"HELO x\r\n" + mail))[2][:3]
    assert ["too many mails a minute"] == mesh.log.reasons("mail.refused")


async def test_suspicious_clients_wait_for_the_greeting() -> None:
    """No reverse name, one that leads elsewhere, earlier misdeeds; an honest client, and one of ours, do not wait."""
    honest = StaticNames(NAMES)
    without = StaticNames({})
    elsewhere = StaticNames({**NAMES, ("mail.lagoon.test", "A"): [A("192.0.2.1")]})
    for answers, own, expected in (
        (honest, (), []),
        (without, (), ["reverse name: permerror"]),
        (elsewhere, (), ["reverse name: fail"]),
        (without, ("127.0.0.0/8",), []),
    ):
        async with receiver_mesh(receiver=DELAY, own_networks=own) as mesh:
            mesh.names.answers = answers
            assert "220" == (await mesh.greeting(is_delayed=bool(expected)))[:3]
        assert expected == mesh.log.reasons("client.delayed")
    async with receiver_mesh(receiver=DELAY) as mesh:
        await mesh.say(b"GET / HTTP/1.1\r\n")
        assert "220" == (await mesh.greeting(is_delayed=True))[:3]
    assert ["earlier misdeeds"] == mesh.log.reasons("client.delayed")


async def test_silent_resolver_makes_nobody_suspicious() -> None:
    """The greeting comes when the time for the name is over."""
    async with receiver_mesh(receiver=Receiver(greeting_delay_seconds=60), name_seconds=0.01) as mesh:
        mesh.names.silent = True
        assert "220" == (await mesh.greeting())[:3]
    assert [] == mesh.log.reasons("client.delayed")


async def test_early_talkers_are_refused_and_remembered() -> None:
    """RFC 5321 §3.1: who does not wait for the greeting is heard no further, and is suspicious from then on."""
    async with receiver_mesh(receiver=DELAY) as mesh:
        mesh.names.answers = StaticNames({})
        reader, writer = await asyncio.open_connection("127.0.0.1", mesh.port)
        writer.write(BEGIN + MESSAGE + b".\r\n")
        await mesh.let_wait()
        assert b"554" == (await reader.read())[:3]
        writer.close()
        await writer.wait_closed()
        mesh.names.answers = StaticNames(NAMES)
        assert "220" == (await mesh.greeting(is_delayed=True))[:3]
    assert [] == mesh.records.messages
    assert ["it spoke before it was greeted"] == mesh.log.reasons("command.refused")
    assert ["reverse name: permerror", "earlier misdeeds"] == mesh.log.reasons("client.delayed")


async def test_messages_that_are_on_their_way_are_finished_at_the_end() -> None:
    """RFC 5321 §3.8: who is in no transaction reads 421, who is in one is served first."""
    async with receiver_mesh() as mesh:
        reader, writer = await asyncio.open_connection("127.0.0.1", mesh.port)
        assert b"220" == (await reader.readline())[:3]
    assert b"421 4.3.2" == (await reader.read())[:9]
    writer.close()
    await writer.wait_closed()


HARVEST = b"HELO x\r\n" + (b"MAIL FROM:<>\r\n" + b"RCPT TO:<nobody@harbor.test>\r\n" * 80 + b"RSET\r\n") * 2
BANNED = "421 4.7.0 Too many errors from your address, try again in {} minutes"


async def test_who_tries_names_is_hung_up_on_for_the_time_of_the_ban() -> None:
    """In the middle of the conversation, and at connect until the time is over; then all is as before."""
    clock = JumpingClock()
    async with receiver_mesh(Limits(ban_seconds=90), clock=clock) as mesh:
        mesh.records.replies["nobody"] = reply(550, "5.1.1", "No such recipient here")
        said = await mesh.say(HARVEST)
        assert MAX_REFUSED_RECIPIENTS - 1 == said.count("550 5.1.1 No such recipient here")
        assert "421 4.7.0 Too many errors" == said[-1]
        assert BANNED.format(2) == await mesh.greeting()
        clock.jump(90)
        assert "250" == (await mesh.say(BEGIN + MESSAGE + b".\r\n"))[-2][:3]
    (line,) = [line for line in mesh.log.lines if line["event"] == "client.banned"]
    assert ("127.0.0.1", "too many refused recipients") == (line["network"], line["reason"])


async def test_who_speaks_no_smtp_is_banned_after_some_connections() -> None:
    """Each ends after twenty broken commands."""
    async with receiver_mesh() as mesh:
        for _ in range(MAX_BROKEN_COMMANDS // 20):
            assert "421 4.7.0 Too many errors" == (await mesh.say(b"GET / HTTP/1.1\r\n" * 20))[-1]
        assert BANNED.format(60) == await mesh.greeting()


async def test_refused_mails_ban_nobody() -> None:
    """A DMARC refusal, however often, is the verifier's business; so are recipients who shall come later."""
    async with receiver_mesh() as mesh:
        mesh.records.replies["full"] = reply(452, "4.2.2", "Mailbox full")
        mesh.records.message_reply = reply(550, "5.7.1", "DMARC policy of lagoon.test")
        for _ in range(3):
            mails = b"MAIL FROM:<>\r\nRCPT TO:<bob@harbor.test>\r\nDATA\r\nA: b\r\n.\r\n" * (MAX_BROKEN_COMMANDS // 2)
            await mesh.say(b"HELO x\r\n" + mails + b"MAIL FROM:<>\r\n" + b"RCPT TO:<full@harbor.test>\r\n" * 99)
        assert "220" == (await mesh.greeting())[:3]


async def test_own_networks_are_never_banned() -> None:
    """A program of ours that goes wrong is looked into, not locked out."""
    async with receiver_mesh(own_networks=("127.0.0.0/8",)) as mesh:
        mesh.records.replies["nobody"] = reply(550, "5.1.1", "No such recipient here")
        assert "221" == (await mesh.say(HARVEST))[-1][:3]
        assert "220" == (await mesh.greeting())[:3]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (MESSAGE, "0123abc"),
        (b"Received: by x with y id <a.b@c>; z\r\n\r\n", "a.b@c"),
        (b"Received: by x\r\n\r\nReceived: by y id body\r\n", ""),
        (b"received:\r\n by x\r\n id\r\n here\r\nReceived: by y id second\r\n", "here"),
        (b"Received: by x id " + b"a" * 500 + b"\r\n", "a" * 63 + "…"),
        (b"", ""),
        (b"Received: \r", ""),
    ],
)
def test_upstream_id_is_that_of_the_topmost_received(octets: bytes, expected: str) -> None:
    """Bounded text that nobody vouches for."""
    assert expected == upstream_id(octets)
