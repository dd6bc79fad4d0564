"""`scop smtp send` against real servers on loopback."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fakes.mail_sessions import Records
from fakes.mail_thread import ScramSession, serving
from fakes.private_ca import authority
from scop.cli.smtp import smtp
from scop.cli.smtp_send import usual_tls
from scop.cli.smtp_send_post import Tls
from scop.smtp import ServerOptions, reply
from scop.smtp.extensions import built_in
from scop.smtp.sasl import tls_server_end_point

OPTIONS = ServerOptions("localhost")
MAIL = b"From: Ada <ada@lagoon.test>\nTo: bob@harbor.test\nSubject: x\n\n.text\n"
WIRE = MAIL.replace(b"\n", b"\r\n")
LEAF = authority().leaf("localhost")
NO = reply(550, "5.1.1", "No such user")


def send(port: int, *words: str | Path, stdin: bytes = MAIL) -> Result:
    """Run the command."""
    return CliRunner().invoke(smtp, ["send", "--server", f"localhost:{port}", *map(str, words)], input=stdin)


@pytest.fixture
def records() -> Records:
    """What the server of a test is asked."""
    return Records()


@pytest.fixture
def port(records: Records) -> Iterator[int]:
    """The port of a server that takes everything."""
    with serving(records.session, OPTIONS) as found:
        yield found


def test_cli_smtp_send_takes_the_envelope_from_the_header(records: Records, port: int) -> None:
    """From, To and Cc say who and to whom; line ends become those of the wire."""
    done = send(port, stdin=MAIL.replace(b"Subject", b"Cc: cid@harbor.test, G: dan@harbor.test;\nSubject"))
    assert (0, "") == (done.exit_code, done.stderr)
    assert "standard input: taken for bob@harbor.test, cid@harbor.test, dan@harbor.test: 250 2.0.0 Ok\n" == done.stdout
    assert ["mail <ada@lagoon.test>", "recipient <bob@harbor.test>"] == records.asked[2:4]
    assert WIRE.replace(b"Subject", b"Cc: cid@harbor.test, G: dan@harbor.test;\r\nSubject") == records.messages[0]


def test_cli_smtp_send_never_sends_bcc(records: Records, port: int) -> None:
    """RFC 5322 §3.6.3: Bcc names recipients and is in no mail, with --to neither."""
    mail = MAIL.replace(b"Subject", b"bcc: eve@harbor.test\nResent-Bcc:\n fay@harbor.test\nSubject")
    send(port, stdin=MAIL.replace(b"Subject", b"Bcc: eve@harbor.test,\n fay@harbor.test\nSubject"))
    assert ["<bob@harbor.test>", "<eve@harbor.test>", "<fay@harbor.test>"] == [
        str(each.forward_path) for each in records.recipients
    ]
    send(port, "--from", "ada@lagoon.test", "--to", "gil@harbor.test", stdin=mail)
    assert [WIRE, WIRE] == records.messages


def test_cli_smtp_send_sends_on_where_the_newest_resent_block_says(records: Records, port: int) -> None:
    """RFC 5322 §3.6.6: resent fields name the ones who send on, the newest above the others."""
    resent = b"Resent-From: second@lagoon.test\nResent-To: new@harbor.test\n"
    older = b"Resent-From: first@lagoon.test\nResent-To: old@harbor.test\n"
    assert 0 == send(port, stdin=resent + older + MAIL).exit_code
    assert ["mail <second@lagoon.test>", "recipient <new@harbor.test>"] == records.asked[2:4]


def test_cli_smtp_send_sends_many_over_one_connection(records: Records, port: int, tmp_path: Path) -> None:
    """A folder, an mbox and an archive give each of their mails; what is none is named."""
    folder = tmp_path / "mails"
    folder.mkdir()
    (folder / "a.eml").write_bytes(MAIL)
    (folder / "b.txt").write_bytes(b"")
    (tmp_path / "c.mbox").write_bytes(b"From x\n" + MAIL + b"\nFrom y\n" + MAIL + b"\n")
    with tarfile.open(tmp_path / "d.tar", "w") as archive:
        entry = tarfile.TarInfo("e.eml")
        entry.size = len(MAIL)
        archive.addfile(entry, io.BytesIO(MAIL))
    done = send(port, folder, tmp_path / "c.mbox", tmp_path / "d.tar")
    assert 0 == done.exit_code
    assert "4 taken, 0 refused, 0 not sendable" == done.stdout.splitlines()[-1]
    assert "scop: b.txt: passed over: empty\n" == done.stderr
    assert [WIRE] * 4 == records.messages
    assert 1 == len(records.peers)


@pytest.mark.parametrize("octets", [b"", b"\r\n"])
def test_cli_smtp_send_sends_no_empty_mail(records: Records, port: int, octets: bytes) -> None:
    """What was to write the mail into the pipe has failed, and said so: nobody waits for an empty page."""
    done = send(port, "--from", "ada@lagoon.test", "--to", "bob@harbor.test", stdin=octets)
    assert (2, "scop: standard input: is empty; nothing is sent\n") == (done.exit_code, done.stderr)
    assert [] == records.messages


def test_cli_smtp_send_says_who_was_refused_and_why(records: Records, port: int) -> None:
    """Exit status 1: some were refused; the others have the mail."""
    records.replies["cid"] = NO
    done = send(port, "--to", "bob@harbor.test", "--to", "cid@harbor.test")
    assert 1 == done.exit_code
    assert [
        "standard input: refused for cid@harbor.test: 550 5.1.1 No such user",
        "standard input: taken for bob@harbor.test: 250 2.0.0 Ok",
    ] == done.stdout.splitlines()
    assert 1 == len(records.messages)


def test_cli_smtp_send_tells_programs(records: Records, port: int) -> None:
    """One JSON value with every recipient's reply."""
    records.replies["cid"] = NO
    done = send(port, "--json", "--from", "", "--to", "bob@harbor.test", "--to", "cid@harbor.test")
    good = {"code": 250, "enhanced": "2.0.0", "meaning": "Success", "text": "Ok"}
    taken = {"address": "bob@harbor.test", "taken": True, **good}
    bad = {"code": 550, "enhanced": "5.1.1", "meaning": "Bad destination mailbox address", "text": "No such user"}
    refused = {"address": "cid@harbor.test", "taken": False, **bad}
    mails = [{"name": "standard input", "from": "", "recipients": [taken, refused]}]
    expected = {"taken": 0, "refused": 1, "unsendable": 0, "tls": "", "mails": mails}
    assert (1, expected) == (done.exit_code, json.loads(done.stdout))
    assert "mail <>" in records.asked


