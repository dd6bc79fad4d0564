"""Has releases tested by the process that was started for it (`scop.cli.matrix.notify_runner`)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Collection, Mapping

import msgspec

from scop.cli.matrix.notify_config import WatchTable
from scop.cli.matrix.notify_runner import Ask, Begin, Begun, Outcome, Task
from scop.matrix.notifier.releases import Release
from scop.net.faults import PermanentFailure

__all__ = ["Trials", "clean"]

# What programs want to know of where they are; the rest of an environment is often secrets.
_USUAL = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
})  # fmt: skip


def clean(environment: Mapping[str, str], named: Collection[str], secrets: Collection[str]) -> dict[str, str]:
    """Return what a test may know of an environment: what is usual or named, and nothing that is a secret of ours."""
    return {
        name: value
        for name, value in environment.items()
        if (name in _USUAL or name.startswith("LC_") or name in named)
        and not name.startswith("SCOP_")
        and name not in secrets
    }


class Trials:
    """Started before confinement, outside of any event loop; then used within one."""

    def __init__(
        self, packages: Mapping[str, WatchTable], process: subprocess.Popen[bytes], way: socket.socket
    ) -> None:
        self._names = {package: name for name, package in packages.items()}
        self._process = process
        self._way = way
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.hides = False

    @classmethod
    def start(
        cls,
        packages: Mapping[str, WatchTable],
        environment: Mapping[str, str],
        *,
        secrets: Collection[str] = (),
        hidden: Collection[str] = (),
    ) -> Trials:
        """Start the process; no test sees the variables `secrets` or the places `hidden`; raises `PermanentFailure`."""
        tasks = {
            name: Task(each.test, each.timeout_seconds, clean(environment, each.environment, secrets))
            for name, each in packages.items()
            if each.test
        }
        ours, theirs = socket.socketpair()
        # Nothing of ours is in its memory, its environment or its descriptors.
        around = clean(environment, ("PYTHONPATH", "PYTHONHOME"), secrets)
        command = (sys.executable, "-P", "-m", "scop.cli.matrix.notify_runner")
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - ourselves
                command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=around, start_new_session=True
            )
        trials = cls(packages, process, ours)
        trials.hides = _begun(ours, Begin(tasks, tuple(hidden))).hides
        return trials

    async def test(self, package: WatchTable, release: Release) -> Outcome:
        """Have a release tested; raises `PermanentFailure` where nobody is there to do it."""
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(sock=self._way)
        reader, writer = self._streams
        known = {"SCOP_PACKAGE": package.package, "SCOP_VERSION": release.version, "SCOP_URL": release.url}
        writer.write(msgspec.json.encode(Ask(self._names[package], known)) + b"\n")
        try:
            answer = await reader.readline()
        except ConnectionError:
            answer = b""
        if not answer:
            raise PermanentFailure("the process that runs tests of releases has ended")
        return msgspec.json.decode(answer, type=Outcome)

    def close(self) -> None:
        """Let the process end, and with it what it runs."""
        if self._streams is not None:
            self._streams[1].close()
        self._way.close()
        with contextlib.suppress(OSError):  # confined, nobody may wait for it
            self._process.wait()


def _begun(way: socket.socket, begin: Begin) -> Begun:
    try:
        way.sendall(msgspec.json.encode(begin) + b"\n")
        with way.makefile("rb") as lines:
            return msgspec.json.decode(lines.readline(), type=Begun)
    except (OSError, msgspec.DecodeError):
        raise PermanentFailure("the process that runs tests of releases does not start") from None
