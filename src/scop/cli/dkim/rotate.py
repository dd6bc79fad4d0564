"""`scop dkim rotate`: new keys for old, now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from scop.cli.dkim.keys import INCOMING, print_keys, what_next
from scop.cli.shared import ask, config_option, json_option, print_json, when
from scop.mesh.vocabulary.signer import ReadSealing, RotateKeys, SealingKey, SealingStatus

__all__ = ["rotate"]

WATCH_SECONDS = 0.2  # between two looks


@click.command()
@click.option("--now", is_flag=True, help="Wait for no cache, grant the old keys no grace: one was stolen.")
@click.option("--watch", is_flag=True, help="Show each step, until the new keys seal.")
@config_option
@json_option
def rotate(now: bool, watch: bool, config: Path, as_json: bool) -> None:
    """Make new keys now, and let them take over: keys rotate by themselves, so nobody has to.

    New keys are published, seen, and wait until every cache knows them. The old ones seal meanwhile, and their records
    stand on for [signer] grace_days. With --now what is under way already is hastened: where the disk was stolen, its
    keys were too, so say it once more when they seal.
    """
    begun = ask(config, "signer", RotateKeys(now))
    if not watch:
        if as_json:
            print_json(begun)
        else:
            print_keys(begun)
        return
    for status, moved in _steps(config, begun):
        if as_json:
            print_json(status)
            continue
        if status.trouble and not moved:
            click.echo(f"trouble: {status.trouble}")
        for key in moved:
            click.echo(f"{when(time.time())}  {key.selector}: {key.step}; {what_next(key, status)}")


def _steps(config: Path, begun: SealingStatus) -> Iterator[tuple[SealingStatus, tuple[SealingKey, ...]]]:
    """Yield each status that differs from the one before, with the keys that have moved, until the new ones seal."""
    before: dict[str, str] = {}
    status, trouble = begun, ""
    while True:
        moved = tuple(key for key in status.keys if before.get(key.selector) != key.step)
        if moved or status.trouble != trouble:
            yield status, moved
        before, trouble = {key.selector: key.step for key in status.keys}, status.trouble
        if not any(key.step in INCOMING for key in status.keys):
            return
        time.sleep(WATCH_SECONDS)
        status = ask(config, "signer", ReadSealing())
