"""The other home of the zones' history: what changed here is pushed, what a person changed there is merged."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.git_remote import bare_repository, edit, git
from fakes.watched_log import WatchedLog
from scop.cells.primary import remote as remote_module
from scop.cells.primary.history import GitHistory, Versions
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.cells.primary.remote import Companion, remote_of
from scop.dns.zone import Zone
from scop.store import GitError, Remote, StoreError

ORIGIN = "harbor.test"
FILE = "harbor.test.zone"
HEAD = "@ 300 SOA mx hostmaster {} 3600 600 1209600 10\n@ 300 NS mx\nmx 300 A 127.0.20.1\n"
BY = Author("k", "UPDATE")
WWW, FTP = "www 300 A 127.0.20.2\n", "ftp 300 A 127.0.20.3\n"


def zone(lines: str = "", serial: int = 7, origin: str = ORIGIN) -> Zone:
    """Return a zone with more lines."""
    return Zone.parse(HEAD.format(serial) + lines, origin)


@dataclass(frozen=True, slots=True)
class Pair:
    """A primary's zones and the remote of their history."""

    bare: Path
    holdings: Holdings
    companion: Companion
    kept: WatchedLog

    async def change(self, serial: int, lines: str) -> None:
        """Change the zone as an UPDATE does."""
        await self.holdings.change(ORIGIN, lambda _now: zone(lines, serial), BY)

    @property
    def there(self) -> Zone:
        """The zone as the remote has it."""
        return Zone.parse(git(self.bare, "show", f"main:{FILE}"), ORIGIN)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Return a primary with one zone of serial 7, and an empty remote."""
    bare = bare_repository(tmp_path / "remote.git")
    state = tmp_path / "state"
    state.mkdir()
    history = GitHistory(state)
    history.commit(zone(), Author("file", "Begin"))
    holdings = Holdings(history.zones(), history, Unsigned(), lambda: 1_800_000_000.0)
    kept = WatchedLog()
    companion = Companion(state, Remote(str(bare)), holdings, kept.log("primary"))
    holdings.watch(companion.note)
    yield Pair(bare, holdings, companion, kept)
    history.close()


async def test_companion_pushes_what_changed(pair: Pair) -> None:
    """Every commit of ours is at the remote, with who and why."""
    await pair.change(8, WWW)
    await pair.companion.exchange()
    assert zone(WWW, 8) == pair.there
    assert ["k: UPDATE", "file: Begin"] == git(pair.bare, "log", "--format=%an: %s", "main").splitlines()


async def test_companion_takes_what_a_person_changed_there(pair: Pair) -> None:
    """A commit at the remote becomes a change of ours under a later serial, and both stand on the same then."""
    await pair.companion.exchange()
    edit(pair.bare, FILE, HEAD.format(7) + WWW, why="Add www")
    await pair.companion.exchange()
    assert zone(WWW, 8) == pair.holdings.source(ORIGIN) == pair.there
    assert "Add www" in git(pair.bare, "log", "--format=%s", "main")
    assert [ORIGIN] == [line["zone"] for line in pair.kept.lines if line["event"] == "zone.pulled"]


async def test_companion_merges_what_both_changed(pair: Pair) -> None:
    """An UPDATE here and an edit there both hold, and a person there can pull without force."""
    await pair.companion.exchange()
    theirs = edit(pair.bare, FILE, HEAD.format(9) + WWW)
    await pair.change(8, FTP)
    await pair.companion.exchange()
    assert zone(WWW + FTP, 9) == pair.holdings.source(ORIGIN) == pair.there
    assert theirs in git(pair.bare, "log", "--format=%H", "main")


async def test_companion_leaves_the_newest_version_ours(pair: Pair, tmp_path: Path) -> None:
    """What was merged is the newest version, not the other side's commit, which lacks what we did beside it."""
    await pair.companion.exchange()
    edit(pair.bare, FILE, HEAD.format(9) + WWW, why="Add www")
    await pair.change(8, FTP)
    await pair.companion.exchange()
    history = Versions(tmp_path / "state")
    found = history.versions(ORIGIN, 10)
    assert [("Add www", 9), ("UPDATE", 8), ("Begin", 7)] == [(each.why, each.serial) for each in found]
    assert history.text_at(ORIGIN, "") == history.text_at(ORIGIN, found[0].id)


