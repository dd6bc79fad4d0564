"""A versioned store of small files: every change is a commit, and git itself can read it.

For state that a person may want to look back on, compare or undo: accounts, policies, zones. Each
`put` is one commit on the branch `main`, durable when it returns. Writers that race, in this process
or another, are ordered by compare-and-set on the branch, so the history is one line and no change
is lost. Bulk data and secrets that must be forgotten do not belong here: git forgets nothing.

Standards: none; the git object and reference formats, https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scop.store.faults import Conflict, StoreError
from scop.store.libgit2 import FileMode, SortMode, pygit2
from scop.store.packing import pack_loose
from scop.store.remote import Remote
from scop.store.repository import FIRST_BRANCH, open_repository

__all__ = ["Revision", "Snapshot", "Store"]

PATIENCE_SECONDS = 8.0  # for writers that race; longer than a lock can be stale
STALE_LOCK_SECONDS = 5.0  # a lock is held for milliseconds: an older one belongs to a killed process
PAUSE_SECONDS = 0.002
MAX_PATH_OCTETS = 1024
MARKS, MARKED = "refs/marks/", "octets"


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit: `id` names it for `Store.at`."""

    id: str
    author: str
    message: str
    unix: int


class Snapshot:
    """All files as one commit left them; it never changes."""

    def __init__(self, tree: pygit2.Tree | None) -> None:
        self._tree = tree

    def get(self, path: str) -> bytes | None:
        """Return a file's octets, None where there is none."""
        _parts(path)
        found = _entry(self._tree, path)
        return found.data if isinstance(found, pygit2.Blob) else None

    def list(self, prefix: str = "") -> tuple[str, ...]:
        """Return the paths of all files below the folder `prefix`, in order; '' means all."""
        if not prefix:
            return tuple(_paths(self._tree, ""))
        _parts(prefix)
        found = _entry(self._tree, prefix)
        return tuple(_paths(found, f"{prefix}/")) if isinstance(found, pygit2.Tree) else ()


