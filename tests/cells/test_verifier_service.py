"""The verifier as its neighbours see it, over real LMTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.mail_sessions import Listening, Records, serve
from fakes.mesh import KeptLog
from fakes.named_inlet import NamedInlet
from fakes.smtp_values import FULL_ENVELOPE
from fakes.verifier_neighbours import Neighbours, verifier_neighbours
from fakes.verifier_world import LAGOON, NOW, AsyncNames, SilentNames, mail, signed
from scop.cells.verifier.judgement import JudgeOptions
from scop.cells.verifier.manifest import MANIFEST
from scop.cells.verifier.service import VerifierOptions, run
from scop.cells.verifier.telling import Telling
from scop.dmarc import Authorship, read_authorship
from scop.dns import Answer, Question
from scop.mesh.cell import Life
from scop.mesh.underway import Underway, digest_of
from scop.mesh.vocabulary.receiver import Deed
from scop.mime import Message
from scop.net.dns_client import Names
from scop.net.mail_client import MailClient
from scop.net.mail_pool import MailPool
from scop.smtp import Envelope, ForwardPath, Mail, Origin, Recipient, Reply, ReversePath, ServerOptions, reply

HOST = "mx.harbor.test"
GENUINE = Origin(LAGOON, 25, "mx.lagoon.test", "mx.lagoon.test", "ESMTPS", "0123456789ab")
FORGER = Origin("198.51.100.66", 25, "", "forger.test", "ESMTP", "6666666666zz")
RECEIVED = b"Received: from x (x [192.0.2.1])\r\n\tby mx.harbor.test with ESMTPS\r\n\tid 0123456789ab; now\r\n"
SPAM = b"X-SCoP-Spam: unsure; score=0.500; clues=\r\n"
RESULTS = (
    b"Authentication-Results: mx.harbor.test;\r\n\tspf=pass smtp.mailfrom=lagoon.test;\r\n"
    b"\tspf=none smtp.helo=mx.lagoon.test;\r\n"
    b"\tdkim=pass header.d=lagoon.test header.s=rsa header.a=rsa-sha256\r\n\t header.b=%s;\r\n"
    b"\tdkim=pass header.d=lagoon.test header.s=ed header.a=ed25519-sha256\r\n\t header.b=%s;\r\n"
    b"\tiprev=pass policy.iprev=192.0.2.1;\r\n"
    b"\tdmarc=pass header.from=lagoon.test policy.dmarc=none\r\n"
)


class RunningVerifier:
    """A verifier between a filter and a mailbox that writes down what it gets."""

    def __init__(
        self,
        mailbox: tuple[Listening, Records],
        names: Names,
        neighbours: tuple[Neighbours, Telling],
        state: Path,
    ) -> None:
        self.mailbox, self.records = mailbox
        self.underway = Underway(state)
        self.told = neighbours[0]
        self.kept = KeptLog()
        self.inlet = NamedInlet(dict(MANIFEST.granted()))
        self.options = VerifierOptions(
            domain="harbor.test",
            hostname=HOST,
            inlet=self.inlet,
            names=names,
            mailbox=MailPool(self.mailbox.dialer(), name=HOST, lmtp=True),
            log=self.kept.log("verifier"),
            clock=JumpingClock(NOW),
            life=Life(),
            max_message_octets=5_000_000,
            max_recipients=100,
            telling=neighbours[1],
            underway=self.underway,
            judge=JudgeOptions(seconds=0.05 if isinstance(names, SilentNames) else PATIENCE_SECONDS),
            shows_headers=True,
        )
        self._clients: list[MailClient] = []

    async def client(self) -> MailClient:
        """Return the filter's client."""
        self._clients.append(await MailClient.open(self.inlet.dial("filter"), name="filter", lmtp=True))
        return self._clients[-1]

    async def send(
        self, octets: bytes, origin: Origin | None = GENUINE, *to: str
    ) -> tuple[tuple[Reply, ...], Reply | None]:
        """Hand over a mail of ceo@lagoon.test; return the replies to the recipients and to the message."""
        paths = tuple(ForwardPath.parse(f"<{address}>") for address in to or ("bob@harbor.test",))
        mail = Mail(ReversePath.parse("<ceo@lagoon.test>"), origin=origin)
        envelope = Envelope(mail, tuple(map(Recipient, paths)))
        told = await (await self.client()).transaction(envelope, octets)
        return told.recipients, told.message

    def lines(self, event: str) -> list[dict[str, object]]:
        """Return the log lines of an event."""
        return [line for line in self.kept.lines if line["event"] == event]

    async def end(self) -> None:
        """Close every connection."""
        for client in self._clients:
            client.close()
        await self.inlet.end()


