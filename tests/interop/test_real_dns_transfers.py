"""Our primary among real servers: nsupdate changes it, Knot, NSD and BIND are its secondaries, BIND is its primary."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.peers import bind, knot, nsd

from fakes.primary_program import (
    ENVIRONMENT,
    Program,
    await_true,
    dig,
    key_line,
    new_key,
    nsupdate,
    running_primary,
    tool_key,
)
from scop.dns.tsig import TsigAlgorithm, TsigKey

pytestmark = pytest.mark.interop

ZONE = "harbor.test"
TEXT = """\
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 1209600 10
@ NS ns1
ns1 A 127.54.1.1
www A 192.0.2.1
"""
# Enough for a transfer of many messages, each of them signed or covered by a signature after it.
BIG = TEXT + "".join(f"h{number} A 10.0.{number // 250}.{number % 250}\n" for number in range(3000))
NETWORK = "127.54.1"
PORT = 5354
WRITER = new_key("writer.harbor.test")
READER = new_key("reader.harbor.test", TsigAlgorithm.HMAC_SHA512)


@pytest.fixture(autouse=True)
def peers() -> None:
    """Say loudly which peers are missing."""
    missing = [peer.__name__ for peer in (bind, knot, nsd) if not peer.is_there()]
    missing += [tool for tool in ("nsupdate", "dig") if shutil.which(tool) is None]
    if missing:
        pytest.fail(f"PEER MISSING: {missing}, or not root; `make interop` as root installs them")


@contextmanager
def primary(folder: Path, *words: str, text: str = TEXT) -> Iterator[Program]:
    """Run our primary of one zone."""
    keys, file = folder / "keys", folder / "zone"
    keys.write_text(key_line(WRITER) + key_line(READER))
    file.write_text(text)
    rights = ("--tsig-key", str(keys), "--allow-update", f"{WRITER.name}:*:*", "--transfer-key", READER.name)
    state = ("--zone", f"{ZONE}={file}", "--state", str(folder / "state"))
    with running_primary(folder, f"{NETWORK}.1", *rights, *state, *words, port=PORT) as running:
        yield running


def serial_at(address: str) -> str:
    """Return the serial that a server shows, '' for none."""
    command = ("dig", "-p", str(PORT), f"@{address}", "+short", "+tries=1", "+time=2", ZONE, "SOA")
    said = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT).stdout.split()
    return said[2] if len(said) == 7 else ""


def answer_at(address: str, name: str, type_: str = "A") -> list[str]:
    """Return what a server says of a name."""
    command = ("dig", "-p", str(PORT), f"@{address}", "+short", "+tries=1", "+time=2", name, type_)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT).stdout.split()


def test_nsupdate_with_the_right_key_and_with_others(tmp_path: Path) -> None:
    """BIND's nsupdate changes our zone by UDP and TCP with the right key; without it nothing changes."""
    with primary(tmp_path) as ours:
        add = "update add {}.harbor.test 60 A 192.0.2.9"
        assert "NOERROR" == nsupdate(ours, add.format("udp"), zone=ZONE, key=WRITER)
        assert "NOERROR" == nsupdate(ours, add.format("tcp"), zone=ZONE, key=WRITER, words=("-v",))
        assert "REFUSED" == nsupdate(ours, add.format("none"), zone=ZONE)
        assert "REFUSED" == nsupdate(ours, add.format("reader"), zone=ZONE, key=READER)
        forged = TsigKey(WRITER.name, b"x" * 32)
        assert "NOTAUTH" in nsupdate(ours, add.format("forged"), zone=ZONE, key=forged)
        assert "NOTAUTH" in nsupdate(ours, add.format("unknown"), zone=ZONE, key=new_key("unknown"))
        assert "NOTAUTH" in nsupdate(ours, "update add x.lagoon.test 60 A 192.0.2.9", zone="lagoon.test", key=WRITER)
        assert ["3"] == [serial_at(ours.address)]
        there = [bool(answer_at(ours.address, f"{name}.{ZONE}")) for name in ("udp", "tcp", "none", "reader", "forged")]
        assert [True, True, False, False, False] == there


