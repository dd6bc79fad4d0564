"""`scop spam evaluate`: how good the filter is on mail that people have sorted, beside bogofilter."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.progress import Progress

from scop.cli.gathering import gathered
from scop.cli.shared import console, json_option, print_json
from scop.cli.spam.evaluate_samples import read_samples
from scop.cli.spam.evaluate_shown import Measured, Report, print_report, report_json
from scop.cli.spam.evaluate_trainees import Bogofilter, Ours, bogofilter_is_there
from scop.cli.spam.roc_chart import png_roc
from scop.spam.evaluation import Judged, Sample, Trainee, online, split
from scop.spam.phishing import Trick

__all__ = ["evaluate"]

MAX_FOLDS = 100
_paths = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is measured, and how."""

    ham: tuple[Path, ...]
    spam: tuple[Path, ...]
    order: Path | None
    protocol: str
    folds: int
    domain: tuple[str, ...]
    alone: bool
    png: Path | None

    @property
    def is_online(self) -> bool:
        """Whether each mail is learned as soon as it was judged."""
        return self.protocol == "online"


@click.command()
@gathered(
    "choice",
    Choice,
    click.option("--ham", multiple=True, type=_paths, help="Wanted mail: folder, Maildir, mbox or archive."),
    click.option("--spam", multiple=True, type=_paths, help="Spam, likewise."),
    click.option("--order", type=_paths, help="An index as TREC has it: lines `spam PATH`, as mails came."),
    click.option(
        "--protocol", type=click.Choice(["split", "online"]), default="split", show_default=True, help="See above."
    ),
    click.option("--folds", type=click.IntRange(2, MAX_FOLDS), default=5, show_default=True, help="Parts of a split."),
    click.option("--domain", multiple=True, help="A domain of our people and of our mail servers."),
    click.option("--alone", is_flag=True, help="Leave bogofilter out."),
    click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Draw the curves into this file."),
)
@json_option
def evaluate(choice: Choice, as_json: bool) -> None:
    """Measure how good the filter is on mail that people have sorted, beside bogofilter where it is installed.

    A filter that knows nothing is taught. `split` cuts the mail into parts and judges each by what it learned from
    all others; `online` judges every mail as it came and learns it at once. Without --order mails come in the order
    of their topmost Received fields. Nothing that is in use is changed.
    """
    samples = read_samples(choice.ham, choice.spam, choice.order)
    folds = 1 if choice.is_online else choice.folds
    if folds > min(sum(one.is_spam is kind for one in samples) for kind in (False, True)):
        raise click.ClickException(
            f"--folds {folds}: there are fewer mails of one kind than that; take fewer folds, or --protocol online"
        )
    if choice.png is not None:
        choice.png.touch()  # what cannot be written is better known now
    report = _measure(samples, choice)
    if choice.png is not None:
        choice.png.write_bytes(png_roc([(one.name, one.judged) for one in report.filters]))
    if as_json:
        print_json(report_json(report))
        return
    print_report(report)
    if choice.png is not None:
        console.print(f"drawn into {choice.png}", markup=False)


def _measure(samples: Sequence[Sample], choice: Choice) -> Report:
    has_other = not choice.alone and bogofilter_is_there()
    with Progress(console=console, transient=True, disable=not sys.stdout.isatty()) as progress:
        rounds = 2 if choice.is_online else choice.folds  # how often each mail is learned or judged

        def judged(name: str, begin: Callable[[Callable[[int], None]], Trainee[Sample]]) -> Measured:
            task = progress.add_task(name, total=len(samples) * rounds)
            said = _said(lambda: begin(lambda count: progress.advance(task, count)), samples, choice)
            return Measured(name, tuple(said))

        ours: list[Ours] = []

        def begin_ours(advance: Callable[[int], None]) -> Ours:
            ours.append(Ours(choice.domain, advance))
            return ours[-1]

        filters = [judged("SCoP", begin_ours)]
        if has_other:
            filters.append(judged("bogofilter", Bogofilter))
    tricks = Counter[tuple[Trick, bool]]()
    alarmed = Counter[bool]()
    for one in ours:
        tricks.update(one.tricks)
        alarmed.update(one.alarmed)
    return Report(choice.protocol, choice.folds, tuple(filters), tricks, alarmed)


def _said(begin: Callable[[], Trainee[Sample]], samples: Sequence[Sample], choice: Choice) -> Iterator[Judged]:
    return online(begin, samples) if choice.is_online else split(begin, samples, choice.folds)
