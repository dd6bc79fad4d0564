"""`scop dkim keys`: which keys seal our mail, at which step each is, and what it waits for."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.cli.dkim.key_record import in_strings
from scop.cli.shared import ask, config_option, json_option, print_json, print_table, when
from scop.mesh.vocabulary.signer import ReadSealing, SealingKey, SealingStatus

__all__ = ["INCOMING", "keys", "print_keys", "what_next"]

_IN_USE = "in-use"
INCOMING = ("made", "published", "seen")  # steps on the way there
# What each step waits for, as a person reads it; the time stands in its place.
_WAITS = {
    "made": "the primary to take the record",
    "published": "the resolver to show the record",
    "seen": "until {}, for every cache to have forgotten that there was none",
    "retired": "until {}, for what it sealed to have arrived",
    "withdrawn": "the primary to let the record go",
}


@click.command()
@config_option
@json_option
def keys(config: Path, as_json: bool) -> None:
    """Show the keys that seal our mail: what each does, since when, and what its next step waits for.

    Exit status 1 where no key can seal yet: mail waits until one can.
    """
    status = ask(config, "signer", ReadSealing())
    if as_json:
        print_json(status)
    else:
        print_keys(status)
    sys.exit(0 if status.ready else 1)


def print_keys(status: SealingStatus) -> None:
    """Print each key, the records to publish, and what is wrong."""
    rows = [
        (key.selector, key.algorithm, key.step, when(key.since_unix), what_next(key, status)) for key in status.keys
    ]
    print_table(("selector", "algorithm", "step", "since (UTC)", "next"), rows)
    for key in status.keys:
        if key.record:
            click.echo(f"\n{key.record_name}. TXT {in_strings(key.record)}")
    if status.trouble:
        click.echo(f"\ntrouble: {status.trouble}")
    if not status.ready:
        click.echo("\nno key can seal yet: mail waits where it is")


def what_next(key: SealingKey, status: SealingStatus) -> str:
    """Return what the next step of a key waits for."""
    if key.step != _IN_USE:
        waits = _WAITS[key.step].format(when(key.until_unix))
        return waits if waits.startswith("until") else f"waits for {waits}"
    if any(other.step in INCOMING for other in status.keys):
        return "seals until the new keys do"
    if not key.until_unix:
        return "seals until `scop dkim rotate`"
    return f"seals; new keys are made at {when(key.until_unix)}"
