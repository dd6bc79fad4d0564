"""How users prove to submission who they are: over TLS only, by any mechanism, and how it is for who does not know."""

from __future__ import annotations

import base64
import smtplib
import ssl
from pathlib import Path

import pytest

from fakes.client_certificates import ClientAuthority
from fakes.keeper_desk import OPERATOR
from fakes.self_signed import certificate_pem, client_context
from fakes.submission_mesh import HOST, SECRET, Mesh, Setting, scram, submission_mesh
from scop.base import RemoteProtocolError
from scop.cells.submission.service import channel_binding_of
from scop.mesh.config import Submission
from scop.mesh.vocabulary.keeper import AddAppPassword, DisableAccount
from scop.net.dialer import tcp_dialer
from scop.net.mail_client import MailClient
from scop.smtp import Mailbox
from scop.smtp.sasl import SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ClientExchange, tls_server_end_point

WRONG = "open barley"
MECHANISMS = {
    "PLAIN": "PLAIN AGFsaWNlAG9wZW4gc2VzYW1l",
    "LOGIN": "LOGIN YWxpY2U=",
    "EXTERNAL": "EXTERNAL =",
    SCRAM_SHA_256: f"{SCRAM_SHA_256} biwsbj1hbGljZSxyPXg=",
    SCRAM_SHA_256_PLUS: f"{SCRAM_SHA_256_PLUS} cD10bHMtc2VydmVyLWVuZC1wb2ludCwsbj1hbGljZSxyPXg=",
}


def exchange(login: str, password: str, mechanism: str = SCRAM_SHA_256, binding: bytes = b"") -> ClientExchange:
    """Return a client's side of SCRAM."""
    return ClientExchange(mechanism, login, password, nonce="clientnonce", channel_binding=binding)


async def app_password(mesh: Mesh) -> str:
    """Return a new app password of alice."""
    return (await mesh.keeper.desk.accounts.add_app_password(AddAppPassword("alice", "phone"), OPERATOR)).password


@pytest.mark.parametrize("words", MECHANISMS.values(), ids=MECHANISMS)
async def test_no_proof_is_taken_in_the_clear(words: str) -> None:
    """RFC 4954 §6: 538 for every mechanism before STARTTLS, which is all that is offered; the keeper hears nothing."""

    def work(client: smtplib.SMTP) -> tuple[int, bool, bool]:
        code = client.docmd("AUTH", words)[0]
        return code, client.has_extn("starttls"), client.has_extn("auth")

    async with submission_mesh() as mesh:
        assert (538, True, False) == await mesh.with_client(work, mesh.clear)
        assert [] == mesh.keeper.asked


async def test_nothing_is_possible_before_tls_and_login() -> None:
    """In the clear and under TLS MAIL is 530; XFORWARD, XCLIENT and AUTH= are not believed."""

    def work(client: smtplib.SMTP) -> list[int]:
        codes = [client.docmd("MAIL", "FROM:<a@b.test>")[0]]
        client.starttls(context=client_context())
        client.ehlo()
        said = (("MAIL", "FROM:<a@b.test>"), ("XFORWARD", "ADDR=1.2.3.4"), ("XCLIENT", "ADDR=1.2.3.4"))
        codes += [client.docmd(*words)[0] for words in said]
        client.login("alice", SECRET)
        codes.append(client.mail("alice@harbor.test", ["AUTH=ceo@lagoon.test"])[0])
        codes.append(client.rcpt("bob@lagoon.test")[0])
        return codes

    async with submission_mesh() as mesh:
        codes = await mesh.with_client(work, mesh.clear)
    assert [530, 530] == codes[:2]
    assert {500, 502} >= set(codes[2:4])
    assert [250, 250] == codes[4:]
    assert Mailbox("alice", "harbor.test") == mesh.records.mails[0].auth


