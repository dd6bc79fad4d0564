"""A real Postfix with our filter beside it, configured by the very blocks of docs/spam-alone.md."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shlex
import shutil
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click
import pytest
from bench.peers import dovecot
from bench.peers.postfix import Postfix, running_postfix

import scop
from fakes.containers import PROGRAM, mail_with
from fakes.corpus import corpus_sample
from fakes.real_mesh import world_of
from scop.cli.spam.arrivals import arrival_of
from scop.cli.spam.filter_weighing import without_our_fields
from scop.spam import Classifier, Label

pytestmark = pytest.mark.interop

DOCS = Path(__file__).parents[2] / "docs" / "spam-alone.md"
PATIENCE_SECONDS = 60.0
SYSTEM_PYTHON = "/usr/bin/python3"  # of the same version, or its extensions would not load
RECIPIENT = "bob@postfix.test"
MODEL = "/var/lib/scop-filter/model.spam"


@dataclass(frozen=True, slots=True)
class Way:
    """One section of the documentation: its blocks, at addresses of our own."""

    main: dict[str, str]
    master: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """What all ways are tried with."""

    folder: Path
    address: str
    ham: bytes
    spam: bytes

    def way(self, title: str) -> Way:
        """Read a section, its loopback address and the model's path replaced by ours."""
        section = DOCS.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        section = section.replace("127.0.0.1", self.address).replace(MODEL, str(self.folder / "model.spam"))
        blocks = dict(re.findall(r"```(main\.cf|master\.cf|sh)\n(.*?)```", section, re.DOTALL))
        main = dict(line.split(" = ", 1) for line in blocks.get("main.cf", "").splitlines())
        return Way(main, blocks.get("master.cf", ""), tuple(shlex.split(blocks.get("sh", ""))))

    @contextlib.contextmanager
    def filter(self, way: Way, *more: str) -> Iterator[subprocess.Popen[str]]:
        """Run the filter as root does, as nobody in the end; see that it ends well."""
        command = [sys.executable, "-m", "scop.cli", *way.command[1:], "--user", "nobody", "--json", *more]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "filter.listening" in line, line + process.communicate(timeout=20)[1]
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=20)
        assert (0, "") == (process.returncode, said)

    @contextlib.contextmanager
    def postfix(self, way: Way, **settings: str) -> Iterator[Postfix]:
        """Run a Postfix that keeps the mail of postfix.test in a Maildir of this bench."""
        folder = self.folder / str(len(list(self.folder.iterdir())))
        mail = folder / "mail"
        mail.mkdir(parents=True)
        shutil.chown(mail, "nobody", "nogroup")
        people = {
            "virtual_mailbox_domains": "postfix.test",
            "virtual_mailbox_base": str(mail),
            "virtual_mailbox_maps": "static:all/",
            "virtual_transport": "virtual",
            "virtual_uid_maps": "static:65534",
            "virtual_gid_maps": "static:65534",
            "virtual_minimum_uid": "1",
            "smtpd_recipient_restrictions": "permit",
        }
        with running_postfix(
            folder / "run", self.address, 2525, {**people, **way.main, **settings}, services=way.master
        ) as running:
            yield running

    def send(self, postfix: Postfix, octets: bytes, *recipients: str) -> None:
        """Hand a mail in."""
        with smtplib.SMTP(postfix.address, postfix.port, timeout=60) as client:
            client.sendmail("ann@example.test", recipients or [RECIPIENT], octets, ["BODY=8BITMIME"])


def kept(postfix: Postfix) -> list[bytes]:
    """Return the mails that have arrived."""
    folder = postfix.folder.parent / "mail" / "all" / "new"
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.exists() else []