def test_nsupdate_prerequisites(tmp_path: Path) -> None:
    """Each of nsupdate's prerequisites holds, or ends the UPDATE with its own code (RFC 2136 §2.4)."""
    with primary(tmp_path) as ours:
        for prerequisite, code in (
            ("prereq yxdomain www.harbor.test", "NOERROR"),
            ("prereq yxdomain none.harbor.test", "NXDOMAIN"),
            ("prereq nxdomain www.harbor.test", "YXDOMAIN"),
            ("prereq nxdomain none.harbor.test", "NOERROR"),
            ("prereq yxrrset www.harbor.test A", "NOERROR"),
            ("prereq yxrrset www.harbor.test A 192.0.2.1", "NOERROR"),
            ("prereq yxrrset www.harbor.test A 192.0.2.2", "NXRRSET"),
            ("prereq yxrrset www.harbor.test MX", "NXRRSET"),
            ("prereq nxrrset www.harbor.test A", "YXRRSET"),
            ("prereq nxrrset www.harbor.test MX", "NOERROR"),
        ):
            lines = f"{prerequisite}\nupdate add checked.harbor.test 60 TXT now\nupdate delete checked.harbor.test"
            assert (prerequisite, code) == (prerequisite, nsupdate(ours, lines, zone=ZONE, key=WRITER))
        assert "1" == serial_at(ours.address)


def key_section(style: str, key: TsigKey) -> str:
    """Return a key as a server's configuration has it."""
    secret = base64.b64encode(key.secret).decode()
    if style == "bind":
        return f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{secret}"; }};\n'
    if style == "nsd":
        return f'key:\n    name: "{key.name}"\n    algorithm: {key.algorithm}\n    secret: "{secret}"\n'
    return f"key:\n  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {secret}\n"


@contextmanager
def knot_secondary(folder: Path) -> Iterator[str]:
    """Run Knot as secondary of our primary."""
    address = f"{NETWORK}.2"
    sections = f"""
{key_section("knot", READER)}
remote:
  - id: ours
    address: {NETWORK}.1@{PORT}
    via: {address}
    key: {READER.name}
acl:
  - id: told
    address: 127.0.0.0/8
    key: {READER.name}
    action: notify
zone:
  - domain: {ZONE}
    storage: "{folder}"
    master: ours
    acl: told
"""
    with knot.running_knot(folder, address, PORT, sections):
        yield address


@contextmanager
def nsd_secondary(folder: Path) -> Iterator[str]:
    """Run NSD as secondary of our primary."""
    address = f"{NETWORK}.3"
    sections = f"""
{key_section("nsd", READER)}
zone:
    name: {ZONE}
    zonefile: zone
    request-xfr: {NETWORK}.1@{PORT} {READER.name}
    allow-notify: 127.0.0.0/8 {READER.name}
    outgoing-interface: {address}
"""
    with nsd.running_nsd(folder, address, PORT, sections):
        yield address


@contextmanager
def bind_secondary(folder: Path) -> Iterator[str]:
    """Run BIND as secondary of our primary."""
    address = f"{NETWORK}.4"
    statements = f"""
{key_section("bind", READER)}
server {NETWORK}.1 {{ keys {{ "{READER.name}"; }}; }};
zone "{ZONE}" {{
  type secondary;
  file "zone";
  primaries port {PORT} {{ {NETWORK}.1 key "{READER.name}"; }};
  allow-notify {{ key "{READER.name}"; }};
}};
"""
    with bind.running_bind(folder, address, PORT, statements, options="allow-transfer { any; };"):
        yield address


SECONDARIES = {"knot": (knot_secondary, 2), "nsd": (nsd_secondary, 3), "bind": (bind_secondary, 4)}


@pytest.mark.parametrize("name", SECONDARIES)
@pytest.mark.parametrize("sign", ["--no-sign", "--sign"])
def test_secondary_follows_by_axfr_notify_and_ixfr(tmp_path: Path, name: str, sign: str) -> None:
    """A real secondary fetches our zone, hears of a change and fetches that alone, also after our restart."""
    run, host = SECONDARIES[name]
    told = ("--notify", f"{NETWORK}.{host}@{PORT}", sign)
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(0o755)
    with run(tmp_path / name) as address:
        with primary(tmp_path, *told, text=BIG) as ours:
            first = serial_at(ours.address)
            await_true(lambda: serial_at(address) == first, f"{name} has not fetched: {ours.log.read_text()}", 60)
            assert ["10.0.11.249"] == answer_at(address, f"h2999.{ZONE}")
            assert "NOERROR" == nsupdate(ours, "update add new.harbor.test 60 A 192.0.2.9", zone=ZONE, key=WRITER)
            await_true(lambda: answer_at(address, f"new.{ZONE}") == ["192.0.2.9"], f"{name} has not heard")
        with primary(tmp_path, *told, text=BIG) as ours:
            lines = "update delete new.harbor.test\nupdate add newer.harbor.test 60 AAAA 2001:db8::1"
            assert "NOERROR" == nsupdate(ours, lines, zone=ZONE, key=WRITER)
            await_true(lambda: answer_at(address, f"newer.{ZONE}", "AAAA") == ["2001:db8::1"], f"{name} has not heard")
            assert [] == answer_at(address, f"new.{ZONE}")
            kinds = [line for line in ours.log.read_text().splitlines() if "zone.transferred" in line]
            assert any('"AXFR"' in line or "whole" in line for line in kinds), kinds
            assert 2 <= sum("IXFR from" in line for line in kinds), kinds


