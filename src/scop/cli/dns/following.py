"""Letting A, AAAA and SPF follow our public address: looked at again and again, changed by UPDATE when it moves.

Theory of operation. Every round reads the address, plans, and sends what differs; so a record that somebody else broke
is repaired too, and a round that failed (no mesh, no answer, no address) is made up for by the next. Nothing is ever
changed for want of an address: a source that says none is a round that failed. It tells what it does as lines, a
trouble once until it changes.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import click

from scop.base import printable
from scop.cli.dns.addresses import AddressSource
from scop.cli.dns.plan_shown import change_line
from scop.cli.dns.planning import Way, make_plan, send_changes
from scop.cli.shared import print_json
from scop.dns.tsig_keys import TsigKey
from scop.dns.update import Change
from scop.dns.words import Rcode
from scop.dns.zone.plan import FOLLOWING
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.supervisor.config_file import ConfigurationError, read_config

__all__ = ["Follower", "Through"]

R = TypeVar("R")


class Through(Protocol):
    """Does something by a way to the zone, opened anew each time."""

    def __call__(self, work: Callable[[Way], Awaitable[R]], /) -> R:
        """Return what the work returns."""


@dataclass(slots=True)
class Follower:
    """Keeps the records of our address right."""

    through: Through
    config: Path
    source: AddressSource
    key: TsigKey
    as_json: bool = False
    trouble: str = ""  # that was told last
    following: tuple[str, ...] = ()  # what was seen last

    def run(self, every_seconds: float) -> None:
        """Go on until SIGTERM or Ctrl-C."""
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stopping.set())
        while not stopping.is_set():
            self.round()
            stopping.wait(every_seconds)

    def round(self) -> None:
        """Look once, and change what differs."""
        try:
            addresses = self.source()
            changes, rcode = self.through(lambda way: self._followed(way, addresses))
        except (OSError, ValueError, ConfigurationError, TemporaryFailure, PermanentFailure) as error:
            self._complain(str(error))
            return
        if rcode is not None and rcode is not Rcode.NOERROR:
            self._complain(f"the server refuses the UPDATE by {self.key.name}: {rcode.name}")
            return
        self.trouble = ""
        if changes or addresses != self.following:
            self.following = addresses
            self._tell(addresses, changes)

    async def _followed(self, way: Way, addresses: tuple[str, ...]) -> tuple[tuple[Change, ...], Rcode | None]:
        made = await make_plan(read_config(self.config), way, addresses)
        items = [item for item in made.items if item.wanted.purpose in FOLLOWING]
        for item in items:
            if item.obstacle is not None:
                place = f"{item.wanted.owner}. {item.wanted.type}"
                raise PermanentFailure(f"{place} cannot stand beside {item.obstacle.type}: remove that first")
        changes = tuple(change for item in items for change in item.changes)
        return changes, await send_changes(way, made.site.domain, changes, self.key) if changes else None

    def _tell(self, addresses: tuple[str, ...], changes: tuple[Change, ...]) -> None:
        lines = [f"{change.owner}. {change_line(change)}" for change in changes]
        if self.as_json:
            print_json({"event": "following", "addresses": addresses, "changes": lines})
        else:
            click.echo("\n".join((f"following {', '.join(addresses)}", *lines)))

    def _complain(self, reason: str) -> None:
        if reason == self.trouble:
            return
        self.trouble = reason
        if self.as_json:
            print_json({"event": "trouble", "reason": reason})
        else:
            click.echo(printable(reason, limit=2_000), err=True)
