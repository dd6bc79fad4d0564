"""`scop dns primary`, `update` and `notify`, as programs that speak with each other."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import click
import dns.edns
import dns.message
import dns.query
import dns.rcode
import pytest

from fakes import command_line
from fakes.primary_program import Program, await_true, key_line, new_key, running_primary
from scop.cli.dns.primary_told import PrimaryTold
from scop.mesh.cell import Life
from scop.net.clock import SystemClock
from scop.net.dns_public import PublicSockets
from scop.net.log import Log

ZONE = "harbor.test"
TEXT = "$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 1209600 10\n@ NS ns1\nns1 A 127.0.0.1\n"
WRITER, READER = new_key("writer"), new_key("reader")


def words_of(folder: Path) -> tuple[str, ...]:
    """Return how a primary of one zone is started."""
    (folder / "keys").write_text(key_line(WRITER) + key_line(READER))
    (folder / "zone").write_text(TEXT)
    rights = ("--allow-update", "writer:*:*", "--transfer-key", "reader")
    return ("--zone", f"{ZONE}={folder / 'zone'}", "--tsig-key", str(folder / "keys"), *rights)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A primary that all tests share."""
    folder = tmp_path_factory.mktemp("primary")
    words = (*words_of(folder), "--state", str(folder / "state"), "--nsid", "ns1")
    with running_primary(folder, "127.0.0.1", *words) as running:
        yield running


def scop(*words: str, said: str = "") -> tuple[int, str]:
    """Run a command and return its exit status and what it printed."""
    done = command_line.scop("dns", *words, stdin=said)
    return done.status, done.out + done.err


def answers(program: Program, name: str, type_: str) -> list[str]:
    """Ask the primary."""
    response = dns.query.udp(dns.message.make_query(name, type_), program.address, port=program.port, timeout=60)
    return [str(rdata) for rrset in response.answer for rdata in rrset]


def with_key(program: Program, name: str = "writer") -> tuple[str, ...]:
    """Return the options that name server and key."""
    return ("--server", f"127.0.0.1:{program.port}", "--key", str(program.log.parent / "keys"), "--key-name", name)


def test_cli_update_changes_a_zone(program: Program) -> None:
    """Changes are given as words or as lines of nsupdate; done is exit status 0."""
    assert (0, "NOERROR: done, and durable\n") == scop("update", ZONE, "add a 60 A 192.0.2.1", *with_key(program))
    assert ["192.0.2.1"] == answers(program, "a.harbor.test", "A")
    script = "prereq yxdomain a.harbor.test.\nupdate delete a.harbor.test.\nupdate add b.harbor.test. 60 TXT x\nsend\n"
    assert (0, '{"rcode":"NOERROR","meaning":"done, and durable"}\n') == scop(
        "update", ZONE, "--json", *with_key(program), said=script
    )
    assert ([], ['"x"']) == (answers(program, "a.harbor.test", "A"), answers(program, "b.harbor.test", "TXT"))


def test_cli_update_says_why_not(program: Program) -> None:
    """A server that says no is exit status 1, what cannot be done is 2."""
    add = "add z 60 A 192.0.2.1"
    assert (1, "NXDOMAIN") == _short(scop("update", ZONE, "prereq yxdomain none", add, *with_key(program)))
    assert (1, "REFUSED") == _short(scop("update", ZONE, add, *with_key(program, "reader")))
    assert (1, "NOTAUTH") == _short(scop("update", "lagoon.test", add, *with_key(program)))
    assert 2 == scop("update", ZONE, "add z 60 A nowhere", *with_key(program))[0]
    assert 2 == scop("update", ZONE, add, *with_key(program)[2:], "--server", "127.0.0.1:1")[0]
    assert [] == answers(program, "z.harbor.test", "A")


def _short(done: tuple[int, str]) -> tuple[int, str]:
    return done[0], done[1].partition(":")[0]


def test_cli_notify_is_heard_by_a_secondary_only(program: Program, tmp_path: Path) -> None:
    """A secondary hears a NOTIFY under its key; who keeps the zone itself says no."""
    assert (1, "NOTAUTH") == _short(scop("notify", ZONE, *with_key(program)))
    secondary = ("--secondary", f"{ZONE}=127.0.0.1:{program.port}:reader")
    keys = ("--tsig-key", str(program.log.parent / "keys"))
    with running_primary(tmp_path, "127.0.0.1", *secondary, *keys, "--state", str(tmp_path / "state")) as other:
        await_true(lambda: answers(other, "ns1.harbor.test", "A") == ["127.0.0.1"], other.log.read_text())
        assert 0 == scop("update", ZONE, "add heard 60 A 192.0.2.7", *with_key(program))[0]
        words = ("notify", ZONE, "--server", f"127.0.0.1:{other.port}", "--key", keys[1], "--key-name")
        assert (1, "NOTAUTH") == _short(scop(*words, "writer"))
        assert (0, "NOERROR: heard\n") == scop(*words, "reader")
        await_true(lambda: answers(other, "heard.harbor.test", "A") == ["192.0.2.7"], other.log.read_text())


