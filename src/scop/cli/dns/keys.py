"""`scop dns keys` and `scop dns roll`: which keys sign our zones, and new ones for old."""

from __future__ import annotations

import time
from pathlib import Path

import click

from scop.cli.dns.zone_keys import KeyPlace, place_options, shown_origin
from scop.cli.shared import json_option, print_json, print_table, when
from scop.mesh.vocabulary.zone_keys import RollZoneKeys, ZoneKeyRoll, ZoneKeys

__all__ = ["keys", "roll"]

_DAY = 86_400
# What a step waits for, as a person reads it.
_WAITS = {
    "signing": "the new keys' signatures to be in every cache",
    "publishing": "the new keys to be in every cache",
    "swapped": "the old key's signatures to be out of every cache",
    "awaiting-ds": "the parent: give it what `scop dns ds` prints",
    "settling": "the parent's old DS to be out of every cache",
    "retiring": "the old keys to be out of every cache",
}
_WAITS_FOR_NONE = "the parent to vouch for no key any more: take the DS out there"


@click.command()
@click.argument("origin", metavar="[ZONE]", default="")
@place_options
@json_option
def keys(origin: str, config: Path, state: Path | None, as_json: bool) -> None:
    """Show the keys of a zone, or of each, what they do, and which rolls are under way. The root is `.`."""
    place = KeyPlace(config, state)
    zones = (place.zone(origin),) if origin else place.zones()
    if as_json:
        print_json(zones)
        return
    for zone in zones:
        _print(zone)


@click.command()
@click.argument("origin", metavar="ZONE")
@click.option("--zsk", "kind", flag_value="zsk", help="A new key for the zone's records.")
@click.option("--ksk", "kind", flag_value="ksk", help="A new key for the parent to vouch for; a combined key too.")
@click.option("--all", "kind", flag_value="all", help="All keys, in the way that fits another algorithm too.")
@click.option("--go-on", "kind", flag_value="", help="No new key: with --ds-seen or --now, of what is under way.")
@click.option("--ds-seen", is_flag=True, help="The parent has the new DS: take my word for it.")
@click.option("--now", is_flag=True, help="Take the next step without waiting for caches: the old key was stolen.")
@click.option(
    "--algorithm",
    type=click.Choice(["ecdsap256sha256", "ecdsap384sha384", "ed25519"]),
    default=None,
    help="Of new keys; with --state.",
)
@click.option("--keys", "scheme", type=click.Choice(["csk", "ksk+zsk"]), default=None, help="With --all and --state.")
@place_options
@json_option
def roll(
    origin: str,
    kind: str | None,
    ds_seen: bool,
    now: bool,
    algorithm: str | None,
    scheme: str | None,
    config: Path,
    state: Path | None,
    as_json: bool,
) -> None:
    """Roll keys of ZONE without a gap: new ones are shown, wait for caches and the parent, and take over.

    It goes on by itself while the primary runs. One that runs alone must not be at work when its --state is named.
    """
    if kind is None and not (ds_seen or now):
        kind = "ksk"
    question = RollZoneKeys(origin, kind or "", now, ds_seen)
    zone = KeyPlace(config, state).roll(question, algorithm or "", scheme or "")
    if as_json:
        print_json(zone)
    else:
        _print(zone)


def _print(zone: ZoneKeys) -> None:
    if not zone.keys:
        click.echo(f"{shown_origin(zone.origin)} is unsigned")
        return
    rows = [
        (key.name, str(key.key_tag), key.algorithm, when(key.made_unix), ", ".join(key.duties) or "nothing yet")
        for key in zone.keys
    ]
    print_table(("key", "tag", "algorithm", "made (UTC)", "does"), rows, title=_title(zone))
    for under_way in zone.rolls:
        click.echo(f"  {under_way.kind}: {under_way.step}, waits {_waits(under_way)}")


def _title(zone: ZoneKeys) -> str:
    if zone.lasts_until_unix is None:
        return shown_origin(zone.origin)
    days = (zone.lasts_until_unix - time.time()) / _DAY
    return f"{shown_origin(zone.origin)} ({zone.denial}; the first signature ends in {days:.1f} days)"


def _waits(under_way: ZoneKeyRoll) -> str:
    if under_way.step == "awaiting-ds":
        return f"for {_WAITS_FOR_NONE if under_way.kind == 'last' else _WAITS[under_way.step]}"
    return f"until {when(under_way.until_unix)} for {_WAITS[under_way.step]}"