@asynccontextmanager
async def running(names: Names, state: Path | None = None) -> AsyncIterator[RunningVerifier]:
    """Run a verifier with its neighbours."""
    records = Records()
    async with AsyncExitStack() as around:
        folder = state or Path(around.enter_context(TemporaryDirectory()))
        neighbours = await around.enter_async_context(verifier_neighbours())
        speech = ServerOptions("mailbox", lmtp=True, trusted=True)
        mailbox = await around.enter_async_context(serve(records.session, speech))
        verifier = RunningVerifier((mailbox, records), names, neighbours, folder)
        ready = asyncio.Event()
        verifier.options.life.on_ready(ready.set)
        serving = asyncio.ensure_future(run(verifier.options))
        await asyncio.wait_for(ready.wait(), PATIENCE_SECONDS)
        try:
            yield verifier
        finally:
            verifier.options.life.stop()
            await serving
            await verifier.end()


@pytest.fixture
async def verifier() -> AsyncIterator[RunningVerifier]:
    """Run a verifier for one test."""
    async with running(AsyncNames()) as made:
        yield made


def _starts(octets: bytes) -> tuple[bytes, ...]:
    """Return the first eight characters of each signature, quoted where they are no token."""
    starts = re.findall(rb";\r\n\tb=(.{8})", octets)
    return tuple(b'"%s"' % start if b"/" in start or b"=" in start else start for start in starts)


async def test_verifier_passes_a_genuine_mail_on_under_its_stamps(verifier: RunningVerifier) -> None:
    """What was found out stands above our stamps; below them nothing changes but what was written in our name."""
    forged = b"X-SCoP-Spam: ham\r\nAuthentication-Results: MX.harbor.test (x); dmarc=fail\r\n"
    octets = signed(mail())
    told = await verifier.send(SPAM + RECEIVED + forged + octets)
    assert ((reply(250, "2.0.0", "Ok"),), reply(250, "2.0.0", "Ok")) == told
    assert [
        b"X-SCoP-Disposition: none\r\n" + RESULTS % _starts(octets) + SPAM + RECEIVED + octets
    ] == verifier.records.messages
    (passed,) = verifier.records.mails
    assert (GENUINE, "<ceo@lagoon.test>") == (passed.origin, str(passed.reverse_path))
    (line,) = verifier.lines("mail.verified")
    assert ("0123456789ab", "pass", "pass", "none", ["lagoon.test"]) == tuple(
        line[name] for name in ("trace", "spf", "dmarc", "disposition", "author")
    )


async def test_verifier_refuses_a_forged_mail_for_all_recipients(verifier: RunningVerifier) -> None:
    """p=reject is obeyed: one reply for all, nothing reaches the mailbox, the log says why."""
    recipients, message = await verifier.send(RECEIVED + mail(), FORGER, "bob@harbor.test", "eve@harbor.test")
    assert [True, True] == [one.is_positive for one in recipients]
    assert message is not None
    assert (550, "5.7.1") == (message.code, message.enhanced)
    assert [] == verifier.records.messages
    (line,) = verifier.lines("mail.refused")
    assert ("6666666666zz", str(message)) == (line["trace"], line["reply"])


async def test_verifier_refuses_a_tampered_body(verifier: RunningVerifier) -> None:
    """A changed body breaks both signatures, and the forger's address is not lagoon's."""
    octets = signed(mail(body="Pay 10")).replace(b"Pay 10", b"Pay 99")
    _, message = await verifier.send(RECEIVED + octets, FORGER)
    assert message is not None
    assert 550 == message.code
    (line,) = verifier.lines("mail.verified")
    assert "fail" in str(line["dkim"])


async def test_verifier_marks_what_is_to_be_quarantined(verifier: RunningVerifier) -> None:
    """p=quarantine goes on, marked for the mailbox."""
    await verifier.send(RECEIVED + mail("x@mild.test"), FORGER)
    (octets,) = verifier.records.messages
    assert octets.startswith(b"X-SCoP-Disposition: quarantine\r\nAuthentication-Results: mx.harbor.test;")