def test_cli_smtp_send_shows_a_transcript(records: Records, port: int) -> None:
    """--verbose shows what was said, line by line."""
    done = send(port, "-v", "--helo", "me.test")
    lines = done.stderr.splitlines()
    assert ["S: 220 mx.harbor.test ESMTP", "C: EHLO me.test", "S: 250-localhost"] == lines[:3]
    assert f"C: MAIL FROM:<ada@lagoon.test> SIZE={len(WIRE)}" in lines
    assert ["C: QUIT", "S: 221 2.0.0 Bye"] == lines[-2:]


def test_cli_smtp_send_speaks_lmtp(records: Records) -> None:
    """RFC 2033: --lmtp."""
    with serving(records.session, ServerOptions("localhost", lmtp=True)) as port:
        assert 0 == send(port, "--lmtp", "--to", "a@b.test", "--to", "c@d.test").exit_code
    assert records.asked[1].startswith("hello LHLO ")


def test_cli_smtp_send_says_which_protocol_may_be_the_right_one(port: int) -> None:
    """Who speaks LMTP to an SMTP server learns it from the answer."""
    assert "; perhaps it speaks SMTP" in str(send(port, "--lmtp").exception)


def test_cli_smtp_send_hands_over_wishes(records: Records, port: int) -> None:
    """RFC 3461: --notify, --ret and --envid."""
    done = send(port, "--notify", "success,delay", "--ret", "hdrs", "--envid", "id+1")
    assert 0 == done.exit_code
    assert ("HDRS", "id+1") == (records.mails[0].ret, records.mails[0].envid)
    assert {"SUCCESS", "DELAY"} == records.recipients[0].notify


def test_cli_smtp_send_says_that_a_server_knows_no_notices(records: Records) -> None:
    """What could not be passed on is said, and the mail goes all the same."""
    with serving(records.session, ServerOptions("localhost", extensions=built_in("PIPELINING"))) as port:
        done = send(port, "--notify", "never")
    assert 0 == done.exit_code
    assert "does not offer DSN" in done.stderr


