"""`scop mail examine`: what is dangerous in a mail or a file, for people and for programs."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from click.testing import CliRunner, Result

from fakes.containers import PROGRAM, mail_with, zip_archive
from scop.cli.mail import mail

_BAD = mail_with(zip_archive("invoice.pdf.exe", PROGRAM), "invoice.zip")
_SENTENCE = "invoice.pdf.exe in invoice.zip is a program for Windows, though its name looks like a document."
_RULE = 'rule greeting { meta: description = "says hello" severity = "dangerous" strings: $a = "Hello" condition: $a }'


def _run(*words: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(mail, ["examine", *words], input=stdin)


def test_cli_mail_examine_says_what_is_dangerous_and_where() -> None:
    """Exit status 1, and a line with severity, kind, place and a sentence."""
    said = _run("-", stdin=_BAD)
    line = next(line for line in said.output.splitlines() if _SENTENCE in line)

    assert (1, ["dangerous", "executable", "part", "2", "›", "invoice.zip", "›", "invoice.pdf.exe"]) == (
        said.exit_code,
        line.split()[:8],
    )


def test_cli_mail_examine_as_json() -> None:
    """One line for each mail, with every finding."""
    record = json.loads(_run("--json", "-", stdin=_BAD).output)
    wanted = {
        "kind": "executable",
        "severity": "dangerous",
        "place": "part 2 › invoice.zip › invoice.pdf.exe",
        "reason": _SENTENCE,
    }

    assert wanted in record["findings"]


def test_cli_mail_examine_finds_nothing_in_honest_mail() -> None:
    """Exit status 0, and it says that it looked."""
    said = _run("-", stdin=b"From: a@lagoon.example\r\nSubject: hello\r\n\r\nHello\r\n")

    assert (0, "1 file examined: nothing dangerous was found\n") == (said.exit_code, said.output)


def test_cli_mail_examine_takes_any_file(tmp_path: Path) -> None:
    """What is no mail is examined as if it were attached."""
    (tmp_path / "photo.jpg").write_bytes(PROGRAM)
    said = _run(str(tmp_path / "photo.jpg"))

    assert (1, True) == (
        said.exit_code,
        "photo.jpg says that it is a picture, and is a program for Windows." in said.output,
    )


def test_cli_mail_examine_holds_rules_against_everything(tmp_path: Path) -> None:
    """Rules from a file or a folder are findings with their own words."""
    (tmp_path / "a.yar").write_text(_RULE, encoding="utf-8")
    mails = [mail_with(zip_archive("a.txt", b"Hello there"), "a.zip")] * 2
    said = [
        _run("--yara", str(rules), "-", stdin=octets)
        for rules, octets in zip((tmp_path, tmp_path / "a.yar"), mails, strict=True)
    ]

    assert [(1, True), (1, True)] == [
        (one.exit_code, "matches the rule greeting: says hello" in one.output) for one in said
    ]


def test_cli_mail_examine_says_what_is_wrong_with_rules(tmp_path: Path) -> None:
    """Rules that are none end it with a sentence that names them."""
    (tmp_path / "a.yar").write_text("rule {", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    said = [_run("--yara", str(tmp_path / place), "-", stdin=_BAD) for place in ("a.yar", "empty")]

    assert [(1, True), (1, True)] == [
        (one.exit_code, "--yara" in one.output and "Traceback" not in one.output) for one in said
    ]


def test_cli_mail_examine_passes_over_no_file(tmp_path: Path) -> None:
    """A zip file is examined as one thing, and what lies beside mails in a folder or archive is looked into, too."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here/photo.jpg").write_bytes(PROGRAM)
    (tmp_path / "here/mail.eml").write_bytes(b"Subject: hello\r\n\r\nHello\r\n")
    (tmp_path / "invoice.zip").write_bytes(zip_archive("invoice.pdf.exe", PROGRAM))
    with tarfile.open(tmp_path / "all.tar", "w") as archive:
        archive.add(tmp_path / "here", "here")
    said = [_run(str(tmp_path / name)) for name in ("here", "invoice.zip", "all.tar")]

    assert [1, 1, 1] == [each.exit_code for each in said]
    assert _SENTENCE in " ".join(said[1].output.split())
    assert 1 == _run("-", stdin=(tmp_path / "invoice.zip").read_bytes()).exit_code
