"""A whole Postfix on one loopback address, with its queue in a folder of its own; needs root, as Postfix does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peers.listening import await_listener

__all__ = ["Postfix", "is_there", "running_postfix"]

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

# One line a service: name, type, private, unprivileged, chroot, wakeup, most processes, command.
_SERVICES = (
    "pickup unix n - n 60 1 pickup",
    "cleanup unix n - n - 0 cleanup",
    "qmgr unix n - n 300 1 qmgr",
    "tlsmgr unix - - n 1000? 1 tlsmgr",
    "rewrite unix - - n - - trivial-rewrite",
    "bounce unix - - n - 0 bounce",
    "defer unix - - n - 0 bounce",
    "trace unix - - n - 0 bounce",
    "verify unix - - n - 1 verify",
    "flush unix n - n 1000? 0 flush",
    "proxymap unix - - n - - proxymap",
    "proxywrite unix - - n - 1 proxymap",
    "smtp unix - - n - - smtp",
    "relay unix - - n - - smtp",
    "error unix - - n - - error",
    "retry unix - - n - - error",
    "discard unix - - n - - discard",
    "local unix - n n - - local",
    "virtual unix - n n - - virtual",
    "lmtp unix - - n - - lmtp",
    "anvil unix - - n - 1 anvil",
    "scache unix - - n - 1 scache",
    "postlog unix-dgram n - n - 1 postlogd",
)


@dataclass(frozen=True, slots=True)
class Postfix:
    """One that runs."""

    folder: Path
    address: str
    port: int
    master_pid: int

    @property
    def log(self) -> str:
        """What it wrote so far."""
        path = self.folder / "log" / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def pids(self) -> tuple[int, ...]:
        """Return the processes of it that live now."""
        entries = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return (self.master_pid, *(int(each.name) for each in entries if _parent_of(each) == self.master_pid))

    def control(self, *words: str) -> str:
        """Run one of its commands (`postqueue -p`, `postsuper -d ALL`) on it and return what it says."""
        etc = str(self.folder / "etc")
        done = _run(words[0], "-c", etc, *words[1:], environment={"MAIL_CONFIG": etc})
        return done.stdout + done.stderr


def is_there() -> bool:
    """Tell whether Postfix is installed and may be started."""
    return shutil.which("postfix", path=PATH) is not None and os.geteuid() == 0


@contextmanager
def running_postfix(
    folder: Path, address: str, port: int, settings: Mapping[str, str], *, nameserver: str = "", services: str = ""
) -> Iterator[Postfix]:
    """Run a Postfix that takes mail at `address`:`port`; `settings` are lines of its main.cf.

    `services` are lines of its master.cf, in place of those of the same name that are always there.
    With a `nameserver`, which is asked on port 53, whoever takes mail sees no other resolv.conf: it is chrooted.
    """
    _write(folder, address, port, settings, services)
    if nameserver:
        _ask(folder, nameserver)
    etc = str(folder / "etc")
    started = _run("postfix", "-c", etc, "start")
    if started.returncode:
        raise RuntimeError(f"Postfix did not start: {started.stderr}")
    try:
        await_listener(address, port)
        yield Postfix(folder, address, port, int((folder / "queue" / "pid" / "master.pid").read_text()))
    finally:
        subprocess.run(
            ["postfix", "-c", etc, "abort"], capture_output=True, timeout=60, check=False, env={"PATH": PATH}
        )


def _run(*command: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": PATH, **(environment or {})}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=variables)


def _write(folder: Path, address: str, port: int, settings: Mapping[str, str], services: str) -> None:
    for name in ("etc", "queue", "data", "log"):
        (folder / name).mkdir(parents=True, mode=0o755)
    shutil.chown(folder / "data", "postfix")
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": str(folder / "queue"),
        "data_directory": str(folder / "data"),
        "maillog_file": str(folder / "log" / "mail.log"),
        "maillog_file_prefixes": str(folder / "log"),
        "import_environment": "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C",
        "inet_interfaces": "127.0.0.1",  # must be an interface's own; where it listens stands in master.cf
        "inet_protocols": "ipv4",
        "smtp_bind_address": address,
        "myhostname": "postfix.test",
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "alias_maps": "",
        "alias_database": "",
        "smtputf8_enable": "yes",
        "smtpd_recipient_restrictions": "permit_mynetworks, reject",
        "smtpd_relay_restrictions": "permit_mynetworks, reject",
        "smtpd_tls_security_level": "none",
        **settings,
    }
    (folder / "etc" / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    named = {line.split()[0] for line in services.splitlines() if line[:1].strip()}
    usual = (f"{address}:{port} inet n - n - 100 smtpd", *_SERVICES)
    lines = [line for line in usual if line.split()[0] not in named]
    (folder / "etc" / "master.cf").write_text("\n".join(lines) + f"\n{services}")


def _ask(folder: Path, nameserver: str) -> None:
    (folder / "queue" / "etc").mkdir(mode=0o755)
    (folder / "queue" / "etc" / "resolv.conf").write_text(f"nameserver {nameserver}\noptions timeout:2 attempts:1\n")
    services = folder / "etc" / "master.cf"
    first, rest = services.read_text().split("\n", 1)
    services.write_text(f"{first.replace('inet n - n', 'inet n - y')}\n{rest}")


def _parent_of(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
    except (OSError, IndexError):  # it ended in between
        return 0
