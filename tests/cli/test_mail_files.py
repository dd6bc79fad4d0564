"""Mails from files of every shape."""

import os
import tarfile
from pathlib import Path

import pytest
from click import ClickException

from scop.cli.mail_files import MailFile, NoMail, read_mails

MAIL = b"From: a@b.test\r\nSubject: x\r\n\r\nText\r\n"


def test_mail_files_a_folder_gives_its_mails_in_a_steady_order_and_names_the_rest(tmp_path: Path) -> None:
    """What is no mail is passed over with the reason; an .eml is a mail whatever is in it."""
    (tmp_path / "b.raw").write_bytes(MAIL)
    (tmp_path / "a.eml").write_bytes(b" folded nonsense")
    (tmp_path / "c.json").write_bytes(b'{"key": 1}')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "empty").write_bytes(b"")
    assert [
        MailFile("a.eml", b" folded nonsense"),
        MailFile("b.raw", MAIL),
        NoMail("c.json", "its first line is no header field"),
        NoMail("sub/empty", "empty"),
    ] == list(read_mails(tmp_path))


def test_mail_files_an_mbox_is_cut_at_its_postmarks(tmp_path: Path) -> None:
    """The postmark is no part of the mail, and quoted From lines lose their quote."""
    path = tmp_path / "some.mbox"
    path.write_bytes(
        b"From a@b.test Mon Jan  1 00:00:00 2024\nSubject: 1\n\n>From here\n\nFrom c@d.test Tue\nSubject: 2\n\nEnd\n"
    )
    assert [
        MailFile("some.mbox#1", b"Subject: 1\n\nFrom here\n"),
        MailFile("some.mbox#2", b"Subject: 2\n\nEnd"),
    ] == list(read_mails(path))


def test_mail_files_an_archive_is_read_without_unpacking(tmp_path: Path) -> None:
    """Only regular files count."""
    (tmp_path / "one").write_bytes(b"From x@y.test Mon\n" + MAIL)
    with tarfile.open(tmp_path / "mails.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "one", "corpus/one")
    assert [MailFile("corpus/one", MAIL)] == list(read_mails(tmp_path / "mails.tar.xz"))


def test_mail_files_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    """One clear sentence."""
    with pytest.raises(ClickException, match="there is no such file or folder"):
        read_mails(tmp_path / "nothing")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_mail_files_one_closed_file_in_a_folder_ends_nothing(tmp_path: Path) -> None:
    """It is passed over with the reason, and the others are read."""
    (tmp_path / "a.eml").write_bytes(MAIL)
    (tmp_path / "b.eml").write_bytes(MAIL)
    (tmp_path / "a.eml").chmod(0)
    assert [NoMail("a.eml", "Permission denied"), MailFile("b.eml", MAIL)] == list(read_mails(tmp_path))
