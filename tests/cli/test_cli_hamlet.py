"""`scop hamlet generate` and `coverage`: the same corpus each time, in any container."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scop.cli.hamlet import hamlet
from scop.cli.mail_files import MailFile, read_mails
from scop.hamlet.mail import generate

COUNT = 60
MAILS = [generate(5, index) for index in range(7, 7 + COUNT)]


def run(*words: str | Path) -> Result:
    """Run `scop hamlet`."""
    return CliRunner().invoke(hamlet, [str(word) for word in words])


@pytest.mark.parametrize("name", ["corpus", "corpus.mbox", "corpus.tar"])
def test_cli_hamlet_generate_writes_what_is_read_back_octet_for_octet(tmp_path: Path, name: str) -> None:
    """In the order of the index, whatever the corpus lies in."""
    done = run("generate", "--seed", "5", "--count", f"{COUNT}", "--from", "7", "--to", tmp_path / name, "--json")
    assert {
        "seed": 5,
        "from": 7,
        "count": COUNT,
        "octets": sum(map(len, MAILS)),
        "to": str(tmp_path / name),
    } == json.loads(done.output)
    assert MAILS == [found.octets for found in read_mails(tmp_path / name) if isinstance(found, MailFile)]


def test_cli_hamlet_generate_writes_the_same_archive_each_time(tmp_path: Path) -> None:
    """No clock, no owner, no order of a folder goes into it."""
    for name in ("a.tar", "b.tar"):
        assert 0 == run("generate", "--seed", "5", "--count", "5", "--to", tmp_path / name).exit_code
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "a.tar") as archive:
        members = archive.getmembers()
    assert [f"00000/{index:09}.eml" for index in range(5)] == [member.name for member in members]
    assert {(0, 0, 0, "", "")} == {(one.mtime, one.uid, one.gid, one.uname, one.gname) for one in members}


@pytest.mark.parametrize("name", ["corpus", "corpus.mbox", "corpus.tar"])
def test_cli_hamlet_generate_says_how_to_go_on(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C what was written can be read, and the rest of the corpus is named."""

    def stopped(seed: int, index: int) -> bytes:
        if index == 9:
            raise KeyboardInterrupt
        return generate(seed, index)

    monkeypatch.setattr("scop.hamlet.mail.generate", stopped)
    done = run("generate", "--seed", "5", "--count", "6", "--from", "7", "--to", tmp_path / name)
    assert 0 != done.exit_code
    assert "stopped at mail 9; write the rest to another --to with --seed 5 --from 9 --count 4" in done.output
    assert MAILS[:2] == [found.octets for found in read_mails(tmp_path / name) if isinstance(found, MailFile)]


def test_cli_hamlet_generate_overwrites_nothing(tmp_path: Path) -> None:
    """A new file or an empty folder."""
    (tmp_path / "a.mbox").write_bytes(b"mine")
    for target in (tmp_path / "a.mbox", tmp_path):
        done = run("generate", "--count", "1", "--to", target)
        assert "is already there; name a new file or an empty folder" in done.output.replace("\n", " ")
    assert b"mine" == (tmp_path / "a.mbox").read_bytes()


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tgz", "a.tar.xz", "a.zip"])
def test_cli_hamlet_generate_makes_no_folder_that_is_called_as_an_archive(tmp_path: Path, name: str) -> None:
    """Whoever asks for a packed archive is told which there is."""
    done = run("generate", "--count", "1", "--to", tmp_path / name)
    assert done.exit_code
    assert "no such archive is written; name a folder, a .mbox or a .tar" in done.output.replace("\n", " ")
    assert [] == list(tmp_path.iterdir())


def test_cli_hamlet_coverage_counts_every_production() -> None:
    """Those that stand in no mail make the answer no."""
    done = run("coverage", "--count", "20", "--json")
    counted = json.loads(done.output)
    assert (0, 20) == (counted["seed"], counted["count"])
    assert all(0 <= mails <= 20 for mails in counted["mails"].values())
    assert (0 if all(counted["mails"].values()) else 1) == done.exit_code
    assert "the first 20 mails" in run("coverage", "--count", "20").output
