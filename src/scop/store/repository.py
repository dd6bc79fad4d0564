"""libgit2, set up so that what it writes is durable and what it reads is ours alone.

Its options hold for the whole process.
"""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path

from scop.store.libgit2 import ConfigLevel, pygit2
from scop.store.sync import FileSync

__all__ = ["FIRST_BRANCH", "open_repository"]

FIRST_BRANCH = "refs/heads/main"
FAN_OUT = 256  # loose objects lie in folders named by their first octet

# Files of the machine and of its users. A cell may not read them, and they must not steer it.
_FOREIGN_LEVELS = (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL)


@functools.cache
def _set_up() -> None:
    for level in _FOREIGN_LEVELS:
        pygit2.settings.search_path[level] = ""
    # Objects, references and the folders they lie in are fsynced before the call returns.
    pygit2.settings.enable_fsync_gitdir(True)
    # The path is named by our own configuration and git's hooks and includes are never run, so it is
    # no danger that the folder was made under another user (as root, before the ids were dropped).
    pygit2.settings.owner_validation = False


def open_repository(path: Path) -> pygit2.Repository:
    """Open the bare repository at `path`; make it first, durably, where there is none."""
    _set_up()
    if not (path / "HEAD").exists():
        _make(path)
    return pygit2.Repository(str(path))


def _make(path: Path) -> None:
    pygit2.init_repository(str(path), bare=True, initial_head=FIRST_BRANCH)
    # libgit2 syncs an object's folder but not the entry of a new folder in `objects`: make all of them now.
    for octet in range(FAN_OUT):
        (path / "objects" / f"{octet:02x}").mkdir(exist_ok=True)
    places = [Path(folder, name) for folder, _, names in os.walk(path) for name in (*names, ".")]
    _sync([*places, path.parent])


def _sync(places: list[Path]) -> None:
    """Bring some three hundred files and folders to the disk, in the way that is quickest for so many."""
    with contextlib.ExitStack() as opened:
        descriptors = [os.open(place, os.O_RDONLY | os.O_CLOEXEC) for place in places]
        for descriptor in descriptors:
            opened.callback(os.close, descriptor)
        FileSync().sync(descriptors)