async def test_the_strongest_mechanism_stands_first() -> None:
    """EXTERNAL is not offered to who showed no certificate; -PLUS is, because ours can be bound to."""
    async with submission_mesh() as mesh:
        offered = await mesh.with_client(lambda client: client.esmtp_features["auth"], mesh.client)
    assert ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"] == offered.split()


async def test_scram_is_offered_only_where_the_operator_wants_it() -> None:
    """A client takes it where it is offered, and a password that only Argon2id knows cannot pass that way."""
    async with submission_mesh(Setting(submission=Submission())) as mesh:
        offered = await mesh.with_client(lambda client: client.esmtp_features["auth"], mesh.client)
    assert ["PLAIN", "LOGIN"] == offered.split()


@pytest.mark.parametrize("mechanism", [SCRAM_SHA_256, SCRAM_SHA_256_PLUS])
async def test_scram_logs_in_from_end_to_end(mechanism: str) -> None:
    """Over TLS, with the channel bound to the certificate that the client saw; and the client believes the server."""

    def work(client: smtplib.SMTP) -> list[int]:
        assert isinstance(client.sock, ssl.SSLSocket)
        seen = client.sock.getpeercert(binary_form=True)
        assert tls_server_end_point(seen or b"") == mesh.binding
        binding = mesh.binding if mechanism == SCRAM_SHA_256_PLUS else b""
        codes, _ = scram(client, exchange("alice", password, mechanism, binding), mechanism)
        return [*codes, client.mail("alice@harbor.test")[0], client.rcpt("bob@lagoon.test")[0]]

    async with submission_mesh() as mesh:
        password = await app_password(mesh)
        assert [334, 334, 235, 250, 250] == await mesh.with_client(work, mesh.client)
    assert Mailbox("alice", "harbor.test") == mesh.records.mails[0].auth


async def test_scram_refuses_wrong_passwords_and_unknown_logins_in_one_form() -> None:
    """Each reads a challenge of the same form, then 535; the salt of a login is the same each time."""

    def work(client: smtplib.SMTP) -> list[bytes]:
        seen = []
        for login in ("alice", "nobody"):
            made = exchange(login, WRONG)
            code, text = client.docmd("AUTH", f"{SCRAM_SHA_256} {_base64(made.first())}")
            assert 334 == code
            first = base64.b64decode(text)
            code, last = client.docmd(_base64(made.final(first)))
            seen += [b"salt" + first.split(b",")[1], f"{len(text)} {code}".encode() + last]
        return seen

    async with submission_mesh() as mesh:
        once = await mesh.with_client(work, mesh.client)
        again = await mesh.with_client(work, mesh.client)
    assert once == again
    assert once[0] != once[2]
    assert once[1] == once[3]
    assert b" 5355.7.8 Authentication credentials invalid" in once[1]


async def test_scram_that_is_replayed_is_refused() -> None:
    """What somebody recorded is of no use: the server's nonce is new each time."""

    def work(client: smtplib.SMTP) -> list[bytes]:
        return scram(client, exchange("alice", password), SCRAM_SHA_256)[1]

    def replay(client: smtplib.SMTP) -> list[int]:
        first = client.docmd("AUTH", f"{SCRAM_SHA_256} {said[0].decode()}")[0]
        return [first, client.docmd(said[1].decode())[0]]

    async with submission_mesh() as mesh:
        password = await app_password(mesh)
        said = await mesh.with_client(work, mesh.client)
        assert [334, 535] == await mesh.with_client(replay, mesh.client)


async def test_scram_bound_to_another_certificate_is_refused() -> None:
    """So is a client that was made to believe that -PLUS is not offered."""

    def work(client: smtplib.SMTP) -> list[list[int]]:
        other = exchange("alice", password, SCRAM_SHA_256_PLUS, b"of another certificate")
        downgraded = exchange("alice", password, SCRAM_SHA_256, mesh.binding)
        return [scram(client, other, SCRAM_SHA_256_PLUS)[0], scram(client, downgraded, SCRAM_SHA_256)[0]]

    async with submission_mesh() as mesh:
        password = await app_password(mesh)
        assert [[334, 535], [535]] == await mesh.with_client(work, mesh.client)


