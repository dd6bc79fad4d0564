"""`scop mail path`: the way that a mail took, as the hosts on it tell in their Received fields.

Each host writes above what it got, so the lowest field is the first hop. Only what our own hosts wrote can be
trusted: whoever sends a mail can write any number of fields below. Delays compare the clocks of two hosts; where a
mail came before it left, one of them is wrong, and that is marked.

Standards: RFC 5321 §4.4, RFC 5322 §3.6.7.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from scop.base import printable
from scop.cli import shared
from scop.cli.mail_read import file_argument, mails_in
from scop.cli.shared import json_option, print_json, print_table
from scop.mime import Message
from scop.mime.fields.received import Received

__all__ = ["Hop", "hops_of", "path"]

MAX_BAR_WIDTH = 30


@dataclass(frozen=True, slots=True)
class Hop:
    """One host that took the mail. `delay_seconds` is since the hop before, or since the mail's Date for the first."""

    sender: str
    address: str
    receiver: str
    protocol: str
    identifier: str
    time: datetime.datetime | None
    delay_seconds: float | None

    @property
    def is_skewed(self) -> bool:
        """Whether the mail came before it left: one of two clocks is wrong."""
        return self.delay_seconds is not None and self.delay_seconds < 0


def hops_of(message: Message) -> tuple[Hop, ...]:
    """Return the hops from the first to the last."""
    hops: list[Hop] = []
    before = message.date
    for field in reversed(message.header.every("received")):
        value = field.value
        if not isinstance(value, Received):
            value = Received(())
        delay = (value.date - before).total_seconds() if value.date is not None and before is not None else None
        hops.append(_hop(value, delay))
        before = value.date or before
    return tuple(hops)


def _hop(value: Received, delay_seconds: float | None) -> Hop:
    return Hop(
        sender=value.reverse_name or value.helo,
        address=value.address,
        receiver=_said(value, "by"),
        protocol=_said(value, "with"),
        identifier=_said(value, "id"),
        time=value.date,
        delay_seconds=delay_seconds,
    )


def _said(value: Received, clause: str) -> str:
    found = value.clause(clause)
    return found.value if found is not None else ""


@click.command()
@file_argument
@json_option
def path(file: str, as_json: bool) -> None:
    """Show the hosts that carried a mail, from the first to the last, and how long each hop took.

    FILE is a mail, or a folder, Maildir, mbox or tar archive with many; "-" is standard input. Exit status 1 if a
    mail names no hop.
    """
    is_without = False
    for found, message in mails_in(file):
        hops = hops_of(message)
        is_without = is_without or not hops
        if as_json:
            print_json({"name": printable(found.name), "written": message.date, "hops": [_record(hop) for hop in hops]})
        else:
            _print_path(found.name, message.date, hops)
    sys.exit(1 if is_without else 0)


def _record(hop: Hop) -> dict[str, object]:
    return {
        "from": hop.sender or None,
        "address": hop.address or None,
        "by": hop.receiver or None,
        "protocol": hop.protocol or None,
        "id": hop.identifier or None,
        "time": hop.time,
        "delay_seconds": hop.delay_seconds,
        "is_skewed": hop.is_skewed,
    }


def _print_path(name: str, written: datetime.datetime | None, hops: Sequence[Hop]) -> None:
    from rich.markup import escape

    shared.console.rule(escape(printable(name)), align="left")
    if not hops:
        shared.console.print("no host has noted that it took this mail")
        return
    longest = max((hop.delay_seconds or 0.0 for hop in hops), default=0.0)
    rows: list[tuple[str, ...]] = [("", "written", "", "", _moment(written), "", "")]
    rows += [_row(number, hop, longest) for number, hop in enumerate(hops, 1)]
    print_table(("hop", "from", "taken by", "with", "at (UTC)", "after", ""), rows)
    shared.console.print(_summary(written, hops))


def _row(number: int, hop: Hop, longest: float) -> tuple[str, ...]:
    is_named = hop.address and hop.address not in hop.sender
    sender = f"{hop.sender} [{hop.address}]".lstrip() if is_named else hop.sender
    delay = hop.delay_seconds
    after = "?" if delay is None else f"−{_duration(-delay)}" if hop.is_skewed else _duration(delay)
    return str(number), sender or "?", hop.receiver or "?", hop.protocol, _moment(hop.time), after, _bar(hop, longest)


def _bar(hop: Hop, longest: float) -> str:
    if hop.is_skewed:
        return "◂ came before it left: a clock is wrong"
    if not hop.delay_seconds:
        return "▏" if hop.delay_seconds is not None else ""
    width = min(MAX_BAR_WIDTH, shared.console.width // 8)  # the hosts beside it need the room more
    eighths = max(1, round(hop.delay_seconds / longest * width * 8))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + " ▏▎▍▌▋▊▉"[rest].strip()


def _moment(time: datetime.datetime | None) -> str:
    if time is None:
        return "?"
    try:
        return shared.when(time.timestamp())
    except (ValueError, OverflowError):  # the first hour of the first year has no name in UTC
        return time.isoformat(sep=" ")


def _duration(seconds: float) -> str:
    """Return a duration as people say it, in its two largest units."""
    left = round(seconds)
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count or (unit == "s" and not parts):
            parts.append(f"{count:,} {unit}")
    return " ".join(parts[:2])


def _summary(written: datetime.datetime | None, hops: Sequence[Hop]) -> str:
    times = [time for time in (written, *(hop.time for hop in hops)) if time is not None]
    hosts = "1 hop" if len(hops) == 1 else f"{len(hops)} hops"
    skewed = sum(hop.is_skewed for hop in hops)
    took = f", {_duration(abs((times[-1] - times[0]).total_seconds()))} from first to last" if len(times) > 1 else ""
    return f"{hosts}{took}" + (f"; {skewed} with a wrong clock" if skewed else "")
