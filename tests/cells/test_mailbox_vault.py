"""The vault: each delivery once, for all accounts or none, within the quota."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from scop.cells.mailbox.vault import MAX_PAGE, Deposit, OverQuota, Usage, Vault
from scop.net.faults import TemporaryFailure

QUOTA = 1000
OCTETS = b"Return-Path: <>\r\nSubject: x\r\n\r\nText\r\n"
MAIL = Deposit(
    accounts=("alice", "bob"),
    delivery_id="d1",
    folder="INBOX",
    trace="t1",
    reverse_path="<carol@lagoon.test>",
    stored_unix=1.5,
    octets=OCTETS,
)

# Stores mails, each printed once it is said to be stored, until it is killed.
CRASHING = """
import asyncio, itertools, sys
from pathlib import Path
from scop.cells.mailbox.vault import Deposit, Vault

async def main():
    vault = Vault(Path(sys.argv[1]), 10**9)
    async def fill(account):
        for number in itertools.count():
            await vault.store(Deposit((account,), str(number), "INBOX", f"{account}/{number}", "<>", 0.0, b"x" * 500))
            print(f"{account}/{number}", flush=True)
    await asyncio.gather(*(fill(f"a{number}") for number in range(20)))

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the vault lies."""
    return tmp_path / "mail.db"


@pytest.fixture
async def vault(path: Path) -> AsyncIterator[Vault]:
    """Open an empty vault."""
    made = Vault(path, QUOTA)
    yield made
    await made.close()


async def traces(vault: Vault, account: str) -> list[str]:
    """Return the traces of an account's mails in order."""
    return [entry.trace for entry in await vault.entries(account, after=0, limit=MAX_PAGE)]


async def test_vault_gives_back_what_was_stored(vault: Vault) -> None:
    """Every account of a deposit has the mail, with all its facts."""
    assert ("alice", "bob") == await vault.store(MAIL)
    for account in MAIL.accounts:
        (entry,) = await vault.entries(account, after=0, limit=10)
        assert (MAIL.folder, MAIL.trace, MAIL.reverse_path, len(OCTETS), MAIL.stored_unix, OCTETS) == (
            entry.folder,
            entry.trace,
            entry.reverse_path,
            entry.size_octets,
            entry.stored_unix,
            entry.header_octets,
        )
        assert (OCTETS, len(OCTETS)) == await vault.piece(account, entry.id, 0, 1000)
        assert Usage(1, len(OCTETS)) == await vault.usage(account)


async def test_vault_stores_a_delivery_once_in_an_account(vault: Vault) -> None:
    """A retry is known by its delivery id, whatever was stamped on it; new accounts still get it."""
    await vault.store(MAIL)
    again = replace(MAIL, trace="t2", octets=b"X: 2\r\n" + OCTETS, accounts=("bob", "carol"))
    assert ("carol",) == await vault.store(again)
    assert () == await vault.store(again)
    assert ["t1"] == await traces(vault, "bob")
    assert ["t2"] == await traces(vault, "carol")
    assert Usage(1, len(OCTETS)) == await vault.usage("bob")


async def test_vault_keeps_each_content_once(vault: Vault, path: Path) -> None:
    """Accounts share octets, also between deliveries."""
    await vault.store(MAIL)
    await vault.store(replace(MAIL, delivery_id="d2"))
    with sqlite3.connect(path) as sql:
        assert (1, 4) == sql.execute("SELECT (SELECT count(*) FROM content), (SELECT count(*) FROM entry)").fetchone()
    sql.close()


async def test_vault_over_quota_stores_for_none(vault: Vault) -> None:
    """At the quota fits, one octet more does not, and no other recipient gets the mail either."""
    await vault.store(replace(MAIL, accounts=("alice",), octets=b"x" * (QUOTA - 10)))
    assert await vault.has_room("alice", 10)
    assert not await vault.has_room("alice", 11)
    with pytest.raises(OverQuota, match="alice"):
        await vault.store(replace(MAIL, delivery_id="d2", octets=b"x" * 11))
    assert [] == await traces(vault, "bob")
    await vault.store(replace(MAIL, delivery_id="d3", octets=b"x" * 10))
    assert Usage(2, QUOTA) == await vault.usage("alice")
    assert ("bob",) == await vault.store(replace(MAIL, octets=b"x" * 11))  # a retry needs no room for alice


async def test_vault_pages_in_order(vault: Vault) -> None:
    """`after` names the last id seen; ids only rise."""
    for number in range(5):
        await vault.store(replace(MAIL, delivery_id=str(number), trace=str(number)))
    first = await vault.entries("bob", after=0, limit=2)
    rest = await vault.entries("bob", after=first[-1].id, limit=100)
    assert ["0", "1", "2", "3", "4"] == [entry.trace for entry in (*first, *rest)]
    assert () == await vault.entries("bob", after=0, limit=0)
    assert () == await vault.entries("bob", after=0, limit=-1)


async def test_vault_gives_a_mail_in_pieces_to_its_account_only(vault: Vault) -> None:
    """The pieces together are the mail; another account's id finds nothing."""
    await vault.store(replace(MAIL, accounts=("alice",)))
    (entry,) = await vault.entries("alice", after=0, limit=1)
    size = len(OCTETS)
    pieces = [await vault.piece("alice", entry.id, offset, 7) for offset in range(0, size, 7)]
    assert OCTETS == b"".join(piece[0] for piece in pieces if piece)
    assert (b"", size) == await vault.piece("alice", entry.id, size, 7)
    assert None is await vault.piece("bob", entry.id, 0, 7)


async def test_vault_many_mails_share_a_commit(vault: Vault) -> None:
    """A hundred at once take far fewer commits than mails."""
    before = vault._database.commits
    await asyncio.gather(*(vault.store(replace(MAIL, delivery_id=str(number), octets=b"")) for number in range(100)))
    assert 100 == (await vault.usage("alice")).mails
    assert vault._database.commits - before <= 10


async def test_vault_a_full_disk_is_temporary_and_stores_nothing(tmp_path: Path) -> None:
    """The sender is told to come again; what was there stays, and there is room for small mail."""
    vault = Vault(tmp_path / "full.db", 10**9)
    await vault.store(MAIL)
    await vault._database.write(lambda sql: sql.execute("PRAGMA max_page_count = 20"))
    with pytest.raises(TemporaryFailure, match="full"):
        await vault.store(replace(MAIL, delivery_id="d2", octets=b"x" * 1_000_000))
    await vault.store(replace(MAIL, delivery_id="d3", trace="t3"))
    assert ["t1", "t3"] == await traces(vault, "bob")
    await vault.close()
    with pytest.raises(TemporaryFailure, match="closed"):
        await vault.store(MAIL)


async def test_vault_what_was_said_to_be_stored_survives_a_kill(path: Path) -> None:
    """After SIGKILL in the midst of many deliveries every mail that was acknowledged is there."""
    command = (sys.executable, "-c", CRASHING, str(path))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    said = [await process.stdout.readline() for _ in range(200)]
    process.kill()
    said += (await process.stdout.read()).splitlines()
    assert -signal.SIGKILL == await process.wait()
    vault = Vault(path, QUOTA)
    kept = {trace for number in range(20) for trace in await traces(vault, f"a{number}")}
    assert set() == {line.strip().decode() for line in said} - kept
    await vault.close()