class Store:
    """A store in one folder. Each thread opens its own; any number may write.

    Paths are like `accounts/alice.json`: parts of UTF-8 text, no part empty, `.`, `..` or `.git`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._repository = open_repository(path)
        self._lock_file = path / f"{FIRST_BRANCH}.lock"

    @property
    def head(self) -> str:
        """The id of the last commit, '' before the first."""
        commit = self._head()
        return str(commit.id) if commit else ""

    def get(self, path: str) -> bytes | None:
        """Return a file's octets as they are now, None where there is none."""
        return self._snapshot(self._head()).get(path)

    def list(self, prefix: str = "") -> tuple[str, ...]:
        """Return the paths of all files below the folder `prefix` as they are now."""
        return self._snapshot(self._head()).list(prefix)

    def at(self, revision: str) -> Snapshot:
        """Return the files as the commit with this id left them ('' before the first); raises `KeyError`."""
        return Snapshot(self._tree_of(revision))

    def history(self, path: str) -> Iterator[Revision]:
        """Yield the commits that changed a file here, newest first; what `join` brought is told by the one of ours."""
        _parts(path)
        head = self._head()
        if head is None:
            return
        walk = self._repository.walk(head.id, SortMode.TOPOLOGICAL)
        walk.simplify_first_parent()  # else a commit from elsewhere, which lacks what we did beside, comes out first
        for commit in walk:
            before = commit.parents[0].tree if commit.parents else None
            if _id_at(commit.tree, path) != _id_at(before, path):
                yield _revision(commit)

    def put(self, path: str, octets: bytes | None, *, author: str, message: str, since: str | None = None) -> str:
        """Write a file, or remove it with None, and return the id of the commit; durable when this returns.

        `since` is the commit that the caller read the file from: `Conflict` is raised where the file has
        changed from there on. Octets that stand there already make no commit.
        """
        parts = _parts(path)
        blob = None if octets is None else self._repository.create_blob(octets)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            head = self._head()
            tree = head.tree if head else None
            if since is not None and _id_at(tree, path) != _id_at(self._tree_of(since), path):
                raise Conflict(f"{path} has changed since {since or 'the beginning'}")
            if head is not None and _id_at(tree, path) == blob:
                return str(head.id)
            commit = self._commit(self._with(tree, parts, blob), head, author, message)
            if self._advance(head, commit):
                return str(commit)
            if time.monotonic() > deadline:
                raise StoreError(f"others kept the store busy for {PATIENCE_SECONDS} s")
            self._yield_to_others()

    def revision(self, revision: str) -> Revision:
        """Return who made a commit, when and why, wherever it came from; raises `KeyError`."""
        found: object = self._repository.get(revision)
        if not isinstance(found, pygit2.Commit):
            raise KeyError(revision)
        return _revision(found)

    def pack(self) -> int:
        """Bring the small objects of many commits into one file and return how many they were; see `packing`."""
        return pack_loose(self._repository, self._path)

    def free(self) -> None:
        """Remove the lock that a killed process left at once; for who knows that nobody else writes here."""
        self._lock_file.unlink(missing_ok=True)

    def mark(self, name: str, octets: bytes) -> None:
        """Remember octets under a name beside the history, durably: what was last seen of a file outside, say."""
        blob = self._repository.create_blob(octets)
        # A commit of its own, since a reference to anything else stops libgit2's fetch.
        commit = self._commit(self._with(None, (MARKED,), blob), None, "mark", f"Remember {name}")
        self._repository.references.create(f"{MARKS}{_mark(name)}", commit, force=True)

    def marked(self, name: str) -> bytes | None:
        """Return what was remembered under a name, None where nothing was."""
        reference = self._repository.references.get(f"{MARKS}{_mark(name)}")
        return self.at(str(reference.target)).get(MARKED) if reference is not None else None

    def push(self, remote: Remote) -> None:
        """Send our commits to another repository; raises `Diverged` where it holds some that we do not know."""
        remote.push(self._repository)

    def pull(self, remote: Remote) -> str:
        """Fetch another repository's commits and return the id of its last ('' for none); ours stay as they are."""
        return remote.fetch(self._repository)

    def common(self, revision: str) -> str:
        """Return the last commit that our branch and another one both stand on, '' where there is none."""
        head = self._head()
        if head is None:
            return ""
        found = self._repository.merge_base(head.id, pygit2.Oid(hex=revision))
        return str(found) if found else ""

    def join(self, revision: str, keep: Iterable[str], *, author: str, message: str) -> str:
        """Let our branch stand on another commit too, so that its owner can follow us; return the new head.

        Its files are taken, but for those named in `keep`, which stay as we have them: who calls has merged them.
        """
        theirs = pygit2.Oid(hex=revision)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            head = self._head()
            if head is not None and (head.id == theirs or self._repository.descendant_of(head.id, theirs)):
                return str(head.id)
            tree = self._joined(head, revision, keep)
            commit = self._commit(tree, head, author, message, theirs)
            if self._advance(head, commit):
                return str(commit)
            if time.monotonic() > deadline:
                raise StoreError(f"others kept the store busy for {PATIENCE_SECONDS} s")
            self._yield_to_others()

    def _joined(self, head: pygit2.Commit | None, revision: str, keep: Iterable[str]) -> pygit2.Oid:
        tree = self._tree_of(revision)
        assert tree is not None
        for path in keep:
            blob = _id_at(head.tree if head else None, path)
            tree = self._tree(self._with(tree, _parts(path), blob))
        return tree.id

    def _head(self) -> pygit2.Commit | None:
        reference = self._repository.references.get(FIRST_BRANCH)
        return reference.peel(pygit2.Commit) if reference is not None else None

    def _snapshot(self, commit: pygit2.Commit | None) -> Snapshot:
        return Snapshot(commit.tree if commit else None)

    def _tree_of(self, revision: str) -> pygit2.Tree | None:
        if not revision:
            return None
        try:
            found: object = self._repository.get(revision)
        except ValueError:  # not even of the form of an id
            found = None
        if not isinstance(found, pygit2.Commit):
            raise KeyError(revision)
        return found.tree

    def _with(self, tree: pygit2.Tree | None, parts: tuple[str, ...], blob: pygit2.Oid | None) -> pygit2.Oid:
        """Return a copy of `tree` in which the path holds `blob`; folders come and go with their files."""
        builder = self._repository.TreeBuilder(tree) if tree is not None else self._repository.TreeBuilder()
        name, *rest = parts
        inner = _entry(tree, name)
        if rest:
            folder = inner if isinstance(inner, pygit2.Tree) else None
            below = self._with(folder, tuple(rest), blob)
            child, mode = (below if len(self._tree(below)) else None), FileMode.TREE
        else:
            child, mode = blob, FileMode.BLOB
        if child is not None:
            builder.insert(name, child, mode)
        elif inner is not None:
            builder.remove(name)
        return builder.write()

    def _tree(self, tree_id: pygit2.Oid) -> pygit2.Tree:
        tree: object = self._repository[tree_id]
        assert isinstance(tree, pygit2.Tree)
        return tree

    def _commit(
        self, tree: pygit2.Oid, head: pygit2.Commit | None, author: str, message: str, *others: pygit2.Oid
    ) -> pygit2.Oid:
        signature = pygit2.Signature(author, f"{author}@scop.invalid", int(time.time()), 0)
        parents = [*([head.id] if head else []), *others]
        return self._repository.create_commit(None, signature, signature, message, tree, parents)

    def _advance(self, head: pygit2.Commit | None, commit: pygit2.Oid) -> bool:
        """Move the branch from `head` to `commit`; False where it is elsewhere by now, or locked."""
        try:
            if head is None:
                self._repository.references.create(FIRST_BRANCH, commit)
                return True
            reference = self._repository.references.get(FIRST_BRANCH)
            if reference is None or reference.target != head.id:
                return False
            reference.set_target(commit)  # libgit2 compares with the target that was read
        except (pygit2.GitError, ValueError, OSError) as error:
            if self._is_contention(error, head):
                return False
            raise
        return True

    def _is_contention(self, error: Exception, head: pygit2.Commit | None) -> bool:
        """Whether another writer was in the way; libgit2's Python face has no code for it."""
        now = self._head()
        moved = (now.id if now else None) != (head.id if head else None)
        return moved or "failed to lock" in str(error)

    def _yield_to_others(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - self._lock_file.stat().st_mtime > STALE_LOCK_SECONDS:
                self._lock_file.unlink()
        time.sleep(PAUSE_SECONDS)


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(path.split("/"))
    if len(path.encode()) > MAX_PATH_OCTETS or "\0" in path:
        raise ValueError("a path is too long or holds NUL")
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise ValueError(f"not a path of the store: {path!r}")
    return parts


def _revision(commit: pygit2.Commit) -> Revision:
    return Revision(str(commit.id), str(commit.author.name), commit.message, commit.commit_time)


def _mark(name: str) -> str:
    """Return a name in letters that a reference may hold, each name another."""
    return name.encode().hex()


def _entry(tree: pygit2.Tree | None, path: str) -> pygit2.Object | None:
    if tree is None:
        return None
    try:
        return tree[path]
    except KeyError:
        return None


def _id_at(tree: pygit2.Tree | None, path: str) -> pygit2.Oid | None:
    found = _entry(tree, path)
    return found.id if isinstance(found, pygit2.Blob) else None


def _paths(tree: pygit2.Tree | None, prefix: str) -> Iterator[str]:
    for entry in tree or ():
        if isinstance(entry, pygit2.Tree):
            yield from _paths(entry, f"{prefix}{entry.name}/")
        elif isinstance(entry, pygit2.Blob):  # not a submodule, which somebody else's commit may bring
            yield f"{prefix}{entry.name}"
