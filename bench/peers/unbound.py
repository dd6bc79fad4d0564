"""An Unbound that resolves on one loopback address, with everything it writes in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from bench.peers.running import running

__all__ = ["is_there", "running_unbound"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def is_there() -> bool:
    """Tell whether Unbound is installed."""
    return shutil.which("unbound", path=PATH) is not None


@contextmanager
def running_unbound(
    folder: Path, address: str, port: int, statements: str, *, server: str = ""
) -> Iterator[Popen[bytes]]:
    """Run an unbound of one thread; `server` are lines of its server clause, `statements` other clauses.

    Its zones may lie on loopback, where it would not ask by itself.
    """
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "unbound.conf"
    configuration.write_text(
        f"""
server:
    interface: {address}@{port}
    outgoing-interface: {address}
    access-control: 127.0.0.0/8 allow
    do-daemonize: no
    do-not-query-localhost: no
    do-ip6: no
    username: ""
    chroot: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    num-threads: 1
    directory: "{folder}"
{server}
remote-control:
    control-enable: no
{statements}
"""
    )
    with running(("unbound", "-d", "-c", str(configuration)), folder, address, port) as process:
        yield process
