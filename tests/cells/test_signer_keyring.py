"""The signer's keys on its disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.dkim_keys import made_key
from scop.cells.signer.keyring import Keyring, LoadedKeys
from scop.dkim import Algorithm, key_to_pem, public_record
from scop.dkim.rotation import Facts, Rotation, Step, Timing, advance

NOW = 1_800_000_000  # 2027-01-15
DAY = 86_400
FIRST = ["rsa-20270115", "ed25519-20270115"]


def keyring(state: Path) -> Keyring:
    """Return the keyring of a folder."""
    return Keyring(state, "lagoon.test", made_key)


def begun(state: Path, now_unix: int = NOW) -> LoadedKeys:
    """Make keys."""
    return keyring(state).begin(keyring(state).load(now_unix), now_unix)


def in_use(loaded: LoadedKeys) -> LoadedKeys:
    """Let the newest keys take over."""
    rotation = loaded.rotation
    every = frozenset(loaded.private)
    for days in range(1, 4):
        rotation = advance(rotation, Facts(NOW + days * DAY, every, every, every), Timing())
    return replace(loaded, rotation=rotation)


def files(state: Path) -> list[str]:
    """Return what lies in the folder."""
    return sorted(path.name for path in (state / "keys").iterdir())


def test_keyring_is_empty_at_first(tmp_path: Path) -> None:
    """Nothing is made before somebody asks for it."""
    assert LoadedKeys(Rotation(), {}) == keyring(tmp_path).load(NOW)


def test_keyring_makes_one_key_for_each_algorithm(tmp_path: Path) -> None:
    """Both algorithms, under selectors that name algorithm and day; none seals yet."""
    loaded = begun(tmp_path)
    assert FIRST == [key.selector for key in loaded.private.values()]
    assert tuple(Algorithm) == tuple(key.algorithm for key in loaded.private.values())
    assert () == loaded.sealing


def test_keyring_keeps_its_keys(tmp_path: Path) -> None:
    """A later start finds the same keys in the same state, with the public halves of both."""
    loaded = keyring(tmp_path).keep(in_use(begun(tmp_path)))
    again = keyring(tmp_path).load(NOW + 40 * DAY)
    assert loaded.rotation == again.rotation
    assert FIRST == [key.selector for key in again.sealing]
    assert list(map(public_record, loaded.sealing)) == list(map(public_record, again.sealing))


def test_keyring_files_are_for_the_signer_alone(tmp_path: Path) -> None:
    """0600 in a folder of 0700, and nothing half-written beside them."""
    begun(tmp_path)
    folder = tmp_path / "keys"
    assert 0o700 == folder.stat().st_mode & 0o777
    assert {"ed25519-20270115.pem": 0o600, "rsa-20270115.pem": 0o600, "state.json": 0o600} == {
        path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()
    }


def test_keyring_erases_private_halves_that_seal_nothing_more(tmp_path: Path) -> None:
    """A retired key is of use to thieves only: its record stands on, its file is gone."""
    first = keyring(tmp_path).keep(in_use(begun(tmp_path)))
    second = keyring(tmp_path).keep(in_use(keyring(tmp_path).begin(first, NOW)))
    assert [Step.RETIRED, Step.IN_USE] == [one.step for one in second.rotation.generations]
    assert ["ed25519-20270115-2.pem", "rsa-20270115-2.pem", "state.json"] == files(tmp_path)
    assert second.rotation == keyring(tmp_path).load(NOW).rotation


@pytest.mark.parametrize("names", [[], ["rsa-20270115"], FIRST])
def test_keyring_start_that_was_cut_off_is_made_up_for(tmp_path: Path, names: list[str]) -> None:
    """However many files a killed first start had written, the next one has keys that begin at the beginning."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "rsa-20270115.pem.new").write_bytes(b"-----BEGIN")
    for name, algorithm in zip(names, Algorithm, strict=False):
        (folder / f"{name}.pem").write_bytes(key_to_pem(made_key("lagoon.test", name, algorithm)))
    loaded = keyring(tmp_path).load(NOW)
    assert names == list(loaded.private)
    assert [Step.MADE] * bool(names) == [one.step for one in loaded.rotation.generations]


def test_keyring_of_a_former_version_goes_on(tmp_path: Path) -> None:
    """Keys without a state, as they were made once: the newest of each algorithm, and later selectors are others."""
    folder = tmp_path / "keys"
    folder.mkdir()
    for name in ("rsa-20260101", *FIRST):
        algorithm = Algorithm.RSA_SHA256 if name.startswith("rsa") else Algorithm.ED25519_SHA256
        (folder / f"{name}.pem").write_bytes(key_to_pem(made_key("lagoon.test", name, algorithm)))
    loaded = keyring(tmp_path).load(NOW)
    assert FIRST == list(loaded.private)
    kept = keyring(tmp_path).keep(in_use(loaded))
    assert FIRST == [key.selector for key in kept.sealing]
    assert ["rsa-20270115-2", "ed25519-20270115-2"] == list(keyring(tmp_path).begin(kept, NOW).private)[2:]


