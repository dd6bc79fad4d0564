"""How an evaluation is shown: figures side by side, the curves, how learning went, and what phishing was found."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from scop.cli.shared import console, print_table
from scop.cli.spam.roc_curve import Axes, axes_of, curve
from scop.spam import Label
from scop.spam.evaluation import (
    Confusion,
    CurvePoint,
    Judged,
    at_ham_loss,
    confusion,
    learning_curve,
    one_minus_auc,
    roc,
)
from scop.spam.phishing import Trick

__all__ = ["Measured", "Report", "print_report", "report_json"]

STATED_LOSSES = (0.0, 0.001, 0.01)
MAX_POINTS = 1_000  # of a curve in JSON
STEPS, LINES_A_STEP = 5, 3  # upwards: five shares with names, as in the PNG, and lines between them
PLOT_LINES, PLOT_COLUMNS = STEPS * LINES_A_STEP + 1, 64
LABEL_COLUMNS = 8
_MARKS = (("●", "green"), ("○", "yellow"))
_BOTH = ("◆", "white")


@dataclass(frozen=True)
class Measured:
    """What one filter said of every mail."""

    name: str
    judged: tuple[Judged, ...]

    @cached_property
    def confusion(self) -> Confusion:
        """How many mails of each kind it called what."""
        return confusion(self.judged)

    @cached_property
    def one_minus_auc(self) -> float:
        """How often it puts a spam and a ham in the wrong order."""
        return one_minus_auc(self.judged)


@dataclass(frozen=True, slots=True)
class Report:
    """All that was measured."""

    protocol: str
    folds: int
    filters: tuple[Measured, ...]
    tricks: Counter[tuple[Trick, bool]]  # mails by what looks like phishing in them, and whether they are spam
    alarmed: Counter[bool]  # mails with any of it that is not mild, by whether they are spam

    @property
    def is_online(self) -> bool:
        """Whether the order of mails is that of learning."""
        return self.protocol == "online"


def print_report(report: Report) -> None:
    """Print figures, curves and tables."""
    first = report.filters[0].confusion
    how = "each judged, then learned" if report.is_online else f"in {report.folds} parts"
    console.print(f"{first.ham} ham and {first.spam} spam, {how}\n", markup=False)
    print_table(("", *(one.name for one in report.filters)), _figure_rows(report))
    console.print()
    calls = [(one.name, *row) for one in report.filters for row in _call_rows(one.confusion)]
    print_table(("filter", "mail", "called ham", "unsure", "called spam"), calls)
    console.print()
    _print_curves(report)
    if report.is_online:
        console.print()
        _print_learning(report)
    console.print()
    print_table(("looks like phishing", "in ham", "in spam"), _trick_rows(report))


def _figure_rows(report: Report) -> Iterator[tuple[str, ...]]:
    counts = [one.confusion for one in report.filters]
    yield ("1-AUC", *(f"{one.one_minus_auc:.4%}" for one in report.filters))
    yield ("ham lost", *(f"{one.ham_lost:.2%} ({one.ham_as_spam})" for one in counts))
    yield ("spam caught", *(f"{one.spam_caught:.2%}" for one in counts))
    yield ("unsure", *(f"{one.unsure:.2%}" for one in counts))
    for loss in STATED_LOSSES:
        caught = (at_ham_loss(one.judged, loss).spam_caught for one in report.filters)
        yield (f"spam caught where {loss:.1%} of ham is lost", *(f"{share:.2%}" for share in caught))


def _call_rows(counts: Confusion) -> tuple[tuple[str, ...], ...]:
    return (
        ("ham", str(counts.ham_as_ham), str(counts.ham_as_unsure), str(counts.ham_as_spam)),
        ("spam", str(counts.spam_as_ham), str(counts.spam_as_unsure), str(counts.spam_as_spam)),
    )


def _print_curves(report: Report) -> None:
    """Draw the curves in characters: spam caught upwards, ham lost to the right, each step ten times as much."""
    from rich.text import Text

    axes = axes_of([one.judged for one in report.filters])
    legend = Text("spam caught   ")
    for one, (mark, colour) in zip(report.filters, _MARKS, strict=False):
        legend.append(f"{mark} {one.name}   ", colour)
    console.print(legend)
    for line in _plot(report, axes):
        console.print(line, no_wrap=True, crop=True)
    console.print(" " * LABEL_COLUMNS + "└" + "─" * PLOT_COLUMNS, markup=False)
    console.print(_loss_labels(axes), markup=False)


def _plot(report: Report, axes: Axes) -> Iterator[object]:
    from rich.text import Text

    curves = [tuple(_risen(curve(one.judged, axes, PLOT_COLUMNS))) for one in report.filters]
    for line in reversed(range(PLOT_LINES)):
        share = f"{axes.floor + (1 - axes.floor) * line / (PLOT_LINES - 1):.1%}"
        text = Text(f"{'' if line % LINES_A_STEP else share:>{LABEL_COLUMNS - 1}} │")
        for column in range(PLOT_COLUMNS):
            marks = [mark for lines, mark in zip(curves, _MARKS, strict=False) if line in lines[column]]
            text.append(*(_BOTH if len(marks) > 1 else marks[0] if marks else (" ", "")))
        yield text


def _risen(heights: Sequence[float]) -> Iterator[range]:
    """Yield the lines that a curve passes in each column: where it stands, and those that it rose by to come there."""
    below = None
    for height in heights:
        line = round(height * (PLOT_LINES - 1))
        yield range(line if below is None else min(below + 1, line), line + 1)
        below = line


def _loss_labels(axes: Axes) -> str:
    line = [" "] * (LABEL_COLUMNS + PLOT_COLUMNS + 12)
    for decade in range(axes.decades + 1):
        figure = f"{10.0 ** (decade - axes.decades):.{max(0, axes.decades - decade - 2)}%}"
        place = LABEL_COLUMNS + 1 + (PLOT_COLUMNS - 1) * decade // axes.decades - len(figure) // 2
        line[place : place + len(figure)] = figure
    return "".join(line).rstrip() + "  ham lost"


def _print_learning(report: Report) -> None:
    headings = "mails", "filter", "1-AUC", "ham lost", "spam caught", "unsure"
    curves = [learning_curve(one.judged) for one in report.filters]
    rows = [
        (f"{point.first} to {point.last}", one.name, *_learning_cells(point))
        for stretch in zip(*curves, strict=True)
        for one, point in zip(report.filters, stretch, strict=True)
    ]
    print_table(headings, rows, title="how learning went")


def _learning_cells(point: CurvePoint) -> tuple[str, ...]:
    counts = point.confusion
    wrong = "–" if math.isnan(point.one_minus_auc) else f"{point.one_minus_auc:.3%}"  # where one kind is missing
    return wrong, f"{counts.ham_lost:.2%}", f"{counts.spam_caught:.2%}", f"{counts.unsure:.2%}"


def _trick_rows(report: Report) -> Iterator[tuple[str, ...]]:
    for trick in Trick:
        yield _trick_row(str(trick), report, (report.tricks[trick, False], report.tricks[trick, True]))
    yield _trick_row("any but reply-elsewhere", report, (report.alarmed[False], report.alarmed[True]))


def _trick_row(name: str, report: Report, found: tuple[int, int]) -> tuple[str, ...]:
    counts = report.filters[0].confusion
    return name, *(f"{part} ({part / whole:.2%})" for part, whole in zip(found, (counts.ham, counts.spam), strict=True))


def report_json(report: Report) -> dict[str, object]:
    """Return all of it for programs; what is not a number is null."""
    return {
        "protocol": report.protocol,
        "folds": None if report.is_online else report.folds,
        "filters": [_filter_json(one, is_online=report.is_online) for one in report.filters],
        "phishing": {
            str(trick): {str(label): report.tricks[trick, label is Label.SPAM] for label in (Label.HAM, Label.SPAM)}
            for trick in Trick
        },
        "alarmed": {"ham": report.alarmed[False], "spam": report.alarmed[True]},
    }


def _filter_json(one: Measured, *, is_online: bool) -> dict[str, object]:
    counts = one.confusion
    points = roc(one.judged)
    every = -(-len(points) // MAX_POINTS)
    return {
        "name": one.name,
        "one_minus_auc": one.one_minus_auc,
        "ham_lost": counts.ham_lost,
        "spam_caught": counts.spam_caught,
        "unsure": counts.unsure,
        "confusion": asdict(counts),
        "at_ham_loss": {f"{loss:g}": asdict(at_ham_loss(one.judged, loss)) for loss in STATED_LOSSES},
        "roc": [(point.ham_lost, point.spam_caught, point.threshold) for point in points[::every]],
        "learning": [asdict(point) for point in learning_curve(one.judged)] if is_online else [],
    }
