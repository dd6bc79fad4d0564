"""Many files brought to the disk at once."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scop.store import sync
from scop.store.sync import FEW, FileSync


@contextmanager
def _open_files(folder: Path, count: int) -> Iterator[list[int]]:
    descriptors = [os.open(folder / str(number), os.O_CREAT | os.O_WRONLY, 0o600) for number in range(count)]
    try:
        yield descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, 40])
def test_any_number_of_files_can_be_synced(tmp_path: Path, count: int) -> None:
    """None, few and many."""
    with _open_files(tmp_path, count) as descriptors:
        FileSync().sync(descriptors)


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, [0, 0]), (60.0, [0, FEW + 1])])
def test_slow_sync_of_a_file_system_is_avoided_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, expected: list[int]
) -> None:
    """When others have left too much unwritten each file is synced for itself."""
    times = iter([0.0, seconds, seconds, seconds])
    synced: list[int] = []
    monkeypatch.setattr("scop.store.sync.time.monotonic", lambda: next(times))
    monkeypatch.setattr("scop.store.sync.os.fsync", synced.append)
    disk = FileSync()
    counts = []
    with _open_files(tmp_path, FEW + 1) as descriptors:
        for _ in range(2):
            disk.sync(descriptors)
            counts.append(len(synced))
    assert expected == counts


def test_fault_of_the_disk_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What syncfs says is an `OSError` like any other."""

    class Broken:
        @staticmethod
        def syncfs(_descriptor: object) -> int:
            ctypes.set_errno(5)
            return -1

    monkeypatch.setattr(sync, "_libc", Broken)
    with _open_files(tmp_path, FEW + 1) as descriptors, pytest.raises(OSError, match="Input/output error"):
        FileSync().sync(descriptors)


def test_where_a_file_system_may_not_be_synced_each_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A confined cell gets EPERM for syncfs, and asks for it once."""
    asked: list[object] = []
    synced: list[int] = []

    class Confined:
        @staticmethod
        def syncfs(descriptor: object) -> int:
            asked.append(descriptor)
            ctypes.set_errno(1)
            return -1

        @staticmethod
        def sync_file_range(*_words: object) -> int:
            return -1

    monkeypatch.setattr(sync, "_libc", Confined)
    monkeypatch.setattr("scop.store.sync.os.fsync", synced.append)
    disk = FileSync()
    with _open_files(tmp_path, FEW + 1) as descriptors:
        for _ in range(2):
            disk.sync(descriptors)
    assert (1, 2 * (FEW + 1)) == (len(asked), len(synced))
