"""Maildirs on a real disk."""

import asyncio
import errno
import mailbox
import os
from pathlib import Path

import pytest

from scop.store.maildir import Maildirs, folder_name
from scop.store.sync import FileSync

MAIL = b"Subject: x\n\nbody\n"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for part in ("tmp", "new", "cur") for path in (folder / part).iterdir())


async def test_mail_is_read_by_a_program_that_knows_nothing_of_us(tmp_path: Path) -> None:
    """The standard library's maildir finds each mail once, whole, and its size in its name."""
    maildirs = Maildirs(tmp_path / "mail", "mx.harbor.test")
    await asyncio.gather(*(maildirs.keep({"": b"Subject: %d\n\nbody\n" % number}) for number in range(20)))
    await maildirs.close()
    found = mailbox.Maildir(tmp_path / "mail", create=False)
    assert {str(number) for number in range(20)} == {mail["Subject"] for mail in found}
    assert 20 == len(list((tmp_path / "mail" / "new").glob("*.mx.harbor.test,S=1[78]")))
    assert [] == list((tmp_path / "mail" / "tmp").iterdir())


async def test_one_mail_for_two_people_is_in_both_maildirs(tmp_path: Path) -> None:
    """Each has a file of its own, with its own octets."""
    maildirs = Maildirs(tmp_path, "h")
    await maildirs.keep({"alice": b"To: alice\n\n", "bob": b"To: bob\n\n"})
    await maildirs.close()
    found = {each: next((tmp_path / each / "new").iterdir()).read_bytes() for each in ("alice", "bob")}
    assert {"alice": b"To: alice\n\n", "bob": b"To: bob\n\n"} == found


async def test_mail_that_cannot_be_kept_for_all_is_kept_for_none(tmp_path: Path) -> None:
    """Where one maildir fails the other's copy is taken back, and mails of others are not harmed."""
    maildirs = Maildirs(tmp_path, "h")
    (tmp_path / "bob").write_text("in the way")
    outcomes = await asyncio.gather(
        maildirs.keep({"alice": MAIL, "bob": MAIL}), maildirs.keep({"carol": MAIL}), return_exceptions=True
    )
    await maildirs.close()
    assert [True, False] == [isinstance(each, OSError) for each in outcomes]
    assert ([], 1) == (_names(tmp_path / "alice"), len(_names(tmp_path / "carol")))


async def test_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of which only a part could be written is gone; when there is room again the next mail is kept."""
    maildirs = Maildirs(tmp_path, "h")
    really = os.write
    room = [10, 0]

    def write(descriptor: int, octets: bytes) -> int:
        if not room:
            return really(descriptor, octets)
        left = room.pop(0)
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        return really(descriptor, octets[:left])

    monkeypatch.setattr("scop.store.maildir.os.write", write)
    with pytest.raises(OSError, match="No space left") as told:
        await maildirs.keep({"": MAIL})
    assert (errno.ENOSPC, []) == (told.value.errno, _names(tmp_path))
    await maildirs.keep({"": MAIL})
    await maildirs.close()
    assert 1 == len(_names(tmp_path))


@pytest.mark.parametrize("count", [1, 20])
async def test_mail_whose_sync_failed_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """When the disk does not take the octets nobody is told that it did."""

    def fail(_disk: FileSync, _descriptors: list[int]) -> None:
        raise OSError(errno.EIO, "Input/output error")

    maildirs = Maildirs(tmp_path, "h")
    maildirs.prepare("")
    monkeypatch.setattr(FileSync, "sync", fail)
    outcomes = await asyncio.gather(*(maildirs.keep({"": MAIL}) for _ in range(count)), return_exceptions=True)
    await maildirs.close()
    assert [OSError] * count == [type(each) for each in outcomes]
    assert [] == _names(tmp_path)


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("alice@harbor.test", "alice@harbor.test"),
        ("../../etc", "%2E.%2F..%2Fetc"),
        (".", "%2E"),
        ("a/b\0c%d e", "a%2Fb%00c%25d%20e"),
        ("grüße@b.test", "grüße@b.test"),
    ],
)
def test_name_of_a_user_stays_below_the_folder(user: str, expected: str) -> None:
    """No name leads elsewhere, and no two names lead to one folder."""
    assert expected == folder_name(user)


@pytest.mark.parametrize("user", ["", "x" * 201])
def test_some_names_can_be_no_folder(user: str) -> None:
    """Nothing, and what the file system does not take."""
    with pytest.raises(ValueError, match="no folder"):
        folder_name(user)