def test_keyring_knows_the_newest_of_a_day_by_its_number(tmp_path: Path) -> None:
    """As text -2 comes before the first of a day, and -10 before -2; no later selector is one that there was."""
    folder = tmp_path / "keys"
    folder.mkdir()
    for name in ("ed25519-20270115", "ed25519-20270115-2", "ed25519-20270115-10", "ed25519-20261231-11"):
        (folder / f"{name}.pem").write_bytes(key_to_pem(made_key("lagoon.test", name, Algorithm.ED25519_SHA256)))
    loaded = keyring(tmp_path).load(NOW)
    assert ["ed25519-20270115-10"] == list(loaded.private)
    assert "ed25519-20270115-11" in keyring(tmp_path).begin(keyring(tmp_path).keep(in_use(loaded)), NOW).private


def test_keyring_leaves_no_half_written_private_key(tmp_path: Path) -> None:
    """What a power cut left of a key on its way to the disk is a secret too, and of use to nobody."""
    loaded = begun(tmp_path)
    (tmp_path / "keys" / "rsa-20270114-3.pem.new").write_bytes(b"-----BEGIN PRIVATE KEY-----")
    keyring(tmp_path).keep(loaded)
    assert ["ed25519-20270115.pem", "rsa-20270115.pem", "state.json"] == files(tmp_path)


def test_keyring_files_of_a_crash_before_the_state_are_no_keys(tmp_path: Path) -> None:
    """Made, and killed before the state named them: the next ones of the same name take their place."""
    first = keyring(tmp_path).keep(in_use(begun(tmp_path)))
    stray = tmp_path / "keys" / "ed25519-20270115-2.pem"
    stray.write_bytes(key_to_pem(made_key("lagoon.test", "x", Algorithm.ED25519_SHA256)))
    assert first.rotation == keyring(tmp_path).load(NOW).rotation
    second = keyring(tmp_path).begin(keyring(tmp_path).load(NOW), NOW)
    assert key_to_pem(second.private["ed25519-20270115-2"]) == stray.read_bytes()


def test_keyring_files_of_a_crash_after_the_state_are_erased(tmp_path: Path) -> None:
    """The state says retired and the file is there still: whoever keeps the next state erases it."""
    first = keyring(tmp_path).keep(in_use(begun(tmp_path)))
    second = keyring(tmp_path).keep(in_use(keyring(tmp_path).begin(first, NOW)))
    (tmp_path / "keys" / "rsa-20270115.pem").write_bytes(key_to_pem(first.private["rsa-20270115"]))
    loaded = keyring(tmp_path).load(NOW)
    assert second.rotation == loaded.rotation
    keyring(tmp_path).keep(loaded)
    assert "rsa-20270115.pem" not in files(tmp_path)


def test_keyring_tells_which_keys_are_lost(tmp_path: Path) -> None:
    """The other one seals on."""
    keyring(tmp_path).keep(in_use(begun(tmp_path)))
    (tmp_path / "keys" / "rsa-20270115.pem").unlink()
    loaded = keyring(tmp_path).load(NOW)
    assert frozenset({"rsa-20270115"}) == loaded.lost
    assert ["ed25519-20270115"] == [key.selector for key in loaded.sealing]


@pytest.mark.parametrize(
    ("name", "octets", "complaint"),
    [
        ("rsa-20270115.pem", b"nonsense", r"rsa-20270115\.pem holds no DKIM key"),
        ("state.json", b"nonsense", r"state\.json tells nothing of keys: .*; without the file"),
        ("state.json", b'{"keys":[]}', r"state\.json was written by another version .*; without the file"),
        ("state.json", b'{"generations":[],"latest_stamp":"today"}', r"state\.json tells nothing of keys: 'today'"),
    ],
)
def test_keyring_names_the_file_that_is_wrong(tmp_path: Path, name: str, octets: bytes, complaint: str) -> None:
    """Whoever broke a file is told which; nothing is made in its place."""
    begun(tmp_path)
    (tmp_path / "keys" / name).write_bytes(octets)
    with pytest.raises(ValueError, match=complaint):
        keyring(tmp_path).load(NOW)


def test_keyring_knows_a_file_that_is_another_key(tmp_path: Path) -> None:
    """What it would seal nobody could verify."""
    begun(tmp_path)
    other = made_key("lagoon.test", "x", Algorithm.ED25519_SHA256)
    (tmp_path / "keys" / "ed25519-20270115.pem").write_bytes(key_to_pem(other))
    with pytest.raises(ValueError, match=r"ed25519-20270115\.pem is another key than .*state\.json says"):
        keyring(tmp_path).load(NOW)
