"""The versioned store: a dict with a history that git can read."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from itertools import pairwise
from pathlib import Path

import pygit2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scop.store import Conflict, Store, StoreError, versioned

# Puts ever new values, printing each that returned, until it is killed.
CRASHING = """
import itertools, sys
from pathlib import Path
from scop.store import Store

store = Store(Path(sys.argv[1]))
for number in itertools.count():
    store.put("n", str(number).encode(), author="a", message="m")
    print(number, flush=True)
"""


ONE_PUT = """
import sys
from pathlib import Path
from scop.store import Store

Store(Path(sys.argv[1])).put("a", b"2", author="a", message="m")
"""


def put(store: Store, path: str, octets: bytes | None) -> str:
    """Write with an author and a message that do not matter."""
    return store.put(path, octets, author="tester", message=f"Change {path}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a store may lie."""
    return tmp_path / "store.git"


@pytest.fixture
def store(folder: Path) -> Store:
    """Make an empty store."""
    return Store(folder)


def revisions(folder: Path) -> list[pygit2.Commit]:
    """Return all commits, newest first."""
    repository = pygit2.Repository(str(folder))
    return list(repository.walk(repository.references["refs/heads/main"].target))


def test_store_get_returns_what_put_wrote(store: Store) -> None:
    """A file holds the octets last put, in any folder; None where nothing was put."""
    put(store, "a/b/c.json", b"1")
    put(store, "a/b/c.json", b"\0\xff")
    assert b"\0\xff" == store.get("a/b/c.json")
    assert None is store.get("a/b")
    assert None is store.get("x")


def test_store_list_names_the_files_below_a_folder(store: Store) -> None:
    """Only whole path parts count as a prefix."""
    for path in ("b", "a/x", "a/y/z", "ab/x"):
        put(store, path, b"")
    assert ("a/x", "a/y/z", "ab/x", "b") == store.list()
    assert ("a/x", "a/y/z") == store.list("a")
    assert () == store.list("nothing")


def test_store_put_none_removes_a_file_and_its_empty_folders(store: Store) -> None:
    """What was removed is gone now and still there at the commit before."""
    before = put(store, "a/b/c", b"1")
    after = put(store, "a/b/c", None)
    assert () == store.list()
    assert b"1" == store.at(before).get("a/b/c")
    assert None is store.at(after).get("a/b/c")


def test_store_removing_what_is_not_there_changes_nothing(store: Store) -> None:
    """No change, no commit, also in the first one."""
    head = put(store, "a", b"1")
    assert head == put(store, "b/c", None)
    assert head == put(store, "a", b"1")


def test_store_history_names_the_commits_that_changed_a_file(store: Store) -> None:
    """Newest first, with author and message; commits of other files are left out."""
    store.put("a", b"1", author="alice", message="One")
    put(store, "other", b"")
    store.put("a", b"2", author="bob", message="Two")
    assert [("bob", "Two"), ("alice", "One")] == [(r.author, r.message) for r in store.history("a")]
    assert [b"2", b"1"] == [store.at(r.id).get("a") for r in store.history("a")]
    assert [] == list(store.history("never"))


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", ".", "a/../b", ".git/config", "A/.GIT", "a\0b", "a" * 1025])
def test_store_refuses_paths_that_git_or_a_file_system_would_misread(store: Store, path: str) -> None:
    """A path has no empty part and none with a meaning of its own."""
    with pytest.raises(ValueError, match="path"):
        put(store, path, b"")


@pytest.mark.parametrize("revision", ["0" * 40, "not hex"])
def test_store_at_an_unknown_commit_is_a_key_error(store: Store, revision: str) -> None:
    """Only commits of this store can be looked at."""
    with pytest.raises(KeyError):
        store.at(revision)


def test_store_put_since_a_commit_refuses_a_lost_update(store: Store, folder: Path) -> None:
    """Compare-and-set: a change based on an older state of the file is refused, of another file it is not."""
    read = put(store, "a", b"1")
    put(Store(folder), "b", b"")
    changed = store.put("a", b"2", author="t", message="m", since=read)
    with pytest.raises(Conflict):
        store.put("a", b"3", author="t", message="m", since=read)
    assert b"2" == store.get("a")
    store.put("a", b"3", author="t", message="m", since=changed)
    with pytest.raises(Conflict):
        store.put("a", b"4", author="t", message="m", since="")


def test_store_racing_writers_lose_nothing_and_history_is_one_line(folder: Path) -> None:
    """Writers on several threads are ordered: each put is one commit with at most one parent."""

    def write(writer: int) -> None:
        store = Store(folder)
        for number in range(15):
            put(store, f"{writer}/{number}", b"x")

    Store(folder)
    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 60 == len(Store(folder).list()) == len(revisions(folder))
    assert [1] * 59 + [0] == [len(commit.parents) for commit in revisions(folder)]


_CHANGE = st.tuples(st.integers(0, 2), st.sampled_from(["a", "d/a", "d/b", "e/f/g"]), st.none() | st.binary(max_size=3))


