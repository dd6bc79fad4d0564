"""`scop firewall` and `scop reputation` on a mesh that runs, and the forger whom they show."""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from fakes.command_line import DOMAIN, Town, founded
from scop.cli.demo.scene import PORTS

BAN_SECONDS = 6  # to be asked about before it ends
PATIENCE_SECONDS = 60.0
FORGED = f"From: ceo@{DOMAIN}\r\nTo: bob@{DOMAIN}\r\nSubject: Pay\r\nMessage-ID: <1@x.test>\r\n\r\nNow.\r\n"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A mesh that runs, bans for a moment, and publishes its list."""
    here = founded(tmp_path_factory.mktemp("firewall"), "firewall by the command line")
    here.edit(
        "[network]", f"[limits]\nban_seconds = {BAN_SECONDS}\n\n[receiver]\ngreeting_delay_seconds = 0\n\n[network]"
    )
    here.edit("[tls]", "[firewall]\nallow = ['192.0.2.128/25']\npublish = true\n\n[tls]")
    with here.up():
        assert 0 == here.scop("account", "add", "bob", "--password", "a long password").status
        yield here


def forge(town: Town) -> str:
    """Bring a mail that claims to be ours as a stranger; return what is said at connect, or of the mail."""
    with smtplib.SMTP(timeout=PATIENCE_SECONDS) as client:
        code, text = client.connect(town.address, PORTS.smtp)
        if code != 220:
            return f"{code} {text.decode()}"
        client.ehlo("stranger.test")
        client.mail("s@stranger.test")
        client.rcpt(f"bob@{DOMAIN}")
        code, text = client.data(FORGED)
        return f"{code} {text.decode()}"


def greeting(town: Town) -> int:
    """Return how who connects is received."""
    with smtplib.SMTP(timeout=PATIENCE_SECONDS) as client:
        return client.connect(town.address, PORTS.smtp)[0]


def published(town: Town, name: str) -> list[object]:
    """Return which addresses our primary has for a name of the list."""
    said = town.scop("dns", "query", f"{name}.bl.{DOMAIN}", "A", "--server", f"{town.address}:{PORTS.dns}", "--json")
    answers = cast("dict[str, list[dict[str, object]]]", said.json)["answers"]
    return [answer["text"] for answer in answers]


def until(look: Callable[[], object], wanted: object) -> None:
    """Return once a look finds what is wanted."""
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while (found := look()) != wanted:
        assert time.monotonic() < deadline, found
        pause.wait(0.1)


def test_cli_firewall_blocks_a_forger_after_its_tenth_mail_and_lets_it_in_again(town: Town) -> None:
    """At connect, for the configured time; the commands and the zone tell of it."""
    said = [forge(town) for _ in range(10)]
    assert ["550"] * 10 == [answer[:3] for answer in said]
    refused = forge(town)
    assert refused.startswith("421 4.7.1 Forged mail came from your address, try again in "), refused
    why = town.scop("firewall", "why", "127.0.0.1")
    assert (1, "127.0.0.1 is refused.") == (why.status, why.out.splitlines()[0])
    until(lambda: greeting(town), 220)  # another forged mail would shut it out again, which other tests would see


def test_cli_firewall_orders_are_shown_published_and_taken_back(town: Town) -> None:
    """Block: seen in the list, in the zone, as a set for the kernel; removed: gone from all of them."""
    blocked = town.scop("firewall", "block", "198.51.100.7", "--for", "2h", "--reason", "by hand")
    assert (0, "198.51.100.7 is shut out until ") == (blocked.status, blocked.out[:31])
    shown = town.scop("firewall", "list").out
    rows = [line.split()[:3] for line in shown.splitlines()]
    assert ["198.51.100.7", "block", "operator"] in rows
    assert ["192.0.2.128/25", "allow", "scop.toml"] in rows
    assert "published as the zone bl.harbor.test" in shown
    until(lambda: published(town, "7.100.51.198"), ["127.0.0.2"])
    kernel = town.scop("firewall", "export").out
    assert "add element inet scop block4 { 198.51.100.7 timeout " in kernel
    assert "add element inet scop allow4 { 192.0.2.128/25 }" in kernel
    zone = town.scop("firewall", "export", "--zone", "--apex", "dnsbl.example").out
    assert "7.100.51.198.dnsbl.example. 300 IN A 127.0.0.2\n" in zone
    assert zone == town.scop("firewall", "export", "--zone", "--apex", "DNSBL.example.").out
    assert "7.100.51.198.bl.harbor.test. 300 IN TXT " in town.scop("reputation", "export", "--format", "zone").out
    removed = town.scop("firewall", "remove", "198.51.100.7")
    assert (0, "198.51.100.7: block (operator) is taken away.\n") == (removed.status, removed.out)
    until(lambda: published(town, "7.100.51.198"), [])
    assert 1 == town.scop("firewall", "remove", "198.51.100.7").status


def test_cli_firewall_tells_who_is_let_in_and_why(town: Town) -> None:
    """0 for who is let in, 1 for who is not; in sentences, or as JSON."""
    assert 0 == town.scop("firewall", "block", "203.0.113.0/24").status
    why = town.scop("firewall", "why", "203.0.113.9")
    assert (1, "203.0.113.9 is refused.") == (why.status, why.out.splitlines()[0])
    assert "It is shut out with 203.0.113.0/24: operator, for good." in why.out
    allowed = town.scop("firewall", "allow", "203.0.113.9")
    assert (0, "203.0.113.9 is let in for good.\n") == (allowed.status, allowed.out)
    told = town.scop("firewall", "why", "203.0.113.9", "--json")
    assert (0, "welcome") == (told.status, cast("dict[str, object]", told.json)["standing"])
    domain = town.scop("reputation", "why", "lagoon.test")
    assert (0, "lagoon.test is not listed.") == (domain.status, domain.out.splitlines()[0])
    assert "allowed by [firewall] allow in scop.toml" in town.scop("firewall", "why", "192.0.2.200").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("block", "x y"), "scop: 'x y' is no address, no network such as 192.0.2.0/24, and no domain"),
        (("block", "192.0.2.1/24"), "scop: '192.0.2.1/24' is no network; 192.0.2.0/24 is one"),
        (
            ("block", "0.0.0.0/0"),
            "scop: 0.0.0.0/0 is too much of the Internet; the largest that can be shut out is a /8",
        ),
        (("allow", "lagoon.test"), "scop: lagoon.test is a domain: addresses and networks are let in or not"),
        (("block", "192.0.2.1", "--for", "soon"), "'soon' is no time such as 90s, 15m, 2h or 7d"),
        (("block", "192.0.2.1", "--for", "0s"), "'0s' is no time such as 90s, 15m, 2h or 7d"),
        (("export", "--zone", "--apex", "a..b"), "scop: invalid value for --apex: a label of 'a..b' is empty"),
        (("block", "192.0.2.1", "--for", "9999d"), "scop: an entry lasts more than nothing and at most a year"),
    ],
    ids=["no-subject", "host-bits", "all", "domain", "no-time", "nothing", "apex", "long"],
)
def test_cli_firewall_refuses_in_one_sentence(words: tuple[str, ...], told: str, town: Town) -> None:
    """Which names the thing."""
    said = town.scop("firewall", *words)
    assert (2, "") == (said.status, said.out)
    assert told in said.err


def test_cli_reputation_shows_and_exports_what_is_known(town: Town) -> None:
    """A table, JSON, CSV: the stranger who forged, by its address and its network."""
    forge(town)
    listed = cast("dict[str, list[dict[str, object]]]", town.scop("reputation", "list", "--json").json)["subjects"]
    assert {("127.0.0.1", "address"), ("127.0.0.0/24", "network")} <= {(s["subject"], s["kind"]) for s in listed}
    assert "127.0.0.1" in town.scop("reputation", "list", "--kind", "address").out
    (row,) = cast("list[dict[str, object]]", town.scop("reputation", "export", "--kind", "address").json)
    header, *rows = town.scop("reputation", "export", "--kind", "address", "--format", "csv").out.splitlines()
    assert (",".join(row), 1) == (header, len(rows))
    why = town.scop("reputation", "why", "127.0.0.0/24")
    assert "Known of 127.0.0.0/24, faded by half in 24 hours:" in why.out
    assert 2 == town.scop("reputation", "export", "--format", "zone", "--kind", "domain").status
