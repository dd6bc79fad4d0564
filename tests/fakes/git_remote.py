"""A git repository of somebody else, in which a person works with git itself."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

__all__ = ["bare_repository", "edit", "git"]

_NAMES = ("-c", "user.name=Ada", "-c", "user.email=ada@remote.test")
_numbers = itertools.count()


def git(folder: Path, *words: str) -> str:
    """Run git in a folder and return what it says."""
    command = ["git", *_NAMES, "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def bare_repository(folder: Path) -> Path:
    """Make an empty repository."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
    return folder


def edit(bare: Path, name: str, text: str, *, why: str = "") -> str:
    """Change a file as a person does: clone, edit, commit, push; return the commit."""
    work = bare.parent / f"work{next(_numbers)}"
    git(bare.parent, "clone", "-q", str(bare), str(work))
    (work / name).write_text(text)
    git(work, "add", name)
    git(work, "commit", "-q", "-m", why or f"Write {name}")
    git(work, "push", "-q", "origin", "HEAD:main")
    return git(work, "rev-parse", "HEAD").strip()