async def test_scram_may_be_given_up_and_begun_anew() -> None:
    """RFC 4954 §4: `*` ends an exchange; what is left of it proves nothing."""

    def work(client: smtplib.SMTP) -> list[int]:
        made = exchange("alice", password)
        codes = [client.docmd("AUTH", f"{SCRAM_SHA_256} {_base64(made.first())}")[0], client.docmd("*")[0]]
        made = exchange("alice", password)
        code, text = client.docmd("AUTH", f"{SCRAM_SHA_256} {_base64(made.first())}")
        code, text = client.docmd(_base64(made.final(base64.b64decode(text))))
        codes += [code, client.docmd(_base64(b"more"))[0], client.docmd("MAIL", "FROM:<alice@harbor.test>")[0]]
        return [*codes, *scram(client, exchange("alice", password), SCRAM_SHA_256)[0]]

    async with submission_mesh() as mesh:
        password = await app_password(mesh)
        assert [334, 501, 334, 501, 530, 334, 334, 235] == await mesh.with_client(work, mesh.client)


async def test_client_knows_a_server_that_does_not_know_its_password() -> None:
    """The server's last message is its own proof."""

    def work(client: smtplib.SMTP) -> None:
        made = exchange("alice", password)
        _, text = client.docmd("AUTH", f"{SCRAM_SHA_256} {_base64(made.first())}")
        client.docmd(_base64(made.final(base64.b64decode(text))))
        with pytest.raises(RemoteProtocolError):
            made.check(b"v=" + b"A" * 43 + b"=")

    async with submission_mesh() as mesh:
        password = await app_password(mesh)
        await mesh.with_client(work, mesh.client)


@pytest.mark.parametrize(
    ("generated", "asked"),
    [(True, ["BeginScram", "FinishScram"]), (False, ["BeginScram", "FinishScram", "Authenticate"])],
)
async def test_our_own_client_logs_in_with_any_password(generated: bool, asked: list[str]) -> None:
    """By SCRAM first; a password that SCRAM does not know it shows then, and no such login counts as a guess."""
    async with submission_mesh() as mesh:
        password = await app_password(mesh) if generated else SECRET
        dial = tcp_dialer("127.0.0.1", mesh.implicit, tls=client_context(), server_name=HOST)
        codes = set()
        for _ in range(10):  # more often than wrong guesses are free
            client = await MailClient.open(dial, name="me.test", lmtp=False)
            codes.add((await client.authenticate("alice", password)).code)
            await client.quit()
        assert ({235}, asked) == (codes, [type(each).__name__ for each in mesh.keeper.asked[: len(asked)]])


async def test_wrong_passwords_end_the_connection_and_are_counted_beyond_it() -> None:
    """535 twice, then 421; a new connection is told to come later, with the right password too."""

    def work(client: smtplib.SMTP) -> list[tuple[int, bytes]]:
        wrong, right = (base64.b64encode(f"\0alice\0{word}".encode()).decode() for word in (WRONG, SECRET))
        replies = [client.docmd("AUTH", f"PLAIN {wrong}") for _ in range(3)]
        client.close()
        late = mesh.client()
        replies += [late.docmd("AUTH", f"PLAIN {word}") for word in (wrong, right)]
        late.close()
        return replies

    async with submission_mesh() as mesh:
        replies = await mesh.with_client(work, mesh.client)
        assert [535, 535, 421, 454, 454] == [code for code, _ in replies]
        assert replies[3] == replies[4]
        assert b"try again in some minutes" in replies[4][1]
        mesh.clock.jump(1.0)
        assert 235 == await mesh.with_client(lambda client: client.login("alice", SECRET)[0], mesh.client)


