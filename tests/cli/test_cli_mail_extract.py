"""Files out of mails: whatever a stranger calls them, they lie in one folder and overwrite nothing."""

from __future__ import annotations

import datetime
import tempfile
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from scop.cli.mail import mail
from scop.cli.mail_extract import Folder, leaves_of
from scop.cli.mail_names import MAX_NAME_OCTETS, names_to_try, safe_name
from scop.mime import Attachment, compose, parse

PIECES = ("/", "\\", "..", ".", "\0", "\n", "con", "COM1", "nul.txt", "~", "-rf", " ", "a", "é", "\u202e", "x" * 300)
hostile_names = st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join))


@given(hostile_names)
@example("-")
@example("-_.")
def test_cli_mail_extract_any_name_becomes_a_name_in_one_folder(wanted: str) -> None:
    """No separator, no control character, no leading dot, no device, at most 255 octets; again, it stays as it is."""
    name = safe_name(wanted, "part-1.bin")
    assert name
    assert len(name.encode()) <= MAX_NAME_OCTETS
    assert name.isprintable()
    assert not set(name) & set('/\\:<>"|?*\0')
    assert name[0] not in ".- "
    assert name[-1] not in ". "
    assert name.partition(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt1"}
    assert name == safe_name(name, "part-1.bin")


@given(st.lists(hostile_names, min_size=1, max_size=8))
def test_cli_mail_extract_nothing_is_written_outside_of_the_folder(wanted: list[str]) -> None:
    """Every file is there under a name of its own, and beside the folder stands nothing new."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "in"
        with Folder.opened(folder) as opened:
            written = [opened.write(safe_name(name, "part"), str(n).encode()) for n, name in enumerate(wanted)]
        assert [folder] == list(Path(temporary).iterdir())
        assert {name: str(n).encode() for n, name in enumerate(written)} == {
            file.name: file.read_bytes() for file in folder.iterdir()
        }
        folded = {unicodedata.normalize("NFKC", name).casefold() for name in written}
        assert len(wanted) == len(folded)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\calc.exe", "calc.exe"),
        (".bashrc", "bashrc"),
        ("NUL", "_NUL"),
        ("com1.txt", "_com1.txt"),
        ("report\u202efdp.exe", "report_fdp.exe"),
        ("-rf", "_rf"),
        ("a:b", "a_b"),
        ("..", "part.bin"),
        ("", "part.bin"),
        (None, "part.bin"),
        ("Übersicht.pdf", "Übersicht.pdf"),
        ("y" * 300 + ".pdf", "y" * 251 + ".pdf"),
    ],
)
def test_cli_mail_extract_names(wanted: str | None, expected: str) -> None:
    """A name stays as far as it is harmless."""
    assert expected == safe_name(wanted, "part.bin")


def test_cli_mail_extract_numbers_stand_before_the_suffix_and_fit() -> None:
    """However long the name is."""
    tried = names_to_try("a.txt")
    assert ["a.txt", "a (2).txt", "a (3).txt"] == [next(tried) for _ in range(3)]
    for long in ("y" * 251 + ".pdf", "é" * 127, "." + "z" * 254, "a." + "b" * 253):
        tried = names_to_try(long)
        assert all(len(next(tried).encode()) <= MAX_NAME_OCTETS for _ in range(12))


def test_cli_mail_extract_many_files_of_one_name_cost_one_try_each(tmp_path: Path) -> None:
    """The numbers go on where they stood."""
    with Folder.opened(tmp_path / "in") as opened:
        assert ["a"] + [f"a ({n})" for n in range(2, 3_001)] == [opened.write("a", b"") for _ in range(3_000)]


def test_cli_mail_extract_follows_no_link_and_overwrites_nothing(tmp_path: Path) -> None:
    """What stands there already stays, and so does what a link leads to."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a").symlink_to(outside)
    (folder / "b").symlink_to(tmp_path / "nowhere")
    (folder / "c").write_bytes(b"older")
    with Folder.opened(folder) as opened:
        assert ["a (2)", "b (2)", "c (2)"] == [opened.write(name, b"new") for name in ("a", "b", "c")]
    assert (b"precious", b"older") == (outside.read_bytes(), (folder / "c").read_bytes())
    assert not (tmp_path / "nowhere").exists()


def test_cli_mail_extract_writes_every_leaf_decoded(tmp_path: Path) -> None:
    """Attachments under their names, texts under the number of their part, nothing executable, also out of an mbox."""
    message = compose(
        author="a@b.test",
        text="Grüße\n",
        attachments=[Attachment("../x/../../tide.bin", "application/octet-stream", bytes(range(256)))],
        date=datetime.datetime(2026, 11, 25, 9, tzinfo=datetime.UTC),
        message_id="1@b.test",
    )
    (tmp_path / "two.mbox").write_bytes(2 * (b"From x\n" + message.to_octets() + b"\n"))
    done = CliRunner().invoke(mail, ["extract", str(tmp_path / "two.mbox"), "--to", str(tmp_path / "to")])
    assert 0 == done.exit_code
    assert "4 files" in done.output
    assert ["part-1 (2).txt", "part-1.txt", "tide (2).bin", "tide.bin"] == sorted(
        file.name for file in (tmp_path / "to").iterdir()
    )
    assert bytes(range(256)) == (tmp_path / "to" / "tide (2).bin").read_bytes()
    assert "Grüße\r\n" == (tmp_path / "to" / "part-1.txt").read_bytes().decode()
    assert not any(file.stat().st_mode & 0o111 for file in (tmp_path / "to").iterdir())


def test_cli_mail_extract_finds_uuencoded_files() -> None:
    """In a text, and where the whole body is one."""
    uu = b"begin 644 ../cat.txt\r\n#0V%T\r\n`\r\nend\r\n"
    (text, file) = leaves_of(parse(b"Subject: x\r\n\r\nSee:\r\n" + uu))
    assert (None, b"See:\r\n" + uu) == (text.wanted, text.content)
    assert ("../cat.txt", b"Cat") == (file.wanted, file.content)
    (whole,) = leaves_of(parse(b"Content-Transfer-Encoding: x-uuencode\r\n\r\n" + uu))
    assert ("../cat.txt", b"Cat") == (whole.wanted, whole.content)


def test_cli_mail_extract_makes_no_folder_for_nothing(tmp_path: Path) -> None:
    """A mail that is not there leaves no trace; a folder that cannot be is named with the remedy."""
    (tmp_path / "a.eml").write_bytes(b"Subject: x\r\n\r\nText\r\n")

    def said(file: str, folder: str) -> str:
        done = CliRunner().invoke(mail, ["extract", str(tmp_path / file), "--to", str(tmp_path / folder)])
        return done.output.replace("\n", " ")

    assert "there is no such file" in said("none.eml", "to")
    assert "Not a directory; name a folder, or a new one in a folder that is there" in said("a.eml", "a.eml")
    assert "No such file or directory; name a folder" in said("a.eml", "no/where")
    assert ["a.eml"] == [file.name for file in tmp_path.iterdir()]
    assert "1 file in" in said("a.eml", "to")
