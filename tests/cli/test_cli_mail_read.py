"""`scop mail parse` and `tree`: what a person and a program see of a mail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scop.cli.mail import mail
from scop.cli.mail_shown import plain, spoken
from scop.mime.fields import parse_field

MAIL = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <j@x.test>\r\nDate: Wed, 25 Nov 2026 09:00:00 +0000\r\n"
    b"Subject: [red]x[/red] =?utf-8?q?=1B[31m?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nw7w=\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody\r\n--b--\r\n"
)


def run(*words: str | Path, stdin: bytes = b"") -> Result:
    """Run `scop mail`."""
    return CliRunner().invoke(mail, [str(word) for word in words], input=stdin)


def test_cli_mail_parse_shows_values_and_structure_to_a_person() -> None:
    """Encoded words are read; markup and control characters of a stranger reach no terminal."""
    output = run("parse", "-", stdin=MAIL).output
    assert "Jürgen <j@x.test>" in output
    assert "[red]x[/red] \\x1b[31m" in output
    assert "\x1b" not in output
    assert "2026-11-25 09:00:00+00:00" in output
    assert "└── 2 message/rfc822" in output
    assert "    └── 2.1 text/plain, 4 octets" in output


def test_cli_mail_parse_gives_typed_values_to_a_program(tmp_path: Path) -> None:
    """One line a mail, whatever they lie in."""
    (tmp_path / "two.mbox").write_bytes(2 * (b"From x\n" + MAIL + b"\n"))
    lines = run("parse", "--json", tmp_path / "two.mbox").output.splitlines()
    first, second = map(json.loads, lines)
    assert ["two.mbox#1", "two.mbox#2"] == [first["name"], second["name"]]
    assert len(MAIL) == first["size_octets"]
    assert {
        "name": "From",
        "value": [{"display_name": "Jürgen", "addr_spec": "j@x.test", "local_part": "j", "domain": "x.test"}],
    } == first["fields"][0]
    assert {"maintype": "multipart", "subtype": "mixed", "parameters": {"boundary": "b"}} == first["fields"][3]["value"]
    assert ["1", "2"] == [part["part"] for part in first["parts"]]
    assert [{"name": "Subject", "value": "in"}] == first["parts"][1]["parts"][0]["fields"]


def test_cli_mail_parse_says_what_is_odd_and_where() -> None:
    """Each defect and ambiguity has words and a line; `--check` makes an answer of it."""
    odd = b"From: a@b.test\r\nFrom: c@d.test\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==QQ\r\n"
    shown = json.loads(run("parse", "--json", "-", stdin=odd).output)
    assert {"duplicate_field", "data_after_padding"} <= {found["kind"] for found in shown["ambiguities"]}
    assert all(found["says"] and found["line"] >= 1 for found in shown["ambiguities"] + shown["defects"])
    assert "a field that may stand once stands twice" in run("parse", "-", stdin=odd).output
    assert (0, 1) == (run("parse", "-", stdin=odd).exit_code, run("parse", "--check", "-", stdin=odd).exit_code)


@pytest.mark.parametrize("octets", [b"", b"\0\xff", b"\n\n\n", b"From: \xff\r\n\r\n\xff", b"x" * 3000])
def test_cli_mail_parse_takes_any_octets(octets: bytes) -> None:
    """A file of anything is a mail."""
    for words in (("parse",), ("parse", "--json"), ("tree",), ("tree", "--json")):
        assert 0 == run(*words, "-", stdin=octets).exit_code


def test_cli_mail_tree_is_a_picture_and_a_record() -> None:
    """Types, charsets, encodings, sizes and names."""
    assert [
        "standard input: multipart/mixed",
        "├── 1 text/plain, utf-8, base64, 2 octets",
        "└── 2 message/rfc822",
        "    └── 2.1 text/plain, 4 octets",
    ] == [line.rstrip() for line in run("tree", "-", stdin=MAIL).output.splitlines()]
    record = json.loads(run("tree", "--json", "-", stdin=MAIL).output)
    assert ("utf-8", 2) == (record["parts"][0]["charset"], record["parts"][0]["content_octets"])
    assert "fields" not in record


def test_cli_mail_parse_names_what_cannot_be_done(tmp_path: Path) -> None:
    """One sentence."""
    assert "there is no mail in it" in run("parse", tmp_path).output
    assert "there is no such file or folder" in run("parse", tmp_path / "nothing").output


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("To", "Crew: a@b.test, Bo <c@d.test>;", "Crew: a@b.test, Bo <c@d.test>;"),
        ("References", "<1@b.test> <2>", "<1@b.test>, <2>"),
        ("Return-Path", "<>", "<>"),
        ("List-Id", "Tides <tides.harbor.test>", "Tides <tides.harbor.test>"),
        ("List-Post", "NO", "NO"),
        ("List-Help", "<mailto:a@b.test>, <https://b.test/>", "mailto:a@b.test, https://b.test/"),
        ("Content-Disposition", "attachment; filename=x", "attachment; filename=x"),
        ("Subject", "a\u202eb", "a\\u202eb"),
        (
            "Received",
            "from a.test (x) by b.test; Wed, 25 Nov 2026 09:00:00 +0100",
            "from a.test (x) by b.test; 2026-11-25 09:00:00+01:00",
        ),
    ],
)
def test_cli_mail_parse_says_each_kind_of_value(name: str, body: str, expected: str) -> None:
    """In words on one printable line; and JSON can hold it."""
    value = parse_field(name, body)
    assert expected == spoken(value)
    json.dumps(plain(value))
