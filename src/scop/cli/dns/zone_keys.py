"""The way to the keys of zones: through the running mesh, or to the state of a primary that runs alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from scop.cli.shared import ask, config_option
from scop.dns.names import normal_name
from scop.mesh.vocabulary.zone_keys import ReadZoneKeys, RollZoneKeys, ZoneKeys
from scop.net.clock import SystemClock

if TYPE_CHECKING:
    from scop.cells.primary.signing import SigningOptions
    from scop.dns.zone.rollover import KeyState

__all__ = ["KeyPlace", "place_options", "shown_origin"]

_Command = TypeVar("_Command", bound=Callable[..., object])

_state_option = click.option(
    "--state",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The state folder of a primary that runs alone, in place of a mesh.",
)


def place_options(command: _Command) -> _Command:
    """Give a command the options that say whose zones are meant."""
    return config_option(_state_option(command))


def shown_origin(origin: str) -> str:
    """Return a zone's name as a person reads it."""
    return f"{origin}."


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the keys are: in a mesh, or in a folder."""

    config: Path
    state: Path | None

    def zones(self) -> tuple[ZoneKeys, ...]:
        """Return the keys of every zone."""
        if self.state is None:
            return ask(self.config, "primary", ReadZoneKeys()).zones
        return _zones_in(self.state)

    def zone(self, origin: str) -> ZoneKeys:
        """Return the keys of one zone; without keys it is unsigned."""
        name = _name(origin)
        if self.state is None:
            return ask(self.config, "primary", ReadZoneKeys(name)).zones[0]
        found = next((zone for zone in _zones_in(self.state) if zone.origin == name), None)
        if found is None:
            raise click.ClickException(f"there are no keys of {shown_origin(name)} in {self.state}")
        return found

    def roll(self, question: RollZoneKeys, algorithm: str, scheme: str) -> ZoneKeys:
        """Begin or hasten a roll; `algorithm` and `scheme` of new keys are for a primary that runs alone only."""
        named = RollZoneKeys(_name(question.origin), question.kind, question.now, question.parent_seen)
        if self.state is not None:
            return _rolled_alone(self.state, named, algorithm, scheme)
        if algorithm or scheme:
            raise click.UsageError("in a mesh, [primary] in scop.toml says of which kind new keys are")
        return ask(self.config, "primary", named)


def _name(origin: str) -> str:
    try:
        return normal_name(origin)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _zones_in(state: Path) -> tuple[ZoneKeys, ...]:
    from scop.cells.primary.key_files import key_folder, known_origins, read_state
    from scop.cells.primary.shown_keys import shown_keys

    found = [(origin, read_state(key_folder(state, origin))) for origin in known_origins(state)]
    return tuple(shown_keys(origin, keys, "", None) for origin, keys in found if keys is not None)


def _rolled_alone(state: Path, question: RollZoneKeys, algorithm: str, scheme: str) -> ZoneKeys:
    """Change the keys of a primary that is not at work; it shows what has become of them when it begins."""
    from scop.cells.primary.history import GitHistory
    from scop.cells.primary.key_desk import rolled
    from scop.cells.primary.shown_keys import shown_keys
    from scop.cells.primary.signing import ZoneSigner
    from scop.net.log import Log

    history = GitHistory(state)
    try:
        source = next((zone for zone in history.zones() if zone.origin == question.origin), None)
        kept = _state_of(state, question.origin)
        if source is None or kept is None:
            raise click.ClickException(f"{shown_origin(question.origin)} is no zone that is signed in {state}")
        signer = ZoneSigner(state, _options(kept, algorithm, scheme), Log("primary", lambda _line: None))
        now_unix = int(SystemClock().unix())
        signer.know(source, now_unix)
        rolled(signer, question, now_unix)
        return shown_keys(question.origin, signer.state(question.origin), "", None)
    finally:
        history.close()


def _state_of(state: Path, origin: str) -> KeyState | None:
    from scop.cells.primary.key_files import key_folder, read_state

    return read_state(key_folder(state, origin))


def _options(kept: KeyState, algorithm: str, scheme: str) -> SigningOptions:
    """Return the options by which these keys are as they should be, so that nothing begins but what is asked for."""
    from scop.cells.primary.signing import SigningOptions
    from scop.dns.dnssec.algorithms import Algorithm
    from scop.dns.zone.rollover import Kind, Timing
    from scop.dns.zone.signing_keys import KeyScheme, Role

    newest = kept.keys[-1] if kept.keys else None
    is_split = newest is not None and newest.role is not Role.COMBINED
    options = SigningOptions(
        sign=all(roll.kind is not Kind.LAST for roll in kept.rolls),
        scheme=KeyScheme.SPLIT if is_split else KeyScheme.COMBINED,
        algorithm=Algorithm.ECDSAP256SHA256 if newest is None else Algorithm(newest.algorithm),
        timing=Timing(zone_key_lifetime_seconds=0),
    )
    if algorithm:
        options = replace(options, algorithm=Algorithm[algorithm.upper()])
    return replace(options, scheme=KeyScheme(scheme)) if scheme else options
