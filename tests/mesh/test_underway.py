"""What a cell was at work on when it died, and what it does not touch any more."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from scop.mesh.underway import Underway, digest_of

POISON, OTHER = digest_of(b"poison"), digest_of(b"other")


def die_at_work(folder: Path, *digests: bytes) -> None:
    """Have a process end at once in the midst of these mails, after another one."""
    child = os.fork()
    if child == 0:
        underway = Underway(folder)
        with underway.at_work(OTHER):
            pass
        with ExitStack() as work:
            for digest in digests:
                work.enter_context(underway.at_work(digest))
            os._exit(9)
    os.waitpid(child, 0)


def test_mail_that_was_underway_at_two_deaths_is_set_aside(tmp_path: Path) -> None:
    """Once may be misfortune; what was finished before has no part in it."""
    die_at_work(tmp_path, POISON)
    second = Underway(tmp_path)
    assert ((POISON,), False) == (second.left_behind, second.is_set_aside(POISON))
    die_at_work(tmp_path, POISON)
    third = Underway(tmp_path)
    assert ((POISON,), True, False) == (third.left_behind, third.is_set_aside(POISON), third.is_set_aside(OTHER))
    fourth = Underway(tmp_path)
    assert ((), True) == (fourth.left_behind, fourth.is_set_aside(POISON))


def test_mails_at_once_are_all_remembered(tmp_path: Path) -> None:
    """Which of them was to blame the next death tells."""
    die_at_work(tmp_path, POISON, OTHER)
    die_at_work(tmp_path, POISON)
    again = Underway(tmp_path)
    assert (True, False) == (again.is_set_aside(POISON), again.is_set_aside(OTHER))


def test_work_that_ends_by_a_fault_leaves_nothing_behind(tmp_path: Path) -> None:
    """The cell lives on: that is no strike."""
    underway = Underway(tmp_path)
    with pytest.raises(ZeroDivisionError), underway.at_work(POISON):
        raise ZeroDivisionError
    assert () == Underway(tmp_path).left_behind


def test_full_disk_keeps_nobody_from_work(tmp_path: Path) -> None:
    """What cannot be written down is not remembered; the mail flows."""
    underway = Underway(tmp_path)
    full = os.open("/dev/full", os.O_RDWR)
    os.dup2(full, underway._file)
    os.close(full)
    with underway.at_work(POISON):
        pass
    underway.close()


def test_cut_or_foreign_file_is_no_reason_not_to_start(tmp_path: Path) -> None:
    """Half a digest is none."""
    (tmp_path / "underway").write_bytes(POISON + b"half")
    assert (POISON,) == Underway(tmp_path).left_behind
