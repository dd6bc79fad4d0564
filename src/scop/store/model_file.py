"""The file of a spam model: what `Classifier.save` wrote, replaced as a whole and mapped into memory.

It is never changed in place. What lessons change of a mapped model is copied, page by page, so a filter that only
weighs holds no copy of its own. The file is known by its digest: it may be copied, put back, or brought from elsewhere.

Standards: none; mmap(2), rename(2).
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import stat
from pathlib import Path

from scop.spam import Classifier
from scop.store.sync import sync_folder

__all__ = ["digest_of_file", "digest_of_model", "put_in_place", "read_model", "write_beside"]

_DIGEST_OCTETS = 16


def read_model(path: Path) -> Classifier:
    """Return what a file holds, mapped; raises `OSError`, and `ValueError` that names the file where it is no model."""
    with path.open("rb") as file:
        is_empty = os.fstat(file.fileno()).st_size == 0
        buffer = b"" if is_empty else memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    try:
        return Classifier.load(buffer)
    except ValueError as error:
        raise ValueError(
            f"{path}: {error}; put a model of this release in its place, or take it away and train one anew "
            "(`scop spam train`)"
        ) from None


def digest_of_file(path: Path) -> bytes:
    """Return what a model's file is known by; it is read, not mapped, so that none of it stays in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_DIGEST_OCTETS)).digest()


def digest_of_model(octets: bytes) -> bytes:
    """Return what a file with these octets is known by."""
    return hashlib.blake2b(octets, digest_size=_DIGEST_OCTETS).digest()


def write_beside(path: Path, octets: bytes) -> None:
    """Write a model where `put_in_place` takes it from, durably; raises `OSError`."""
    beside = _beside(path)
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _let_read_as_before(descriptor, path)
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        beside.unlink(missing_ok=True)  # on a full disk it would keep the room that others need
        raise


def _let_read_as_before(descriptor: int, path: Path) -> None:
    """Give a file the owner and the mode of the one that it replaces: somebody may have let another user read it."""
    try:
        before = path.stat()
    except FileNotFoundError:
        return
    # Who is not root cannot give it away, and a cell may neither: there it stays what it is, its owner's alone.
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def put_in_place(path: Path) -> None:
    """Put the model that was written beside into the place of the old one, durably; raises `OSError`."""
    _beside(path).replace(path)
    sync_folder(str(path.parent.absolute()))


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")
