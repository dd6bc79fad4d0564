"""What the fuzzer asks of `scop.reports`, which strangers reach by mail: laws for any octets; a target raises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from scop.base import RemoteProtocolError
from scop.reports import (
    AggregateReport,
    TlsReport,
    parse_aggregate,
    parse_report,
    parse_tls,
    write_aggregate,
    write_tls,
)

__all__ = ["report", "report_seeds"]

MAX_SEED_OCTETS = 16_384
_SHARED = Path(__file__).resolve().parents[3] / "shared"


def report(octets: bytes) -> None:
    """Any octets are a report or the sender's fault; what is read can be written and is read again as the same."""
    for lenient in (False, True):
        try:
            found = parse_report(octets, lenient=lenient)
        except RemoteProtocolError:
            continue
        if isinstance(found, AggregateReport):
            _aggregate(found)
        elif isinstance(found, TlsReport):
            _same(replace(found, defects=()), replace(parse_tls(write_tls(found)), defects=()))


def _aggregate(found: AggregateReport) -> None:
    try:
        written = write_aggregate(found)
    except ValueError:  # what only the old form has
        return
    again = parse_aggregate(written)
    _same(replace(found.policy, pct=None), again.policy)
    _same((found.metadata, found.records), (again.metadata, again.records))


def _same(found: object, again: object) -> None:
    if found != again:
        raise AssertionError(f"{found!r} became {again!r}")


def report_seeds() -> Iterator[bytes]:
    """Yield the shared reports."""
    folder = Path(os.environ.get("SCOP_SHARED") or _SHARED) / "vectors" / "reports" / "samples"
    for path in sorted(folder.rglob("*.*")):
        octets = path.read_bytes()
        if len(octets) <= MAX_SEED_OCTETS:
            yield octets
