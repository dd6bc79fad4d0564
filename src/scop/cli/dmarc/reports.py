"""`scop dmarc reports`: who sends as us, as others told it; which reports came and went; sending them now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import click
from msgspec.structs import replace

from scop.base import a_labels
from scop.cli.dmarc.bar_chart import Bar, png_chart
from scop.cli.dmarc.report_page import print_page
from scop.cli.dmarc.reports_shown import by_network, every_day, print_reports, print_senders, print_sent
from scop.cli.gathering import gathered
from scop.cli.shared import ask, config_option, console, json_option, print_json
from scop.mesh.vocabulary.reporter import ReadReport, ReadReports, ReadSenders, ReportPage, Senders, SendReports

__all__ = ["reports"]

MAX_DAYS = 3_660  # ten years, as the reporter has it
EVERYBODY = 1_000  # sources that are asked for where they are to be added up

_NUMBER = re.compile(r"([as])([0-9]{1,15})")

_days = click.option(
    "--days", type=click.IntRange(1, MAX_DAYS), default=30, show_default=True, help="Of so many days until today."
)


@dataclass(frozen=True, slots=True)
class SendersChoice:
    """What of all that was told is shown."""

    days: int
    domain: str
    by: str
    limit: int
    unproven: bool
    png: Path | None

    @property
    def question(self) -> ReadSenders:
        """What the reporter is asked."""
        limit = EVERYBODY if self.by == "network" else self.limit
        return ReadSenders(self.days, a_labels(self.domain.removesuffix(".")), limit, self.unproven)


@click.group(invoke_without_command=True)
@gathered(
    "choice",
    SendersChoice,
    _days,
    click.option("--domain", default="", help="Of mail as this domain of ours, or below it."),
    click.option(
        "--by", type=click.Choice(["address", "network"]), default="address", show_default=True, help="Sources by what."
    ),
    click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="Sources at most."),
    click.option("--unproven", is_flag=True, help="Count reports too whose sender is not proved by DMARC."),
    click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Draw the days into this file."),
)
@config_option
@json_option
@click.pass_context
def reports(context: click.Context, choice: SendersChoice, config: Path, as_json: bool) -> None:
    """Show who sends as us: by source, and over time, as those tell it who received that mail."""
    if context.invoked_subcommand is not None:
        return
    found = ask(config, "reporter", choice.question)
    if choice.by == "network":
        found = by_network(found, choice.limit)
    what = choice.domain or "us"
    if choice.png is not None:
        _draw(found, choice.png, what)
    if as_json:
        print_json(found)
        return
    print_senders(found, what=what)
    if choice.png is not None:
        console.print(f"drawn into {choice.png}", markup=False)


@reports.command("list")
@_days
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="Of each kind at most.")
@config_option
@json_option
def list_reports(days: int, limit: int, config: Path, as_json: bool) -> None:
    """List which reports came, which were sent, and what waits to be reported."""
    found = ask(config, "reporter", ReadReports(days, limit))
    if as_json:
        print_json(found)
    else:
        print_reports(found)


@reports.command()
@click.argument("report")
@click.option("--raw", is_flag=True, help="Write the octets: the mail that came, the document that was sent.")
@config_option
@json_option
def show(report: str, raw: bool, config: Path, as_json: bool) -> None:
    """Show one REPORT: a1 came ("arrived"), s1 was sent; `list` tells the numbers."""
    found = _NUMBER.fullmatch(report)
    if found is None:
        raise click.UsageError(f"REPORT {report}: write it as the list does, such as a1 or s1")
    page = _whole(config, ReadReport(int(found[2]), is_sent=found[1] == "s"))
    if raw:
        click.echo(page.octets, nl=False)
    elif as_json:
        print_json(page)
    else:
        print_page(page)


@reports.command()
@click.option("--now", is_flag=True, help="Do not wait for the night.")
@config_option
@json_option
def send(now: bool, config: Path, as_json: bool) -> None:
    """Send reports of all that is counted up to now. Each night that is done without asking."""
    if not now:
        raise click.UsageError("reports go out each night by themselves; --now sends what is counted up to now")
    made = ask(config, "reporter", SendReports())
    if as_json:
        print_json(made)
    else:
        if made.reports:
            print_sent(made.reports)
        for one in made.unsent:
            console.print(f"no {one.kind} report about {one.domain}: {one.reason}", markup=False)
        if not (made.reports or made.unsent):
            console.print("nothing is counted that was not reported yet", markup=False)
    if not made.reports:
        raise SystemExit(1)


def _whole(config: Path, question: ReadReport) -> ReportPage:
    """Return a report with all of its octets, which come in pieces."""
    page = ask(config, "reporter", question)
    pieces = [page.octets]
    while (had := sum(map(len, pieces))) < page.size_octets:
        piece = ask(config, "reporter", replace(question, offset=had)).octets
        if not piece:
            raise click.ClickException("the report was forgotten meanwhile")
        pieces.append(piece)
    return replace(page, octets=b"".join(pieces))


def _draw(found: Senders, path: Path, what: str) -> None:
    bars = [Bar(day.day, day.passed, day.failed) for day in every_day(found.days)] if found.days else []
    path.write_bytes(png_chart(f"mails as {what}, as others count them", bars))
