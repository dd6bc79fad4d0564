"""`scop smtp serve`: a durable server in one line."""

import asyncio
import contextlib
import json
import mailbox
import os
import signal
import smtplib
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fakes.fake_distribution import install, shown_extension
from scop.cli.smtp_serve import serve
from scop.cli.smtp_serve_limits import RateLimits
from scop.cli.smtp_serve_shown import lines_for, log_for
from scop.net.faults import PermanentFailure
from scop.net.mail_extensions import ENTRY_POINTS
from scop.net.peer import Peer
from scop.net.places import place_of
from scop.supervisor.founding import self_signed

MAIL = b"Subject: x\r\n\r\n.dot\r\nbody\r\n"
KEPT = b"Subject: x\n\n.dot\nbody\n"
START_SECONDS = 60.0


class _Served:
    """A server that runs, and where."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdout is not None
        self.first = json.loads(process.stdout.readline())
        self.port = int(str(self.first["places"][0]).rpartition(":")[2])

    def end(self, number: int = signal.SIGTERM) -> tuple[int, list[dict[str, object]]]:
        """Send a signal; return the exit status and what was said."""
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=START_SECONDS)
        return self.process.returncode, [json.loads(line) for line in said.splitlines()]

    def send(self, *recipients: str, octets: bytes = MAIL) -> dict[str, tuple[int, bytes]]:
        """Send one mail."""
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="me.test") as client:
            return client.sendmail("a@b.test", recipients, octets)


@contextlib.contextmanager
def _serving(target: str, *words: str) -> Iterator[_Served]:
    command = [sys.executable, "-m", "scop.cli", "smtp", "serve", "--listen", "127.0.0.1:0", "--json"]
    command += ["--deliver", target, "--hostname", "mx.harbor.test", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield _Served(process)
        finally:
            process.kill()


def test_mail_is_kept_in_a_maildir_and_the_end_is_clean(tmp_path: Path) -> None:
    """The file holds the mail below our trace fields; the log names it; SIGTERM ends with status 0."""
    with _serving(f"maildir:{tmp_path}/mail") as served:
        assert {} == served.send("c@d.test")
        status, said = served.end()
    (path,) = (tmp_path / "mail" / "new").iterdir()
    head, _, kept = path.read_bytes().partition(b"+0000\n")
    assert (0, KEPT) == (status, kept)
    assert head.startswith(b"Return-Path: <a@b.test>\nDelivered-To: c@d.test\nReceived: from me.test ")
    assert ["serve.listening", "mail.received", "serve.ended"] == [str(line["event"]) for line in (served.first, *said)]
    assert ("<a@b.test>", ["<c@d.test>"], len(MAIL)) == (
        said[0]["reverse_path"],
        said[0]["recipients"],
        said[0]["size_octets"],
    )


def test_each_user_has_a_maildir_and_nobody_else_exists(tmp_path: Path) -> None:
    """--users and --domain: one maildir each, 550 for others."""
    (tmp_path / "users").write_text("alice\n# nobody\nbob@d.test  # the other one\n")
    words = ("--domain", "d.test", "--users", f"{tmp_path}/users")
    with _serving(f"maildir:{tmp_path}/mail", *words) as served:
        refused = served.send("alice@d.test", "bob@d.test", "carol@d.test", "alice@e.test")
        served.end(signal.SIGINT)
    assert {"carol@d.test": 550, "alice@e.test": 550} == {each: code for each, (code, _) in refused.items()}
    delivered = {path.parts[-3]: path.read_bytes() for path in tmp_path.glob("mail/*/new/*")}
    assert {"alice", "bob@d.test"} == set(delivered)
    assert b"Delivered-To: alice@d.test\nReceived:" in delivered["alice"]


def test_mbox_and_lmtp(tmp_path: Path) -> None:
    """--lmtp answers for each recipient; the mbox is read by a program that knows nothing of us."""
    with _serving(f"mbox:{tmp_path}/mbox", "--lmtp") as served:
        with smtplib.LMTP("127.0.0.1", served.port, local_hostname="me.test") as client:
            client.sendmail("a@b.test", ["c@d.test"], MAIL)
        served.end()
    with contextlib.closing(mailbox.mbox(tmp_path / "mbox", create=False)) as box:
        (mail,) = box
        assert ("c@d.test", ".dot\nbody\n") == (mail["Delivered-To"], mail.get_payload())
        assert " with LMTP" in mail["Received"]


def test_mail_goes_on_to_another_server(tmp_path: Path) -> None:
    """smtp:HOST:PORT behind a server of the same kind: 250 only after the second one kept it."""
    with (
        _serving(f"maildir:{tmp_path}/mail") as behind,
        _serving(f"smtp:127.0.0.1:{behind.port}") as front,
    ):
        assert {} == front.send("c@d.test", "e@d.test")
        assert 1 == len(list((tmp_path / "mail" / "new").iterdir()))


@pytest.mark.parametrize("words", [(), ("--implicit-tls",)])
def test_certificate_lets_tls_be_spoken(words: tuple[str, ...], tmp_path: Path) -> None:
    """STARTTLS is offered, or TLS comes first; the trace field says so."""
    certificate, key = self_signed("harbor.test", "127.0.0.1")
    (tmp_path / "cert").write_bytes(certificate)
    (tmp_path / "key").write_bytes(key)
    tls = ("--tls-cert", f"{tmp_path}/cert", "--tls-key", f"{tmp_path}/key", *words)
    context = ssl.create_default_context(cadata=certificate.decode())
    context.check_hostname = False
    with _serving(f"mbox:{tmp_path}/mbox", *tls) as served:
        if words:
            client: smtplib.SMTP = smtplib.SMTP_SSL("127.0.0.1", served.port, context=context)
        else:
            client = smtplib.SMTP("127.0.0.1", served.port)
            client.starttls(context=context)
        with client:
            client.sendmail("a@b.test", ["c@d.test"], MAIL)
        served.end()
    kept = (tmp_path / "mbox").read_bytes()
    assert [True, True] == [each in kept for each in (b" with ESMTPS\n", b"\ttls TLS_")]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--deliver", "paper:x"), "is none of maildir:DIR"),
        (("--deliver", "smtp:there"), "not of the form HOST:PORT"),
        (("--deliver", "smtp:127.0.0.1:9", "--listen", "0.0.0.0:0"), "relay mail for everybody"),
        (("--deliver", "mbox:/dev/null/x"), "File exists"),
        (("--deliver", "maildir:x", "--tls-cert", "x"), "belong together"),
        (("--deliver", "maildir:x", "--implicit-tls"), "needs --tls-cert"),
        (("--deliver", "maildir:x", "--tls-cert", "x", "--tls-key", "y"), "--tls-cert x: there is no such file"),
        (("--deliver", "maildir:x", "--tls-cert", __file__, "--tls-key", __file__), "no certificate and its key"),
        (("--deliver", "maildir:x", "--users", "/nowhere"), "--users /nowhere: No such file"),
        (("--deliver", "maildir:x", "--users", "/dev/null"), "--users /dev/null: names nobody"),
        (("--deliver", "maildir:x", "--users", __file__), "--users .*, line 1: .*: one address or name a line"),
        (("--deliver", "maildir:x", "--domain", "a b"), "--domain a b: write it as example.org"),
        (("--deliver", "maildir:x", "--hostname", "a b"), "--hostname a b: write a domain"),
        (("--deliver", "maildir:x", "--proxy-from", "here"), "--proxy-from here: .*write it as 192.0.2.0/24"),
        (("--deliver", "maildir:x", "--listen", "192.0.2.99:2525"), "cannot listen on 192.0.2.99:2525: .*assign"),
    ],
)
def test_slip_in_the_words_is_told_in_one_sentence(
    words: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be done ends before anything is served; `scop` makes exit status 2 of it."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises((click.UsageError, OSError, PermanentFailure), match=sentence):
        serve.main(words, standalone_mode=False)


@pytest.mark.parametrize("target", ["maildir", "mbox"])
def test_each_250_is_on_the_disk_when_the_server_is_killed(target: str, tmp_path: Path) -> None:
    """Kill -9 in the middle of it: every mail that got 250 is there, whole."""
    accepted: list[str] = []

    def send(name: str) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            client = smtplib.SMTP("127.0.0.1", served.port, local_hostname="me.test")
            with contextlib.closing(client):
                for number in range(10_000):
                    subject = f"{name}-{number}"
                    client.sendmail("a@b.test", "c@d.test", _long_mail(subject))
                    accepted.append(subject)
                    if len(accepted) == 60:
                        served.process.kill()

    with _serving(f"{target}:{tmp_path}/mail", "--no-rate-limits") as served:
        threads = [threading.Thread(target=send, args=(str(number),)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(START_SECONDS)
    found = _kept(target, tmp_path / "mail")
    assert len(accepted) >= 60
    assert [] == [subject for subject in accepted if _long_mail(subject).replace(b"\r\n", b"\n") not in found]


def _long_mail(subject: str) -> bytes:
    return f"Subject: {subject}\r\n\r\n{'word ' * 12}\r\n".encode() + b"line\r\n" * 700 + subject.encode() + b"\r\n"


def _kept(target: str, place: Path) -> set[bytes]:
    if target == "maildir":
        texts = [path.read_bytes() for path in (place / "new").iterdir()]
    else:
        texts = [text[:-1] for text in place.read_bytes().split(b"From a@b.test ")]
    return {b"Subject: " + text.partition(b"\nSubject: ")[2] for text in texts}


def test_place_may_be_ipv6() -> None:
    """HOST:PORT, brackets around an address with colons."""
    assert [("::1", 25), ("mx.harbor.test", 0)] == [place_of("[::1]:25"), place_of("mx.harbor.test:0")]


async def test_log_that_nobody_reads_stops_no_mail() -> None:
    """A full pipe loses lines, and writing to it never waits."""
    reader, writer = os.pipe()
    write = lines_for(writer)
    for _ in range(10_000):
        write(b"x" * 99 + b"\n")
    await asyncio.sleep(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as heard:
        lines = heard.readlines()
    assert {b"x" * 99 + b"\n"} == set(lines)
    assert len(lines) < 10_000


def test_extensions_of_installed_packages_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an option: the extension that docs/smtp-extensions.md shows, from a package that lies in the path."""
    install(tmp_path, ENTRY_POINTS, "xticket", shown_extension(), "xticket:XTICKET")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    for words, expected in (((), 500), (("--extensions",), 250)):
        with (
            _serving(f"maildir:{tmp_path}/mail", *words) as served,
            smtplib.SMTP("127.0.0.1", served.port, local_hostname="me.test") as client,
        ):
            client.ehlo()
            assert expected == client.docmd("XTICKET sales")[0]
            assert client.has_extn("XTICKET") is (expected == 250)


