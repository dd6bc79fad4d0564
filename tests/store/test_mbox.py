"""An mbox on a real disk."""

import asyncio
import contextlib
import errno
import fcntl
import mailbox
import os
from pathlib import Path

import pytest

from scop.store import mbox
from scop.store.mbox import Mbox, entry

UNIX = 1_795_600_000.0


def _payloads(path: Path) -> list[object]:
    with contextlib.closing(mailbox.mbox(path, create=False)) as opened:
        return [each.get_payload() for each in opened]


async def test_mail_is_read_by_a_program_that_knows_nothing_of_us(tmp_path: Path) -> None:
    """The standard library's mbox finds each mail once, though a line begins with `From `."""
    box = Mbox(tmp_path / "new" / "mbox")
    bodies = [b"Subject: %d\n\nFrom here on\n>From there\nno end" % number for number in range(20)]
    await asyncio.gather(*(box.keep(entry("a@b.test", UNIX, each)) for each in bodies))
    await box.close()
    with contextlib.closing(mailbox.mbox(tmp_path / "new" / "mbox", create=False)) as opened:
        found = list(opened)
    assert {str(number) for number in range(20)} == {mail["Subject"] for mail in found}
    assert {">From here on\n>>From there\nno end\n"} == {mail.get_payload() for mail in found}
    assert "a@b.test Wed Nov 25 09:46:40 2026" == found[0].get_from()


async def test_full_disk_cuts_back_to_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a mail never stays; the next one is whole."""
    path = tmp_path / "mbox"
    box = Mbox(path)
    await box.keep(entry("a@b.test", UNIX, b"first\n"))
    before = path.read_bytes()
    really = os.write
    room = [10, 0]

    def write(descriptor: int, octets: bytes) -> int:
        if not room:
            return really(descriptor, octets)
        left = room.pop(0)
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        return really(descriptor, octets[:left])

    monkeypatch.setattr("scop.store.mbox.os.write", write)
    with pytest.raises(OSError, match="No space left"):
        await box.keep(entry("a@b.test", UNIX, b"second\n"))
    assert before == path.read_bytes()
    await box.keep(entry("a@b.test", UNIX, b"third\n"))
    await box.close()
    assert ["first\n", "third\n"] == _payloads(path)


async def test_half_a_mail_of_a_writer_that_died_harms_no_other(tmp_path: Path) -> None:
    """What was cut off in the middle of a line is ended before the next separator."""
    path = tmp_path / "mbox"
    path.write_bytes(b"From a@b.test Wed Nov 25 11:06:40 2026\n\ncut o")
    box = Mbox(path)
    await box.keep(entry("", UNIX, b"whole\n"))
    await box.close()
    assert ["cut o\n", "whole\n"] == _payloads(path)
    assert b"\n\nFrom MAILER-DAEMON " in path.read_bytes()


async def test_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    """Mail programs and logrotate take an mbox away by renaming it."""
    path = tmp_path / "mbox"
    box = Mbox(path)
    await box.keep(entry("a@b.test", UNIX, b"first\n"))
    path.rename(tmp_path / "taken")
    await box.keep(entry("a@b.test", UNIX, b"second\n"))
    await box.close()
    assert ["second\n"] == _payloads(path)


async def test_file_that_was_replaced_while_we_waited_for_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail program rewrites an mbox under its lock and renames: what we keep then is in the new file."""
    path = tmp_path / "mbox"
    box = Mbox(path)
    await box.keep(entry("a@b.test", UNIX, b"first\n"))
    (tmp_path / "rewritten").write_bytes(path.read_bytes())
    really = fcntl.lockf

    def lockf(descriptor: int, how: int) -> None:
        if (tmp_path / "rewritten").exists():
            (tmp_path / "rewritten").rename(path)
        really(descriptor, how)

    monkeypatch.setattr(fcntl, "lockf", lockf)
    await box.keep(entry("a@b.test", UNIX, b"second\n"))
    await box.close()
    assert ["first\n", "second\n"] == _payloads(path)


async def test_lock_of_somebody_else_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds the file too long makes the mail fail for now, and nothing is written meanwhile."""
    path = tmp_path / "mbox"
    box = Mbox(path)
    held = [OSError(errno.EAGAIN, "held")] * 2
    really = fcntl.lockf

    def lockf(descriptor: int, what: int) -> None:
        if held and what != fcntl.LOCK_UN:
            raise held.pop()
        really(descriptor, what)

    monkeypatch.setattr("scop.store.mbox.fcntl.lockf", lockf)
    monkeypatch.setattr(mbox, "LOCK_PAUSE_SECONDS", 0.0)
    await box.keep(entry("a@b.test", UNIX, b"first\n"))
    held += [OSError(errno.EAGAIN, "held")]
    monkeypatch.setattr(mbox, "LOCK_SECONDS", -1.0)
    with pytest.raises(OSError, match="held"):
        await box.keep(entry("a@b.test", UNIX, b"second\n"))
    await box.close()
    assert ["first\n"] == _payloads(path)
