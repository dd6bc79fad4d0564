"""How tests start a program as root or as an ordinary user, whoever they are themselves."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

__all__ = ["ORDINARY", "ROOT", "as_ordinary_user", "as_root", "as_user"]

ROOT, ORDINARY = "root", "ordinary user"

# This interpreter may lie where only root gets: a user namespace in which we are nobody special.
_PREFIX = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


def as_user(name: str) -> tuple[str, ...]:
    """Return what starts a program as one or the other."""
    return as_root() if name == ROOT else as_ordinary_user()


def as_root() -> tuple[str, ...]:
    """Return what starts a program as root; skip aloud where we are not root."""
    if os.geteuid() != 0:
        pytest.skip("NOT TRIED: what is started as root (these tests run as an ordinary user)")
    return ()


def as_ordinary_user() -> tuple[str, ...]:
    """Return what starts a program as an ordinary user; skip aloud where that is impossible."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("unshare") and subprocess.run([*_PREFIX, "true"], capture_output=True, check=False).returncode == 0:
        return _PREFIX
    pytest.skip("NOT TRIED: what an ordinary user can do (started as root, and no user namespaces here)")
