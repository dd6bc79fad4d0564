"""Root that stays root and gives up its capabilities: what it and its programs can still do is what an owner can."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.ordinary_user import as_root
from scop.mesh.confine import Rules

OTHER_UID = 64321  # nobody's

GIVES_UP = """
import json, os, pathlib, subprocess, sys
from scop.mesh.confine import give_up_capabilities
give_up_capabilities()
give_up_capabilities()  # who confines itself later does it again
def tried(act):
    try:
        act()
    except OSError as fault:
        return type(fault).__name__
    return "let"
def held(status):
    words = dict(line.split(":", 1) for line in status.splitlines())
    return [name for name in ("CapInh", "CapPrm", "CapEff", "CapAmb") if int(words[name], 16)]
own, others = map(pathlib.Path, sys.argv[1:])
child = subprocess.run(["cat", "/proc/self/status"], capture_output=True, check=True, text=True)
print(json.dumps({
    "ids": [*os.getresuid()],
    "own file": tried(lambda: own.write_text("changed")),
    "a file of others": tried(lambda: others.write_text("changed")),
    "give away": tried(lambda: os.chown(own, 1, 1)),
    "become another": tried(lambda: os.setuid(1)),
    "held": held(pathlib.Path("/proc/self/status").read_text()),
    "held by a program": held(child.stdout),
}))
"""


def _way(start: str) -> tuple[str, ...]:
    """Return what starts a program as one or the other root; skip aloud where that cannot be."""
    way = {
        "root": as_root(),
        "root of a container without capabilities": ("setpriv", "--bounding-set=-all", "--inh-caps=-all"),
        "root that may not shrink its bounding set": ("setpriv", "--bounding-set=-setpcap", "--inh-caps=-all"),
    }[start]
    if way and not shutil.which(way[0]):
        pytest.skip(f"NOT TRIED: {start} (there is no setpriv)")
    return way


@pytest.mark.parametrize(
    "start",
    ["root", "root of a container without capabilities", "root that may not shrink its bounding set"],
)
def test_root_without_capabilities_has_its_own_files_and_nothing_else(start: str, tmp_path: Path) -> None:
    """It stays uid 0 and writes what it owns; files of others, other ids and all rights of root are gone for good."""
    way = _way(start)
    own, others = tmp_path / "own", tmp_path / "others"
    own.touch()
    others.touch(0o600)
    os.chown(others, OTHER_UID, OTHER_UID)
    run = subprocess.run(
        [*way, sys.executable, "-c", GIVES_UP, str(own), str(others)],
        capture_output=True, check=False, timeout=60, text=True,
    )  # fmt: skip
    assert 0 == run.returncode, run.stderr
    assert {
        "ids": [0, 0, 0],
        "own file": "let",
        "a file of others": "PermissionError",
        "give away": "PermissionError",
        "become another": "PermissionError",
        "held": [],
        "held by a program": [],
    } == json.loads(run.stdout)


def test_rules_keep_a_user_or_name_another() -> None:
    """Who stays who it is becomes nobody else."""
    with pytest.raises(ValueError, match="becomes no other"):
        Rules(keeps_user=True, uid=1000, gid=1000)
