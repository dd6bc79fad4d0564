"""What the primary remembers of UPDATEs that it took, so that a repeat does nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scop.cells.primary import repeats
from scop.cells.primary.repeats import Outcomes, Signed
from scop.dns.words import Rcode

NOW = 1_800_000_000


def signed(number: int, time_signed: int = NOW) -> Signed:
    """Return a request that no other is like."""
    return Signed(time_signed, 300, number.to_bytes(32, "big"))


def at(now_unix: int, path: Path | None = None) -> Outcomes:
    """Return a memory at a time."""
    return Outcomes(path, lambda: now_unix)


def test_outcomes_are_remembered_over_a_restart(tmp_path: Path) -> None:
    """What was told before a kill is told again after it, and a line that was cut off is nothing."""
    path = tmp_path / "updates"
    before = at(NOW, path)
    before.note(signed(1), Rcode.NOERROR)
    before.note(signed(2), Rcode.NXRRSET)
    with path.open("a") as file:
        file.write("1800000000 18000003")
    after = at(NOW + 300, path)
    assert [Rcode.NOERROR, Rcode.NXRRSET, None] == [after.ended(signed(number)) for number in (1, 2, 3)]
    after.note(signed(3), Rcode.NOERROR)
    after.close()
    assert 3 == len(path.read_text().splitlines())
    assert 0o600 == path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    "line", [b"\0" * 80 + b"\n", b"\xff\xfe\n", b"1800000000 1800000300 0 abc\n", b"1 1800000300 99 ab\n"]
)
def test_outcomes_pass_over_what_a_power_cut_made(tmp_path: Path, line: bytes) -> None:
    """Octets that nobody wrote cost no start, and no other line."""
    path = tmp_path / "updates"
    at(NOW, path).note(signed(1), Rcode.NOERROR)
    path.write_bytes(line + path.read_bytes())
    assert at(NOW, path).ended(signed(1)) is Rcode.NOERROR


def test_outcomes_on_a_full_disk_are_remembered_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The update is durable by then: its client hears so."""

    def full(_file: int, _octets: bytes) -> int:
        raise OSError("no space left on device")

    outcomes = at(NOW, tmp_path / "updates")
    monkeypatch.setattr(os, "write", full)
    outcomes.note(signed(1), Rcode.NOERROR)
    assert outcomes.ended(signed(1)) is Rcode.NOERROR


def test_outcomes_leave_what_no_signature_is_good_for(tmp_path: Path) -> None:
    """Out of the window nothing is kept, in memory and on the disk."""
    path = tmp_path / "updates"
    at(NOW, path).note(signed(1), Rcode.NOERROR)
    assert at(NOW + 301, path).ended(signed(1)) is None
    assert "" == path.read_text()


def test_outcomes_forget_our_own_failures() -> None:
    """After SERVFAIL the client shall try again, so that is no end."""
    outcomes = at(NOW)
    outcomes.note(signed(1), Rcode.SERVFAIL)
    assert outcomes.ended(signed(1)) is None


@pytest.mark.parametrize(("count", "is_too_old"), [(4, False), (5, True)])
def test_outcomes_beyond_memory_are_refused(count: int, is_too_old: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With n remembered an older one may still come, with n + 1 nobody knows whether it did."""
    monkeypatch.setattr(repeats, "MAX_REMEMBERED", 4)
    outcomes = at(NOW)
    for number in range(count):
        outcomes.note(signed(number, NOW + number), Rcode.NOERROR)
    assert is_too_old == outcomes.is_too_old(signed(99, NOW))
    assert not outcomes.is_too_old(signed(99, NOW + 1))


def test_outcomes_file_is_written_anew_when_it_is_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file stays within a bound, and holds what the memory holds."""
    monkeypatch.setattr(repeats, "MAX_REMEMBERED", 2)
    monkeypatch.setattr(repeats, "MAX_FILE_LINES", 5)
    outcomes = at(NOW, tmp_path / "updates")
    for number in range(20):
        outcomes.note(signed(number), Rcode.NOERROR)
        assert len((tmp_path / "updates").read_text().splitlines()) <= 6
    assert Rcode.NOERROR == at(NOW, tmp_path / "updates").ended(signed(19))
