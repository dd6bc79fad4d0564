"""dkimpy and mailauth as programs: lists of mails to judge, to sign and to seal, all names handed over with them."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, cast

import pytest

__all__ = ["Names", "Task", "ask_dkimpy", "ask_mailauth", "task"]

PROGRAMS = Path(__file__).resolve().parents[1] / "interop" / "programs"
MAILAUTH = Path(__file__).resolve().parents[2] / ".venv" / "mailauth"
PYTHON = "/usr/bin/python3"

Names: TypeAlias = Mapping[str, Sequence[str]]  # `name TYPE` → values
Task: TypeAlias = dict[str, object]


def task(kind: str, mail: bytes, **more: object) -> Task:
    """Return a task on one mail."""
    return {"kind": kind, "mail": base64.b64encode(mail).decode("ascii"), **more}


def ask_dkimpy(names: Names, tasks: Sequence[Task]) -> list[dict[str, object]]:
    """Have dkimpy do the tasks."""
    if subprocess.run((PYTHON, "-c", "import dkim"), check=False, capture_output=True).returncode != 0:
        pytest.fail("PEER MISSING: dkimpy; `make interop` as root installs it")
    return _asked((PYTHON, str(PROGRAMS / "dkimpy_judge.py")), names, tasks)


def ask_mailauth(names: Names, tasks: Sequence[Task]) -> list[dict[str, object]]:
    """Have mailauth do the tasks."""
    node = shutil.which("node")
    if node is None or not (MAILAUTH / "node_modules" / "mailauth").exists():
        pytest.fail("PEER MISSING: mailauth; `make interop` as root installs it")
    return _asked((node, str(PROGRAMS / "mailauth" / "judge.mjs"), str(MAILAUTH)), names, tasks)


def _asked(command: Sequence[str], names: Names, tasks: Sequence[Task]) -> list[dict[str, object]]:
    given = json.dumps({"names": names, "tasks": tasks})
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return cast("list[dict[str, object]]", json.loads(done.stdout))
