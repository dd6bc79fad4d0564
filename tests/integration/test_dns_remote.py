"""The history of zones and its remote: of a primary that runs alone, and of one that is confined in a mesh."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.command_line import DOMAIN, founded, scop
from fakes.git_remote import bare_repository, edit, git
from fakes.mesh import loopback_listener
from fakes.primary_program import key_line, new_key, running_primary

ORIGIN = "harbor.test"
FILE = f"{ORIGIN}.zone"
TEXT = "@ 300 SOA mx hostmaster 7 3600 600 1209600 10\n@ 300 NS mx\nmx 300 A 127.0.20.1\n"
PATIENCE_SECONDS = 60.0


def until(holds: Callable[[], bool], what: str) -> None:
    """Return once another process has brought something about."""
    give_up, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while not holds():
        assert time.monotonic() < give_up, what
        pause.wait(0.1)


def there(bare: Path, words: str) -> bool:
    """Say whether the zone at the remote holds these words."""
    return bool(git(bare, "for-each-ref")) and words in git(bare, "show", f"main:{FILE}")


@contextmanager
def git_daemon(folder: Path) -> Iterator[int]:
    """Serve the repositories of a folder by git's own protocol; yield the port."""
    with loopback_listener() as held:  # git wants a number: the kernel's choice, free again
        port = int(held.getsockname()[1])
    command = ["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", "--export-all"]
    command += ["--enable=receive-pack", f"--base-path={folder}", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


def test_primary_alone_shares_its_history(tmp_path: Path) -> None:
    """An UPDATE is pushed; what a person commits there is served after a signed NOTIFY (RFC 1996, RFC 8945)."""
    bare = bare_repository(tmp_path / "remote.git")
    key, zone, keys = new_key("k"), tmp_path / "z", tmp_path / "keys"
    zone.write_text(TEXT)
    keys.write_text(key_line(key))
    words = ["--zone", f"{ORIGIN}={zone}", "--tsig-key", str(keys), "--allow-update", "k:*:*"]
    words += ["--state", str(tmp_path / "state"), "--remote", str(bare)]
    with running_primary(tmp_path / "run", "127.0.0.1", *words) as primary:
        server = f"{primary.address}:{primary.port}"
        said = scop(
            "dns", "update", ORIGIN, f"add www.{ORIGIN}. 300 A 192.0.2.1", "--key", str(keys), "--server", server
        )
        assert 0 == said.status, said.err
        until(lambda: there(bare, "192.0.2.1"), "the push of an UPDATE")
        assert "k: UPDATE: + www A" == git(bare, "log", "-1", "--format=%an: %s", "main").strip()
        edit(bare, FILE, f"{git(bare, 'show', f'main:{FILE}')}ftp.{ORIGIN}. 300 IN A 192.0.2.2\n", why="Add ftp")
        notified = scop("dns", "notify", ORIGIN, "--key", str(keys), "--server", server)
        assert 0 == notified.status, notified.err
        query = ("dns", "query", f"ftp.{ORIGIN}", "A", "--server", server)
        until(lambda: scop(*query).status == 0, "the pull after a NOTIFY")
        until(lambda: there(bare, f"hostmaster.{ORIGIN}. 9 "), "the push of the merge")


def test_primary_in_a_mesh_reaches_its_remote(tmp_path: Path) -> None:
    """Confined, it may dial the one repository that is configured; what changes there is taken at the next start."""
    bare = bare_repository(tmp_path / "remote.git")
    town = founded(tmp_path / "town", "zones at a remote")
    with git_daemon(tmp_path) as port:
        remote = f'[primary]\nremote = "git://127.0.0.1:{port}/{bare.name}"\n'
        town.config.write_text(f"{town.config.read_text()}\n{remote}")
        with town.up():
            until(lambda: there(bare, "_domainkey"), "the push of the signer's UPDATE")
        edit(bare, FILE, f"{git(bare, 'show', f'main:{FILE}')}www.{DOMAIN}. 300 IN A 192.0.2.9\n", why="Add www")
        with town.up():
            until(lambda: "192.0.2.9" in town.scop("dns", "zone", "show", DOMAIN).out, "the pull at the start")
            versions = json.loads(town.scop("dns", "zone", "log", DOMAIN, "--json").out)["versions"]
    assert any(each["why"] == "Add www" and each["who"].startswith("Ada by git://") for each in versions), versions