async def test_companion_lets_ours_win_and_names_the_conflict(pair: Pair) -> None:
    """Where both changed one RRset, what we answered as durable stays; the log names it."""
    await pair.change(8, WWW)
    await pair.companion.exchange()
    edit(pair.bare, FILE, HEAD.format(9) + "www 300 A 127.0.66.1\n" + FTP)
    await pair.change(9, "www 300 A 127.0.20.9\n")
    await pair.companion.exchange()
    assert zone("www 300 A 127.0.20.9\n" + FTP, 10) == pair.there
    assert [["www.harbor.test. A"]] == [line["ours"] for line in pair.kept.lines if line["event"] == "remote.conflict"]


async def test_companion_exchanges_the_same_without_a_change(pair: Pair) -> None:
    """Once both are the same, nothing more happens."""
    await pair.companion.exchange()
    edit(pair.bare, FILE, HEAD.format(7) + WWW)
    for _ in range(3):
        await pair.companion.exchange()
    assert "4" == git(pair.bare, "rev-list", "--count", "main").strip()


async def test_companion_adds_new_zones_and_keeps_ours(pair: Pair) -> None:
    """A zone that is new there is served here; other files stay beside; one that is gone there stays ours."""
    await pair.companion.exchange()
    edit(pair.bare, "lagoon.test.zone", HEAD.format(3))
    edit(pair.bare, "README", "our zones")
    work = pair.bare.parent / "w"
    git(pair.bare.parent, "clone", "-q", str(pair.bare), str(work))
    git(work, "rm", "-q", FILE)
    git(work, "commit", "-q", "-m", "Remove it")
    git(work, "push", "-q", "origin", "HEAD:main")
    await pair.companion.exchange()
    assert zone(serial=3, origin="lagoon.test") == pair.holdings.source("lagoon.test")
    assert zone() == pair.holdings.source(ORIGIN) == pair.there
    assert "our zones" == git(pair.bare, "show", "main:README")


async def test_companion_leaves_a_broken_remote_alone(pair: Pair) -> None:
    """A file that is no zone is neither taken nor overwritten: the person who broke it sees it, the log says where."""
    await pair.companion.exchange()
    theirs = edit(pair.bare, FILE, "@ IN\n")
    await pair.change(8, WWW)
    with pytest.raises(ValueError, match=r"harbor\.test\.zone of the remote is no zone: line 1"):
        await pair.companion.exchange()
    assert theirs == git(pair.bare, "rev-parse", "main").strip()
    assert zone(WWW, 8) == pair.holdings.source(ORIGIN)
    edit(pair.bare, FILE, HEAD.format(7) + FTP)
    await pair.companion.exchange()
    assert zone(WWW + FTP, 9) == pair.there


async def test_companion_takes_no_file_for_a_zone_that_is_not_named_so(pair: Pair) -> None:
    """A name in another spelling would make two files of one zone: it stays beside them, and the log names it."""
    await pair.companion.exchange()
    for file in ("Harbor.test.zone", "..zone", "ROOT.zone"):
        edit(pair.bare, file, HEAD.format(99) + WWW)
    await pair.companion.exchange()
    assert (zone(), None) == (pair.holdings.source(ORIGIN), pair.holdings.source(""))
    (line,) = [line for line in pair.kept.lines if line["event"] == "remote.misnamed"]
    assert ["..zone", "Harbor.test.zone", "ROOT.zone"] == line["files"]


def push_tree(bare: Path, *words: str) -> None:
    """Push a commit of what git's index is told to hold."""
    work = bare.parent / f"tree{words[-1][:4]}"
    git(bare.parent, "clone", "-q", str(bare), str(work))
    git(work, "update-index", "--add", "--cacheinfo", *words)
    git(work, "commit", "-q", "-m", "Index")
    git(work, "push", "-q", "origin", "HEAD:main")


async def test_companion_survives_what_no_person_writes(pair: Pair, tmp_path: Path) -> None:
    """A submodule in the place of a zone is none, neither in the exchange nor at the next start."""
    await pair.companion.exchange()
    push_tree(pair.bare, f"160000,{'1' * 40},sub.zone")
    await pair.companion.exchange()
    assert zone() == pair.holdings.source(ORIGIN)
    assert (zone(),) == Versions(tmp_path / "state").zones()


async def test_companion_follows_a_remote_whose_history_was_replaced(pair: Pair) -> None:
    """Nothing of ours is lost by a forced push there: what is only there comes, where both differ ours stays."""
    await pair.companion.exchange()
    other = pair.bare.parent / "other"
    git(pair.bare.parent, "init", "-q", "-b", "main", str(other))
    (other / FILE).write_text("@ 300 SOA mx hostmaster 9 3600 600 1209600 10\n@ 300 NS mx\n" + WWW)
    git(other, "add", FILE)
    git(other, "commit", "-q", "-m", "Begin anew")
    git(other, "push", "-q", "--force", str(pair.bare), "HEAD:main")
    await pair.companion.exchange()
    assert zone(WWW, 9) == pair.holdings.source(ORIGIN) == pair.there


