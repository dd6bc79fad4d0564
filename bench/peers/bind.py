"""A BIND that answers, or resolves, on one loopback address, with everything it writes in one folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from bench.peers.running import running

__all__ = ["is_there", "running_bind"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def is_there() -> bool:
    """Tell whether BIND is installed, and may be given an address of its own."""
    return shutil.which("named", path=PATH) is not None and os.geteuid() == 0


@contextmanager
def _own(address: str) -> Iterator[None]:
    """Give loopback this very address for a while: BIND listens at those that an interface has, not at all of 127/8."""
    if address == "127.0.0.1":
        yield
        return
    subprocess.run(("ip", "address", "replace", f"{address}/32", "dev", "lo"), check=True, env={"PATH": PATH})
    try:
        yield
    finally:
        subprocess.run(("ip", "address", "delete", f"{address}/32", "dev", "lo"), check=False, env={"PATH": PATH})


@contextmanager
def running_bind(
    folder: Path, address: str, port: int, statements: str, *, options: str = ""
) -> Iterator[Popen[bytes]]:
    """Run a named; `statements` are those of its zones and keys, `options` go beside ours, which say no recursion."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "named.conf"
    recursion = "" if "recursion" in options else "recursion no;"
    configuration.write_text(
        f"""
options {{
  directory "{folder}";
  pid-file none;
  lock-file none;
  session-keyfile none;
  managed-keys-directory "{folder}";
  listen-on port {port} {{ {address}; }};
  listen-on-v6 {{ none; }};
  query-source address {address};
  notify-source {address};
  transfer-source {address};
  dnssec-validation no;
  empty-zones-enable no;
  {recursion}
  {options}
}};
controls {{ }};
{statements}
"""
    )
    command = ("named", "-g", "-4", "-n", "1", "-c", str(configuration))
    with _own(address), running(command, folder, address, port) as process:
        yield process
