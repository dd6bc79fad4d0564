"""What `scop` says when it is not all there, or is asked for odd things: one line, and exit status 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.command_line import scop

PROGRAM = "from scop.cli import main; main()"
WITHOUT = "import sys; sys.modules[{missing!r}] = None; " + PROGRAM


def run(program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `program` with the words of a command line."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("missing", ["click", "msgspec"])
def test_cli_words_a_library_alone_says_what_brings_the_command(missing: str) -> None:
    """`pip install 'scop[mime]'` puts `scop` in the path, too."""
    done = run(WITHOUT.format(missing=missing), "mail", "tree", "-")
    assert 2 == done.returncode
    assert (
        f"scop: {missing} is not installed; pip install 'scop[mesh]' brings all that the command needs\n" == done.stderr
    )


def test_cli_words_a_name_from_outside_turns_no_terminal_around(tmp_path: Path) -> None:
    """A sentence about a file is one printable line, whatever the file is called."""
    name = "a\nb\x1b[31m"
    (tmp_path / name).write_bytes(b"x")
    words = ("mail", "compose", "--from", "a@b.test", "--html", "-", "--attach", tmp_path / name)
    done = run(PROGRAM, *words)
    assert 2 == done.returncode
    assert done.stderr.startswith("scop: ")
    assert "a\\nb\\x1b[31m: control character in filename" in done.stderr
    assert 1 == done.stderr.count("\n")
    assert "\x1b" not in done.stderr


END_OF_ANSWER = b"\x1c"
ONE_AFTER_ANOTHER = """
import sys
from scop.cli import main
mail, *all_words = sys.argv[1:]
for words in all_words:
    sys.argv[1:] = ["mail", *words.split(), mail]
    try:
        main()
    except SystemExit as ended:
        assert ended.code in (0, None), (words, ended.code)
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\\x1c")
    sys.stdout.flush()
"""
MAIL = "Subject: =?utf-8?q?Zo=C3=AB?=\nReceived: by a.test; Wed, 25 Nov 2026 09:00:03 +0000\n\nText\n"


@pytest.mark.parametrize("characters", ["ascii", "latin-1", "utf-8"])
def test_cli_words_any_terminal_can_show_an_answer(tmp_path: Path, characters: str) -> None:
    """What it lacks is escaped; JSON is UTF-8 always."""
    (tmp_path / "a.eml").write_text(MAIL)
    environment = {"PYTHONIOENCODING": characters, "PYTHONUTF8": "0"}
    command = [
        sys.executable,
        "-c",
        ONE_AFTER_ANOTHER,
        str(tmp_path / "a.eml"),
        "path",
        "tree",
        "parse",
        "parse --json",
    ]
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (0, b"") == (done.returncode, done.stderr)
    *_, last = done.stdout.split(END_OF_ANSWER)[:-1]
    assert (4, "Zoë") == (done.stdout.count(END_OF_ANSWER), json.loads(last.decode())["fields"][0]["value"])


@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-"])
def test_cli_words_a_closed_stream_is_an_empty_one(redirection: str) -> None:
    """As a service may start us."""
    command = ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-c", PROGRAM, "mail", "tree", "-"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("firewal",), "no such command 'firewal'; did you mean firewall? (`scop --help` shows how)"),
        (("dkim", "keygn"), "no such command 'keygn'; did you mean keygen? (`scop dkim --help` shows how)"),
        (("dkim", "xyz"), "no such command 'xyz' (`scop dkim --help` shows how)"),
        (("queue", "list", "--limit", "x"), "'x' is not a whole number (`scop queue list --help` shows how)"),
        (("dmarc", "reports", "show", "17"), "REPORT 17: write it as the list does, such as a1 or s1 ("),
    ],
)
def test_cli_words_a_slip_is_named_with_what_is_near(words: tuple[str, ...], said: str) -> None:
    """One sentence, of words that are no programmer's, and names stay as they are written."""
    done = scop(*words)
    assert (2, "", True) == (done.status, done.out, said in done.err), done.err
