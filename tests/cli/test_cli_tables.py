"""Tables on terminals of any width: what names a row stays whole, and nothing is left out."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from scop.cli.shared import MIN_WIDE, print_table

WORDS = "words " * 30


@pytest.mark.parametrize(
    ("name", "columns", "is_whole"),
    [
        ("198.51.100.128/25", 80, True),
        ("198.51.100.128/25", MIN_WIDE, True),
        ("198.51.100.128/25", 30, False),
        ("2001:db8:1111:2222:3333:4444:5555:6666", 80, False),
    ],
)
def test_cli_tables_fold_what_explains_before_what_names(
    monkeypatch: pytest.MonkeyPatch, name: str, columns: int, is_whole: bool
) -> None:
    """An address in two pieces is not found by looking; it is folded where the terminal has no room for it."""
    told = io.StringIO()
    monkeypatch.setattr("scop.cli.shared._terminal", lambda: Console(file=told, width=columns))
    print_table(["subject", *"bcdefghij"], [(name, *[WORDS] * 9), ("", *[WORDS] * 9)])
    lines = told.getvalue().splitlines()
    assert is_whole == any(line.startswith(name) for line in lines)
    assert 2 * 9 * WORDS.count("w") <= told.getvalue().count("w")
