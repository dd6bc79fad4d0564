"""The remote of the zones' history on a real SSH server: both sides prove themselves, or nothing is said."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.git_remote import bare_repository, edit, git
from fakes.mesh import loopback_listener
from scop.cells.primary.remote import remote_of
from scop.store import Store, StoreError

pytestmark = pytest.mark.interop

SSHD = "/usr/sbin/sshd"
PATIENCE_SECONDS = 20.0


def _key(path: Path) -> Path:
    """Make a key pair; return the public file."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_name(f"{path.name}.pub")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[str]:
    """Run an SSH server on loopback; return host and port as `known_hosts` has them."""
    if not Path(SSHD).exists() or shutil.which("ssh-keygen") is None or os.geteuid() != 0:
        pytest.fail("PEER MISSING: sshd, or not root; `make interop` as root installs it")
    _key(tmp_path / "host")
    shutil.copy(_key(tmp_path / "remote.key"), tmp_path / "authorized")
    with loopback_listener() as held:  # the kernel's choice, free again
        port = int(held.getsockname()[1])
    lines = f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/authorized\n"
    (tmp_path / "conf").write_text(f"{lines}StrictModes no\nPasswordAuthentication no\nUsePAM no\nPidFile none\n")
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(tmp_path / "conf")], stderr=subprocess.DEVNULL)
    try:
        yield f"[127.0.0.1]:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _known(state: Path, place: str, public: Path) -> None:
    """Write down whose key a host has."""
    (state / ".ssh").mkdir(exist_ok=True)
    kind, key = public.read_text().split()[:2]
    (state / ".ssh/known_hosts").write_text(f"{place} {kind} {key}\n")


def _patiently(store: Store, url: str, state: Path) -> None:
    """Push once the server has come up."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return store.push(remote_of(url, state))
        except StoreError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_history_travels_by_ssh_between_those_who_know_each_other(place: str, tmp_path: Path) -> None:
    """With our key there and the host's key here it is pushed and pulled; a host that we do not know gets nothing."""
    bare = bare_repository(tmp_path / "remote.git")
    url = f"ssh://{getpass.getuser()}@{place.replace('[', '').replace(']', '')}{bare}"
    store = Store(tmp_path / "zones.git")
    store.put("harbor.test.zone", b"1", author="a", message="m")
    _known(tmp_path, place, tmp_path / "host.pub")
    _patiently(store, url, tmp_path)
    assert store.head == git(bare, "rev-parse", "main").strip()
    assert edit(bare, "README", "hello") == store.pull(remote_of(url, tmp_path))
    _known(tmp_path, place, _key(tmp_path / "another"))
    with pytest.raises(StoreError, match="unknown remote ssh hostkey"):
        store.push(remote_of(url, tmp_path))
    (tmp_path / ".ssh/known_hosts").unlink()
    with pytest.raises(StoreError, match="unknown remote ssh hostkey"):
        store.push(remote_of(url, tmp_path))


def test_history_goes_to_nobody_whom_we_cannot_prove_ourselves_to(place: str, tmp_path: Path) -> None:
    """Without our key, or with one that the host does not let in, it says so and does not ask for ever."""
    bare = bare_repository(tmp_path / "remote.git")
    url = f"ssh://{getpass.getuser()}@{place.replace('[', '').replace(']', '')}{bare}"
    store = Store(tmp_path / "zones.git")
    store.put("harbor.test.zone", b"1", author="a", message="m")
    _known(tmp_path, place, tmp_path / "host.pub")
    _patiently(store, url, tmp_path)
    (tmp_path / "remote.key").unlink()
    with pytest.raises(StoreError, match="no key or token is configured"):
        store.push(remote_of(url, tmp_path))
    _key(tmp_path / "remote.key.new")
    (tmp_path / "remote.key.new").rename(tmp_path / "remote.key")
    with pytest.raises(StoreError, match="refuses what we prove ourselves with"):
        store.push(remote_of(url, tmp_path))
