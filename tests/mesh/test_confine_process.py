"""Confinement, tried by attacking from inside: what is not granted fails, and the cell still works."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.attempts import ATTEMPTS, UDP_ATTEMPTS, connect_attempts
from fakes.mesh import loopback_listener
from fakes.ordinary_user import ORDINARY, ROOT, as_user
from scop.mesh.confine import kernel_support

REPOSITORY = Path(__file__).resolve().parents[2]
CELL_UID = 64321  # nobody's


@pytest.fixture
def ungranted() -> Iterator[socket.socket]:
    """Give a port that somebody listens on."""
    with loopback_listener() as listener:
        yield listener


@pytest.fixture(params=[ROOT, ORDINARY])
def said(request: pytest.FixtureRequest, ungranted: socket.socket) -> dict[str, object]:
    """Run the small cell as root and as an ordinary user; give what it said."""
    as_root = request.param == ROOT
    prefix = as_user(request.param)
    with tempfile.TemporaryDirectory() as state:
        if as_root:
            os.chown(state, CELL_UID, CELL_UID)
        port = str(ungranted.getsockname()[1])
        ids = [str(CELL_UID)] if as_root else []
        cell = [sys.executable, str(REPOSITORY / "tests/fakes/confined.py"), state, port, *ids]
        path = os.pathsep.join(str(REPOSITORY / part) for part in ("src", "tests"))
        run = subprocess.run(
            [*prefix, *cell], env={"PYTHONPATH": path}, capture_output=True, check=False, timeout=60, text=True
        )
    assert run.returncode == 0, run.stderr
    return {**json.loads(run.stdout), "as_root": as_root}


def test_confined_cell_is_refused_everything_else_and_works(said: dict[str, object]) -> None:
    """Every attempt is denied; then TLS 1.3 pipes, rotation, a thread, a database and rare charsets still work."""
    attempts = said["attempts"]
    assert isinstance(attempts, dict)
    assert {*ATTEMPTS, *connect_attempts(0)} == attempts.keys()
    assert {} == {name: end for name, end in attempts.items() if not end.startswith("denied ")}
    talk = "before relay TLS1.3, after relay TLS1.3"
    works = {"uvloop": talk, "asyncio": talk, "thread": "ran", "database": "kept", "charset": "啊"}
    assert works == {name: said[name] for name in works}
    if said["as_root"]:
        assert [CELL_UID] == said["ids"]
        assert [] == said["capabilities"]
    else:
        # An ordinary user may not shrink the bounding set; no_new_privs makes it worthless.
        assert ["CapBnd"] == said["capabilities"] or [] == said["capabilities"]


def test_confinement_is_whole_here_or_says_what_lacks(said: dict[str, object]) -> None:
    """The report of the confined process is the forecast that `scop status` gives."""
    support = kernel_support()
    assert {"missing": list(support.missing), "landlock_abi": support.landlock_abi} == said["report"]


def test_attempts_are_let_where_nothing_confines() -> None:
    """The attempts try what they say: outside of a cell the harmless ones succeed."""
    harmless = ("list /", UDP_ATTEMPTS[0], "open a pair of unix datagram sockets", "fork by clone3")
    assert {} == {name: end for name in harmless if (end := ATTEMPTS[name]()).startswith("denied")}
