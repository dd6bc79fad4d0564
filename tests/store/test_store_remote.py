"""A store and its remote: fetched, joined and pushed, never by force; git itself is the other side."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.git_remote import bare_repository, edit, git
from fakes.loops import PATIENCE_SECONDS
from fakes.mesh import loopback_listener
from scop.store import Diverged, Remote, Store, StoreError
from scop.store import remote as remote_module

WHO = {"author": "tester", "message": "m"}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return an empty repository of somebody else."""
    return bare_repository(tmp_path / "remote.git")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store with one file."""
    store = Store(tmp_path / "store.git")
    store.put("a", b"1", **WHO)
    return store


def test_push_gives_the_remote_our_history(store: Store, bare: Path) -> None:
    """After a push the remote's branch is ours, commit by commit."""
    store.push(Remote(str(bare)))
    assert store.head == git(bare, "rev-parse", "main").strip()
    assert "1" == git(bare, "show", "main:a")


def test_pull_of_an_empty_remote_is_nothing(store: Store, bare: Path) -> None:
    """A remote without commits has no last one."""
    assert "" == store.pull(Remote(str(bare)))


def test_pull_leaves_our_branch_as_it_is(store: Store, bare: Path) -> None:
    """What was fetched can be looked at, and is ours only once it was joined."""
    store.push(Remote(str(bare)))
    store.mark("x", b"marks are in nobody's way")
    theirs = edit(bare, "b", "2")
    before = store.head
    assert theirs == store.pull(Remote(str(bare)))
    assert before == store.head == store.common(theirs)
    assert b"2" == store.at(theirs).get("b")


def test_push_never_takes_commits_away(store: Store, bare: Path) -> None:
    """A remote that went on without us refuses, until we stand on its commits too; then it follows."""
    remote = Remote(str(bare))
    store.push(remote)
    edit(bare, "a", "theirs")
    store.put("a", b"ours", **WHO)
    with pytest.raises(Diverged):
        store.push(remote)
    head = store.join(store.pull(remote), ("a",), author="tester", message="Join")
    store.push(remote)
    assert head == git(bare, "rev-parse", "main").strip()
    assert "ours" == git(bare, "show", "main:a")
    assert "1" == git(bare, "rev-list", "--count", "--merges", "main").strip()


def test_join_takes_their_files_but_those_that_are_kept(store: Store, bare: Path) -> None:
    """Files beside ours come along; a kept one that we do not have goes."""
    store.push(Remote(str(bare)))
    edit(bare, "README", "hello")
    edit(bare, "gone", "x")
    store.put("a", b"2", **WHO)
    store.join(store.pull(Remote(str(bare))), ("a", "gone"), author="tester", message="Join")
    assert ("README", "a") == store.list()
    assert b"2" == store.get("a")


def test_join_of_what_we_stand_on_changes_nothing(store: Store, bare: Path) -> None:
    """A commit that is in our history already makes no new one."""
    store.push(Remote(str(bare)))
    head = store.put("a", b"2", **WHO)
    assert head == store.join(store.pull(Remote(str(bare))), ("a",), author="tester", message="Join")


def test_join_gives_an_empty_store_a_history(tmp_path: Path, store: Store, bare: Path) -> None:
    """A store without commits begins with those of the remote."""
    store.push(Remote(str(bare)))
    fresh = Store(tmp_path / "fresh.git")
    assert "" == fresh.common(fresh.pull(Remote(str(bare))))
    fresh.join(fresh.pull(Remote(str(bare))), (), author="tester", message="Begin")
    assert b"1" == fresh.get("a")
    fresh.push(Remote(str(bare)))


def test_remote_that_is_not_there_is_a_fault_of_the_store(store: Store, tmp_path: Path) -> None:
    """Whatever goes wrong on the way is a `StoreError` that names the remote."""
    with pytest.raises(StoreError, match="nowhere: there is no such folder"):
        store.pull(Remote(str(tmp_path / "nowhere")))
    with pytest.raises(StoreError, match=r"127\.0\.0\.1"):
        store.push(Remote("git://127.0.0.1:1/x.git"))


@pytest.mark.parametrize("url", ["", "relative/path", "http://clear.test/x", "ext::sh -c id", "/" + "x" * 1024])
def test_remote_must_be_a_place_we_know_to_speak_with(url: str) -> None:
    """What is no absolute path and no URL of a known kind is refused, `ext::` of all things."""
    with pytest.raises(ValueError, match="not a repository"):
        Remote(url)


@pytest.fixture
def daemon(bare: Path) -> Iterator[str]:
    """Serve the remote by git's own protocol; return its URL."""
    with loopback_listener() as held:  # git wants a number: the kernel's choice, free again
        port = held.getsockname()[1]
    command = ["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", "--export-all"]
    command += ["--enable=receive-pack", f"--base-path={bare.parent}", str(bare.parent)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield f"git://127.0.0.1:{port}/{bare.name}"
    finally:
        process.terminate()
        process.wait(10)


def test_push_and_pull_over_the_network(store: Store, bare: Path, daemon: str) -> None:
    """The same works with git's own server, which refuses what would lose commits."""
    remote = Remote(daemon)
    _patiently(store, remote)
    theirs = edit(bare, "b", "2")
    store.put("a", b"3", **WHO)
    with pytest.raises(Diverged):
        store.push(remote)
    assert theirs == store.pull(remote)
    store.join(theirs, ("a",), author="tester", message="Join")
    store.push(remote)
    assert ("3", "2") == (git(bare, "show", "main:a"), git(bare, "show", "main:b"))


def _patiently(store: Store, remote: Remote) -> None:
    """Push once the server has come up."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return store.push(remote)
        except StoreError:
            assert time.monotonic() < deadline


def test_marks_are_remembered_beside_the_history(store: Store, tmp_path: Path) -> None:
    """A mark is no commit, outlives its writer and is overwritten; any text may name it."""
    head = store.head
    store.mark("harbor.test/../x.lock", b"one")
    store.mark("harbor.test/../x.lock", b"two")
    again = Store(tmp_path / "store.git")
    assert (b"two", None, head) == (again.marked("harbor.test/../x.lock"), again.marked("y"), again.head)


def test_free_removes_the_lock_of_the_dead_at_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who knows that nobody else writes need not wait until a lock is old."""
    monkeypatch.setattr("scop.store.versioned.PATIENCE_SECONDS", 0.0)
    (tmp_path / "store.git/refs/heads/main.lock").touch()
    with pytest.raises(StoreError, match="busy"):
        store.put("a", b"2", **WHO)
    store.free()
    store.put("a", b"2", **WHO)


@pytest.mark.parametrize("is_valid", [True, False])
def test_remote_is_believed_as_its_proof_is_worth(is_valid: bool) -> None:
    """A host whose key or certificate does not hold is not spoken with, whatever pygit2 would do by itself."""
    callbacks = remote_module._Callbacks(Remote("ssh://host.test/x"))
    assert is_valid is callbacks.certificate_check(None, is_valid, b"host.test")
