"""`scop dns primary` as a program of its own, and BIND's tools beside it."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scop.dns.tsig import TsigAlgorithm, TsigKey

__all__ = [
    "ENVIRONMENT",
    "Program",
    "await_true",
    "dig",
    "key_line",
    "new_key",
    "nsupdate",
    "running_primary",
    "tool_key",
]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": PATH}
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """A running primary."""

    process: subprocess.Popen[str]
    address: str
    port: int
    log: Path


def key_line(key: TsigKey) -> str:
    """Return a key as `--tsig-key` reads it."""
    return f"{key.name} {key.algorithm} {base64.b64encode(key.secret).decode()}\n"


def tool_key(key: TsigKey) -> str:
    """Return a key as `dig -y` and `nsupdate -y` read it."""
    return f"{key.algorithm}:{key.name}:{base64.b64encode(key.secret).decode()}"


def new_key(name: str, algorithm: TsigAlgorithm = TsigAlgorithm.HMAC_SHA256) -> TsigKey:
    """Return a fresh key."""
    return TsigKey(name, os.urandom(64), algorithm)


@contextmanager
def running_primary(folder: Path, address: str, *words: str, port: int = 0) -> Iterator[Program]:
    """Run it until the block ends; SIGTERM must end it in order."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "scop.cli", "dns", "primary", "--listen", f"{address}:{port}", *words]
    log = folder / "primary.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    with process, process.stdout as said:
        try:
            line = said.readline()
            assert line.startswith("ready: "), (line, log.read_text())
            yield Program(process, address, int(line.strip().rpartition(":")[2]), log)
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def dig(program: Program, *words: str) -> str:
    """Return what dig prints."""
    command = ("dig", "-p", str(program.port), f"@{program.address}", "+tries=1", "+time=20", *words)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT).stdout


def nsupdate(
    program: Program, lines: str, *, zone: str, key: TsigKey | None = None, words: tuple[str, ...] = ()
) -> str:
    """Return how an UPDATE ended: NOERROR, or the name of the code, as nsupdate says it."""
    signing = () if key is None else ("-y", tool_key(key))
    said = f"server {program.address} {program.port}\nzone {zone}\n{lines}\nsend\nanswer\n"
    command = ("nsupdate", *words, *signing)
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if done.returncode == 0:
        return "NOERROR"
    complaint = done.stderr.strip().splitlines()
    return next((line.partition(": ")[2] for line in complaint if line.startswith("update failed")), done.stderr)


def await_true(holds: Callable[[], bool], what: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Return once it holds; fails with `what` when that takes too long."""
    give_up = time.monotonic() + patience_seconds
    while not holds():
        assert time.monotonic() < give_up, what
        time.sleep(0.1)