@pytest.mark.parametrize("at_main", ["a blob", "a tag", "nothing", "an older commit"])
async def test_companion_with_a_remote_that_makes_no_sense(pair: Pair, at_main: str) -> None:
    """What is no commit there stops the exchange and harms nothing here; what was taken away comes again."""
    await pair.change(8, WWW)
    await pair.companion.exchange()
    if at_main == "nothing":
        git(pair.bare, "update-ref", "-d", "refs/heads/main")
    elif at_main == "an older commit":
        git(pair.bare, "update-ref", "refs/heads/main", "main~1")
    else:
        git(pair.bare, "tag", "-a", "-m", "x", "v1", "main")
        words = ("rev-parse", "v1") if at_main == "a tag" else ("rev-parse", f"main:{FILE}")
        (pair.bare / "refs/heads/main").write_text(git(pair.bare, *words))
        with pytest.raises((StoreError, GitError)):
            await pair.companion.exchange()
        assert zone(WWW, 8) == pair.holdings.source(ORIGIN)
        return
    await pair.companion.exchange()
    assert zone(WWW, 8) == pair.holdings.source(ORIGIN) == pair.there


async def test_companion_continues_an_exchange_that_was_cut_off(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the merge and the join, the next exchange finds the merge done and only joins."""
    await pair.companion.exchange()
    edit(pair.bare, FILE, HEAD.format(7) + WWW)

    def die(_store: object, *_words: object, **_named: object) -> str:
        raise StoreError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("scop.store.versioned.Store.join", die)
        with pytest.raises(StoreError):
            await pair.companion.exchange()
    assert zone(WWW, 8) == pair.holdings.source(ORIGIN)
    await pair.companion.exchange()
    assert zone(WWW, 8) == pair.holdings.source(ORIGIN) == pair.there


@asynccontextmanager
async def running(pair: Pair) -> AsyncIterator[None]:
    """Run the companion until the block ends."""
    task = asyncio.ensure_future(pair.companion.run())
    yield
    task.cancel()
    await asyncio.wait({task})


async def test_companion_runs_after_every_change_and_notice(pair: Pair) -> None:
    """It pushes at the start and after a change, and pulls when it is told to."""
    async with running(pair):
        await pair.kept.until("remote.pushed")
        assert zone() == pair.there
        await pair.change(8, WWW)
        await pair.kept.until("remote.pushed", 2)
        assert zone(WWW, 8) == pair.there
        edit(pair.bare, FILE, HEAD.format(9) + WWW + FTP)
        assert pair.companion.notice(ORIGIN, "k")
        await pair.kept.until("zone.pulled", serial=9)
        assert zone(WWW + FTP, 9) == pair.holdings.source(ORIGIN)


async def test_companion_heeds_notices_of_our_zones_only(pair: Pair) -> None:
    """A NOTIFY for another zone is not for us (RFC 1996 §3.10)."""
    assert [True, False] == [pair.companion.notice(origin, "k") for origin in (ORIGIN, "lagoon.test")]


async def test_companion_tries_again_when_the_remote_is_back(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A remote that is down costs a line in the log, and gets everything once it is there."""
    monkeypatch.setattr(remote_module, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(remote_module, "MAX_PAUSE_SECONDS", 0.02)
    shutil.move(pair.bare, tmp_path / "away")
    async with running(pair):
        await pair.change(8, WWW)
        await pair.kept.until("remote.failed")
        shutil.move(tmp_path / "away", pair.bare)
        await pair.kept.until("remote.pushed")
        assert zone(WWW, 8) == pair.there


def test_remote_of_a_primary_finds_its_secrets(tmp_path: Path) -> None:
    """Key, authorities and login are files of the state; a login that is none is named."""
    assert Remote("/x", home=tmp_path) == remote_of("/x", tmp_path)
    for name, text in (("remote.key", "k"), ("remote.ca", "c"), ("remote.login", "ada\ntoken\n")):
        (tmp_path / name).write_text(text)
    found = remote_of("ssh://git@host/zones.git", tmp_path)
    assert (tmp_path / "remote.key", tmp_path / "remote.ca", ("ada", "token")) == (
        found.key,
        found.authorities,
        found.login,
    )
    (tmp_path / "remote.login").write_text("ada\n")
    with pytest.raises(ValueError, match=r"remote\.login: a name and a token"):
        remote_of("https://host/x", tmp_path)
