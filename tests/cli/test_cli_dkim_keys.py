"""`scop dkim keys` and `rotate` as a person types them, before a signer without pipes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from scop.cli.dkim import keys as keys_module
from scop.cli.dkim import rotate as rotate_module
from scop.mesh.calls import Call
from scop.mesh.vocabulary.signer import ReadSealing, RotateKeys, SealingKey, SealingStatus

NOON = 1_800_014_400  # 2027-01-15 12:00:00
RECORD = "v=DKIM1; k=rsa; p=" + "A" * 300


def key(stamp: str, step: str, until_unix: int = 0) -> SealingKey:
    """Return a key at a step."""
    selector = f"rsa-{stamp}"
    name = f"{selector}._domainkey.lagoon.test"
    record = "" if step == "withdrawn" else RECORD
    return SealingKey(selector, "rsa-sha256", True, True, name, record, step, NOON, until_unix)


def status(*keys: SealingKey, trouble: str = "") -> SealingStatus:
    """Return what a signer with these says."""
    return SealingStatus(any(one.step == "in-use" for one in keys), keys, trouble)


@dataclass
class Signer:
    """Says one thing after the other, and the last one again and again."""

    says: list[SealingStatus] = field(default_factory=list)
    asked: list[Call[SealingStatus]] = field(default_factory=list)

    def ask(self, _config: Path, cell: str, question: Call[SealingStatus]) -> SealingStatus:
        """Answer as the signer does to the operator."""
        assert cell == "signer"
        self.asked.append(question)
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]


@pytest.fixture
def signer(monkeypatch: pytest.MonkeyPatch) -> Signer:
    """Return a mesh that is one signer."""
    made = Signer()
    for module in (keys_module, rotate_module):
        monkeypatch.setattr(module, "ask", made.ask)
    monkeypatch.setattr(rotate_module, "WATCH_SECONDS", 0)
    return made


def run(command: click.Command, *words: str) -> Result:
    """Run one of them."""
    return CliRunner().invoke(command, words, catch_exceptions=False)


@pytest.mark.parametrize(
    ("step", "until_unix", "says"),
    [
        ("made", 0, "waits for the primary to take the record"),
        ("published", 0, "waits for the resolver to show the record"),
        ("seen", NOON, "until 2027-01-15 12:00:00, for every cache to have forgotten that there was none"),
        ("in-use", NOON, "seals; new keys are made at 2027-01-15 12:00:00"),
        ("in-use", 0, "seals until `scop dkim rotate`"),
        ("retired", NOON, "until 2027-01-15 12:00:00, for what it sealed to have arrived"),
        ("withdrawn", 0, "waits for the primary to let the record go"),
    ],
)
def test_keys_says_what_each_waits_for(signer: Signer, step: str, until_unix: int, says: str) -> None:
    """One line for each key, with its step, since when, and what comes next; exit status 1 where none seals."""
    signer.says = [status(key("20270115", step, until_unix))]
    done = run(keys_module.keys)
    (line,) = [line for line in done.output.splitlines() if line.startswith("rsa-20270115 ")]
    assert ["rsa-20270115", "rsa-sha256", step, "2027-01-15", "12:00:00"] == line.split()[:5]
    assert line.endswith(says)
    assert (step == "in-use") == (done.exit_code == 0)
    assert ("no key can seal yet" in done.output) == (done.exit_code == 1)


def test_keys_shows_records_to_copy(signer: Signer) -> None:
    """A master file's strings have 255 octets at most (RFC 1035 §3.3); what is withdrawn has no record."""
    signer.says = [status(key("20270115-2", "in-use"), key("20270115", "withdrawn"), trouble="a reason")]
    said = run(keys_module.keys).output
    name = "rsa-20270115-2._domainkey.lagoon.test."
    assert f'\n{name} TXT "{RECORD[:255]}" "{RECORD[255:]}"\n' in said
    assert said.count("_domainkey") == 1
    assert "trouble: a reason" in said


def test_keys_in_json_is_what_the_signer_says(signer: Signer) -> None:
    """A program reads the same."""
    signer.says = [status(key("20270115", "seen", NOON))]
    done = run(keys_module.keys, "--json")
    assert signer.says[0] == msgspec.json.decode(done.output, type=SealingStatus)
    assert done.exit_code == 1


@pytest.mark.parametrize(("words", "now"), [((), False), (("--now",), True)])
def test_rotate_begins_and_shows(signer: Signer, words: tuple[str, ...], now: bool) -> None:
    """The old keys seal until the new ones do."""
    signer.says = [status(key("20270115", "in-use"), key("20270115-2", "made"))]
    done = run(rotate_module.rotate, *words)
    assert [RotateKeys(now)] == signer.asked
    assert "seals until the new keys do" in done.output
    assert json.loads(run(rotate_module.rotate, "--json").output)["ready"]


def test_rotate_watch_shows_each_step_once(signer: Signer) -> None:
    """It ends when the new keys seal; trouble is told between the steps."""
    old, new = "20270115", "20270115-2"
    signer.says = [
        status(key(old, "in-use"), key(new, "made")),
        status(key(old, "in-use"), key(new, "made"), trouble="the primary is down"),
        status(key(old, "in-use"), key(new, "seen", NOON)),
        status(key(old, "in-use"), key(new, "seen", NOON)),
        status(key(old, "retired", NOON), key(new, "in-use")),
    ]
    said = run(rotate_module.rotate, "--watch").output.splitlines()
    assert [
        "rsa-20270115: in-use",
        "rsa-20270115-2: made",
        "trouble: the primary is down",
        "rsa-20270115-2: seen",
        "rsa-20270115: retired",
        "rsa-20270115-2: in-use",
    ] == [line.partition("  ")[2].partition(";")[0] or line for line in said]
    assert [RotateKeys(), *[ReadSealing()] * 4] == signer.asked


def test_rotate_watch_in_json_is_a_line_for_each_change(signer: Signer) -> None:
    """A program reads whole statuses."""
    signer.says = [status(key("1", "in-use"), key("2", "made")), status(key("2", "in-use"))]
    lines = run(rotate_module.rotate, "--watch", "--json").output.splitlines()
    assert [2, 1] == [len(json.loads(line)["keys"]) for line in lines]
