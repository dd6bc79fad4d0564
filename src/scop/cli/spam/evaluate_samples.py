"""Sorted mail in the order in which it came: by an index that says so, else by what the last server wrote."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from scop.base import printable
from scop.cli.mail_files import MailFile, NoMail, read_mails
from scop.cli.spam.evaluate_order import IndexLine, Order, read_index
from scop.cli.spam.filter_weighing import without_postmark
from scop.mime import parse
from scop.spam.evaluation import Sample

__all__ = ["arrival_unix", "read_samples"]

_NEVER = 0.0


@dataclass(frozen=True, slots=True)
class _Found:
    """One mail, and the file that it lies in."""

    path: Path
    sample: Sample


def read_samples(ham: Sequence[Path], spam: Sequence[Path], order: Path | None) -> list[Sample]:
    """Return all mails in their order; an index that says what they are is enough.

    Raises `click.ClickException` where there is nothing to measure by.
    """
    index = read_index(order) if order is not None else []
    if ham or spam:
        found = [*_below(ham, is_spam=False), *_below(spam, is_spam=True)]
        _check_kinds(found)
        samples = _by_index(found, index) if order is not None else _by_date(found)
    else:
        samples = [_named(line) for line in index]
    if len({one.is_spam for one in samples}) < 2:
        raise click.ClickException(
            "both kinds of mail are needed: --ham PATH and --spam PATH, or an --order that names both"
        )
    return samples


def _below(paths: Sequence[Path], *, is_spam: bool) -> Iterator[_Found]:
    for path in paths:
        folder = path if path.is_dir() else path.parent
        count = 0
        for one in read_mails(path):
            if isinstance(one, MailFile):
                count += 1
                yield _Found(folder / one.name, Sample(one.octets, is_spam))
            else:
                _pass_over(one)
        if not count:  # a wrong path, more likely than not
            raise click.ClickException(f"there is no mail in {path}")


def _check_kinds(found: Sequence[_Found]) -> None:
    ham, spam = ({one.path for one in found if one.sample.is_spam is kind} for kind in (False, True))
    if both := sorted(ham & spam):
        raise click.ClickException(
            f"{printable(str(both[0]))} is named by --ham and by --spam; an --order that says what each mail is needs "
            "neither"
        )


def _pass_over(one: NoMail) -> None:
    click.echo(f"scop: {printable(one.name)}: passed over: {one.reason}", err=True)


def _by_date(found: Sequence[_Found]) -> list[Sample]:
    """Order by arrival; mails that do not tell it come first, and where two came at once the name decides."""
    dated = [(arrival_unix(one.sample.octets), str(one.path), number, one) for number, one in enumerate(found)]
    return [one.sample for *_, one in sorted(dated)]


def _by_index(found: Sequence[_Found], index: Sequence[IndexLine]) -> list[Sample]:
    """Order as the index does; what is not in it is left out."""
    order = Order(index)
    places = [order.place_of(one.path, is_spam=one.sample.is_spam) for one in found]
    placed = sorted((place, number) for number, place in enumerate(places) if place is not None)
    if not placed:
        raise click.ClickException("--order names none of the mails that --ham and --spam name")
    if unnamed := len(found) - len(placed):
        click.echo(f"scop: {unnamed} mails are not in the index: passed over", err=True)
    if absent := len(index) - len({place for place, _ in placed}):
        click.echo(f"scop: the index names {absent} mails that are not there", err=True)
    return [found[number].sample for _, number in placed]


def _named(line: IndexLine) -> Sample:
    """Read a mail that only the index names."""
    path = printable(str(line.path), limit=200)
    if line.is_spam is None:
        raise click.ClickException(
            f"--order: {path}: no `ham` or `spam` stands before it, nor is there --ham or --spam"
        )
    try:
        return Sample(without_postmark(line.path.read_bytes()), line.is_spam)
    except (OSError, ValueError) as error:  # the latter: no system has such a name
        raise click.ClickException(f"{path}, which the index names: {getattr(error, 'strerror', error)}") from None


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
