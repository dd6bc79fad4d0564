"""What is hidden from a process and its children, tried from inside; all else they can do as before."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scop.mesh.confine import kernel_support, preload_names

INSIDE = """
import json, os, signal, subprocess, sys
from scop.mesh.confine import hide

def tried(act):
    try:
        act()
    except OSError as fault:
        return type(fault).__name__
    return "done"

folder, *hidden = sys.argv[1:]
os.chdir(folder)
hid = hide(hidden)
said = {
    "hid": hid,
    "read what is hidden": tried(lambda: open("home/account/key").read()),
    "read it by a link": tried(lambda: open("link/key").read()),
    "read the other one": tried(lambda: open("secret").read()),
    "write what is hidden": tried(lambda: open("home/account/key", "w")),
    "move what is hidden": tried(lambda: os.rename("home/account/key", "home/other/key")),
    "link to what is hidden": tried(lambda: os.link("home/account/key", "home/other/key")),
    "add beside what is hidden": tried(lambda: open("home/new", "w")),
    "kill the parent": tried(lambda: os.kill(os.getppid(), 0)),
    "read beside it": tried(lambda: open("home/other/file").read()),
    "write beside it": tried(lambda: open("home/other/new", "w")),
    "run a program": subprocess.run([sys.executable, "-c", "open('home/account/key')"], stderr=-1).returncode,
    "run another": subprocess.run([sys.executable, "-c", "open('home/other/file')"]).returncode,
    "no_new_privs": next(line.split()[1] for line in open("/proc/self/status") if line.startswith("NoNewPrivs")),
}
print(json.dumps(said))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a folder in which some things are secret."""
    for name in ("home/account/key", "home/other/file", "secret"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("kept")
    (tmp_path / "link").symlink_to("home/account")
    return tmp_path


def test_hidden_places_are_seen_by_no_child_and_all_else_is(place: Path) -> None:
    """Neither by their names nor by links can they be read, written or moved; beside them everything works."""
    if kernel_support().landlock_abi == 0:
        pytest.skip("NOT TRIED: this kernel has no Landlock")
    words = [sys.executable, "-c", INSIDE, str(place), str(place / "home/account"), str(place / "secret")]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    refused, let = "PermissionError", "done"
    expected = {
        "hid": True,
        "read what is hidden": refused,
        "read it by a link": refused,
        "read the other one": refused,
        "write what is hidden": refused,
        "move what is hidden": refused,
        "link to what is hidden": "OSError",  # EXDEV, as to another disk
        "add beside what is hidden": refused,
        "kill the parent": refused if kernel_support().landlock_abi >= 6 else let,
        "read beside it": let,
        "write beside it": let,
        "run a program": 1,
        "run another": 0,
        "no_new_privs": "1",
    }
    assert expected == json.loads(done.stdout)


@pytest.mark.parametrize("text", ["hosts: files [!UNAVAIL=return] dns # words\n", "hosts:\n", "passwd: files\n", ""])
def test_names_are_preloaded_whatever_is_configured(text: str, tmp_path: Path) -> None:
    """A module that is not there, or a file that says nothing, is no fault."""
    services = tmp_path / "nsswitch.conf"
    services.write_text(text)
    preload_names(str(services))
    preload_names(str(tmp_path / "none"))
