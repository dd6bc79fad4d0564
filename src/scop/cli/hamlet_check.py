"""`scop hamlet check`: does every mail of the corpus say what it was written from, and who else reads it so?"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from scop.base import printable
from scop.cli import shared
from scop.cli.hamlet_peers import PEERS, Tally, missing_peers
from scop.cli.hamlet_shown import count_option, from_option, progress, seed_option
from scop.cli.shared import json_option, print_json, print_table

if TYPE_CHECKING:
    from scop.cli.hamlet_run import Corpus, State, Verdict
    from scop.hamlet.check import Outcome

__all__ = ["check"]

SHOWN_FAILURES = 20
MAX_SHOWN = 600


def _peers(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: not known; there are {', '.join(PEERS)}")
    missing = missing_peers(names)
    if missing:
        raise click.BadParameter(
            f"{', '.join(missing)}: not installed; `make peers`, or pip install {' '.join(missing)}"
        )
    return names


@click.command()
@seed_option
@count_option
@from_option
@click.option(
    "--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default="one a CPU", help="Processes."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    help="Remember what is done here, and keep it; default: hamlet-SEED.jsonl, removed at the end.",
)
@click.option("--peers", callback=_peers, default="", help=f"Compare with others, by commas: {', '.join(PEERS)}.")
@click.option("--report", type=click.Path(path_type=Path), help="Write all of the outcome here as JSON.")
@json_option
def check(
    seed: int,
    count: int,
    first: int,
    jobs: int,
    state: Path | None,
    peers: tuple[str, ...],
    report: Path | None,
    as_json: bool,
) -> None:
    """Check mails of the corpus: read, written from the values alone, read again.

    After Ctrl-C the same command goes on where it was. Exit status 1 if a mail fails. What others read differently is
    counted by cause and is no failure: the values that a mail was written from say who is right.
    """
    from scop.cli.hamlet_run import Corpus, State

    started = time.monotonic()
    corpus = Corpus.of(seed, first, count, peers)
    remembered = State.opened(state or Path(f"hamlet-{seed}.jsonl"), corpus)
    before = sum(chunk.mails for chunk in remembered.chunks)
    verdict = _checked(corpus, remembered, jobs, _Manner(quiet=as_json, keep=state is not None))
    told: dict[str, object] = {"seed": seed, "from": first, "jobs": jobs, "checked_now": count - before}
    told["seconds"] = round(time.monotonic() - started, 3)
    told |= {name: getattr(verdict, name) for name in ("mails", "octets", "digest", "failures", "peers")}
    if report is not None:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    if as_json:
        print_json(told)
    else:
        _print_failures(verdict.failures)
        _print_peers(verdict.peers, verdict.mails)
        _print_sum(told)
    sys.exit(1 if verdict.failures else 0)


@dataclass(frozen=True, slots=True)
class _Manner:
    quiet: bool
    keep: bool  # the state, when the run is over


def _checked(corpus: Corpus, state: State, jobs: int, manner: _Manner) -> Verdict:
    from scop.cli.hamlet_run import run, verdict_of

    is_over = False
    done = sum(chunk.mails for chunk in state.chunks)
    try:
        with progress("checked", corpus.count, done=done, quiet=manner.quiet) as advance:
            for chunk in run(corpus, state, jobs):
                advance(chunk.mails)
        is_over = True
    except KeyboardInterrupt:
        click.echo(f"scop: stopped; the same command goes on from here ({state.path})", err=True)
        raise
    finally:
        state.close(forget=is_over and not manner.keep)
    return verdict_of(state.chunks)


def _print_failures(failures: Sequence[Outcome]) -> None:
    for failure in failures[:SHOWN_FAILURES]:
        said = printable(failure.difference, limit=MAX_SHOWN)
        shared.console.print(f"mail {failure.index}: {failure.stage.value}: {said}", markup=False, soft_wrap=True)
    if len(failures) > SHOWN_FAILURES:
        left = ", ".join(str(failure.index) for failure in failures[SHOWN_FAILURES:])
        shared.console.print(f"and {len(failures) - SHOWN_FAILURES:,} more: {left}", soft_wrap=True)


def _print_peers(peers: dict[str, Tally], mails: int) -> None:
    for name, tally in peers.items():
        title = f"{name} reads {tally.mails:,} of {mails:,} mails otherwise than they were written"
        rows = [(f"{cause.mails:,}", why, str(cause.example)) for why, cause in tally.causes.items()]
        print_table(("mails", "why", "such as mail"), rows, title=title)
        shared.console.print()


def _print_sum(told: dict[str, object]) -> None:
    failures, seconds = told["failures"], told["seconds"]
    assert isinstance(failures, tuple)
    assert isinstance(seconds, float)
    colour = "red" if failures else "green"
    shared.console.print(
        f"[{colour}]{told['mails']:,} mails, {len(failures):,} failures[/{colour}], {told['octets']:,} octets; "
        f"{told['checked_now']:,} of them now in {seconds:,.1f} s"
    )
    shared.console.print(f"digest of the corpus: {told['digest']}")
