"""An NSD that answers on one loopback address, with everything it writes in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from bench.peers.running import running

__all__ = ["is_there", "running_nsd"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def is_there() -> bool:
    """Tell whether NSD is installed."""
    return shutil.which("nsd", path=PATH) is not None


@contextmanager
def running_nsd(folder: Path, address: str, port: int, sections: str) -> Iterator[Popen[bytes]]:
    """Run an nsd; `sections` are those of its keys and zones, whose files lie in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "nsd.conf"
    configuration.write_text(
        f"""
server:
    ip-address: {address}@{port}
    username: ""
    chroot: ""
    pidfile: ""
    database: ""
    server-count: 1
    zonesdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    logfile: ""
    verbosity: 2
    rrl-ratelimit: 0
remote-control:
    control-enable: no
{sections}
"""
    )
    with running(("nsd", "-d", "-c", str(configuration)), folder, address, port) as process:
        yield process
