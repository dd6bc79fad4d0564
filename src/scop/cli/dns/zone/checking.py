"""`scop dns zone check`: master files, before anybody serves them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.cli.dns.zone.files import origin_of_file, read_text, read_zone_file
from scop.cli.dns.zone.shown import difference_json, print_difference
from scop.cli.shared import console, json_option, print_json, print_table
from scop.dns.names import normal_name
from scop.dns.zone import Zone
from scop.dns.zone.check import Finding, Severity, check_step, check_zone
from scop.dns.zone.difference import Difference, difference

__all__ = ["check"]

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("old", type=_file)
@click.argument("new", type=_file, required=False)
@click.option("--origin", default="", metavar="ZONE", help="Which zone; by default as the files say.")
@json_option
def check(old: Path, new: Path | None, origin: str, as_json: bool) -> None:
    """Say whether NEW may take the place of OLD: what changes, whether the serial moved forward, what is wrong.

    With one file, that is checked by itself. Exit status 1 for an error, in the file or in the step; warnings are none.
    """
    before = read_zone_file(old, origin) if new is not None else None
    after = _read(new or old, origin or (before.origin if before else ""))
    findings = (after,) if isinstance(after, Finding) else _findings(before, after)
    changes = difference(before, after) if before and isinstance(after, Zone) else Difference((), ())
    if as_json:
        _say_json(before, after, findings, changes)
    else:
        _say(findings, changes)
    sys.exit(1 if any(each.severity is Severity.ERROR for each in findings) else 0)


def _read(path: Path, origin: str) -> Zone | Finding:
    """Read the new file; what makes it no zone is a finding as well."""
    text = read_text(path)
    name = normal_name(origin) if origin else origin_of_file(path, text)
    try:
        return Zone.parse(text, name)
    except ValueError as error:
        return Finding(Severity.ERROR, name, "", str(error))


def _findings(before: Zone | None, after: Zone) -> tuple[Finding, ...]:
    return (*(check_step(before, after) if before else ()), *check_zone(after))


def _say_json(before: Zone | None, after: Zone | Finding, findings: tuple[Finding, ...], changes: Difference) -> None:
    found = [{"severity": f.severity, "owner": f.owner, "type": f.type, "reason": f.reason} for f in findings]
    serials = {
        "old_serial": before.serial if before else None,
        "new_serial": after.serial if isinstance(after, Zone) else None,
    }
    print_json({**serials, "findings": found, **difference_json(changes)})


def _say(findings: tuple[Finding, ...], changes: Difference) -> None:
    print_difference(changes)
    if findings:
        rows = [(f.severity.value, f"{f.owner}.", f.type, f.reason) for f in findings]
        print_table(("how bad", "name", "type", "what is wrong"), rows)
    else:
        console.print("nothing is wrong with it")
