"""A mesh whose disk becomes full while mail comes in, and has room again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import fakes.full_mesh

DISK = "20m"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that cells of their own uids reach; every start of pytest closes the one above its own folders."""
    with tempfile.TemporaryDirectory(prefix="scop-full-disk-") as made:
        yield Path(made)


def test_full_disk_refuses_mail_and_goes_on_when_there_is_room(folder: Path) -> None:
    """The client is told 452; what it was told 250 for waits, once; no cell dies of it."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("SKIPPED ALOUD: only root can give a mesh a small disk of its own")
    run = f'mount -t tmpfs -o size={DISK},mode=0711 none "$1" && exec "$2" "$3" "$1"'
    # With a name space for processes, whatever it started ends with it.
    alone = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    command = (*alone, "sh", "-c", run, "sh", str(folder), sys.executable, fakes.full_mesh.__file__)
    tests = str(Path(fakes.full_mesh.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": tests}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240, env=environment)
    assert (0, "") == (done.returncode, done.stderr), done.stderr
    assert {
        "answers": ["452 4.3.1 There is no room for more mail at the moment, try again later"],
        "lost": [],
        "never accepted": [],
        "doubled": 0,
        "restarts": [],
    } == json.loads(done.stdout)