def test_cli_smtp_send_sends_what_is_no_text_as_binary_only(records: Records, port: int) -> None:
    """RFC 3030 §3: octets that are no text go where BINARYMIME is offered, and nowhere else."""
    mail = WIRE + b"a bare\rCR\r\n"
    done = send(port, stdin=mail)
    assert 1 == done.exit_code
    assert "refused for bob@harbor.test: 550 5.6.3" in done.stdout
    with serving(records.session, ServerOptions("localhost", binary=True)) as other:
        assert 0 == send(other, stdin=mail).exit_code
    assert [mail] == records.messages


def test_cli_smtp_send_uses_starttls_where_it_is_offered(records: Records, tmp_path: Path) -> None:
    """RFC 7435: unverified without --ca; with it the certificate counts."""
    ca, stranger = tmp_path / "ca.pem", tmp_path / "stranger.pem"
    ca.write_text(authority().pem)
    stranger.write_text(authority("a stranger").pem)
    with serving(records.session, ServerOptions("localhost", tls_available=True), tls=LEAF.server()) as port:
        ways: tuple[tuple[str | Path, ...], ...] = (
            *((), ("--ca", ca), ("--tls", "starttls", "--ca", ca), ("--tls", "starttls", "--insecure")),
        )
        for words in ways:
            done = send(port, "--json", *words)
            assert (0, "TLS1.3") == (done.exit_code, json.loads(done.stdout)["tls"][:6])
        assert 0 == send(port, "--tls", "none").exit_code
        for doubts in (("--ca", stranger), ("--tls", "starttls")):
            refused = send(port, *doubts)
            assert isinstance(refused.exception, Exception)
            assert "no TLS with the server" in str(refused.exception)
            assert "--ca FILE names whom to trust, --insecure takes any" in str(refused.exception)
    assert 5 == len(records.messages)


def test_cli_smtp_send_wants_tls_where_it_is_told_to(port: int) -> None:
    """A server without STARTTLS gets nothing then."""
    for words in (("--tls", "starttls"), ("--require-tls",)):
        assert "the server does not offer STARTTLS" == str(send(port, *words).exception)


@pytest.mark.parametrize("implicit", [False, True])
def test_cli_smtp_send_logs_in_the_strongest_way(records: Records, tmp_path: Path, implicit: bool) -> None:
    """SCRAM bound to the certificate where it is offered; the password is in no argument and in no transcript."""
    ca, password = tmp_path / "ca.pem", tmp_path / "password"
    ca.write_text(authority().pem)
    password.write_text("secret\n")
    options = ServerOptions(
        "localhost",
        tls_available=not implicit,
        tls_active=implicit,
        auth_mechanisms=("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"),
    )
    new_session = ScramSession(records, tls_server_end_point(LEAF.chain[0]))
    words = ("--auth", "alice", "--password-file", password, "--ca", ca, "-v", *(("--tls", "implicit") * implicit))
    with serving(new_session, options, tls=LEAF.server(), implicit=implicit) as port:
        done = send(port, *words)
        assert (0, True) == (done.exit_code, "authenticated by SCRAM-SHA-256-PLUS" in records.asked)
        assert "C: AUTH SCRAM-SHA-256-PLUS (hidden)\n" in done.stderr
        assert "c2VjcmV0" not in done.stderr
        password.write_text("wrong")
        refused = send(port, *words)
        assert "the server does not let alice in: 535 5.7.8 Authentication failed" == str(refused.exception)
    assert 1 == len(records.messages)


def test_cli_smtp_send_takes_further_transactions_for_many_recipients(records: Records) -> None:
    """RFC 5321 §4.5.3.1.10, RFC 9422: what a server takes less at once goes in several."""
    with serving(records.session, ServerOptions("localhost", max_recipients=2, max_transactions=2)) as port:
        done = send(port, *(word for number in range(5) for word in ("--to", f"r{number}@harbor.test")))
    assert 0 == done.exit_code
    assert [f"r{number}" for number in range(5)] == [
        each.forward_path.mailbox.local_part for each in records.recipients if each.forward_path.mailbox
    ]
    assert (3, 2) == (len(records.messages), len(records.peers))