def test_cli_primary_answers_servfail_before_its_first_transfer(tmp_path: Path) -> None:
    """A zone that has not come yet is not denied."""
    (tmp_path / "keys").write_text(key_line(READER))
    words = ("--secondary", f"{ZONE}=127.0.0.1:1:reader", "--tsig-key", str(tmp_path / "keys"))
    with running_primary(tmp_path, "127.0.0.1", *words, "--state", str(tmp_path / "state")) as program:
        query = dns.message.make_query(ZONE, "SOA")
        response = dns.query.udp(query, program.address, port=program.port, timeout=60)
    assert dns.rcode.SERVFAIL == response.rcode()


def test_cli_primary_ends_in_order(tmp_path: Path) -> None:
    """SIGTERM is exit status 0, and without --state nothing is left behind."""
    with running_primary(tmp_path, "127.0.0.1", *words_of(tmp_path)) as program:
        assert 0 == scop("update", ZONE, "add a 60 A 192.0.2.1", *with_key(program))[0]
        program.process.send_signal(signal.SIGTERM)
        assert 0 == program.process.wait(20)
    assert {"keys", "zone", "primary.log"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--zone", "harbor.test"), "NAME=FILE"),
        (("--zone", "harbor.test=/nowhere"), "/nowhere"),
        (("--allow-update", "k:*:*"), "no key 'k'"),
        (("--transfer-key", "k"), "no key 'k'"),
        (("--secondary", "a.test=127.0.0.1:k"), "no key 'k'"),
        (("--notify", "somewhere"), "no address"),
        (("--listen", "nowhere"), "HOST:PORT"),
        (("--secondary", "a.test=127.0.0.1:5300"), "under a key only"),
        ((), "nothing to answer for"),
    ],
)
def test_cli_primary_names_what_is_wrong(tmp_path: Path, words: tuple[str, ...], complaint: str) -> None:
    """What cannot be used is exit status 2, in one sentence."""
    status, text = scop("primary", "--listen", "127.0.0.1:0", "--state", str(tmp_path / "state"), *words)
    assert (2, True) == (status, complaint in text), text
    assert "Traceback" not in text


@pytest.mark.parametrize("more", [{"zones": 2}, {"secondary": 1}, {"zones": 0, "secondary": 2}])
def test_cli_primary_has_a_zone_from_one_place(tmp_path: Path, more: dict[str, int]) -> None:
    """Which of two copies were the zone would be chance."""
    words_of(tmp_path)
    told = PrimaryTold(
        zones=(f"{ZONE}={tmp_path / 'zone'}",) * more.get("zones", 1),
        tsig_key=(tmp_path / "keys",),
        secondary=(f"{ZONE}=127.0.0.1:1:reader",) * more.get("secondary", 0),
    )
    log = Log("primary", lambda _line: None)
    with pytest.raises(click.UsageError, match="twice"):
        told.options(PublicSockets([], []), log, SystemClock(), Life(), tmp_path / "state")


def test_cli_primary_says_which_server_it_is(program: Program) -> None:
    """One name for who asks by NSID (RFC 5001) and by CH (RFC 4892); a change leaves it."""
    assert 0 == scop("update", ZONE, "add c 60 A 192.0.2.1", *with_key(program))[0]
    query = dns.message.make_query("id.server", "TXT", "CH")
    said = dns.query.tcp(query, program.address, port=program.port, timeout=60)
    assert ['"ns1"'] == [str(rdata) for rrset in said.answer for rdata in rrset]
    nsid = dns.edns.GenericOption(dns.edns.OptionType.NSID, b"")
    query = dns.message.make_query(ZONE, "SOA", options=[nsid])
    said = dns.query.udp(query, program.address, port=program.port, timeout=60)
    assert [b"ns1"] == [option.to_wire() for option in said.options]


def test_cli_primary_limits_this_machine_only_where_a_limit_is_named() -> None:
    """By default loopback asks as much as it likes; `--rate-limit N` means everybody."""
    assert (True, False) == (bool(PrimaryTold().rates().exempt), bool(PrimaryTold(rate_limit=5).rates().exempt))
    assert (5, 25) == (PrimaryTold(rate_limit=5).rates().per_second, PrimaryTold(rate_limit=5).rates().all_per_second)
