"""`scop dns update`: what is refused before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from fakes.primary_program import key_line, new_key
from scop.cli.dns import dns


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("", "no CHANGE was given"),
        ("; nothing\nsend\n", "no CHANGE was given"),
        ("add www 60 CNAME example.org\n", "line 1: example.org: end it with a dot"),
        ("zone lagoon.test\nadd www 60 A 192.0.2.1\n", "line 1: the zone is harbor.test"),
        ("add www 60 A 192.0.2.300\n", "line 1: A '192.0.2.300'"),
    ],
)
def test_update_that_cannot_be_meant_is_not_sent(tmp_path: Path, change: str, reason: str) -> None:
    """Exit status 2, the line and what is wrong with it: an UPDATE of nothing would be answered NOERROR."""
    keys = tmp_path / "keys"
    keys.write_text(key_line(new_key("k")))
    words = ["update", "harbor.test", "--key", str(keys), "--server", "127.0.0.1:1"]
    said = CliRunner().invoke(dns, words, input=change)
    assert (2, True) == (said.exit_code, reason in said.output), said.output


def test_update_names_the_server_that_does_not_answer(tmp_path: Path) -> None:
    """Exit status 2 where nobody listens, too."""
    keys = tmp_path / "keys"
    keys.write_text(key_line(new_key("k")))
    said = CliRunner().invoke(
        dns, ["update", "harbor.test", "delete www", "--key", str(keys), "--server", "127.0.0.1:1"]
    )
    assert (2, True) == (said.exit_code, "127.0.0.1 port 1" in said.output), said.output
