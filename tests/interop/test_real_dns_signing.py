"""Our signatures before the eyes of others: delv and Unbound validate, BIND checks whole zones, at every step."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.peers import unbound
from bench.peers.unbound import running_unbound
from click.testing import CliRunner

from fakes.primary_program import ENVIRONMENT, Program, dig, key_line, new_key, nsupdate, running_primary, tool_key
from scop.cli.dns.ds import ds
from scop.cli.dns.keys import roll

pytestmark = pytest.mark.interop

ZONE = "harbor.test"
TEXT = """\
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 1209600 60
@ NS ns1
ns1 A 127.55.1.1
www A 192.0.2.1
mail CNAME www
*.wild A 192.0.2.2
deep.down.there A 192.0.2.3
moved DNAME www
sub NS ns1.sub
ns1.sub A 192.0.2.4
safe NS ns1.sub
safe DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
"""
OURS, THEIRS = "127.55.1.1", "127.55.1.2"
PORT = 5355
KEY = new_key("reader.harbor.test")
POSITIVE = [
    (ZONE, "SOA"),
    (ZONE, "DNSKEY"),
    ("www.harbor.test", "A"),
    ("any.thing.wild.harbor.test", "A"),
    ("mail.harbor.test", "A"),
    ("safe.harbor.test", "DS"),
]
NEGATIVE = [
    ("nothing.harbor.test", "A"),
    ("a.b.c.harbor.test", "A"),
    ("www.harbor.test", "TXT"),
    ("down.there.harbor.test", "A"),
    ("x.wild.harbor.test", "TXT"),
    ("sub.harbor.test", "DS"),
]
STEPS_AT_MOST = 10
COMMANDS = {"ds": ds, "roll": roll}


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of a primary that runs alone, started anew for every step."""

    folder: Path
    words: tuple[str, ...]

    @contextmanager
    def served(self) -> Iterator[Program]:
        keys, file = self.folder / "keys", self.folder / "zone"
        keys.write_text(key_line(KEY))
        file.write_text(TEXT)
        state = ("--zone", f"{ZONE}={file}", "--state", str(self.folder / "state"), "--sign")
        rights = ("--tsig-key", str(keys), "--transfer-key", KEY.name, "--allow-update", f"{KEY.name}:*:*")
        with running_primary(self.folder, OURS, *state, *rights, *self.words, port=PORT) as running:
            yield running

    def scop(self, *words: str) -> object:
        """Run `scop dns … --json` on its state; in this process, since a new one takes longer than all that it does."""
        command, *rest = words
        arguments = [*rest, "--state", str(self.folder / "state"), "--json"]
        done = CliRunner().invoke(COMMANDS[command], arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def ds(self) -> tuple[str, ...]:
        """Return what the registrar is told."""
        said = self.scop("ds", ZONE)
        assert isinstance(said, dict)
        return tuple(said["ds"])

    def roll(self, *words: str) -> list[str]:
        """Roll, and return the steps that rolls are at."""
        said = self.scop("roll", ZONE, *words)
        assert isinstance(said, dict)
        return [roll["step"] for roll in said["rolls"]]


@pytest.fixture(autouse=True)
def peers() -> None:
    """Say loudly which peers are missing."""
    tools = ("delv", "dig", "dnssec-verify", "nsupdate", "unbound")
    missing = [tool for tool in tools if shutil.which(tool, path=ENVIRONMENT["PATH"]) is None]
    if missing or not unbound.is_there():
        pytest.fail(f"PEER MISSING: {missing}; `make interop` as root installs them")


def delv(folder: Path, anchors: tuple[str, ...], name: str, type_: str) -> str:
    """Return what BIND's validator says of an answer of ours."""
    fields = [line.split() for line in anchors]
    lines = "".join(f'{f[0]} static-ds {f[3]} {f[4]} {f[5]} "{f[6]}"; ' for f in fields)
    file = folder / "delv.anchors"
    file.write_text(f"trust-anchors {{ {lines}}};\n")
    command = ("delv", f"@{OURS}", "-p", str(PORT), "-a", str(file), f"+root={ZONE}", name, type_)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    return done.stdout + done.stderr


def flags_by_unbound(folder: Path, anchors: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """Return the status and flags of each answer that a fresh Unbound finds, which believes these DS."""
    server = "".join(f'    trust-anchor: "{line}"\n' for line in anchors) + '    local-zone: "test." nodefault\n'
    stub = f'stub-zone:\n    name: "{ZONE}"\n    stub-addr: {OURS}@{PORT}\n'
    asked = (*POSITIVE, *NEGATIVE)
    queries = [word for name, type_ in asked for word in (name, type_, "+dnssec", "+tries=1", "+time=10")]
    command = ("dig", f"@{THEIRS}", "-p", str(PORT), *queries)
    with running_unbound(folder / "unbound", THEIRS, PORT, stub, server=server):
        said = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT).stdout
    answers = said.split(";; Got answer:")[1:]
    return {key: _flags(answer) for key, answer in zip(asked, answers, strict=True)}


def _flags(said: str) -> str:
    status = said.partition("status: ")[2].partition(",")[0]
    is_secure = " ad" in said.partition("flags:")[2].partition(";")[0]
    return f"{status} {'secure' if is_secure else 'insecure'}"


def whole_zone_complaints(folder: Path, program: Program) -> str:
    """Return what BIND's checker of whole zones has to say of ours."""
    file = folder / "transferred"
    said = dig(program, "-y", tool_key(KEY), "+onesoa", "+nocomments", "+nostats", ZONE, "AXFR")
    file.write_text("".join(line for line in said.splitlines(keepends=True) if "\tTSIG\t" not in line))
    command = ("dnssec-verify", "-q", "-z", "-o", ZONE, str(file))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def check(zone: Zone, program: Program, anchors: tuple[str, ...], delv_names: int = 1) -> None:
    """Let everybody look at the zone as it is now; delv, which begins anew for each name, at some of it."""
    for name, type_ in POSITIVE[:delv_names]:
        assert "; fully validated" in delv(zone.folder, anchors, name, type_), (name, type_)
    for name, type_ in NEGATIVE[:delv_names]:
        assert "; negative response, fully validated" in delv(zone.folder, anchors, name, type_), (name, type_)
    by_unbound = flags_by_unbound(zone.folder, anchors)
    assert {found for key, found in by_unbound.items() if key in POSITIVE} == {"NOERROR secure"}
    expected = {"NXDOMAIN secure", "NOERROR secure"}
    assert {found for key, found in by_unbound.items() if key in NEGATIVE} == expected
    assert whole_zone_complaints(zone.folder, program) == ""


@pytest.mark.parametrize(
    ("denial", "algorithm", "keys"),
    [
        ("nsec", "ecdsap256sha256", "csk"),
        ("nsec3", "ecdsap256sha256", "ksk+zsk"),
        ("nsec", "ed25519", "ksk+zsk"),
        ("nsec3", "ecdsap384sha384", "csk"),
    ],
)
def test_signed_zone_validates(tmp_path: Path, denial: str, algorithm: str, keys: str) -> None:
    """Delv and Unbound find every answer and every denial secure; BIND's checker finds the whole zone complete."""
    zone = Zone(tmp_path, ("--denial", denial, "--algorithm", algorithm, "--keys", keys))
    with zone.served() as running:
        check(zone, running, zone.ds(), len(POSITIVE))


@pytest.mark.parametrize("denial", ["nsec", "nsec3"])
def test_zone_stays_valid_while_it_changes(tmp_path: Path, denial: str) -> None:
    """After updates that add names, empty names, delegations and take them away again, everything still validates."""
    zone = Zone(tmp_path, ("--denial", denial))
    changes = [
        "update add new.harbor.test 60 A 192.0.2.9",
        "update add x.y.z.harbor.test 60 TXT hello",
        "update add cut.harbor.test 60 NS ns1.cut.harbor.test\nupdate add ns1.cut.harbor.test 60 A 192.0.2.9",
        "update delete x.y.z.harbor.test\nupdate delete cut.harbor.test NS",
        "update delete deep.down.there.harbor.test\nupdate add down.there.harbor.test 60 TXT again",
        "update delete down.there.harbor.test\nupdate add deep.down.there.harbor.test 60 A 192.0.2.3",
    ]
    with zone.served() as running:
        for change in changes:
            assert nsupdate(running, change, zone=ZONE, key=KEY) == "NOERROR"
            assert whole_zone_complaints(tmp_path, running) == ""
        check(zone, running, zone.ds())
    with zone.served() as again:
        check(zone, again, zone.ds())


@pytest.mark.parametrize(
    ("words", "rolled", "steps"),
    [
        (("--denial", "nsec3"), ("--ksk",), ["publishing", "awaiting-ds", "settling"]),
        (("--keys", "ksk+zsk"), ("--zsk",), ["publishing", "swapped"]),
        (("--keys", "ksk+zsk"), ("--ksk",), ["publishing", "awaiting-ds", "settling"]),
        (
            (),
            ("--all", "--algorithm", "ed25519"),
            ["signing", "publishing", "awaiting-ds", "settling", "retiring"],
        ),
    ],
)
def test_every_step_of_a_roll_validates(
    tmp_path: Path, words: tuple[str, ...], rolled: tuple[str, ...], steps: list[str]
) -> None:
    """Whatever the parent has at a step, delv and Unbound follow from there, and after the roll too."""
    zone = Zone(tmp_path, words)
    with zone.served():
        pass  # the first keys are made
    zone.roll("--go-on", "--now")
    zone.roll("--go-on", "--ds-seen")
    parent = zone.ds()
    seen: list[str] = []
    under_way = zone.roll(*rolled)
    if "--algorithm" in rolled:  # what the configuration would say from now on
        zone = Zone(tmp_path, (*words, *rolled[1:]))
    while under_way and len(seen) < STEPS_AT_MOST:
        seen += under_way
        with zone.served() as running:
            check(zone, running, parent)
            if under_way == ["awaiting-ds"]:
                parent = zone.ds()
                check(zone, running, parent)
        under_way = zone.roll("--go-on", "--ds-seen" if under_way == ["awaiting-ds"] else "--now")
    assert seen == steps
    with zone.served() as running:
        check(zone, running, parent)
    assert len(list((tmp_path / "state" / "keys" / ZONE).glob("*.pem"))) == (2 if "ksk+zsk" in words else 1)
