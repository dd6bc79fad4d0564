"""`scop spam proxy`: what passes through between two mail servers, and what is promised for whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.fixed_examiner import PROGRAM, FixedExaminer
from fakes.fixed_scales import FixedScales
from fakes.mail_sessions import OK, RecordingSession, Records, listen, serve
from scop.cli.spam.proxy_session import NextServer, ProxyOffice, ProxyPassage, mended
from scop.mesh.config.attachments import Attachments, Policy
from scop.net.dialer import tcp_dialer
from scop.net.log import Log
from scop.net.mail_client import MailClient
from scop.net.mail_pool import MailPool
from scop.net.mail_server import MailServer
from scop.smtp import Envelope, ForwardPath, Mail, Origin, Recipient, Reply, ReversePath, ServerOptions, reply
from scop.smtp.extensions import built_in
from scop.spam.connection import Connection

MESSAGE = b"X-SCoP-Spam: ham\r\nSubject: x\r\n\r\n.dot\r\n"
BELOW = MESSAGE.partition(b"\r\n")[2]
STAMP = b"X-SCoP-Spam: ham; score=0.010\r\n"
ORIGIN = Origin("192.0.2.7", 25, "Mail.Example", "helo.example", "ESMTP", "4ABC")
TO = (Recipient(ForwardPath.parse("<c@d.test>")), Recipient(ForwardPath.parse("<e@d.test>")))
ENVELOPE = Envelope(Mail(ReversePath.parse("<a@b.test>"), origin=ORIGIN), TO)
NOW, DATE = 1_795_860_000.0, "Sat, 28 Nov 2026 10:00:00 +0000"
RECEIVED = (
    b"Received: from helo.example (mail.example [192.0.2.7])\r\n\t(using TLSv1.3 with cipher x)\r\n\tby mx; %b\r\n"
)
FULL = reply(552, "5.2.2", "Mailbox full")


@dataclass(frozen=True, slots=True)
class Between:
    """A proxy that runs: its client, what it weighed, the lines of its log."""

    client: MailClient
    scales: FixedScales
    lines: list[bytes]


@asynccontextmanager
async def proxy_to(
    folder: Path, port: int, *, lmtp: bool = False, examiner: FixedExaminer | None = None
) -> AsyncIterator[Between]:
    """Run a proxy in front of a port, and connect once it has heard of what is there."""
    pool = MailPool(tcp_dialer("127.0.0.1", port), name="filter", lmtp=lmtp)
    scales, lines, server = FixedScales(folder), list[bytes](), NextServer(pool)
    office = ProxyOffice("filter.test", server, scales, Log("proxy", lines.append), lambda: NOW, examiner)
    watch = asyncio.create_task(server.watch())
    await server.heard()

    def speaker() -> MailServer:
        return MailServer(server.speech("filter.test", 1 << 20, lmtp=lmtp), lambda _peer: ProxyPassage(office))

    async with listen(speaker) as listening:
        client = await MailClient.open(listening.dialer(), name="postfix", lmtp=lmtp)
        yield Between(client, scales, lines)
        await client.quit()
    watch.cancel()
    await pool.close()


def next_server(*keywords: str, lmtp: bool = False) -> ServerOptions:
    """Return how the server behind speaks."""
    usual = ("PIPELINING", "SIZE", "ENHANCEDSTATUSCODES", "XFORWARD")
    return ServerOptions("next.test", lmtp=lmtp, trusted=True, extensions=built_in(*usual, *keywords))


async def test_proxy_labels_and_passes_on(tmp_path: Path) -> None:
    """Envelope, origin and body pass; the label is on top, the forged one gone; 250 is the next server's own."""
    records = Records(message_reply=reply(250, "2.0.0", "queued as 42"))
    async with (
        serve(records.session, next_server("8BITMIME", "DSN")) as behind,
        proxy_to(tmp_path, behind.port) as here,
    ):
        mail = replace(ENVELOPE.mail, body="8BITMIME", ret="HDRS", envid="tide")
        told = await here.client.transaction(Envelope(mail, TO), MESSAGE)
    assert records.message_reply == told.message
    assert [STAMP + BELOW] == records.messages
    assert [(ORIGIN, "8BITMIME", "HDRS", "tide")] == [(m.origin, m.body, m.ret, m.envid) for m in records.mails]
    assert list(TO) == records.recipients
    assert [(BELOW, Connection("192.0.2.7", "mail.example", "helo.example", date=DATE))] == here.scales.weighed
    assert any(b'"trace":"4ABC"' in line and b'"label":"ham"' in line for line in here.lines)


@pytest.mark.parametrize("policy", [Policy.TAG, Policy.QUARANTINE])
async def test_proxy_says_what_it_finds_in_attachments(tmp_path: Path, policy: Policy) -> None:
    """The policy and each finding stand above the verdict, so that the server behind files or holds by it."""
    records, examiner = Records(), FixedExaminer(Attachments(dangerous=policy), PROGRAM)
    async with (
        serve(records.session, next_server()) as behind,
        proxy_to(tmp_path, behind.port, examiner=examiner) as here,
    ):
        await here.client.transaction(ENVELOPE, MESSAGE)
    assert [(BELOW, "192.0.2.7", True)] == examiner.examined
    assert records.messages[0].startswith(f"X-SCoP-Attachments: {policy}\r\nX-SCoP-Finding: executable;".encode())
    assert records.messages[0].endswith(STAMP + BELOW)


