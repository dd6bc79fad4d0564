"""Sorted mail in the order in which it is learned: both kinds in turn, as their numbers are, the same each time.

A kind that was learned whole before the other would tilt what is learned while it runs; and training that was
interrupted has to come by the same way again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from scop.cli.mail_files import MailFile, on_the_wire, read_mails

__all__ = ["Kind", "in_turn"]


@dataclass(frozen=True, slots=True)
class Kind:
    """Mails that are all called the same, or are to be unlearned ("")."""

    label: str
    paths: tuple[Path, ...]
    total: int

    @classmethod
    def at(cls, label: str, paths: tuple[Path, ...]) -> Kind:
        """Count the mails at these paths; a path without any is an error: it is likely a wrong one."""
        total = 0
        for path in paths:
            found = Counter(isinstance(one, MailFile) for one in read_mails(path))
            if not found[True]:
                raise click.ClickException(f"there is no mail in {path}")
            if found[False]:
                click.echo(f"scop: {path}: {found[False]} of its files are no mail: passed over", err=True)
            total += found[True]
        return cls(label, paths, total)


def in_turn(*kinds: Kind) -> Iterator[tuple[str, bytes]]:
    """Yield (label, octets as they travel) of all mails, each kind as far as the others."""
    streams = [_mails(kind.paths) for kind in kinds]
    taken = [0] * len(kinds)
    for _ in range(sum(kind.total for kind in kinds)):
        behind = min(
            (number for number, kind in enumerate(kinds) if taken[number] < kind.total),
            key=lambda number: (taken[number] + 1) / kinds[number].total,
        )
        taken[behind] += 1
        octets = next(streams[behind], None)
        if octets is not None:  # somebody took mails away meanwhile
            yield kinds[behind].label, octets


def _mails(paths: tuple[Path, ...]) -> Iterator[bytes]:
    for path in paths:
        for found in read_mails(path):
            if isinstance(found, MailFile):
                yield on_the_wire(found.octets)
