"""The submission cell on real sockets, between a mail client and a neighbour that writes everything down."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from fakes.cell_runs import running
from fakes.mail_sessions import Records, serve
from fakes.mesh import KeptLog, loopback_listener
from fakes.self_signed import client_context, server_context
from scop.cells.submission.service import SubmissionOptions, run
from scop.cells.submission.session import author_addresses
from scop.mesh.cell import Life
from scop.mesh.config import Limits
from scop.mesh.vocabulary.keeper import Authentication, AuthenticationOutcome, SendPermission
from scop.net.clock import SystemClock
from scop.net.dialer import tcp_dialer
from scop.net.faults import TemporaryFailure
from scop.net.mail_pool import MailPool
from scop.smtp import Mailbox, ServerOptions, reply
from scop.smtp.stamps import split_stamps

HOST = "mx.harbor.test"
LIMITS = Limits()
SIGNER = ServerOptions(HOST, trusted=True)
MESSAGE = b"From: alice@harbor.test\r\nDate: x\r\nMessage-ID: <y>\r\nSubject: z\r\n\r\nbody\r\n"


class FakeKeeper:
    """Knows alice, who owns one address, and postman, who may send as anybody."""

    def __init__(self) -> None:
        self.down = False
        self.asked: list[tuple[str, ...]] = []

    async def check_password(self, login: str, password: str) -> Authentication:
        """Answer as the keeper does."""
        if self.down:
            raise TemporaryFailure("the keeper is down")
        if login == "hasty":
            return Authentication(AuthenticationOutcome.TRY_LATER)
        account = login.partition("@")[0]
        if (account, password) in {("alice", "secret"), ("postman", "secret")}:
            return Authentication(AuthenticationOutcome.ACCEPTED, account)
        return Authentication(AuthenticationOutcome.REFUSED)

    async def may_send_as(self, account: str, addresses: tuple[str, ...]) -> SendPermission:
        """Answer as the keeper does."""
        self.asked.append(addresses)
        if self.down:
            raise TemporaryFailure("the keeper is down")
        foreign = [each for each in addresses if account != "postman" and each != "alice@harbor.test"]
        return SendPermission(not foreign, foreign[0] if foreign else "")


@dataclass
class Mesh:
    """The cell under test and what is around it."""

    starttls: int
    implicit: int
    keeper: FakeKeeper
    records: Records
    log: KeptLog = field(default_factory=KeptLog)

    def secure(self, login: str = "alice@harbor.test", password: str = "secret") -> smtplib.SMTP_SSL:
        """Return a client that is logged in by port 465."""
        client = smtplib.SMTP_SSL(local_hostname="me.test", context=client_context())
        client._host = HOST  # type: ignore[attr-defined]  # the name its certificate must bear
        _connect(client, self.implicit)
        try:
            client.login(login, password)
        except smtplib.SMTPException:
            client.close()
            raise
        return client

    async def send(self, octets: bytes, *, sender: str = "alice@harbor.test", login: str = "alice@harbor.test") -> None:
        """Send one message from a thread, as a client does."""

        def work() -> None:
            with self.secure(login) as client:
                client.sendmail(sender, ["bob@lagoon.test"], octets)

        await asyncio.to_thread(work)


def _connect(client: smtplib.SMTP, port: int) -> None:
    client.sock = client._get_socket("127.0.0.1", port, 20)  # type: ignore[attr-defined]  # keeps `_host`
    client.file = None
    code, _ = client.getreply()
    assert code == 220


@asynccontextmanager
async def _mesh(limits: Limits = LIMITS) -> AsyncIterator[Mesh]:
    records, keeper = Records(), FakeKeeper()
    async with serve(records.session, SIGNER) as signer:
        starttls, implicit = loopback_listener(), loopback_listener()
        mesh = Mesh(starttls.getsockname()[1], implicit.getsockname()[1], keeper, records)
        options = SubmissionOptions(
            hostname=HOST,
            domain="harbor.test",
            starttls=starttls,
            implicit_tls=implicit,
            tls=server_context(),
            check_password=keeper.check_password,
            may_send_as=keeper.may_send_as,
            signer=MailPool(tcp_dialer("127.0.0.1", signer.port), name=HOST, lmtp=False),
            limits=limits,
            log=mesh.log.log("submission"),
            clock=SystemClock(),
            life=Life(),
        )
        async with running(run(options), options.life):
            yield mesh


async def test_mail_reaches_the_signer_with_origin_and_login() -> None:
    """Below our Received stand the submitted octets; the trace id is in the stamp, the log and the origin."""
    async with _mesh() as mesh:
        await mesh.send(MESSAGE)
    (octets,), (mail,) = mesh.records.messages, mesh.records.mails
    stamps, below = split_stamps(octets, HOST)
    assert MESSAGE == below
    assert mail.origin is not None
    assert Mailbox("alice", "harbor.test") == mail.auth
    assert ("127.0.0.1", "me.test", "ESMTPSA") == (mail.origin.address, mail.origin.helo, mail.origin.protocol)
    assert f"id {mail.origin.ident}\r\n".encode() in stamps
    assert b"with ESMTPSA\r\n\t(TLS1.3 TLS_" in stamps
    assert b"for <bob@lagoon.test>;" in stamps
    (line,) = [line for line in mesh.log.lines if line["event"] == "mail.accepted"]
    assert (mail.origin.ident, "alice", []) == (line["trace"], line["account"], line["fixups"])


async def test_reply_to_the_message_names_the_trace() -> None:
    """What the client reads can be found in our logs."""

    def work(client: smtplib.SMTP) -> bytes:
        with client:
            client.mail("alice@harbor.test")
            client.rcpt("bob@lagoon.test")
            return client.data(MESSAGE)[1]

    async with _mesh() as mesh:
        said = await asyncio.to_thread(lambda: work(mesh.secure()))
    origin = mesh.records.mails[0].origin
    assert origin is not None
    assert f"2.0.0 Ok: accepted as {origin.ident}" == said.decode()


async def test_message_is_mended_for_the_login() -> None:
    """A missing From becomes the address that logged in; Bcc is gone."""
    async with _mesh() as mesh:
        await mesh.send(b"Subject: z\r\nBcc: carol@harbor.test\r\n\r\nbody\r\n", login="alice")
    _, below = split_stamps(mesh.records.messages[0], HOST)
    assert below.startswith(b"From: alice@harbor.test\r\nDate: ")
    assert below.endswith(b">\r\nSubject: z\r\n\r\nbody\r\n")
    assert b"carol" not in below


@pytest.mark.parametrize(
    "author",
    [
        b"From: ceo@lagoon.test\r\n",
        b"From: alice@harbor.test, ceo@lagoon.test\r\n",
        b"From: alice@harbor.test\r\nFROM: ceo@lagoon.test\r\n",
        b"From: alice@harbor.test\r\nFrom : alice@harbor.test\r\n",
        b"From: Alice\r\n",
        b"From:\r\n",
        b"From: team: alice@harbor.test, ceo@lagoon.test;\r\n",
    ],
)
async def test_foreign_author_is_refused_but_to_who_may_be_anybody(author: bytes) -> None:
    """Every From address must be owned; several From fields or none of an address are nobody's."""
    async with _mesh() as mesh:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await mesh.send(author + MESSAGE.partition(b"\r\n")[2])
        assert 550 == refused.value.smtp_code
        assert "5.7.1 The From field" in str(refused.value)
        assert [] == mesh.records.messages
        await mesh.send(author + MESSAGE.partition(b"\r\n")[2], sender="x@y.test", login="postman@harbor.test")
    assert split_stamps(mesh.records.messages[0], HOST)[1].startswith(author)


