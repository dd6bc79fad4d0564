"""The way to the primary's zones: through the running mesh, or to the state of one that runs alone."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import click
from msgspec.structs import replace

from scop.cells.primary.calls import ZoneDesk
from scop.cells.primary.history import REPOSITORY, GitHistory, Versions
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.cli.dns.zone_keys import KeyPlace
from scop.cli.shared import ask, config_option
from scop.dns.names import normal_name
from scop.dns.zone import Zone
from scop.mesh.calls import Call
from scop.mesh.vocabulary.primary import ListZones, ReadZone, ZoneList
from scop.net.clock import SystemClock
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["Desk", "desk_options", "origin_argument", "person"]

R = TypeVar("R")
_Command = TypeVar("_Command", bound=Callable[..., object])

_state_option = click.option(
    "--state",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The state folder of a primary that runs alone, in place of a mesh.",
)
origin_argument = click.argument("origin", metavar="ZONE")


def desk_options(command: _Command) -> _Command:
    """Give a command the options that say whose zones are meant."""
    return config_option(_state_option(command))


def person() -> str:
    """Return who types, as this machine knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an id without a name
        return ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where questions about zones are put."""

    config: Path
    state: Path | None

    def look(self, question: Call[R]) -> R:
        """Ask what changes nothing; a primary may be at work there."""
        return ask(self.config, "primary", question) if self.state is None else self._alone(question, Versions)

    def change(self, question: Call[R]) -> R:
        """Ask for a change; a primary that runs alone must not be at work there."""
        return ask(self.config, "primary", question) if self.state is None else self._alone(question, GitHistory)

    def zones(self) -> ZoneList:
        """Return all zones; a primary that runs alone has signed those that it has keys of."""
        found = self.look(ListZones())
        if self.state is None:
            return found
        keys = {zone.origin: zone.keys for zone in KeyPlace(self.config, self.state).zones()}
        return ZoneList(tuple(replace(zone, signed=bool(keys.get(zone.origin))) for zone in found.zones))

    def text(self, origin: str, version: str = "", *, shown: bool = False) -> bytes:
        """Return a zone's master file, all of its pieces."""
        if shown and self.state is not None:  # signatures are made by the primary that shows them
            raise click.UsageError(
                "a --state has zones as they were written; --shown: ask its primary by `dig ZONE AXFR`"
            )
        piece = self.look(ReadZone(origin, version, shown=shown))
        octets = piece.octets
        while len(octets) < piece.size_octets:
            further = self.look(ReadZone(origin, piece.version, len(octets), shown)).octets
            if not further:
                raise click.ClickException(f"{origin} changed while it was read; ask again")
            octets += further
        return octets

    def zone(self, origin: str, version: str = "") -> Zone:
        """Return a zone as it was written."""
        return Zone.parse(self.text(origin, version).decode("utf-8"), normal_name(origin))

    def _alone(self, question: Call[R], open_history: type[Versions]) -> R:
        assert self.state is not None
        if not (self.state / REPOSITORY).is_dir():
            raise click.ClickException(f"{self.state} is no state of a primary: there is no {REPOSITORY} in it")
        history = open_history(self.state)
        committing = history if isinstance(history, GitHistory) else _ReadOnly()
        holdings = Holdings(history.zones(), committing, Unsigned(), SystemClock().unix)
        desk = ZoneDesk(holdings, history, lambda _octets, _cell: None, Log("primary", lambda _line: None))
        answer = desk.answers()[type(question)]
        try:
            return cast("R", asyncio.run(_awaited(answer(question, Peer("", 0)))))
        finally:
            history.close()


async def _awaited(answer: object) -> object:
    return await cast("asyncio.Future[object]", answer)


class _ReadOnly:
    """A history in which nothing is written."""

    def commit(self, zone: Zone, by: Author) -> None:
        """Refuse."""
        raise OSError("this history is only read")
