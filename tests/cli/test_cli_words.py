"""What `scop` says when it is not all there, or is asked for odd things: one line, and exit status 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCOP = "import sys; sys.modules[{missing!r}] = None; from scop.cli import main; main()"


def run(program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `program` with the words of a command line."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("missing", ["click", "msgspec"])
def test_cli_words_a_library_alone_says_what_brings_the_command(missing: str) -> None:
    """`pip install 'scop[mime]'` puts `scop` in the path, too."""
    done = run(SCOP.format(missing=missing), "mail", "tree", "-")
    assert 2 == done.returncode
    assert (
        f"scop: {missing} is not installed; pip install 'scop[mesh]' brings all that the command needs\n" == done.stderr
    )


def test_cli_words_a_name_from_outside_turns_no_terminal_around(tmp_path: Path) -> None:
    """A sentence about a file is one printable line, whatever the file is called."""
    name = "a\nb\x1b[31m"
    (tmp_path / name).write_bytes(b"x")
    words = ("mail", "compose", "--from", "a@b.test", "--html", "-", "--attach", tmp_path / name)
    done = run("from scop.cli import main; main()", *words)
    assert 2 == done.returncode
    assert done.stderr.startswith("scop: ")
    assert "a\\nb\\x1b[31m: control character in filename" in done.stderr
    assert 1 == done.stderr.count("\n")
    assert "\x1b" not in done.stderr
