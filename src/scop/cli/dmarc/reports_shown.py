"""How reports are shown: who sends as us as a table and as bars over time, and what came and went."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from scop.base import printable
from scop.base.sources import Sources
from scop.cli.shared import console, print_table, when
from scop.mesh.vocabulary.reporter import ArrivedReport, Reports, SenderDay, Senders, SendingSource, SentReport

__all__ = ["by_network", "every_day", "print_reports", "print_senders", "print_sent"]

MAX_LINES = 40  # of the plot: more days than that share lines
BAR_CHARACTERS = 60
_EIGHTHS = " ▏▎▍▌▋▊▉"
_SOURCES = Sources()


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the plot."""

    label: str
    passed: int
    failed: int

    @property
    def figures(self) -> str:
        return f" {self.passed} passed" + (f", {self.failed} failed" if self.failed else "")


def print_senders(found: Senders, *, what: str) -> None:
    """Print who sends as us: over time, then by source."""
    if not found.days:
        console.print(f"nobody told of mail as {what} in that time", markup=False)
        _print_unproven(found)
        return
    _print_plot(found.days)
    console.print()
    rows = [_source_row(source) for source in found.sources]
    print_table(
        ("source", "name", "mails", "DKIM", "SPF", "neither", "stopped", "in From", "known as", "told by"), rows
    )
    if found.source_count > len(found.sources):
        console.print(f"… and {found.source_count - len(found.sources)} more sources: --limit shows more", markup=False)
    passed, failed = (sum(getattr(day, word) for day in found.days) for word in ("passed", "failed"))
    told = _reports(found.reports)
    console.print(f"{passed} mails passed as {what}, {failed} failed; told by {told}", markup=False)
    _print_unproven(found)


def print_reports(found: Reports) -> None:
    """Print what came, what was sent and what waits."""
    if found.arrived:
        headings = ("report", "came (UTC)", "state", "kind", "from", "about", "mails", "proven", "what")
        print_table(headings, map(_arrived_row, found.arrived), title="came")
    if found.sent:
        if found.arrived:
            console.print()
        print_sent(found.sent)
    if found.counted:
        console.print()
        rows = ((one.day, one.kind, one.domain, str(one.mails)) for one in found.counted)
        print_table(("day (UTC)", "kind", "domain", "mails"), rows, title="counted, and not reported yet")
    if not (found.arrived or found.sent or found.counted):
        console.print("no report came, none was sent, nothing is counted", markup=False)


def print_sent(sent: Iterable[SentReport]) -> None:
    """Print reports that were made, with a line for each letter."""
    headings = ("report", "made (UTC)", "kind", "about", "mails", "to", "state", "what was answered")
    print_table(headings, (row for report in sent for row in _sent_rows(report)), title="sent")


def every_day(days: Sequence[SenderDay]) -> Iterator[SenderDay]:
    """Yield the days from the first to the last, also those of which nobody told."""
    known = {day.day: day for day in days}
    first, last = (datetime.date.fromisoformat(edge) for edge in (min(known), max(known)))
    for number in range((last - first).days + 1):
        day = (first + datetime.timedelta(number)).isoformat()
        yield known.get(day, SenderDay(day, 0, 0))


def by_network(found: Senders, limit: int) -> Senders:
    """Return the same with the sources of one network as one, so many of them; what was not told counts one each."""
    networks: dict[str, SendingSource] = {}
    for source in found.sources:
        network = _network_of(source.address)
        known = networks.get(network)
        networks[network] = _joined(known, source) if known else msgspec.structs.replace(source, address=network)
    ranked = sorted(networks.values(), key=lambda source: (-source.mails, source.address))
    count = len(ranked) + found.source_count - len(found.sources)
    return msgspec.structs.replace(found, sources=tuple(ranked[:limit]), source_count=count)


def _print_plot(days: Sequence[SenderDay]) -> None:
    from rich.text import Text

    lines = list(_lines(list(every_day(days))))
    highest = max(line.passed + line.failed for line in lines) or 1
    width = max(len(line.label) for line in lines)
    # Two parts of a bar may each end in an eighth: one character more than they are long together
    room = console.width - width - 2 - max(len(line.figures) for line in lines)
    characters = min(BAR_CHARACTERS, max(room, 1))
    for line in lines:
        bars = (_bar(line.passed, highest, characters), "green"), (_bar(line.failed, highest, characters), "red")
        console.print(Text.assemble(f"{line.label:<{width}} ", *bars, line.figures), no_wrap=True, crop=True)


def _lines(days: Sequence[SenderDay]) -> Iterator[_Line]:
    together = -(-len(days) // MAX_LINES)
    for start in range(0, len(days), together):
        part = days[start : start + together]
        label = part[0].day if len(part) == 1 else f"{part[0].day} to {part[-1].day[5:]}"
        yield _Line(label, sum(day.passed for day in part), sum(day.failed for day in part))


def _bar(number: int, highest: int, characters: int) -> str:
    """Return a bar in eighths of a character; one eighth at least where there is anything."""
    eighths = -(-number * characters * 8 // highest)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _source_row(source: SendingSource) -> tuple[str, ...]:
    stopped = source.rejected + source.quarantined
    return (
        source.address,
        source.name,
        str(source.mails),
        str(source.dkim_aligned),
        str(source.spf_aligned),
        str(source.unaligned),
        str(stopped) if stopped else "",
        ", ".join(source.domains),
        ", ".join(source.authenticated),
        ", ".join(source.reporters),
    )


def _print_unproven(found: Senders) -> None:
    if found.unproven:
        left_out = _reports(found.unproven)
        console.print(f"{left_out} without proof of who sent them: --unproven counts those too", markup=False)


def _reports(count: int) -> str:
    return "1 report" if count == 1 else f"{count} reports"


def _arrived_row(one: ArrivedReport) -> tuple[str, ...]:
    return (
        f"a{one.id}",
        when(one.unix),
        one.state,
        one.kind,
        one.reporter or one.author_domain,
        one.about,
        str(one.mails) if one.kind else "",
        "yes" if one.is_proven else "no",
        printable(one.reason or (one.subject if one.state == "broken" else "")),
    )


def _sent_rows(report: SentReport) -> Iterator[tuple[str, ...]]:
    head = f"s{report.id}", when(report.made_unix), report.kind, report.about, str(report.mails)
    for letter in report.letters:
        again = f", again at {when(letter.next_unix)}" if letter.next_unix is not None and letter.attempts else ""
        why = "we send reports by mail only" if letter.state == "unsupported" else letter.words
        yield (*head, letter.destination, f"{letter.state}{again}", why)
        head = "", "", "", "", ""


def _network_of(address: str) -> str:
    source = _SOURCES.of(address)
    return address if source is None else source.network


def _joined(known: SendingSource, source: SendingSource) -> SendingSource:
    return SendingSource(
        address=known.address,
        name=known.name if known.name == source.name else known.name or source.name,
        mails=known.mails + source.mails,
        dkim_aligned=known.dkim_aligned + source.dkim_aligned,
        spf_aligned=known.spf_aligned + source.spf_aligned,
        unaligned=known.unaligned + source.unaligned,
        quarantined=known.quarantined + source.quarantined,
        rejected=known.rejected + source.rejected,
        domains=tuple(sorted({*known.domains, *source.domains})),
        authenticated=tuple(sorted({*known.authenticated, *source.authenticated})),
        reporters=tuple(sorted({*known.reporters, *source.reporters})),
        first_day=min(known.first_day, source.first_day),
        last_day=max(known.last_day, source.last_day),
    )