def arrived(postfix: Postfix, count: int) -> list[bytes]:
    """Return the mails once there are so many."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while len(found := kept(postfix)) < count and time.monotonic() < give_up:
        time.sleep(0.1)
    assert count == len(found), postfix.log
    return found


def labels(mails: list[bytes]) -> set[str]:
    """Return what the mails are labelled; each bears one label."""
    found = [re.findall(rb"(?m)^X-SCoP-Spam: (\w+);", mail) for mail in mails]
    assert {1} == set(map(len, found))
    return {each[0].decode() for each in found}


@pytest.fixture(scope="module")
def filter_bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A model of some real mails, and two others that it is sure of; the ham bears a forged label."""
    if os.geteuid() != 0 or shutil.which("postfix", path="/usr/sbin") is None:
        pytest.fail("PEER MISSING: postfix, run as root; `make interop` as root installs it")
    folder = tmp_path_factory.mktemp("content-filters")
    for parent in (folder, *folder.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    classifier = Classifier()
    taught, others = corpus_sample(10)[::2], corpus_sample(10)[1::2]
    for label, octets in random.Random(7).sample(taught, len(taught)):
        classifier.learn(octets, label)
    (folder / "model.spam").write_bytes(classifier.save())
    (folder / "model.spam").chmod(0o644)
    ham, spam = (
        next(wire(octets) for name, octets in others if name == label and classifier.classify(octets).label is label)
        for label in (Label.HAM, Label.SPAM)
    )
    return Bench(folder, world_of("content-filters").root, b"X-SCoP-Spam: spam; score=1.0\r\n" + ham, spam)


def wire(octets: bytes) -> bytes:
    """Return a mail of the corpus as it is sent: without its postmark, its lines ended by CRLF."""
    return re.sub(rb"\r?\n", b"\r\n", re.sub(rb"\AFrom [^\n]*\n", b"", octets))


@pytest.mark.parametrize("title", ["Milter", "Behind the queue", "Before the queue"])
def test_interop_postfix_labels_by_our_filter(filter_bench: Bench, title: str) -> None:
    """Ham and spam come through with one label each, ours, and bodies as they were sent; the client is known."""
    way = filter_bench.way(title)
    with filter_bench.filter(way) as running, filter_bench.postfix(way) as postfix:
        filter_bench.send(postfix, filter_bench.ham)
        filter_bench.send(postfix, filter_bench.spam, RECIPIENT, "eve@postfix.test")
        mails = arrived(postfix, 3)
        running.send_signal(signal.SIGTERM)
        assert running.stdout is not None
        said = running.stdout.read()
    assert {"ham", "spam"} == labels(mails)
    assert [b"ham", b"spam", b"spam"] == sorted(label for mail in mails for label in re.findall(rb"Spam: (\w+);", mail))
    for sent in (filter_bench.ham, filter_bench.spam):
        body = sent.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n")
        assert any(mail.endswith(body) for mail in mails)
    assert '"address":"127.' in said
    # Postfix puts its own Return-Path in the place of one that comes in.
    brought = {
        re.sub(rb"(?m)\AReturn-Path: .*\n", b"", without_our_fields(sent).replace(b"\r\n", b"\n"))
        for sent in (filter_bench.ham, filter_bench.spam)
    }
    for mail in mails:  # what training will read of them is what was brought, and by whom
        below, connection = arrival_of(without_our_fields(mail), frozenset({"postfix.test"}))
        assert connection is not None
        assert connection.address.startswith("127.")
        assert without_our_fields(below) in brought


def scop_of_nobody() -> str:
    """Return our command for who may not enter the folder of this interpreter: by the one of the system."""
    paths = (Path(scop.__file__).parents[1], Path(click.__file__).parents[1])
    return f"/usr/bin/env PYTHONPATH={':'.join(map(str, paths))} {SYSTEM_PYTHON} -m scop.cli"


def test_interop_postfix_pipes_through_our_filter(filter_bench: Bench) -> None:
    """By pipe(8) each mail is labelled on its way back into the queue, which `sendmail` does not pass twice."""
    if shutil.which("swaks") is None:
        pytest.fail("PEER MISSING: swaks; `make interop` as root installs it")
    # Postfix's own sendmail reads the configuration of the machine: for this one it is a client of its second smtpd.
    sendmail = filter_bench.folder / "sendmail"
    place = f"{filter_bench.address}:10026"
    sendmail.write_text(f'#!/bin/sh\nexec swaks --silent 2 --server {place} --from "$4" --to "$6" --data -\n')
    sendmail.chmod(0o755)
    master = filter_bench.way("Mail by mail").master
    for old, new in (
        ("/usr/bin/scop", scop_of_nobody()),
        ("user=scop-filter", "user=nobody"),
        ("/usr/sbin/sendmail", str(sendmail)),
        ("smtp      inet", f"{filter_bench.address}:2525 inet"),
    ):
        assert old in master
        master = master.replace(old, new)
    second = f"{place} inet n - n - 10 smtpd\n"
    with filter_bench.postfix(Way({}, master + second, ())) as postfix:
        for octets in (filter_bench.ham, filter_bench.spam):
            filter_bench.send(postfix, octets)
        assert {"ham", "spam"} == labels(arrived(postfix, 2))


def test_interop_mail_waits_while_the_filter_is_away(filter_bench: Bench) -> None:
    """Behind the queue a mail is deferred while there is no filter, and nothing is lost."""
    way = filter_bench.way("Behind the queue")
    with filter_bench.postfix(way) as postfix:
        filter_bench.send(postfix, filter_bench.spam)
        queued(postfix, "Connection refused")
        with filter_bench.filter(way):
            postfix.control("postqueue", "-f")
            assert {"spam"} == labels(arrived(postfix, 1))


def test_interop_mail_waits_while_the_next_server_is_away(filter_bench: Bench) -> None:
    """Behind the queue a mail is deferred while the filter cannot pass it on, and nothing is lost."""
    way = filter_bench.way("Behind the queue")
    nowhere = tuple(word.replace(":10026", ":10099") for word in way.command)
    with filter_bench.postfix(way) as postfix:
        with filter_bench.filter(replace(way, command=nowhere)):
            filter_bench.send(postfix, filter_bench.ham)
            queued(postfix, "421")
        with filter_bench.filter(way):
            postfix.control("postqueue", "-f")
            assert {"ham"} == labels(arrived(postfix, 1))


def queued(postfix: Postfix, reason: str) -> None:
    """Wait until a mail is deferred for a reason."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while reason not in (said := postfix.control("postqueue", "-p")) and time.monotonic() < give_up:
        time.sleep(0.1)
    assert reason in said, postfix.log


def test_interop_postfix_refuses_what_our_milter_refuses(filter_bench: Bench) -> None:
    """The sender reads our reply while it is connected; nothing of the mail is in the queue, and ham goes on."""
    way = filter_bench.way("Milter")
    with filter_bench.filter(way, "--reject-above", "0.5"), filter_bench.postfix(way) as postfix:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            filter_bench.send(postfix, filter_bench.spam)
        filter_bench.send(postfix, filter_bench.ham)
        assert {"ham"} == labels(arrived(postfix, 1))
    assert (550, True) == (refused.value.smtp_code, b"5.7.1 This mail looks like spam" in refused.value.smtp_error)


def test_interop_postfix_holds_what_our_milter_holds(filter_bench: Bench) -> None:
    """With --quarantine spam waits in the queue `hold`, labelled, until somebody releases it."""
    way = filter_bench.way("Milter")
    with filter_bench.filter(way, "--quarantine"), filter_bench.postfix(way) as postfix:
        filter_bench.send(postfix, filter_bench.spam)
        queued(postfix, "!")
        assert [] == kept(postfix)
        postfix.control("postsuper", "-H", "ALL")
        postfix.control("postqueue", "-f")
        assert {"spam"} == labels(arrived(postfix, 1))


REFUSED = b"5.7.1 This mail brings a program, which is not accepted here"


@pytest.mark.parametrize("title", ["Milter", "Before the queue"])
def test_interop_postfix_refuses_a_program_that_we_find(filter_bench: Bench, title: str) -> None:
    """Its sender reads why while it is connected, and a mail with a harmless file goes on."""
    way = filter_bench.way(title)
    examining = ("--examine", "--on-dangerous", "refuse")
    with filter_bench.filter(way, *examining), filter_bench.postfix(way) as postfix:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            filter_bench.send(postfix, mail_with(PROGRAM, "tide.exe"))
        filter_bench.send(postfix, mail_with(b"High water at nine.", "tide.txt"))
        arrived(postfix, 1)
    assert (550, True) == (refused.value.smtp_code, REFUSED in refused.value.smtp_error)


def test_interop_postfix_holds_a_program_that_our_milter_finds(filter_bench: Bench) -> None:
    """Usually it waits in the queue `hold`, and says why on top."""
    way = filter_bench.way("Milter")
    with filter_bench.filter(way, "--examine"), filter_bench.postfix(way) as postfix:
        filter_bench.send(postfix, mail_with(PROGRAM, "tide.exe"))
        queued(postfix, "!")
        assert [] == kept(postfix)
        postfix.control("postsuper", "-H", "ALL")
        postfix.control("postqueue", "-f")
        (mail,) = arrived(postfix, 1)
    assert b"X-SCoP-Attachments: quarantine\nX-SCoP-Finding: executable;" in mail


def test_interop_postfix_holds_what_our_proxy_would_quarantine(filter_bench: Bench) -> None:
    """The server behind the proxy holds the mail by the field, as the documentation has it."""
    way = filter_bench.way("Before the queue")
    rules = filter_bench.folder / "header_checks"
    rules.write_text(re.findall(r"```header_checks\n(.*?)```", DOCS.read_text(), re.DOTALL)[0])
    rules.chmod(0o644)
    with (
        filter_bench.filter(way, "--examine"),
        filter_bench.postfix(way, header_checks=f"regexp:{rules}") as postfix,
    ):
        filter_bench.send(postfix, mail_with(PROGRAM, "tide.exe"))
        queued(postfix, "!")
        assert [] == kept(postfix)


def test_interop_mail_waits_while_the_milter_is_away(filter_bench: Bench) -> None:
    """With `milter_default_action = tempfail` the sender keeps the mail."""
    with filter_bench.postfix(filter_bench.way("Milter")) as postfix:
        with pytest.raises(smtplib.SMTPException) as refused:
            filter_bench.send(postfix, filter_bench.ham)
        assert "451" in str(refused.value)


def test_interop_the_sender_waits_while_the_second_half_is_away(filter_bench: Bench) -> None:
    """Before the queue nothing is taken that cannot be passed on."""
    way = filter_bench.way("Before the queue")
    nowhere = tuple(word.replace(":10026", ":10099") for word in way.command)
    with filter_bench.filter(replace(way, command=nowhere)), filter_bench.postfix(way) as postfix:
        with pytest.raises(smtplib.SMTPException) as refused:
            filter_bench.send(postfix, filter_bench.ham)
        assert "451" in str(refused.value)
        assert [] == kept(postfix)


def test_interop_postfix_and_dovecot_have_our_filter_between_them(filter_bench: Bench) -> None:
    """By LMTP each recipient's mail is labelled on its way into Dovecot's Maildirs."""
    if not dovecot.is_there():
        pytest.fail("PEER MISSING: dovecot, run as root; `make interop` as root installs it")
    way = filter_bench.way("Before the mailboxes, by LMTP")
    with (
        dovecot.running_dovecot(filter_bench.folder / "dovecot", filter_bench.address, 2424) as folder,
        filter_bench.filter(way),
        filter_bench.postfix(Way({}, "", ()), **way.main) as postfix,
    ):
        filter_bench.send(postfix, filter_bench.spam, RECIPIENT, "eve@postfix.test")
        give_up = time.monotonic() + PATIENCE_SECONDS
        while len(found := list(folder.rglob("new/*"))) < 2 and time.monotonic() < give_up:
            time.sleep(0.1)
        assert 2 == len(found), postfix.log
        assert {"spam"} == labels([path.read_bytes() for path in found])


MILTERTEST = """
conn = mt.connect("inet:8895@{address}")
mt.conninfo(conn, "mail.example", "192.0.2.7")
mt.helo(conn, "mail.example")
mt.mailfrom(conn, "<ann@example.test>")
mt.header(conn, "Subject", "tide")
mt.header(conn, "X-SCoP-Spam", "ham")
mt.bodyrandom(conn, 2000000)
if mt.eom(conn) ~= nil then error("the end of the message was not answered") end
if not mt.eom_check(conn, MT_HDRDELETE, "X-SCoP-Spam") then error("a forged field is still there") end
if not mt.eom_check(conn, MT_HDRINSERT, "X-SCoP-Spam") then error("there is no field of ours") end
if mt.getreply(conn) ~= SMFIR_CONTINUE then error("the mail does not go on") end
mt.disconnect(conn)
"""


def test_interop_miltertest_finds_a_milter(filter_bench: Bench) -> None:
    """Another program that speaks the mail server's part understands us, also where a body is long."""
    if shutil.which("miltertest") is None:
        pytest.fail("PEER MISSING: miltertest; `make interop` as root installs it")
    script = filter_bench.folder / "milter.lua"
    script.write_text(MILTERTEST.format(address=filter_bench.address))
    with filter_bench.filter(filter_bench.way("Milter")):
        done = subprocess.run(
            ["miltertest", "-s", str(script)], capture_output=True, text=True, timeout=60, check=False
        )
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
