"""`scop dns ds`, `keys` and `roll` on the state of a primary that runs alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from fakes.mesh import KeptLog
from fakes.signed_zones import ORIGIN, zone_of
from scop.cells.primary.history import GitHistory
from scop.cells.primary.holdings import Author
from scop.cells.primary.key_files import key_folder
from scop.cells.primary.signing import SigningOptions, ZoneSigner
from scop.cli.dns.ds import ds
from scop.cli.dns.keys import keys, roll
from scop.dns.zone.signing_keys import KeyScheme
from scop.net.clock import SystemClock


def run(command: click.Command, *words: str | Path) -> Result:
    """Run one of them."""
    return CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False)


def state_of(folder: Path, scheme: KeyScheme = KeyScheme.COMBINED) -> Path:
    """Make the state of a primary that showed a signed zone once."""
    history = GitHistory(folder)
    history.commit(zone_of(), Author("file", "Begin"))
    history.close()
    signer = ZoneSigner(folder, SigningOptions(scheme=scheme), KeptLog().log())
    signer.signed(zone_of(), None, int(SystemClock().unix()))
    signer.close()
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return such a state with one combined key."""
    return state_of(tmp_path)


def rolled(state: Path, *words: str) -> list[tuple[str, str]]:
    """Roll, and return kinds and steps."""
    found = json.loads(run(roll, ORIGIN, "--state", state, "--json", *words).stdout)
    return [(one["kind"], one["step"]) for one in found["rolls"]]


def test_ds_prints_what_the_registrar_wants(state: Path) -> None:
    """One line in master file form, and a word of warning as long as caches may hold unsigned records."""
    done = run(ds, "Harbor.Test.", "--state", state)
    owner, class_, type_, tag, algorithm, digest_type, digest = done.stdout.split()
    assert (owner, class_, type_, algorithm, digest_type) == ("harbor.test.", "IN", "DS", "13", "2")
    assert key_folder(state, ORIGIN).joinpath(f"csk-013-{int(tag):05}.pem").exists()
    assert len(digest) == 64
    assert "not before" in done.stderr
    assert run(ds, ORIGIN, "--dnskey", "--state", state).stdout.startswith("harbor.test. IN DNSKEY 257 3 13 ")


def test_ds_names_the_new_key_once_the_parent_shall_follow(state: Path) -> None:
    """During a roll the registrar is told of the new key as soon as, and not before, every cache knows it."""

    def told() -> list[str]:
        return list(json.loads(run(ds, ORIGIN, "--state", state, "--json").stdout)["ds"])

    rolled(state, "--go-on", "--now")
    rolled(state, "--ds-seen")
    old = told()
    assert [("ksk", "publishing")] == rolled(state, "--ksk")
    assert old == told()
    assert [("ksk", "awaiting-ds")] == rolled(state, "--now")
    assert old != told()
    assert len(told()) == 1


def test_roll_to_another_algorithm(state: Path) -> None:
    """All keys may be replaced by such of another algorithm and scheme, step by step."""
    rolled(state, "--go-on", "--now")
    rolled(state, "--ds-seen")
    assert [("all", "signing")] == rolled(state, "--all", "--algorithm", "ed25519", "--keys", "ksk+zsk")
    for step in ("publishing", "awaiting-ds"):
        assert [("all", step)] == rolled(state, "--now")
    assert [("all", "settling")] == rolled(state, "--ds-seen")
    assert [("all", "retiring")] == rolled(state, "--now")
    assert rolled(state, "--now") == []
    (zone,) = json.loads(run(keys, "--state", state, "--json").stdout)
    assert [("ksk", "ED25519"), ("zsk", "ED25519")] == [(key["role"], key["algorithm"]) for key in zone["keys"]]


def test_keys_shows_what_each_does(tmp_path: Path) -> None:
    """A person reads which keys there are, what they do, and what is waited for."""
    said = run(keys, ORIGIN, "--state", state_of(tmp_path, KeyScheme.SPLIT)).stdout
    assert "signs the keys" in said
    assert "signs the zone" in said
    assert "first: publishing, waits until" in said
    assert "for the new keys to be in every cache" in said


def test_ds_of_a_zone_that_ends_being_signed(state: Path) -> None:
    """Exit status 1 where the parent shall vouch for none."""
    signer = ZoneSigner(state, SigningOptions(sign=False), KeptLog().log())
    later = int(SystemClock().unix()) + 86_400
    signer.know(zone_of(), later)
    signer.step(ORIGIN, None, later)
    signer.step(ORIGIN, None, later)
    signer.close()
    done = run(ds, ORIGIN, "--state", state)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "wants no DS" in done.stderr
    assert "take the DS out there" in run(keys, "--state", state).stdout


def test_roll_refuses_while_a_primary_is_at_work(state: Path) -> None:
    """Two must not change the same keys: a primary that runs holds the lock of its history."""
    history = GitHistory(state)
    with pytest.raises((OSError, ValueError, click.ClickException)):
        run(roll, ORIGIN, "--state", state)
    history.close()


@pytest.mark.parametrize("command", [ds, roll])
def test_zone_without_keys_is_named(state: Path, command: click.Command) -> None:
    """A zone that is not signed there is said to be none."""
    done = run(command, "other.test", "--state", state)
    assert done.exit_code == 1
    assert "other.test." in done.stderr


def test_new_kind_of_key_in_a_mesh_is_for_its_configuration(tmp_path: Path) -> None:
    """In a mesh scop.toml says how keys are made, not the command line."""
    config = tmp_path / "scop.toml"
    done = run(roll, ORIGIN, "--all", "--algorithm", "ed25519", "-c", config)
    assert done.exit_code == 2
    assert "[primary]" in done.stderr


def test_primary_names_a_resolver_that_is_none(tmp_path: Path) -> None:
    """What the parent has is seen at an address; anything else is said to be none before a zone is served."""
    file = tmp_path / "zone"
    file.write_text(zone_of().to_text())
    words = ("--listen", "127.0.0.1:0", "--zone", f"{ORIGIN}={file}", "--resolver", "nonsense")
    command = (sys.executable, "-m", "scop.cli", "dns", "primary", *words, "--state", str(tmp_path / "state"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'nonsense' is no address" in done.stderr
