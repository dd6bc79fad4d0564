"""The real mesh against clients that others wrote: swaks, curl, msmtp, smtplib, smtp-source, dig, nsupdate."""

from __future__ import annotations

import shutil
import smtplib
import subprocess
from pathlib import Path

import pytest

from fakes.real_mesh import PASSWORD, RunningWorld, unverified
from scop.cli.demo.scene import PORTS
from scop.cli.shared import ask
from scop.mesh.vocabulary.keeper import AddAppPassword

pytestmark = pytest.mark.interop

PATH = "/usr/sbin:/usr/bin:/bin"


def peer(name: str) -> str:
    """Return the path of a real peer; fail aloud where it is missing, for these tests are about nothing else."""
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.fail(f"PEER MISSING: {name}; `make interop` as root installs it")
    return found


def run(*words: str, text: str = "", expected: int | None = 0) -> str:
    """Run a peer and return what it says."""
    done = subprocess.run(
        [peer(words[0]), *words[1:]], input=text, capture_output=True, text=True, timeout=120, check=False
    )
    assert expected is None or expected == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(("port", "tls"), [(PORTS.submissions, "--tls-on-connect"), (PORTS.submission, "--tls")])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_interop_swaks_submits_with_a_password_over_tls(
    running_world: RunningWorld, port: int, tls: str, mechanism: str
) -> None:
    """Both ports, both mechanisms, all the way to harbor's mailbox."""
    name = f"swaks-{port}-{mechanism.lower()}"
    recipient = running_world.person(name)
    lagoon = running_world.world.lagoon
    run(
        "swaks",
        "--server",
        lagoon.address,
        "--port",
        str(port),
        tls,
        "--auth",
        mechanism,
        "--auth-user",
        "alice",
        "--auth-password",
        PASSWORD,
        "--from",
        f"alice@{lagoon.domain}",
        "--to",
        recipient,
        "--header",
        f"Subject: {name}",
    )
    assert [name] == [mail.subject for mail in running_world.await_mails(name, 1)]


def test_interop_curl_submits(running_world: RunningWorld, tmp_path: Path) -> None:
    """Curl logs in by itself as it sees fit, with both ways to TLS."""
    recipient = running_world.person("curl")
    lagoon = running_world.world.lagoon
    mail = tmp_path / "mail.eml"
    mail.write_text(f"From: alice@{lagoon.domain}\nTo: {recipient}\nSubject: by curl\n\nAhoy.\n")
    for place in (f"smtps://{lagoon.address}:{PORTS.submissions}", f"smtp://{lagoon.address}:{PORTS.submission}"):
        login = ("--user", f"alice:{PASSWORD}", "--ssl-reqd", "--insecure", "--crlf")
        envelope = ("--mail-from", f"alice@{lagoon.domain}", "--mail-rcpt", recipient)
        run("curl", "--silent", "--show-error", place, *login, *envelope, "--upload-file", str(mail))
    assert ["by curl", "by curl"] == [mail.subject for mail in running_world.await_mails("curl", 2)]


@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-256"])
def test_interop_msmtp_submits(running_world: RunningWorld, tmp_path: Path, mechanism: str) -> None:
    """As a sendmail of a person's own machine; by SCRAM of GNU SASL with an app password."""
    recipient = running_world.person(f"msmtp-{mechanism}")
    lagoon = running_world.world.lagoon
    password = PASSWORD
    if mechanism.startswith("scram"):
        password = ask(running_world.scene.config(lagoon), "keeper", AddAppPassword("alice", "msmtp")).password
    settings = tmp_path / "msmtprc"
    settings.write_text(
        f"account default\nhost {lagoon.address}\nport {PORTS.submission}\ntls on\ntls_starttls on\n"
        f"tls_certcheck off\nauth {mechanism}\nuser alice\npassword {password}\nfrom alice@{lagoon.domain}\n"
        "dsn_notify failure,delay\ndsn_return headers\n"
    )
    settings.chmod(0o600)
    mail = f"From: alice@{lagoon.domain}\nTo: {recipient}\nSubject: by msmtp\n\nAhoy.\n"
    run("msmtp", f"--file={settings}", "-t", text=mail)
    assert ["by msmtp"] == [mail.subject for mail in running_world.await_mails(f"msmtp-{mechanism}", 1)]