def test_extension_that_is_broken_keeps_the_server_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the package."""
    install(tmp_path, ENTRY_POINTS, "xbroken", "X = 1", "xbroken:X")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(click.UsageError, match=r"of xbroken-dist 1\.2 is of type int"):
        serve.main(["--deliver", f"maildir:{tmp_path}/mail", "--extensions"], standalone_mode=False)


async def test_log_whose_reader_is_gone_stops_no_mail() -> None:
    """A mail that is on the disk is not refused because its line has nowhere to go."""
    reader, writer = os.pipe()
    os.close(reader)
    lines_for(writer)(b"x\n")
    await asyncio.sleep(0)
    os.close(writer)


def test_people_read_lines() -> None:
    """Without --json each event is a sentence, and what came from outside stays in its line."""
    written: list[bytes] = []
    log = log_for(written.append, as_json=False)
    client = {"address": "192.0.2.7", "helo": "me.test", "tls": ""}
    log.info("mail.received", trace="abc", reverse_path="<>", recipients=["<c@d.test>"], size_octets=7, **client)
    log.warning("mail.refused", reply="550 5.1.1 No", reason="\n", recipient="<x@d.test>", **client)
    log.error("mail.fault", reason="private")
    assert [
        "abc  from <> to <c@d.test>, 7 octets, by me.test [192.0.2.7]",
        "refused [192.0.2.7] for <x@d.test>: 550 5.1.1 No (\\n)",
        "error mail.fault reason=private",
    ] == [line.decode()[21:-1] for line in written]


def test_one_address_is_bounded_unless_asked_otherwise() -> None:
    """The limits are the receiver's: of one address 50 connections at once, and then 421."""
    limits = RateLimits()
    visits = [limits.visit(Peer("192.0.2.7", port)) for port in range(51)]
    refusals = [visit.enter() for visit in visits]
    assert [None] * 50 == refusals[:50]
    assert refusals[50] is not None
    assert 421 == refusals[50][0].code
    visits[0].leave()
    assert visits[50].enter() is None
    assert limits.visit(Peer("198.51.100.7", 1)).enter() is None
