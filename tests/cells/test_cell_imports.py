"""Memory at rest is imports: each cell loads the heavy parts that its job needs, and no other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from scop.cells import CELL_NAMES

HEAVY = {
    "argon2",
    "click",
    "cryptography",
    "dns",
    "email",
    "h11",
    "http",
    "multiprocessing",
    "pygit2",
    "rich",
    "sqlite3",
}

NEEDED = {
    "submission": set(),
    "signer": {"cryptography"},  # private keys
    "relay": {"h11", "sqlite3"},  # MTA-STS policies; the queue
    "receiver": set(),
    "filter": {"sqlite3"},  # what people taught
    "verifier": {"cryptography"},  # public keys
    "mailbox": {"sqlite3"},  # the messages
    "keeper": {"argon2", "pygit2"},  # passwords; the versioned store
    # Keys of zones; zones in text; dnspython reads its own version by importlib.metadata; their history; signatures.
    "primary": {"cryptography", "dns", "email", "pygit2", "sqlite3"},
    "resolver": {"cryptography"},  # DNSSEC
    "reporter": {"sqlite3"},  # what is counted
    "examiner": set(),
}

# One process for all: each cell's is forked from it where a cell's own process has loaded no more than this either.
PROGRAM = """
import importlib, json, os, sys
import scop.mesh.life
for cell in sys.argv[1:]:
    if os.fork() == 0:
        importlib.import_module(f"scop.cells.{cell}.service")
        print(json.dumps([cell, sorted(sys.modules)]), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0, cell
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """Return the modules that each cell loads."""
    words = [sys.executable, "-I", "-c", PROGRAM, *CELL_NAMES]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return {cell: set(modules) for cell, modules in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_cell_imports_only_what_its_job_needs(loaded: dict[str, set[str]], cell: str) -> None:
    """Of the heavy parts a cell loads exactly those that are listed with the reason."""
    assert NEEDED[cell] == {name.partition(".")[0] for name in loaded[cell]} & HEAVY


@pytest.mark.parametrize("cell", ["keeper", "primary", "resolver"])
def test_cell_that_passes_no_mail_loads_no_mail_client(loaded: dict[str, set[str]], cell: str) -> None:
    """The pool of mail connections is loaded by the cells that ask for one."""
    assert "scop.net.mail_client" not in loaded[cell]