def test_interop_smtplib_submits(running_world: RunningWorld) -> None:
    """Python's own client, STARTTLS, with SMTPUTF8 and the parameters of DSN."""
    recipient = running_world.person("smtplib")
    lagoon = running_world.world.lagoon
    with smtplib.SMTP(lagoon.address, PORTS.submission, timeout=60) as client:
        client.starttls(context=unverified())
        client.login("alice", PASSWORD)
        mail = f"From: Jörg <alice@{lagoon.domain}>\r\nTo: {recipient}\r\nSubject: Größe\r\n\r\nAhoy.\r\n"
        parameters = ["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS", "ENVID=smtplib-1"]
        notify = ["NOTIFY=FAILURE,DELAY"]
        client.sendmail(f"alice@{lagoon.domain}", [recipient], mail.encode(), parameters, notify)
    assert ["Größe"] == [mail.subject for mail in running_world.await_mails("smtplib", 1)]


def test_interop_swaks_with_a_wrong_password_is_refused(running_world: RunningWorld) -> None:
    """535, and nothing is sent."""
    lagoon = running_world.world.lagoon
    told = run(
        "swaks",
        "--server",
        lagoon.address,
        "--port",
        str(PORTS.submissions),
        "--tls-on-connect",
        "--auth",
        "PLAIN",
        "--auth-user",
        "postman",
        "--auth-password",
        "wrong",
        "--from",
        f"postman@{lagoon.domain}",
        "--to",
        "bob@harbor.test",
        expected=None,
    )
    assert "535 5.7.8" in told


def test_interop_swaks_delivers_with_starttls_at_25(running_world: RunningWorld) -> None:
    """As any host of the Internet does."""
    recipient = running_world.person("swaks-mx")
    harbor = running_world.world.harbor
    run(
        "swaks",
        "--server",
        harbor.address,
        "--port",
        str(PORTS.smtp),
        "--tls",
        "--local-interface",
        running_world.world.forger,
        "--from",
        "s@stranger.test",
        "--to",
        recipient,
        "--header",
        "Subject: through the front door",
    )
    assert ["through the front door"] == [mail.subject for mail in running_world.await_mails("swaks-mx", 1)]


def test_interop_smtp_source_floods_and_everything_is_stored(running_world: RunningWorld) -> None:
    """Postfix's load generator: 200 mails over 10 connections."""
    recipient = running_world.person("flood")
    harbor = running_world.world.harbor
    run(
        "smtp-source",
        "-s",
        "10",
        "-m",
        "200",
        "-l",
        "4096",
        "-f",
        "s@stranger.test",
        "-t",
        recipient,
        f"inet:{harbor.address}:{PORTS.smtp}",
    )
    assert 200 == len(running_world.await_mails("flood", 200))


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_interop_dig_reads_the_zone(running_world: RunningWorld, transport: str) -> None:
    """MX, SPF and the published keys, by UDP and TCP; and what is not there is not there."""
    harbor = running_world.world.harbor
    ask = ("dig", f"@{harbor.address}", "-p", str(PORTS.dns), transport, "+norecurse")
    assert "10 mx.harbor.test." in run(*ask, "+short", "harbor.test", "MX")
    assert "v=spf1" in run(*ask, "+short", "harbor.test", "TXT")
    answer = run(*ask, "nowhere.harbor.test", "A")
    assert "status: NXDOMAIN" in answer
    assert "flags: qr aa" in answer
    assert "status: REFUSED" in run(*ask, "elsewhere.example", "A")


def test_interop_nsupdate_is_refused_at_port_53(running_world: RunningWorld, tmp_path: Path) -> None:
    """The signer's key is good on its pipe only: here nobody knows it (RFC 8945 §5.2.1), and unsigned is refused."""
    harbor = running_world.world.harbor
    key = tmp_path / "tsig.key"
    key.write_bytes((running_world.scene.layout(harbor).folder("primary") / "tsig.key").read_bytes())
    script = (
        f"server {harbor.address} {PORTS.dns}\nzone harbor.test\n"
        'update add x._domainkey.harbor.test 60 TXT "v=DKIM1; p="\nsend\n'
    )
    assert "NOTAUTH(BADKEY)" in run("nsupdate", "-k", str(key), text=script, expected=2)
    assert "REFUSED" in run("nsupdate", "-v", text=script, expected=2)
    ask = ("dig", f"@{harbor.address}", "-p", str(PORTS.dns), "x._domainkey.harbor.test", "TXT")
    assert "status: NXDOMAIN" in run(*ask)