def test_cli_smtp_send_goes_on_to_the_next_where_the_first_of_a_transaction_is_refused(records: Records) -> None:
    """A server that takes one recipient at a time and refuses the first has not spoken of the second."""
    records.replies["bob"] = NO
    with serving(records.session, ServerOptions("localhost", max_recipients=1)) as port:
        done = send(port, "--to", "bob@harbor.test", "--to", "cid@harbor.test")
    assert (1, [WIRE]) == (done.exit_code, records.messages)
    assert [
        "standard input: refused for bob@harbor.test: 550 5.1.1 No such user",
        "standard input: taken for cid@harbor.test: 250 2.0.0 Ok",
    ] == done.stdout.splitlines()


def test_cli_smtp_send_passes_over_what_cannot_be_sent(records: Records, port: int, tmp_path: Path) -> None:
    """One sentence that names the mail and the fix; the others go."""
    (tmp_path / "a.eml").write_bytes(b"Subject: x\n\ntext\n")
    (tmp_path / "b.eml").write_bytes(MAIL.replace(b"To:", b"X-To:"))
    (tmp_path / "c.eml").write_bytes(MAIL)
    done = send(port, tmp_path)
    assert 1 == done.exit_code
    assert [
        "scop: a.eml: its header has no From or Sender; name the sender with --from",
        "scop: b.eml: its header names nobody in To, Cc, Bcc; name the recipients with --to",
    ] == done.stderr.splitlines()
    assert [WIRE] == records.messages
    assert 2 == send(port, tmp_path / "a.eml").exit_code


def test_cli_smtp_send_tells_tls_from_the_beginning_and_later_apart(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS where none is begins, or a wait for a greeting that TLS is to bring: each says which option helps."""
    assert "it does not begin with TLS: say --tls starttls" in str(send(port, "--tls", "implicit").exception)
    monkeypatch.setattr("scop.cli.smtp_send_post.HINT_SECONDS", 0.0)
    assert "scop: the server does not greet yet; if it speaks TLS" in send(port).stderr


def test_cli_smtp_send_says_that_nobody_is_there() -> None:
    """A server that cannot be reached is a failure, told by `scop` with exit status 2."""
    with serving(Records().session, OPTIONS) as port:
        pass
    done = send(port)
    assert f"no connection to localhost port {port}" in str(done.exception)
    assert "" == done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--from", "x y"), "--from x y: not of the form local-part@domain; write it as local@domain"),
        (("--to", "bob"), "--to bob: not of the form local-part@domain; write it as local@domain"),
        (("--server", "a:99999"), "--server a:99999: write it as HOST or HOST:PORT, an IPv6 address in brackets"),
        (("--server", "::1"), "--server ::1: write it as HOST or HOST:PORT, an IPv6 address in brackets"),
        (("--notify", "never,delay"), "--notify never,delay: write never, or some of success,failure,delay"),
        (("--helo", "a b"), "--helo a b: write a domain or an address literal, without spaces"),
        (("--auth", "a", "--tls", "none"), "--auth with --tls none: a password is never sent in the clear"),
        (("--auth", "a"), "--auth: nobody is there to be asked for the password; name a --password-file"),
        (("--auth", "a", "--password-file", "/dev/null"), "/dev/null: its first line is empty"),
        (("--ca", __file__), "it must be PEM"),
    ],
)
def test_cli_smtp_send_names_the_slip_and_the_fix(words: tuple[str, ...], sentence: str) -> None:
    """Bad input gets one sentence, before anything is sent."""
    done = send(9, *words)
    assert 2 == done.exit_code
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("port", "login", "tls"),
    [
        (465, "", Tls.IMPLICIT),
        (2465, "", Tls.IMPLICIT),
        (587, "", Tls.STARTTLS),
        (2587, "", Tls.STARTTLS),
        (2525, "ada", Tls.STARTTLS),
        (25, "", Tls.OPPORTUNISTIC),
    ],
)
def test_cli_smtp_send_knows_the_usual_tls_of_a_port(port: int, login: str, tls: Tls) -> None:
    """RFC 8314 §3, also at the ports that `scop init` chooses for an ordinary user; a password needs TLS anywhere."""
    assert tls is usual_tls(port, needs_tls=bool(login))