@pytest.mark.parametrize("lmtp", [False, True])
async def test_proxy_refuses_what_its_policy_refuses(tmp_path: Path, lmtp: bool) -> None:
    """The sender hears of what sort the attachment is, and no private reason; the server behind gets nothing."""
    records, examiner = Records(), FixedExaminer(Attachments(dangerous=Policy.REFUSE), PROGRAM)
    async with (
        serve(records.session, next_server(lmtp=lmtp)) as behind,
        proxy_to(tmp_path, behind.port, lmtp=lmtp, examiner=examiner) as here,
    ):
        told = await here.client.transaction(ENVELOPE, MESSAGE)
        again = await here.client.transaction(ENVELOPE, MESSAGE)
    assert reply(550, "5.7.1", "This mail brings a program, which is not accepted here") == told.message
    assert told.message == again.message
    assert [] == records.messages


async def test_proxy_lets_mail_wait_that_nobody_can_look_into(tmp_path: Path) -> None:
    """Nothing passes because nobody was there to look."""
    records, examiner = Records(), FixedExaminer(Attachments(), is_away=True)
    async with (
        serve(records.session, next_server()) as behind,
        proxy_to(tmp_path, behind.port, examiner=examiner) as here,
    ):
        told = await here.client.transaction(ENVELOPE, MESSAGE)
    assert told.message is not None
    assert (451, []) == (told.message.code, records.messages)


async def test_proxy_weighs_below_what_its_client_wrote(tmp_path: Path) -> None:
    """The first half's Received field is facts and no evidence, as a milter has it; it passes on all the same."""
    records = Records()
    written = RECEIVED % DATE.encode()
    async with serve(records.session, next_server()) as behind, proxy_to(tmp_path, behind.port) as here:
        await here.client.transaction(ENVELOPE, written + MESSAGE)
    connection = Connection("192.0.2.7", "mail.example", "helo.example", "TLSv1.3", DATE)
    assert [(BELOW, connection)] == here.scales.weighed
    assert [STAMP + written + BELOW] == records.messages


async def test_proxy_offers_what_the_next_server_offers(tmp_path: Path) -> None:
    """DSN, SMTPUTF8, 8BITMIME are offered where the next server has them, and the smaller size of both."""
    for keywords in ((), ("DSN",), ("SMTPUTF8", "8BITMIME")):
        options = replace(next_server(*keywords), max_message_octets=70_000)
        async with serve(Records().session, options) as behind, proxy_to(tmp_path, behind.port) as here:
            offered = here.client.extensions
        assert set(keywords) == {"DSN", "SMTPUTF8", "8BITMIME"} & offered.keys()
        assert "70000" == offered["SIZE"]
        assert "XFORWARD" in offered


async def test_proxy_says_what_the_next_server_says(tmp_path: Path) -> None:
    """A refused recipient is refused, the others go on; a refused message is refused."""
    records = Records(replies={"e": FULL}, message_reply=reply(550, "5.7.1", "No"))
    async with serve(records.session, next_server()) as behind, proxy_to(tmp_path, behind.port) as here:
        told = await here.client.transaction(ENVELOPE, MESSAGE)
    assert (OK, FULL) == told.recipients
    assert records.message_reply == told.message


async def test_proxy_keeps_no_mail_while_the_next_server_is_away(tmp_path: Path) -> None:
    """It died after it was heard: the client is told to try again, at the recipient."""
    async with serve(Records().session, next_server()) as behind, proxy_to(tmp_path, behind.port) as here:
        behind.kill()
        told = await here.client.transaction(ENVELOPE, MESSAGE)
    assert {451} == {each.code for each in told.recipients}
    assert () == told.messages


async def test_proxy_lmtp_answers_for_each_recipient(tmp_path: Path) -> None:
    """RFC 2033 §4.2: a full mailbox keeps the mail from nobody else."""

    class EachItsOwn(RecordingSession):
        async def message(self, octets: bytes, /) -> Reply | tuple[Reply, ...]:  # type: ignore[override]  # LMTP: one each
            await super().message(octets)
            return OK, FULL

    records = Records()
    options = next_server(lmtp=True)
    async with (
        serve(lambda _peer: EachItsOwn(records), options) as behind,
        proxy_to(tmp_path, behind.port, lmtp=True) as here,
    ):
        told = await here.client.transaction(ENVELOPE, MESSAGE)
        again = await here.client.transaction(ENVELOPE, MESSAGE)
    assert (OK, FULL) == told.messages == again.messages
    assert [STAMP + BELOW] * 2 == records.messages


async def test_proxy_greets_nobody_before_it_has_heard_the_next_server(tmp_path: Path) -> None:
    """What that one offers is not known, so nothing is promised."""
    pool = MailPool(tcp_dialer("127.0.0.1", 1), name="filter", lmtp=False)
    office = ProxyOffice("filter.test", NextServer(pool), FixedScales(tmp_path), Log("proxy", print))
    assert 421 == (await ProxyPassage(office).connected()).code


@pytest.mark.parametrize(
    ("octets", "expected"), [(b"a\rb\nc\0d\r\n\r\r\n", b"a b c d\r\n \r\n"), (b"\n", b" "), (b"", b"")]
)
def test_proxy_mends_what_old_servers_pass_on(octets: bytes, expected: bytes) -> None:
    """Bare CR, bare LF and NUL become spaces: no line begins that was none."""
    assert expected == mended(octets)


@given(st.text("\r\n\0a.", max_size=30))
def test_proxy_mended_text_can_be_sent(text: str) -> None:
    """After mending CR and LF occur as CRLF only, NUL never, and no line end was added or lost."""
    octets = text.encode()
    found = mended(octets)
    assert not set(found.replace(b"\r\n", b"")) & set(b"\r\n\0")
    assert octets.count(b"\r\n") == found.count(b"\r\n")
    assert len(octets) == len(found)
