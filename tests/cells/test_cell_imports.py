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
    "filter": set(),
    "verifier": {"cryptography"},  # public keys
    "mailbox": {"sqlite3"},  # the messages
    "keeper": {"argon2", "pygit2"},  # passwords; the versioned store
    # Keys of zones; zones in text; dnspython reads its own version by importlib.metadata; their history; signatures.
    "primary": {"cryptography", "dns", "email", "pygit2", "sqlite3"},
    "resolver": {"cryptography"},  # DNSSEC
    "reporter": {"sqlite3"},  # what is counted
}

PROGRAM = """
import importlib, json, sys
import scop.mesh.life
importlib.import_module(f"scop.cells.{sys.argv[1]}.service")
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_cell_imports_only_what_its_job_needs(cell: str) -> None:
    """Of the heavy parts a cell loads exactly those that are listed with the reason."""
    done = subprocess.run([sys.executable, "-I", "-c", PROGRAM, cell], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert NEEDED[cell] == loaded & HEAVY


@pytest.mark.parametrize("cell", ["keeper", "primary", "resolver"])
def test_cell_that_passes_no_mail_loads_no_mail_client(cell: str) -> None:
    """The pool of mail connections is loaded by the cells that ask for one."""
    program = PROGRAM.replace('name.partition(".")[0]', "name")
    done = subprocess.run([sys.executable, "-I", "-c", program, cell], capture_output=True, text=True, check=True)
    assert "scop.net.mail_client" not in json.loads(done.stdout)
