"""The signer's keys on its disk."""

from pathlib import Path

import pytest

from scop.cells.signer.keyring import load_or_make_keys
from scop.dkim import Algorithm, public_record

NOW = 1_800_000_000  # 2027-01-15
LATER = NOW + 40 * 86_400


def test_keyring_makes_one_key_for_each_algorithm(tmp_path: Path) -> None:
    """Both algorithms, under selectors that name algorithm and day."""
    keys = load_or_make_keys(tmp_path, "lagoon.test", NOW)
    assert tuple(Algorithm) == tuple(key.algorithm for key in keys)
    assert ["rsa-20270115", "ed25519-20270115"] == [key.selector for key in keys]


def test_keyring_keeps_its_keys(tmp_path: Path) -> None:
    """A later start finds the same keys under the same selectors."""
    first, second = (load_or_make_keys(tmp_path, "lagoon.test", now) for now in (NOW, LATER))
    assert [(key.record_name, public_record(key)) for key in first] == [
        (key.record_name, public_record(key)) for key in second
    ]


def test_keyring_files_are_for_the_signer_alone(tmp_path: Path) -> None:
    """0600 in a folder of 0700, and nothing half-written beside them."""
    load_or_make_keys(tmp_path, "lagoon.test", NOW)
    folder = tmp_path / "keys"
    assert 0o700 == folder.stat().st_mode & 0o777
    assert {"ed25519-20270115.pem": 0o600, "rsa-20270115.pem": 0o600} == {
        path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()
    }


def test_keyring_start_that_was_cut_off_is_made_up_for(tmp_path: Path) -> None:
    """A half-written file of a killed start is no key, and what is missing is made."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "rsa-20270115.pem.new").write_bytes(b"-----BEGIN")
    assert 2 == len(load_or_make_keys(tmp_path, "lagoon.test", NOW))
    assert [] == list(folder.glob("*.new"))


def test_keyring_names_the_file_that_is_no_key(tmp_path: Path) -> None:
    """Whoever broke a file is told which."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "rsa-1.pem").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"rsa-1\.pem holds no DKIM key"):
        load_or_make_keys(tmp_path, "lagoon.test", NOW)