async def test_verifier_asks_the_mailbox_about_each_recipient(verifier: RunningVerifier) -> None:
    """RCPT is passed through: the mailbox refuses at once and in its own words."""
    verifier.records.replies["nobody"] = reply(550, "5.1.1", "No such recipient here")
    recipients, message = await verifier.send(RECEIVED + mail(), GENUINE, "bob@harbor.test", "nobody@harbor.test")
    assert [250, 550] == [one.code for one in recipients]
    assert message is not None
    assert message.is_positive


async def test_verifier_passes_the_mailbox_s_refusal_on(verifier: RunningVerifier) -> None:
    """250 is only ever the mailbox's own (RFC 5321 §4.2.5)."""
    verifier.records.message_reply = reply(452, "4.2.2", "This mailbox is full, try again later")
    _, message = await verifier.send(RECEIVED + mail())
    assert reply(452, "4.2.2", "This mailbox is full, try again later") == message


async def test_verifier_says_try_later_while_the_mailbox_is_down(verifier: RunningVerifier) -> None:
    """A neighbour that is down costs nobody a mail, and its address is not told."""
    verifier.mailbox.kill()
    recipients, _ = await verifier.send(RECEIVED + mail())
    assert [(451, "4.4.1")] == [(one.code, one.enhanced) for one in recipients]
    assert "127.0.0.1" not in str(recipients)
    assert verifier.lines("mail.refused")


async def test_verifier_says_try_later_while_the_resolver_is_silent() -> None:
    """The time for questions is bounded, and what is open on an unknown policy is asked again (RFC 9989 §B.3.1)."""
    async with running(SilentNames()) as verifier:
        _, message = await verifier.send(RECEIVED + signed(mail()))
        assert message is not None
        assert (451, "4.7.1") == (message.code, message.enhanced)
        assert [] == verifier.records.messages


async def test_verifier_passes_every_parameter_on(verifier: RunningVerifier) -> None:
    """What MAIL and RCPT asked for reaches the mailbox as it was asked."""
    octets = RECEIVED + signed(mail())
    told = await (await verifier.client()).transaction(FULL_ENVELOPE, octets)
    assert told.message is not None
    assert told.message.is_positive
    (passed,) = verifier.records.mails
    sized = replace(FULL_ENVELOPE.mail, size_octets=len(octets))
    assert Envelope(sized, FULL_ENVELOPE.recipients) == Envelope(passed, tuple(verifier.records.recipients))


async def test_verifier_works_without_xforward(verifier: RunningVerifier) -> None:
    """Alone behind another server, the client is who is at the other end; a trace id is minted."""
    await verifier.send(mail("x@plain.test"), None)
    (line,) = verifier.lines("mail.verified")
    assert ("127.0.0.1", "fail") == (line["client"], line["spf"])
    assert line["trace"]


async def test_verifier_takes_one_mail_after_another(verifier: RunningVerifier) -> None:
    """A refused mail leaves the conversation usable; RSET and QUIT abandon what was begun."""
    client = await verifier.client()
    recipients = (Recipient(ForwardPath.parse("<bob@harbor.test>")),)
    codes = []
    for origin, octets in ((FORGER, mail()), (GENUINE, mail()), (FORGER, signed(mail()))):
        envelope = Envelope(Mail(ReversePath.parse("<ceo@lagoon.test>"), origin=origin), recipients)
        message = (await client.transaction(envelope, RECEIVED + octets)).message
        codes.append(message.code if message else None)
    assert [550, 250, 250] == codes
    assert 2 == len(verifier.records.messages)


async def test_verifier_tells_of_a_forger_before_it_refuses(verifier: RunningVerifier) -> None:
    """When the refusal is said the firewall knows, so the forger's next connection can meet a shut door."""
    await verifier.send(RECEIVED + mail(), FORGER)
    assert [(Deed.FORGERY, "198.51.100.66", "", "6666666666zz")] == [
        (one.deed, one.address, one.domain, one.trace) for one in verifier.told.deeds
    ]


