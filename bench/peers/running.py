"""Running one server of others in the foreground: started, waited for, ended, its words kept in a file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from bench.peers.listening import PATIENCE_SECONDS, await_listener

__all__ = ["running"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
END_SECONDS = 20


@contextmanager
def running(
    command: Sequence[str], folder: Path, address: str, port: int, patience: float = PATIENCE_SECONDS
) -> Iterator[Popen[bytes]]:
    """Run `command` until the block ends; it serves TCP at `address` and writes to `folder`/log.

    Raises `OSError` with its last words where it does not come up.
    """
    log = folder / "log"
    with log.open("ab") as words:
        process = Popen(tuple(command), stdout=words, stderr=subprocess.STDOUT, cwd=folder, env={"PATH": PATH})
    try:
        try:
            await_listener(address, port, lambda: process.poll() is None, patience)
        except OSError as fault:
            raise OSError(f"{command[0]} does not come up: {log.read_text(errors='replace')[-2000:]}") from fault
        yield process
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