def test_secondary_without_the_key_gets_nothing(tmp_path: Path) -> None:
    """Without a key, with one that may not, and with a forged one, no zone goes out."""
    with primary(tmp_path) as ours:
        assert "XFR size" in dig(ours, ZONE, "AXFR", "-y", tool_key(READER))
        forged = TsigKey(READER.name, b"x" * 32, READER.algorithm)
        for words in ((), ("-y", tool_key(WRITER)), ("-y", tool_key(forged))):
            for kind in ("AXFR", "IXFR=0"):
                said = dig(ours, ZONE, kind, *words)
                assert "192.0.2.1" not in said, said


@pytest.mark.parametrize("is_signed", [False, True])
def test_bind_is_our_primary(tmp_path: Path, is_signed: bool) -> None:
    """We fetch a zone from BIND, show it as it came, hear its NOTIFY and follow its changes; a restart still has it."""
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(0o755)
    keys = tmp_path / "keys"
    keys.write_text(key_line(READER))
    theirs, address = tmp_path / "bind", f"{NETWORK}.4"
    theirs.mkdir()
    (theirs / "zone").write_text(BIG)
    statements = f"""
{key_section("bind", READER)}{key_section("bind", WRITER)}
zone "{ZONE}" {{
  type primary;
  file "zone";
  allow-update {{ key "{WRITER.name}"; }};
  allow-transfer {{ key "{READER.name}"; }};
  notify explicit;
  also-notify {{ {NETWORK}.1 port {PORT} key "{READER.name}"; }};
  {"dnssec-policy default;" if is_signed else ""}
}};
"""
    state = ("--state", str(tmp_path / "state"))
    words = ("--tsig-key", str(keys), "--secondary", f"{ZONE}={address}@{PORT}:{READER.name}", *state)
    with bind.running_bind(theirs, address, PORT, statements) as _:
        there = Program(_, address, PORT, theirs / "log")  # type: ignore[arg-type]  # its output is not read here
        with running_primary(tmp_path, f"{NETWORK}.1", *words, port=PORT) as ours:
            await_true(lambda: serial_at(ours.address) == serial_at(address) != "", "nothing came")
            assert ["10.0.11.249"] == answer_at(ours.address, f"h2999.{ZONE}")
            add = "update add new.harbor.test 60 A 192.0.2.9"
            assert "NOERROR" == nsupdate(there, add, zone=ZONE, key=WRITER)
            await_true(lambda: answer_at(ours.address, f"new.{ZONE}") == ["192.0.2.9"], ours.log.read_text())
            assert '"kind":"changes"' in ours.log.read_text()
            assert "REFUSED" == nsupdate(ours, add, zone=ZONE)
            if is_signed:
                shown = [dig(each, f"www.{ZONE}", "+dnssec", "+noall", "+answer") for each in (ours, there)]
                assert "RRSIG" in shown[0]
                assert sorted(shown[0].splitlines()[-2:]) == sorted(shown[1].splitlines()[-2:])
    with running_primary(tmp_path, f"{NETWORK}.1", *words, port=PORT) as ours:  # BIND is gone
        assert ["192.0.2.9"] == answer_at(ours.address, f"new.{ZONE}")


def test_our_primary_is_run_by_nobody_else(tmp_path: Path) -> None:
    """Two primaries on one state would break its history: the second one says so and ends."""
    with primary(tmp_path):
        command = ("--zone", f"{ZONE}={tmp_path / 'zone'}", "--state", str(tmp_path / "state"))
        with (
            pytest.raises(AssertionError, match="a primary is at work"),
            running_primary(tmp_path / "second", f"{NETWORK}.5", *command, port=PORT),
        ):
            pass
