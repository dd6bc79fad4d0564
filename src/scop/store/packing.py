"""Bringing a store's many small objects into one file, in which versions of a file cost no more than what differs.

Each commit writes its objects as files of their own, whole. After a thousand changes of a zone of ten thousand names
that is fifty megabytes; in a pack it is one or two. Objects are packed that lie loose when it begins; they are
removed once the pack is on the disk, so a kill at any moment loses nothing, and readers find them here or there.

Standards: none; https://git-scm.com/docs/gitformat-pack
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from scop.store.libgit2 import pygit2
from scop.store.repository import FAN_OUT

__all__ = ["loose_objects", "pack_loose"]

_ID_CHARACTERS = 40


def loose_objects(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the objects that are files of their own: id and file."""
    for octet in range(FAN_OUT):
        folder = path / "objects" / f"{octet:02x}"
        for file in folder.iterdir() if folder.is_dir() else ():
            id_ = folder.name + file.name
            if len(id_) == _ID_CHARACTERS:  # others are being written
                yield id_, file


def pack_loose(repository: pygit2.Repository, path: Path) -> int:
    """Pack what lies loose and return how many objects that were. Blocks; takes seconds for megabytes of text."""
    loose = tuple(loose_objects(path))
    if not loose:
        return 0

    def choose(builder: pygit2.PackBuilder) -> None:
        for id_, _ in loose:
            builder.add(pygit2.Oid(hex=id_))

    repository.pack(pack_delegate=choose, n_threads=1)
    _sync(path / "objects" / "pack")
    for _, file in loose:
        file.unlink(missing_ok=True)
    return len(loose)


def _sync(folder: Path) -> None:
    """Make the packs durable, and their names: libgit2 does so too, but what is unlinked next must not depend on it."""
    for place in (*folder.iterdir(), folder):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
