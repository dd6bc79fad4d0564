"""A Postfix next door refuses whom we shut out, by our list; and the kernel takes it as sets."""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
from bench.peers.postfix import Postfix, is_there, running_postfix

from fakes.command_line import DOMAIN, Town, founded
from scop.cli.demo.scene import PORTS

pytestmark = pytest.mark.interop

PATIENCE_SECONDS = 60.0
FORGED = f"From: ceo@{DOMAIN}\r\nTo: bob@{DOMAIN}\r\nSubject: Pay\r\nMessage-ID: <1@x.test>\r\n\r\nNow.\r\n"
LIST = f"bl.{DOMAIN}"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A mesh that runs and publishes its list on port 53, where libraries of the system ask."""
    if os.geteuid() != 0:
        pytest.fail("PEER MISSING: port 53 is root's; `make interop` as root")
    here = founded(tmp_path_factory.mktemp("list"), "list for others")
    here.edit("[network]", "[receiver]\ngreeting_delay_seconds = 0\n\n[firewall]\npublish = true\n\n[network]")
    for place in ("dns = {}", ":{}"):
        here.edit(place.format(PORTS.dns), place.format(53))
    with here.up():
        assert 0 == here.scop("account", "add", "bob", "--password", "a long password").status
        yield here


def neighbour(town: Town, number: int) -> str:
    """Return an address beside the town's, all of them on loopback."""
    return f"{town.address.rsplit('.', 2)[0]}.77.{number}"


@pytest.fixture(scope="module")
def postfix(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    """A Postfix that asks our list about each client and sender."""
    if not is_there():
        pytest.fail("PEER MISSING: postfix, run as root; `make interop` as root installs it")
    folder = tmp_path_factory.mktemp("postfix")
    for parent in (folder, *folder.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    settings = {
        "smtpd_recipient_restrictions": f"reject_rbl_client {LIST}=127.0.0.[2..7], reject_rhsbl_sender {LIST}, permit",
        "max_use": "1",  # a process of smtpd remembers what a list said as long as it lives
    }
    address = neighbour(town, 25)
    with running_postfix(folder / "run", address, PORTS.smtp, settings, nameserver=town.address) as running:
        yield running


def knock(address: str, source: str, sender: str = "s@stranger.test") -> str:
    """Ask a server whether it takes a mail; return what it says of the recipient."""
    with smtplib.SMTP(address, PORTS.smtp, timeout=PATIENCE_SECONDS, source_address=(source, 0)) as client:
        client.ehlo("stranger.test")
        client.mail(sender)
        code, text = client.rcpt("anybody@next.test")
        return f"{code} {text.decode()}"


def forge(town: Town, source: str) -> int:
    """Bring a mail that claims to be the town's."""
    with smtplib.SMTP(timeout=PATIENCE_SECONDS, source_address=(source, 0)) as client:
        code, _ = client.connect(town.address, PORTS.smtp)
        if code == 220:
            client.ehlo("stranger.test")
            client.mail("s@stranger.test")
            client.rcpt(f"bob@{DOMAIN}")
            code, _ = client.data(FORGED)
        return code


def until(town: Town, postfix: Postfix, source: str, wanted: str) -> str:
    """Knock at Postfix until it answers with this code."""
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while not (said := knock(postfix.address, source)).startswith(wanted) and time.monotonic() < deadline:
        pause.wait(0.2)
    return said


def test_postfix_refuses_whom_we_shut_out(town: Town, postfix: Postfix) -> None:
    """RFC 5782 §2: the forger of ten mails, with our reason, and nobody else; let in again when we let it in."""
    forger, honest = neighbour(town, 66), neighbour(town, 1)
    assert "250" == knock(postfix.address, forger)[:3]
    assert [550] * 10 + [421] == [forge(town, forger) for _ in range(11)]
    said = until(town, postfix, forger, "554")
    assert f"554 5.7.1 Service unavailable; Client host [{forger}] blocked using {LIST}; {forger}: forgery: " in said
    assert "250" == knock(postfix.address, honest)[:3]
    assert 0 == town.scop("firewall", "remove", forger).status
    assert "250" == until(town, postfix, forger, "250")[:3]


def test_postfix_knows_a_listed_network_by_its_wildcard(town: Town, postfix: Postfix) -> None:
    """RFC 5782 §2.3: every address in it, and none beside it."""
    network = f"{neighbour(town, 128)}/25"
    assert 0 == town.scop("firewall", "block", network, "--for", "10m").status
    assert "554" == until(town, postfix, neighbour(town, 200), "554")[:3]
    assert "250" == knock(postfix.address, neighbour(town, 127))[:3]
    assert 0 == town.scop("firewall", "remove", network).status


def test_postfix_asks_for_domains_in_the_same_zone(town: Town, postfix: Postfix) -> None:
    """RFC 5782 §5: TEST is listed, and no domain that nobody complained of."""
    source = neighbour(town, 2)
    said = knock(postfix.address, source, "s@test")
    assert f"Sender address [s@test] blocked using {LIST}; a test entry (RFC 5782 section 5)" in said
    assert "250" == knock(postfix.address, source, "s@invalid")[:3]


def test_kernel_takes_the_list_as_sets(town: Town) -> None:
    """nft(8) reads every element that the firewall can have, twice over."""
    nft = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin")
    if nft is None:
        pytest.fail("PEER MISSING: nft (nftables); `make interop` as root installs it")
    for words in (
        ("block", "192.0.2.7", "--for", "1h"),
        ("block", "192.0.2.0/24"),
        ("block", "198.51.100.0/25"),
        ("block", "2001:db8:5::/48", "--for", "1d"),
        ("allow", "2001:db8:5:6::7"),
        ("allow", "192.0.2.9"),
    ):
        assert 0 == town.scop("firewall", *words).status
    sets = town.scop("firewall", "export", "--nft").out
    checked = subprocess.run([nft, "-c", "-f", "-"], input=sets * 2, capture_output=True, text=True, check=False)
    assert (0, "") == (checked.returncode, checked.stderr)


def test_list_is_insecure_and_not_bogus(town: Town) -> None:
    """Our signed zone delegates it without a DS: our own validating resolver answers (RFC 4035 §5.2)."""
    said = town.scop("dns", "query", f"2.0.0.127.{LIST}", "A", "--json")
    assert 0 == said.status, said.err
    assert '"127.0.0.2"' in said.out
