"""The passwords of smarthosts: one line of a file, read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from scop.cells.relay.smarthost_passwords import MAX_PASSWORD_OCTETS, read_passwords
from scop.mesh.config import Smarthost


def _smarthost(file: str) -> Smarthost:
    return Smarthost("out.test", login="lagoon" if file else "", password_file=file)


@pytest.mark.parametrize(
    ("octets", "password"),
    [(b"secret", "secret"), (b"secret\n", "secret"), (b" s p \r\nmore\n", " s p "), (b"\xc3\xa4" * 512, "ä" * 512)],
)
def test_relay_password_is_the_first_line(tmp_path: Path, octets: bytes, password: str) -> None:
    """A password is the first line as it is, up to 1,024 octets; smarthosts without a login have none."""
    file = tmp_path / "password"
    file.write_bytes(octets)
    assert {str(file): password} == read_passwords((_smarthost(str(file)), _smarthost("")))


@pytest.mark.parametrize("octets", [b"", b"\nsecret", b"x" * (MAX_PASSWORD_OCTETS + 1), b"\xff"])
def test_relay_password_that_is_none_stops_the_start(tmp_path: Path, octets: bytes) -> None:
    """An empty line, one too long or one that is no UTF-8 is told when the relay starts, not when mail waits."""
    file = tmp_path / "password"
    file.write_bytes(octets)
    with pytest.raises(ValueError, match=r"password_file .*/password: "):
        read_passwords((_smarthost(str(file)),))


def test_relay_password_without_a_file_names_the_key(tmp_path: Path) -> None:
    """Who wrote a wrong name into scop.toml learns which key to look at."""
    with pytest.raises(ValueError, match=r"\[relay.smarthosts\] password_file .*/nowhere: No such file"):
        read_passwords((_smarthost(str(tmp_path / "nowhere")),))
