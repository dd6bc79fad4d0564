"""How tests start a program as an ordinary user, who may be root themselves."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

__all__ = ["as_ordinary_user"]

# This interpreter may lie where only root gets: a user namespace in which we are nobody special.
_PREFIX = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


def as_ordinary_user() -> tuple[str, ...]:
    """Return what starts a program as an ordinary user; skip aloud where that is impossible."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("unshare") and subprocess.run([*_PREFIX, "true"], capture_output=True, check=False).returncode == 0:
        return _PREFIX
    pytest.skip("NOT TRIED: what an ordinary user can do (started as root, and no user namespaces here)")