async def test_foreign_reverse_path_is_refused() -> None:
    """MAIL FROM must be owned too; the null path is everybody's."""
    async with _mesh() as mesh:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            await mesh.send(MESSAGE, sender="ceo@lagoon.test")
        assert 550 == refused.value.smtp_code
        await mesh.send(MESSAGE, sender="")
    assert ["<>"] == [str(mail.reverse_path) for mail in mesh.records.mails]
    assert ["alice may not use 'ceo@lagoon.test'"] == mesh.log.reasons("mail.refused")


async def test_what_the_next_cell_refuses_the_client_hears_at_once() -> None:
    """RCPT is asked onward; a refusal of the message is told as it is."""
    async with _mesh() as mesh:
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

    async with _mesh() as mesh:
        client = await asyncio.to_thread(mesh.secure)
        mesh.keeper.down = True
        assert 451 == await asyncio.to_thread(work, client)
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            await asyncio.to_thread(mesh.secure)
        assert 454 == refused.value.smtp_code


async def test_wrong_passwords_end_the_connection() -> None:
    """535 twice, then 421; too many at once is 454."""

    def work(port: int) -> list[int]:
        client = smtplib.SMTP_SSL(local_hostname="me.test", context=client_context())
        client._host = HOST  # type: ignore[attr-defined]  # as above
        _connect(client, port)
        client.ehlo()
        later = client.docmd("AUTH", "PLAIN AGhhc3R5AHg=")[0]
        codes = [client.docmd("AUTH", "PLAIN AGFsaWNlAHdyb25n")[0] for _ in range(3)]
        client.close()
        return [later, *codes]

    async with _mesh() as mesh:
        assert [454, 535, 535, 421] == await asyncio.to_thread(work, mesh.implicit)


