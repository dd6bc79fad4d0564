"""Sorted mail in the order in which it came: by an index that says so, else by what the last server wrote."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from scop.base import printable
from scop.cli.mail_files import MailFile, NoMail, read_mails
from scop.mime import parse
from scop.spam import Label
from scop.spam.evaluation import Sample

__all__ = ["arrival_unix", "read_samples"]

_NEVER = 0.0


@dataclass(frozen=True, slots=True)
class _Found:
    """One mail, and the file that it lies in."""

    path: Path
    sample: Sample


def read_samples(ham: Sequence[Path], spam: Sequence[Path], order: Path | None) -> list[Sample]:
    """Return all mails in their order; the index alone is enough, as it names files and says what they are.

    Raises `click.ClickException` where there is nothing to measure by.
    """
    index = _read_index(order) if order is not None else []
    if ham or spam:
        found = [*_below(ham, is_spam=False), *_below(spam, is_spam=True)]
        samples = _by_index(found, index) if order is not None else _by_date(found)
    else:
        samples = [Sample(_octets(path), is_spam) for is_spam, path in index]
    if len({one.is_spam for one in samples}) < 2:
        raise click.ClickException(
            "both kinds of mail are needed: --ham PATH and --spam PATH, or an --order that names both"
        )
    return samples


def _below(paths: Sequence[Path], *, is_spam: bool) -> Iterator[_Found]:
    for path in paths:
        folder = path if path.is_dir() else path.parent
        for one in read_mails(path):
            if isinstance(one, MailFile):
                yield _Found(folder / one.name, Sample(one.octets, is_spam))
            else:
                _pass_over(one)


def _pass_over(one: NoMail) -> None:
    click.echo(f"scop: {printable(one.name)}: passed over: {one.reason}", err=True)


def _by_date(found: Sequence[_Found]) -> list[Sample]:
    """Order by arrival; mails that do not tell it come first, and where two came at once the name decides."""
    dated = [(arrival_unix(one.sample.octets), str(one.path), number, one) for number, one in enumerate(found)]
    return [one.sample for *_, one in sorted(dated)]


def _by_index(found: Sequence[_Found], index: Sequence[tuple[bool, Path]]) -> list[Sample]:
    """Order as the index does; files are known by their path, else by their name alone (in an archive)."""
    by_path: dict[Path, int] = {}
    by_name: dict[str, int] = {}
    for number, (_, path) in enumerate(index):
        by_path.setdefault(path.resolve(), number)
        by_name.setdefault(path.name, number)
    placed: list[tuple[int, int]] = []
    for number, one in enumerate(found):
        place = by_path.get(one.path.resolve(), by_name.get(one.path.name))
        if place is not None:
            placed.append((place, number))
    if unnamed := len(found) - len(placed):
        click.echo(f"scop: {unnamed} mails are not in the index: passed over", err=True)
    return [found[number].sample for _, number in sorted(placed)]


def _read_index(order: Path) -> list[tuple[bool, Path]]:
    """Read lines such as `spam ../data/inmail.1`, as TREC's indexes have them; paths count from the index."""
    try:
        lines = order.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise click.ClickException(f"--order {order}: {error.strerror}") from None
    found = []
    for number, line in enumerate(lines, start=1):
        label, _, path = line.strip().partition(" ")
        if label.lower() in (Label.HAM, Label.SPAM) and path:
            found.append((label.lower() == Label.SPAM, order.parent / path.strip()))
        elif label:
            raise click.ClickException(
                f"--order {order}: line {number} is no `ham PATH` or `spam PATH`: {printable(line, limit=80)}"
            )
    return found


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{path}, which the index names: {error.strerror}") from None


def arrival_unix(octets: bytes) -> float:
    """Return when the last server took a mail, or when its author wrote it; `_NEVER` where nothing tells."""
    message = parse(octets)
    moments: list[datetime.datetime | None] = [message.received[0].date if message.received else None, message.date]
    for moment in moments:
        if moment is not None:
            try:
                return moment.timestamp()
            except (OverflowError, ValueError):  # a year that no clock has
                continue
    return _NEVER
