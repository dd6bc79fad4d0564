"""The sealed shelves: durable together, for one process, and nothing to read for who has the file alone."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from scop.matrix.steps import Change, Shelf
from scop.store.faults import StoreError
from scop.store.sealed_shelves import Entries, InUse, Removed, SealedShelves, WrongPassphrase

CHEAP = 2  # what a guess costs in a test
PASSPHRASE = "the sea is wide"

# Keeps one thing, says so and waits to be killed.
KEEPING = """
import asyncio, sys, threading
from pathlib import Path
from scop.matrix.steps import Change, Shelf
from scop.store.sealed_shelves import SealedShelves

async def main():
    shelves = SealedShelves.open(Path(sys.argv[1]), "the sea is wide", log_cost=2)
    await shelves.put([Change(Shelf.OUTBOX, "t1", b"a letter"), Change(Shelf.SYNC, "next", b"s1")])
    print("kept", flush=True)
    threading.Event().wait()

asyncio.run(main())
"""


async def _kept(path: Path, passphrase: str | None = PASSPHRASE) -> Entries:
    """Return what a file holds, without empty shelves."""
    shelves = SealedShelves.open(path, passphrase, log_cost=CHEAP)
    try:
        return {shelf: names for shelf, names in (await shelves.entries()).items() if names}
    finally:
        await shelves.close()


async def _keep(path: Path, *changes: Change, passphrase: str | None = PASSPHRASE) -> None:
    shelves = SealedShelves.open(path, passphrase, log_cost=CHEAP)
    try:
        await shelves.put(changes)
    finally:
        await shelves.close()


_CHANGES = st.builds(Change, st.sampled_from(list(Shelf)), st.text(max_size=8), st.none() | st.binary(max_size=40))


@given(st.lists(st.lists(_CHANGES, max_size=4), max_size=4))
@drawn(15)
def test_shelves_hold_what_the_last_change_said(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Change]]
) -> None:
    """After any changes, in any batches, a store opened anew holds what a dict would."""
    expected: dict[tuple[Shelf, str], bytes] = {}
    for change in (each for batch in batches for each in batch):
        expected.pop((change.shelf, change.key), None)
        if change.octets is not None:
            expected[change.shelf, change.key] = change.octets

    async def run() -> Entries:
        path = tmp_path_factory.mktemp("shelves") / "store"
        for batch in batches:
            await _keep(path, *batch)
        return await _kept(path)

    found = asyncio.run(run())
    assert expected == {(shelf, name): octets for shelf, names in found.items() for name, octets in names.items()}


async def test_shelves_show_neither_names_nor_values(tmp_path: Path) -> None:
    """The octets of the file contain no name and no value, and only its owner may read it or what lies beside it."""
    path = tmp_path / "store"
    shelves = SealedShelves.open(path, PASSPHRASE, log_cost=CHEAP)
    await shelves.put([Change(Shelf.SECRETS, "m.cross_signing.master", b"a very private key")])
    for beside in tmp_path.iterdir():
        assert 0o600 == beside.stat().st_mode & 0o777, beside
        octets = beside.read_bytes()
        assert (False, False) == (b"m.cross_signing" in octets, b"very private" in octets), beside
    await shelves.close()


@pytest.mark.parametrize(
    ("made_with", "opened_with", "sentence"),
    [
        (PASSPHRASE, "the sea is deep", "the passphrase does not open store"),
        (PASSPHRASE, None, "store is sealed by a passphrase, and none was given"),
        (None, PASSPHRASE, "store is not sealed by a passphrase, and one was given"),
    ],
)
async def test_shelves_refuse_a_wrong_passphrase_in_a_sentence(
    tmp_path: Path, made_with: str | None, opened_with: str | None, sentence: str
) -> None:
    """Whoever has another passphrase, none, or one too many is told so, and the right one opens it afterwards."""
    change = Change(Shelf.SESSION, "session", b"token")
    await _keep(tmp_path / "store", change, passphrase=made_with)
    with pytest.raises(WrongPassphrase, match=f"^{sentence}$"):
        await _kept(tmp_path / "store", opened_with)
    assert {Shelf.SESSION: {"session": b"token"}} == await _kept(tmp_path / "store", made_with)


async def test_shelves_are_for_one_process(tmp_path: Path) -> None:
    """Who opens a file that is open is refused; when it was let go, it opens."""
    first = SealedShelves.open(tmp_path / "store", None)
    with pytest.raises(InUse, match=r"^store is in use by another process$"):
        SealedShelves.open(tmp_path / "store", None)
    await first.close()
    assert {} == await _kept(tmp_path / "store", None)


async def test_shelves_say_whether_others_changed_them_meanwhile(tmp_path: Path) -> None:
    """Who let the file go learns with its turn of what another kept; its own changes, and looks, are none."""
    ours = SealedShelves.open(tmp_path / "store", None)
    await ours.put([Change(Shelf.SYNC, "next", b"s1")])
    await ours.let_go()
    assert {Shelf.SYNC: {"next": b"s1"}} == await _kept(tmp_path / "store", None)
    assert not await ours.take_back()
    await ours.put([Change(Shelf.SYNC, "next", b"s2")])
    await ours.let_go()
    assert not await ours.take_back()
    await ours.let_go()
    await _keep(tmp_path / "store", Change(Shelf.SYNC, "next", b"s3"), passphrase=None)
    assert await ours.take_back()
    assert {"next": b"s3"} == (await ours.entries())[Shelf.SYNC]
    with pytest.raises(InUse):
        SealedShelves.open(tmp_path / "store", None)
    await ours.close()


async def test_shelves_are_free_after_who_took_them_back_was_cancelled(tmp_path: Path) -> None:
    """Who is cancelled while it takes the file back has it no more than before."""
    ours = SealedShelves.open(tmp_path / "store", None)
    await ours.let_go()
    taking = asyncio.create_task(ours.take_back())
    await asyncio.sleep(0)  # it has the turn, and asks whether anything changed
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    theirs = SealedShelves.open(tmp_path / "store", None)
    await theirs.put([Change(Shelf.SYNC, "next", b"s2")])
    await theirs.close()
    assert await ours.take_back()
    await ours.close()


async def test_shelves_that_should_be_there_are_not_made(tmp_path: Path) -> None:
    """A file that is gone when our turn comes stays so, and nothing is left beside it."""
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(Removed, match=r"^store was removed meanwhile$"):
            SealedShelves.open(folder / "store", None, is_there=True)
    assert [] == list(tmp_path.iterdir())


async def test_shelves_are_removed_by_the_last_who_has_them(tmp_path: Path) -> None:
    """As long as another has the file open it stays, with its locks; the last one leaves nothing."""
    first = SealedShelves.open(tmp_path / "store", None)
    await first.let_go()
    (tmp_path / "key").touch()
    assert not await SealedShelves.open(tmp_path / "store", None).remove(tmp_path / "key")
    await _keep(tmp_path / "store", Change(Shelf.SYNC, "next", b"s1"), passphrase=None)
    assert await first.take_back()
    assert await first.remove(tmp_path / "key")
    assert [] == list(tmp_path.iterdir())


async def test_shelves_that_were_removed_meanwhile_are_not_taken_back(tmp_path: Path) -> None:
    """Who waits for its turn while another removes the file does not go on with what is no longer there."""
    ours = SealedShelves.open(tmp_path / "store", None)
    await ours.let_go()
    for file in tmp_path.iterdir():
        file.unlink()
    await _keep(tmp_path / "store", Change(Shelf.SYNC, "next", b"of another"), passphrase=None)
    with pytest.raises(StoreError, match=r"^the store was removed meanwhile$"):
        await ours.take_back()
    await ours.close()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE kept SET sealed = (SELECT sealed FROM kept WHERE shelf = 'sync') WHERE shelf = 'session'",
        "UPDATE kept SET shelf = 'secrets' WHERE shelf = 'session'",
        "UPDATE kept SET sealed = substr(sealed, 1, 20)",
        "UPDATE kept SET sealed = x'00'",
    ],
)
async def test_shelves_notice_what_was_altered_or_moved(tmp_path: Path, harm: str) -> None:
    """A thing that is not where and what it was when it was sealed opens nowhere."""
    path = tmp_path / "store"
    await _keep(path, Change(Shelf.SESSION, "a", b"one"), Change(Shelf.SYNC, "a", b"two"))
    with sqlite3.connect(path) as connection:
        connection.execute(harm)
    connection.close()
    with pytest.raises(StoreError, match=r"^something in the store was altered, or is damaged$"):
        await _kept(path)


async def test_shelves_survive_a_killed_process(tmp_path: Path) -> None:
    """What `put` returned of is there after SIGKILL, and the lock of the dead holds nobody up."""
    path = tmp_path / "store"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KEEPING, str(path), stdout=PIPE)
    assert process.stdout is not None
    assert b"kept\n" == await process.stdout.readline()
    process.kill()
    await process.wait()
    assert {Shelf.OUTBOX: {"t1": b"a letter"}, Shelf.SYNC: {"next": b"s1"}} == await _kept(path)


async def test_shelves_keep_nothing_when_cleared(tmp_path: Path) -> None:
    """After `clear` nothing of the session is there, and the same passphrase opens the file."""
    await _keep(tmp_path / "store", Change(Shelf.SECRETS, "key", b"octets"), Change(Shelf.SYNC, "next", b"s1"))
    shelves = SealedShelves.open(tmp_path / "store", PASSPHRASE, log_cost=CHEAP)
    await shelves.clear()
    await shelves.close()
    assert {} == await _kept(tmp_path / "store")


async def test_shelves_share_one_commit(tmp_path: Path) -> None:
    """Changes of many at once cost few commits."""
    shelves = SealedShelves.open(tmp_path / "store", None)
    before = shelves._database.commits
    await asyncio.gather(*(shelves.put([Change(Shelf.OUTBOX, str(each), b"x")]) for each in range(200)))
    assert shelves._database.commits - before <= 3
    await shelves.close()


async def test_shelves_refuse_a_file_of_somebody_else(tmp_path: Path) -> None:
    """What is no database, or one that asks for gigabytes, is refused in a sentence."""
    (tmp_path / "store").write_bytes(b"Dear diary, " * 100)
    with pytest.raises(StoreError, match=r"^store is no store of a Matrix client: "):
        SealedShelves.open(tmp_path / "store", None)
    await _keep(tmp_path / "dear")
    with sqlite3.connect(tmp_path / "dear") as connection:
        connection.execute("UPDATE opening SET log_cost = 30")
    connection.close()
    with pytest.raises(StoreError, match=r"^dear asks for more than we spend on a passphrase$"):
        SealedShelves.open(tmp_path / "dear", PASSPHRASE)
