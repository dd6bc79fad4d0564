"""An index that says in which order mails came and what they are, as the corpora of TREC's spam tracks have it.

Lines are `spam ../data/inmail.1`; the kind may be left out where folders tell it. Paths count from the index. Mail that
was moved since, or lies in an archive, is known by the end of its path.

Source: G. Cormack and T. Lynam, "TREC 2005 Spam Track Overview" (the index files of its corpora).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from scop.spam import Label

__all__ = ["IndexLine", "Order", "read_index"]

MAX_TAIL = 4  # names at the end of a path that mails are known by


@dataclass(frozen=True, slots=True)
class IndexLine:
    """One mail in an index."""

    path: Path
    is_spam: bool | None  # None where the line does not tell


class Order:
    """Where in an index each mail stands."""

    def __init__(self, lines: Sequence[IndexLine]) -> None:
        self._lines = lines
        self._by_path: dict[Path, int] = {}
        self._by_tail: dict[tuple[bool | None, tuple[str, ...]], int | None] = {}  # None: of several mails
        for number, line in enumerate(lines):
            self._by_path.setdefault(line.path, number)
            for tail in _tails(line.path):
                key = line.is_spam, tail
                self._by_tail[key] = None if key in self._by_tail else number

    def place_of(self, path: Path, *, is_spam: bool) -> int | None:
        """Return the number of the line that names a mail, None where none does; raises where it says the contrary."""
        place = self._by_path.get(_plain(path))
        if place is not None:
            said = self._lines[place].is_spam
            if said not in (None, is_spam):
                kinds = ("--spam", "ham") if is_spam else ("--ham", "spam")
                raise click.ClickException(f"{path} is below {kinds[0]}, and --order calls it {kinds[1]}")
            return place
        for tail in _tails(_plain(path)):
            for key in ((is_spam, tail), (None, tail)):
                if key in self._by_tail:
                    return self._by_tail[key]
        return None


def read_index(order: Path) -> list[IndexLine]:
    """Read an index; raises `click.ClickException` where it cannot be read."""
    try:
        lines = order.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise click.ClickException(f"--order {order}: {error.strerror}") from None
    found = []
    for line in filter(None, map(str.strip, lines)):
        kind, _, name = line.replace("\t", " ").partition(" ")
        has_kind = bool(name) and kind.lower() in (Label.HAM, Label.SPAM)
        path = _plain(order.parent / (line[len(kind) :].strip() if has_kind else line))
        found.append(IndexLine(path, kind.lower() == Label.SPAM if has_kind else None))
    if not found:
        raise click.ClickException(f"--order {order}: it names no mail; its lines are `ham PATH` or `spam PATH`")
    return found


def _plain(path: Path) -> Path:
    """Return a path that can be compared, without a look at the disk."""
    return Path(os.path.normpath(path.absolute()))


def _tails(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield the last names of a path, the longest first."""
    for count in range(min(MAX_TAIL, len(path.parts)), 0, -1):
        yield path.parts[-count:]
