"""Mails from files of every shape."""

import gzip
import io
import lzma
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click import ClickException
from hypothesis import given
from hypothesis import strategies as st

from scop.cli.mail_files import MailFile, NoMail, read_mails, read_named, to_mbox

PIECES = (b"From ", b">", b">From ", b"\n", b"\r\n", b"\r", b"x", b"From a@b.test\n", b" no-line-end")
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
    """The postmark is no part of the mail, quoted From lines lose their quote, and only an empty line is taken off."""
    path = tmp_path / "some.mbox"
    path.write_bytes(
        b"From a@b.test Mon Jan  1 00:00:00 2024\nSubject: 1\n\n>From here\n\nFrom c@d.test Tue\nSubject: 2\n\nEnd\n"
    )
    assert [
        MailFile("some.mbox#1", b"Subject: 1\n\nFrom here\n"),
        MailFile("some.mbox#2", b"Subject: 2\n\nEnd\n"),
    ] == list(read_mails(path))


def test_mail_files_an_archive_is_read_without_unpacking(tmp_path: Path) -> None:
    """Only regular files count."""
    (tmp_path / "one").write_bytes(b"From x@y.test Mon\n" + MAIL)
    with tarfile.open(tmp_path / "mails.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "one", "corpus/one")
    assert [MailFile("corpus/one", MAIL)] == list(read_mails(tmp_path / "mails.tar.xz"))


def test_mail_files_a_zip_is_read_without_unpacking(tmp_path: Path) -> None:
    """A mail that has one attached is none; a damaged one, and one that is locked, is named."""
    path = tmp_path / "mails.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("corpus")
        archive.writestr("corpus/one", b"From x@y.test Mon\n" + MAIL)
        archive.writestr("corpus/two.txt", b"none")
    whole = path.read_bytes()
    expected = [MailFile("corpus/one", MAIL), NoMail("corpus/two.txt", "its first line is no header field")]
    assert expected == list(read_mails(path))
    path.write_bytes(whole.replace(b"From", b"Frim").replace(whole[60:64], b"\0\0\0\0"))
    with pytest.raises(ClickException, match=r"mails\.zip: a damaged archive"):
        list(read_mails(path))
    path.write_bytes(MAIL + whole)
    assert [MailFile("mails.zip", MAIL + whole)] == list(read_mails(path))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_mail_files_a_damaged_archive_is_named(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """What stands before the damage is read."""
    path = tmp_path / "mails.tar"
    with tarfile.open(path, "w:") as archive:
        for number in range(50):
            member = tarfile.TarInfo(f"{number}")
            member.size = 2_000
            archive.addfile(member, io.BytesIO(MAIL + os.urandom(2_000)))
    path.write_bytes(pack(path.read_bytes())[:60_000])
    found = read_mails(path)
    assert isinstance(next(found), MailFile)
    with pytest.raises(ClickException, match=r"mails\.tar: a damaged archive"):
        list(found)


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


def test_mail_files_a_maildir_gives_what_was_delivered_whatever_is_in_it(tmp_path: Path) -> None:
    """`new` and `cur` hold mails, with their flags; what is still being written to `tmp` is none yet."""
    for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "cur" / "1.host:2,FS").write_bytes(MAIL)
    (tmp_path / "new" / "2.host").write_bytes(b"no field at all")
    (tmp_path / "tmp" / "3.host").write_bytes(MAIL)
    (tmp_path / ".Sent" / "cur" / "4.host:2,S").write_bytes(MAIL)
    (tmp_path / ".Sent" / "tmp" / "5.host").write_bytes(MAIL)
    assert [
        MailFile(".Sent/cur/4.host:2,S", MAIL),
        MailFile("cur/1.host:2,FS", MAIL),
        MailFile("new/2.host", b"no field at all"),
    ] == list(read_mails(tmp_path))
    assert [MailFile("cur/1.host:2,FS", MAIL)] == list(read_mails(tmp_path / "cur"))


def test_mail_files_a_folder_that_is_called_tmp_elsewhere_is_read(tmp_path: Path) -> None:
    """Only a Maildir's `tmp` is left out."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "a.eml").write_bytes(MAIL)
    assert [MailFile("tmp/a.eml", MAIL)] == list(read_mails(tmp_path))


@given(st.lists(st.one_of(st.binary(), st.lists(st.sampled_from(PIECES)).map(b"".join)), min_size=1))
def test_mail_files_every_mail_comes_back_from_an_mbox(mails: list[bytes]) -> None:
    """Octet for octet, whatever its lines begin with and end with (mboxrd)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.mbox"
        path.write_bytes(b"".join(map(to_mbox, mails)))
        assert mails == [found.octets for found in read_mails(path) if isinstance(found, MailFile)]


def test_mail_files_a_named_file_is_a_mail_whatever_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person who names a file wants to see it; in a folder, what is no mail is named on standard error."""
    (tmp_path / "odd").write_bytes(b"\0 no mail")
    assert [MailFile("odd", b"\0 no mail")] == list(read_named(str(tmp_path / "odd")))
    assert [] == list(read_named(str(tmp_path)))
    assert "scop: odd: passed over: its first line is no header field\n" == capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"any")))
    assert [MailFile("standard input", b"any")] == list(read_named("-"))


def test_mail_files_what_is_too_large_in_an_archive_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member at the limit is read, one octet more is passed over with the reason; a folder is nothing."""
    monkeypatch.setattr("scop.cli.mail_files.MAX_FILE_OCTETS", len(MAIL))
    with tarfile.open(tmp_path / "mails.tar", "w") as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, octets in (("a", MAIL), ("b", MAIL + b"x")):
            member = tarfile.TarInfo(name)
            member.size = len(octets)
            archive.addfile(member, io.BytesIO(octets))
    assert [MailFile("a", MAIL), NoMail("b", "too large: 37 octets")] == list(read_mails(tmp_path / "mails.tar"))


def test_mail_files_an_mbox_in_a_folder_or_archive_is_cut_too(tmp_path: Path) -> None:
    """By its suffix: any other file with a postmark is one mail, in which "From " may begin a line."""
    folder = tmp_path / "mails"
    folder.mkdir()
    for name in ("a.mbox", "b"):
        (folder / name).write_bytes(2 * (b"From x\nSubject: 1\n\n"))
    with tarfile.open(tmp_path / "mails.tar", "w") as archive:
        archive.add(folder / "a.mbox", "a.mbox")
    first, second = MailFile("a.mbox#1", b"Subject: 1\n"), MailFile("a.mbox#2", b"Subject: 1\n")
    whole = MailFile("b", b"Subject: 1\n\nFrom x\nSubject: 1\n\n")
    assert [first, second, whole] == list(read_mails(folder))
    assert [first, second] == list(read_mails(tmp_path / "mails.tar"))


def test_mail_files_nothing_but_nul_is_no_archive(tmp_path: Path) -> None:
    """Though an archive ends with such blocks: a person who names the file wants to see it."""
    (tmp_path / "zeros").write_bytes(bytes(10_240))
    assert [MailFile("zeros", bytes(10_240))] == list(read_named(str(tmp_path / "zeros")))


def test_mail_files_an_empty_name_is_not_the_folder_we_are_in() -> None:
    """An unset variable of a shell is one."""
    with pytest.raises(ClickException, match="FILE is empty; name a file or folder"):
        list(read_named(""))
