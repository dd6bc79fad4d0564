"""How zones, their versions and what differs are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from scop.base import printable
from scop.cli.shared import console
from scop.dns.message import Record
from scop.dns.zone.difference import Difference
from scop.dns.zone.master_file import rdata_text, write_records
from scop.mesh.vocabulary.primary import ZoneChange

__all__ = ["RecordShown", "difference_json", "print_change", "print_difference", "record_rows", "records_json"]

MAX_LINE = 1_000


class RecordShown(TypedDict):
    """A record in JSON."""

    owner: str
    ttl_seconds: int
    type: str
    text: str


def records_json(records: Iterable[Record]) -> list[RecordShown]:
    """Return records for JSON."""
    return [
        {"owner": f"{r.name}.", "ttl_seconds": r.ttl_seconds, "type": r.type, "text": rdata_text(r.rdata)}
        for r in records
    ]


def record_rows(records: Iterable[Record]) -> list[tuple[str, str, str, str]]:
    """Return records as rows of a table."""
    return [(f"{r.name}.", str(r.ttl_seconds), r.type, rdata_text(r.rdata)) for r in records]


def difference_json(what: Difference) -> dict[str, list[RecordShown]]:
    """Return a difference for JSON."""
    return {"removed": records_json(what.removed), "added": records_json(what.added)}


def print_difference(what: Difference) -> None:
    """Print what went and what came, as diff does."""
    _print_lines(write_records(what.removed).splitlines(), write_records(what.added).splitlines())


def print_change(done: ZoneChange) -> None:
    """Print what a change did."""
    if not done.removed_count + done.added_count:
        console.print(f"{done.origin or '.'} stays as it is, serial {done.serial}")
        return
    _print_lines(done.removed, done.added)
    left = done.removed_count + done.added_count - len(done.removed) - len(done.added)
    if left:
        console.print(f"… and {left} more")
    console.print(f"{done.origin or '.'} has serial {done.serial} now")


def _print_lines(removed: Sequence[str], added: Sequence[str]) -> None:
    from rich.text import Text

    for sign, style, lines in (("-", "red", removed), ("+", "green", added)):
        for line in lines:
            console.print(Text(f"{sign} {printable(line, limit=MAX_LINE)}", style=style), soft_wrap=True)