@pytest.mark.parametrize(("label", "wanted"), [(b"ham", Deed.HAM), (b"unsure", Deed.HAM), (b"spam", Deed.SPAM)])
async def test_verifier_tells_what_proved_authors_send(label: bytes, wanted: Deed) -> None:
    """One whose mail is no spam speaks for its client; a label from outside counts for nothing."""
    async with running(AsyncNames()) as verifier:
        ours = b"X-SCoP-Spam: " + label + b"; score=0.5\r\n"
        await verifier.send(ours + RECEIVED + b"X-SCoP-Spam: spam\r\n" + signed(mail()))
    told = [(one.deed, one.address, one.domain) for one in verifier.told.deeds]
    assert [(wanted, LAGOON, "lagoon.test")] == told


async def test_verifier_tells_the_reporter_of_each_mail_under_a_policy() -> None:
    """Passed, refused and merely watched mails are counted; without a policy there is nobody to report to."""
    async with running(AsyncNames()) as verifier:
        await verifier.send(RECEIVED + signed(mail()), GENUINE)
        await verifier.send(RECEIVED + mail(), FORGER)
        await verifier.send(RECEIVED + mail("x@watching.test"), FORGER)
        await verifier.send(RECEIVED + mail("x@plain.test"), FORGER)
    assert [
        ("lagoon.test", LAGOON, "pass", "harbor.test"),
        ("lagoon.test", "198.51.100.66", "reject", "harbor.test"),
        ("watching.test", "198.51.100.66", "none", "harbor.test"),
    ] == [(one.author_domain, one.source_address, one.disposition, one.envelope_to) for one in verifier.told.judgements]


async def test_verifier_counts_no_mail_that_comes_again() -> None:
    """What the mailbox puts off is judged again when it comes again, and counted then."""
    async with running(AsyncNames()) as verifier:
        verifier.records.message_reply = reply(452, "4.2.2", "This mailbox is full, try again later")
        await verifier.send(RECEIVED + signed(mail()))
    assert ([], []) == (verifier.told.judgements, verifier.told.deeds)


async def test_verifier_refuses_a_mail_without_an_author(verifier: RunningVerifier) -> None:
    """RFC 5322 §3.6: From is a must; where it lacks, each reader shows somebody else."""
    _, message = await verifier.send(RECEIVED + b"Subject: x\r\n\r\nText\r\n")
    assert message is not None
    assert (550, "5.7.1") == (message.code, message.enhanced)
    assert [] == verifier.told.deeds


async def test_verifier_passes_what_broke_it_twice_on_to_where_it_does_no_harm(tmp_path: Path) -> None:
    """It is not read a third time, and not lost; the next mail is judged as ever."""
    killed, below = [], b"From: a@lagoon.test\r\n\r\nText\r\n"
    for _ in range(2):
        killed.append(Underway(tmp_path).at_work(digest_of(below)))
        killed[-1].__enter__()
    async with running(AsyncNames(), tmp_path) as verifier:
        await verifier.send(RECEIVED + below)
        await verifier.send(RECEIVED + below + b"more\r\n")
    aside, judged = verifier.records.messages
    assert aside.startswith(b"X-SCoP-Attachments: quarantine\r\nX-SCoP-Finding: unscannable;")
    assert aside.endswith(RECEIVED + below)
    assert judged.startswith(b"X-SCoP-Disposition: ")


class _Watching(AsyncNames):
    """Names that see which mails a death would be blamed on, at each question, and in the reading between."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._file = folder / "underway"
        self.at_questions: set[bytes] = set()

    async def lookup(self, question: Question) -> Answer:
        self.at_questions.add(self.blamed())
        return await super().lookup(question)

    def blamed(self) -> bytes:
        """Return what stands in the file of what is at work."""
        return self._file.read_bytes().strip(b"\0")


async def test_mail_that_waits_for_the_dns_is_not_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is read at the moment is: else whoever waits beside a mail that kills is set aside with it."""
    names, reading = _Watching(tmp_path), set[bytes]()

    def noted(message: Message) -> Authorship:
        reading.add(names.blamed())
        return read_authorship(message)

    monkeypatch.setattr("scop.cells.verifier.judgement.read_authorship", noted)
    async with running(names, tmp_path) as verifier:
        await verifier.send(RECEIVED + signed(mail()))
    assert ({b""}, {digest_of(signed(mail()))}) == (names.at_questions, reading)