@settings(max_examples=25, deadline=None)
@given(st.lists(_CHANGE, max_size=12))
def test_store_any_interleaving_of_writers_is_a_dict_with_a_linear_history(
    changes: list[tuple[int, str, bytes | None]],
) -> None:
    """Whoever writes next, the store holds what a dict would, and every change stands in one line of commits."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "s.git")
        writers = [Store(folder) for _ in range(3)]
        model: dict[str, bytes] = {}
        for writer, path, octets in changes:
            put(writers[writer], path, octets)
            model.pop(path, None)
            if octets is not None:
                model[path] = octets
            assert writers[0].head == writers[2].head
        assert tuple(sorted(model)) == writers[0].list()
        assert model == {path: writers[1].get(path) for path in model}
        if writers[0].head:
            line = revisions(folder)
            assert all(newer.parents[0].id == older.id for newer, older in pairwise(line))


def test_store_keeps_what_it_returned_through_a_kill(folder: Path) -> None:
    """After SIGKILL in the midst of writing, every put that returned is there and the next one works."""
    with subprocess.Popen([sys.executable, "-c", CRASHING, str(folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(20)]
        process.kill()
        said = int([*lines, *process.stdout.read().splitlines()][-1])
    assert -signal.SIGKILL == process.returncode
    store = Store(folder)
    assert int(store.get("n") or -1) - said in (0, 1)
    (folder / "refs/heads/main.lock").unlink(missing_ok=True)
    put(store, "after", b"")


def test_store_makes_every_object_folder_at_the_beginning(folder: Path) -> None:
    """libgit2 does not sync the entry of a folder that it makes for an object, so it never has to make one."""
    Store(folder)
    assert 256 == len([entry for entry in (folder / "objects").iterdir() if len(entry.name) == 2])


@pytest.mark.skipif(not shutil.which("strace"), reason="PEER ABSENT: strace")
def test_store_syncs_objects_and_reference_before_put_returns(store: Store, folder: Path, tmp_path: Path) -> None:
    """Each file is fsynced before it gets its name, and its folder after: blob, tree, commit, reference."""
    put(store, "a", b"1")
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-o", str(trace), "-e", "trace=fsync,link,linkat,rename,renameat,renameat2"]
    traced = subprocess.run([*command, sys.executable, "-c", ONE_PUT, str(folder)], capture_output=True, check=False)
    if b"ptrace" in traced.stderr.lower():
        pytest.skip("PEER ABSENT: strace may not trace here")
    assert b"" == traced.stderr
    calls = re.findall(r"(fsync|link|rename)[a-z0-9]*\(.*= 0$", trace.read_text(), re.MULTILINE)
    assert ["fsync", "link", "fsync"] * 3 + ["fsync", "rename", "fsync"] == calls


def test_store_takes_a_lock_that_a_killed_process_left(store: Store, folder: Path) -> None:
    """A lock older than any living writer would hold it is removed."""
    put(store, "a", b"1")
    lock = folder / "refs/heads/main.lock"
    lock.touch()
    os.utime(lock, (1, 1))
    put(store, "a", b"2")
    assert b"2" == store.get("a")


def test_store_gives_up_on_a_lock_that_stays(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another holds the branch for longer than we are patient, the put fails and changes nothing."""
    monkeypatch.setattr(versioned, "PATIENCE_SECONDS", 0.01)
    put(store, "a", b"1")
    (folder / "refs/heads/main.lock").touch()
    with pytest.raises(StoreError, match="busy"):
        put(store, "a", b"2")
    assert b"1" == store.get("a")


def test_store_is_a_repository_that_git_finds_whole(store: Store, folder: Path) -> None:
    """Every object that a commit names can be read again by a fresh reader."""
    put(store, "a/b", b"1")
    put(store, "a/c", b"2")
    repository = pygit2.Repository(str(folder))
    assert repository.is_bare
    assert "main" == repository.head.shorthand
    assert {b"1", b"2"} == {blob.data for oid in repository if isinstance(blob := repository[oid], pygit2.Blob)}


def test_store_reads_no_configuration_of_the_machine(store: Store) -> None:
    """No file of the user or the system steers a cell's repository."""
    assert store.head == ""
    assert ["", "", "", ""] == [pygit2.settings.search_path[pygit2.enums.ConfigLevel(level)] for level in (1, 2, 3, 4)]


def test_pack_keeps_every_version_in_one_file(store: Store, folder: Path) -> None:
    """After packing nothing lies loose, every version is there still, also for who has it open, and git is content."""
    text = b"".join(b"line %d\n" % number for number in range(1000))
    commits = [put(store, "zone", text + b"%d\n" % number) for number in range(20)]
    open_before = Store(folder)
    assert text + b"0\n" == open_before.at(commits[0]).get("zone")
    assert 60 == store.pack()
    assert (0, 1) == (store.pack(), len(list((folder / "objects/pack").glob("*.pack"))))
    for reader in (store, open_before, Store(folder)):
        assert [text + b"%d\n" % number for number in range(20)] == [reader.at(c).get("zone") for c in commits]
    put(store, "zone", b"after")
    assert b"after" == open_before.get("zone")
    done = subprocess.run(["git", "-C", str(folder), "fsck", "--strict"], capture_output=True, check=True)
    assert b"" == done.stdout
    assert sum(file.stat().st_size for file in (folder / "objects/pack").iterdir()) < 20_000
