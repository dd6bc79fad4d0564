"""A Knot that answers on one loopback address, with everything it writes in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from bench.peers.running import running

__all__ = ["is_there", "running_knot"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def is_there() -> bool:
    """Tell whether Knot is installed."""
    return shutil.which("knotd", path=PATH) is not None


@contextmanager
def running_knot(folder: Path, address: str, port: int, sections: str) -> Iterator[Popen[bytes]]:
    """Run a knotd; `sections` are those of its keys, remotes, policies and zones, whose files lie in `folder`."""
    (folder / "run").mkdir(parents=True, exist_ok=True)
    configuration = folder / "knot.conf"
    configuration.write_text(
        f"""
server:
    rundir: "{folder}/run"
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "{folder}"
    journal-db-max-size: 64M
    kasp-db-max-size: 16M
    timer-db-max-size: 16M
{sections}
"""
    )
    with running(("knotd", "-c", str(configuration)), folder, address, port) as process:
        yield process