async def test_nothing_is_possible_before_tls_and_login() -> None:
    """587 offers STARTTLS and no AUTH; in the clear AUTH is 538 and MAIL 530; XFORWARD and AUTH= are not believed."""

    def work(port: int) -> tuple[list[int], set[str], set[str]]:
        with smtplib.SMTP(local_hostname="me.test") as client:
            client._host = HOST  # type: ignore[attr-defined]  # as above
            _connect(client, port)
            client.ehlo()
            clear = set(client.esmtp_features)
            codes = [client.docmd(*words.split(" ", 1))[0] for words in ("AUTH PLAIN AGEAYg==", "MAIL FROM:<a@b.test>")]
            client.starttls(context=client_context())
            client.ehlo()
            secure = set(client.esmtp_features)
            codes += [
                client.docmd(*words.split(" ", 1))[0] for words in ("MAIL FROM:<a@b.test>", "XFORWARD ADDR=1.2.3.4")
            ]
            client.login("alice", "secret")
            codes.append(client.mail("alice@harbor.test", ["AUTH=ceo@lagoon.test"])[0])
            codes.append(client.rcpt("bob@lagoon.test")[0])
            return codes, clear, secure

    async with _mesh() as mesh:
        codes, clear, secure = await asyncio.to_thread(work, mesh.starttls)
    assert [538, 530, 530, 502, 250, 250] == codes
    common = {"pipelining", "size", "8bitmime", "smtputf8", "enhancedstatuscodes"}
    assert (common | {"starttls"}, common | {"auth"}) == (clear, secure)
    assert Mailbox("alice", "harbor.test") == mesh.records.mails[0].auth


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

    async with _mesh(limits) as mesh:
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
    ("octets", "expected"),
    [
        (b"From: A <a@b.test>\r\n\r\n", ("a@b.test",)),
        (b"From: a@b.test, c@d.test\r\n\r\n", ("a@b.test", "c@d.test")),
        (b"From: g: a@b.test;\r\n\r\n", ("a@b.test",)),
        (b"From: nobody\r\n\r\n", ("",)),
        (b"From: a@b.test\r\nFrom: a@b.test\r\n\r\n", ("a@b.test", "a@b.test", "")),
        (b"Subject: x\r\n\r\nFrom: a@b.test\r\n", ()),
    ],
)
def test_author_addresses_are_found(octets: bytes, expected: tuple[str, ...]) -> None:
    """'' marks what nobody owns; no From at all is mended, not refused."""
    assert expected == author_addresses(octets)