async def test_who_is_put_off_has_no_reason_to_stay() -> None:
    """454 five times, then the connection ends."""

    def work(client: smtplib.SMTP) -> list[int]:
        return [client.docmd("AUTH", MECHANISMS["PLAIN"])[0] for _ in range(6)]

    async with submission_mesh() as mesh:
        mesh.keeper.down = True
        assert [454, 454, 454, 454, 454, 421] == await mesh.with_client(work, mesh.client)


@pytest.mark.parametrize(
    ("mails", "common_name", "expected"),
    [
        (("alice@harbor.test",), "somebody", 235),
        (("Alice@harbor.test",), "", 235),
        ((), "alice", 235),
        (("nobody@harbor.test",), "alice", 535),
        ((), "nobody", 535),
    ],
)
async def test_external_takes_the_certificate_of_an_open_account(
    tmp_path: Path, mails: tuple[str, ...], common_name: str, expected: int
) -> None:
    """The mail address in the certificate, else its common name, is the login; both ports know it."""
    authority = ClientAuthority()
    context = authority.client(tmp_path, *mails, common_name=common_name)

    def external(client: smtplib.SMTP) -> int:
        assert "EXTERNAL" == client.esmtp_features["auth"].split()[0]
        return client.docmd("AUTH", "EXTERNAL =")[0]

    def by_starttls(client: smtplib.SMTP) -> int:
        client.starttls(context=context)
        client.ehlo()
        return external(client)

    async with submission_mesh(authorities=authority.pem()) as mesh:
        assert expected == await mesh.with_client(external, lambda: mesh.client(context))
        assert expected == await mesh.with_client(by_starttls, mesh.clear)
        await mesh.keeper.desk.accounts.disable_account(DisableAccount("alice"), OPERATOR)
        assert 535 == await mesh.with_client(external, lambda: mesh.client(context))


async def test_external_is_not_for_who_proved_nothing(tmp_path: Path) -> None:
    """No certificate, or one of two people: not offered, 504. One of another authority: no TLS."""
    authority = ClientAuthority()
    two = authority.client(tmp_path, "alice@harbor.test", "bob@harbor.test")
    foreign = ClientAuthority("somebody else").client(tmp_path, "alice@harbor.test")

    def work(client: smtplib.SMTP) -> tuple[bool, int]:
        return "EXTERNAL" in client.esmtp_features["auth"], client.docmd("AUTH", "EXTERNAL =")[0]

    async with submission_mesh(authorities=authority.pem()) as mesh:
        assert (False, 504) == await mesh.with_client(work, mesh.client)
        assert (False, 504) == await mesh.with_client(work, lambda: mesh.client(two))
        with pytest.raises((OSError, smtplib.SMTPException)):
            await mesh.with_client(work, lambda: mesh.client(foreign))
        assert [] == mesh.keeper.asked


async def test_external_for_another_is_refused(tmp_path: Path) -> None:
    """Nobody acts for another."""
    authority = ClientAuthority()
    context = authority.client(tmp_path, "alice@harbor.test")

    def work(client: smtplib.SMTP) -> list[int]:
        others = ("alice@harbor.test", "postman@harbor.test")
        return [client.docmd("AUTH", f"EXTERNAL {_base64(other.encode())}")[0] for other in reversed(others)]

    async with submission_mesh(authorities=authority.pem()) as mesh:
        assert [535, 235] == await mesh.with_client(work, lambda: mesh.client(context))


def test_channel_binding_is_that_of_the_first_certificate(tmp_path: Path) -> None:
    """A chain may follow; a file without one, or one that names no hash, lets -PLUS not be offered."""
    path = tmp_path / "public.pem"
    path.write_bytes(b"# a comment\n" + certificate_pem() + ClientAuthority().pem())
    binding = channel_binding_of(path)
    assert 32 == len(binding)
    path.write_bytes(ClientAuthority().pem())
    assert binding != channel_binding_of(path)
    path.write_bytes(b"nothing")
    assert b"" == channel_binding_of(path)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
