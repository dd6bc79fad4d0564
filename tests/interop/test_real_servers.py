"""Postfix, Dovecot and aiosmtpd as the other end: they send to us and take what we send."""

from __future__ import annotations

import contextlib
import os
import shutil
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bench.peers import dovecot
from bench.peers.listening import await_listener
from bench.peers.postfix import Postfix, running_postfix

from fakes.real_mesh import RunningWorld
from scop.cli.demo.scene import PORTS, Organisation
from scop.mime import parse

pytestmark = pytest.mark.interop

PATIENCE_SECONDS = 60.0
SYSTEM_PYTHON = "/usr/bin/python3"  # where Debian's aiosmtpd is


def peer_address(world: RunningWorld) -> str:
    """Return the address that mx.postfix.test has in this world."""
    return world.world.root.rsplit(".", 2)[0] + ".50.1"


def eventually(look: Callable[[], str], wanted: str) -> str:
    """Return what `look` says once it holds `wanted`, or what it says at last."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while wanted not in (said := look()) and time.monotonic() < give_up:
        time.sleep(0.2)
    return said


@pytest.fixture(scope="module")
def postfix(running_world: RunningWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    """A Postfix that is the MX of postfix.test, keeps its people's mail, and knows where our organisations are."""
    if os.geteuid() != 0 or shutil.which("postfix", path="/usr/sbin") is None:
        pytest.fail("PEER MISSING: postfix, run as root; `make interop` as root installs it")
    folder = tmp_path_factory.mktemp("postfix")
    for parent in (folder, *folder.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    mail = folder / "mail"
    mail.mkdir()
    shutil.chown(mail, "nobody", "nogroup")
    ids = {"virtual_uid_maps": "static:65534", "virtual_gid_maps": "static:65534", "virtual_minimum_uid": "1"}
    people = {
        "virtual_mailbox_domains": "postfix.test",
        "virtual_mailbox_base": str(mail),
        "virtual_mailbox_maps": "static:all/",
        "virtual_transport": "virtual",
        "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
        "smtpd_recipient_restrictions": "permit",
    }
    outgoing = {
        "transport_maps": "inline:{" + ", ".join(map(_route, running_world.world.organisations)) + "}",
        "smtp_tls_security_level": "may",
        "smtp_discard_ehlo_keywords": "",
        "myhostname": "mx.postfix.test",
    }
    with running_postfix(folder / "run", peer_address(running_world), PORTS.smtp, ids | people | outgoing) as running:
        yield running


def _route(organisation: Organisation) -> str:
    return f"{{ {organisation.domain} = smtp:[{organisation.address}]:{PORTS.smtp} }}"


def kept(postfix: Postfix) -> list[bytes]:
    """Return the mails that Postfix has stored."""
    folder = postfix.folder.parent / "mail" / "all" / "new"
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.exists() else []


def test_interop_postfix_sends_to_us_with_dsn_and_smtputf8(running_world: RunningWorld, postfix: Postfix) -> None:
    """Postfix pipelines, asks for a notice of success under an ENVID of its own, and hears that it was delivered."""
    recipient = running_world.person("from-postfix")
    mail = f"From: Jörg <ann@postfix.test>\r\nTo: {recipient}\r\nSubject: Größe\r\n\r\nAhoy.\r\n"
    with smtplib.SMTP(postfix.address, postfix.port, timeout=60) as client:
        parameters = ["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS", "ENVID=tide-7"]
        client.sendmail("ann@postfix.test", [recipient], mail.encode(), parameters, ["NOTIFY=SUCCESS,FAILURE"])
    assert ["Größe"] == [mail.subject for mail in running_world.await_mails("from-postfix", 1)]
    eventually(lambda: str(kept(postfix)), "tide-7")
    (report,) = [octets for octets in kept(postfix) if b"tide-7" in octets]
    message = parse(report)
    assert "multipart/report" == message.content_type.media_type
    status = message.parts[1].content
    assert b"Original-Envelope-Id: tide-7" in status
    assert b"Action: delivered" in status
    assert recipient.encode() in status


def test_interop_we_send_to_postfix_by_bdat(running_world: RunningWorld, postfix: Postfix) -> None:
    """From submission through the relay: pipelined, in chunks, with DSN; Postfix's own report comes back to alice."""
    lagoon = running_world.world.lagoon
    sender = running_world.person("to-postfix", lagoon)
    mail = f"From: {sender}\r\nTo: bob@postfix.test\r\nSubject: Größe\r\n\r\n" + "Ahoy.\r\n" * 3000
    with running_world.login("to-postfix") as client:
        parameters = ["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS", "ENVID=anchor-3"]
        client.sendmail(sender, ["bob@postfix.test"], mail.encode(), parameters, ["NOTIFY=SUCCESS,FAILURE"])
    eventually(lambda: str(kept(postfix)), "Ahoy.")
    (stored,) = [octets for octets in kept(postfix) if b"Ahoy." in octets and sender.encode() in octets]
    assert 3000 == stored.count(b"Ahoy.")
    log = eventually(lambda: postfix.log, "bdat=")
    assert "bdat=" in log
    (report,) = running_world.octets("to-postfix", running_world.await_mails("to-postfix", 1, lagoon), lagoon)
    assert b"Original-Envelope-Id: anchor-3" in report
    assert b"Action: delivered" in report


def test_interop_postfix_refuses_and_the_bounce_helps(running_world: RunningWorld, postfix: Postfix) -> None:
    """A recipient that Postfix refuses comes back with Postfix's own words."""
    lagoon = running_world.world.lagoon
    sender = running_world.person("refused", lagoon)
    with running_world.login("refused") as client:
        client.sendmail(sender, ["bob@elsewhere.postfix.test"], f"From: {sender}\r\n\r\nAhoy.\r\n")
    (report,) = running_world.octets("refused", running_world.await_mails("refused", 1, lagoon), lagoon)
    assert b"Action: failed" in report


def scop(*words: str) -> str:
    """Run one of our own commands and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "scop.cli", *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_interop_dovecot_takes_our_lmtp(running_world: RunningWorld, tmp_path: Path) -> None:
    """`scop smtp send --lmtp`, one reply for each recipient, in chunks."""
    if not dovecot.is_there():
        pytest.fail("PEER MISSING: dovecot, run as root; `make interop` as root installs it")
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"From: ann@lagoon.test\r\nSubject: tide\r\n\r\n.High water at nine.\r\n")
    with dovecot.running_dovecot(tmp_path / "dovecot", peer_address(running_world), 2424) as folder:
        place = f"{peer_address(running_world)}:2424"
        to = ("--to", "bob@harbor.test", "--to", "eve@harbor.test")
        scop("smtp", "send", "--lmtp", "--server", place, "--tls", "none", "--from", "ann@lagoon.test", *to, str(mail))
        stored = [path.read_bytes() for path in folder.rglob("new/*")]
    assert 2 == len(stored)
    assert all(octets.replace(b"\r\n", b"\n").endswith(b"\n.High water at nine.\n") for octets in stored)


@contextlib.contextmanager
def aiosmtpd(address: str, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run aiosmtpd, which prints what it takes."""
    command = [SYSTEM_PYTHON, "-u", "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Debugging", "stdout"]
    process = subprocess.Popen(
        [*command[:5], "-l", f"{address}:{port}", *command[5:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        await_listener(address, port, lambda: process.poll() is None)
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_interop_aiosmtpd_takes_our_mail(running_world: RunningWorld, tmp_path: Path) -> None:
    """A server without CHUNKING and DSN gets plain DATA, dots and all."""
    if subprocess.run([SYSTEM_PYTHON, "-c", "import aiosmtpd"], capture_output=True, check=False).returncode:
        pytest.fail("PEER MISSING: python3-aiosmtpd; `make interop` as root installs it")
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"From: ann@lagoon.test\r\nSubject: tide\r\n\r\n.High water at nine.\r\nend\r\n")
    address = peer_address(running_world)
    with aiosmtpd(address, 2599) as process:
        words = ("--server", f"{address}:2599", "--tls", "none", "--from", "ann@lagoon.test", "--to", "bob@harbor.test")
        scop("smtp", "send", *words, str(mail))
        process.terminate()
        said, _ = process.communicate(timeout=20)
    assert "\n.High water at nine.\n" in said
