"""`scop mail examine`: what is dangerous in what a mail brings along, as the examiner would tell it.

Nothing of it is run, written or sent anywhere. What is opened here is opened in this process, which is not sealed as
the examiner's children are: it can do what the person can do who called it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scop.base import printable
from scop.cli import shared
from scop.cli.mail_files import MailFile, read_any
from scop.cli.mail_read import file_argument
from scop.cli.shared import json_option, print_json, print_table

if TYPE_CHECKING:
    from scop.attachments import Finding, Options

__all__ = ["examine"]

_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]*[ \t]*:")
_RULE_ENDINGS = (".yar", ".yara")


@click.command()
@file_argument
@click.option("--yara", type=click.Path(path_type=Path, exists=True), help="A file or folder of YARA rules, too.")
@json_option
def examine(file: str, yara: Path | None, as_json: bool) -> None:
    """Show what is dangerous in the attachments of a mail, where, and why.

    FILE is a mail, or any other file, which is examined as if it were attached, or a folder, Maildir, mbox or tar
    archive with many of both; "-" is standard input. Archives, documents and mails within are opened; every way in
    which a mail program may read an ambiguous mail counts.

    Exit status 0 where there is nothing worse than a note, 1 where there is.
    """
    options = _options(yara)
    count, is_bad = 0, False
    for found in read_any(file):
        count += 1
        findings = _examined(found, options)
        is_bad = is_bad or any(finding.severity != "note" for finding in findings)
        if as_json:
            print_json({"name": printable(found.name), "findings": [_record(finding) for finding in findings]})
        elif findings:
            _print(found, findings)
    if not count:
        raise click.ClickException(f"{printable(file)}: there is no file in it")
    if not as_json and not is_bad:
        files = "1 file" if count == 1 else f"{count:,} files"
        shared.console.print(f"{files} examined: nothing dangerous was found")
    sys.exit(1 if is_bad else 0)


def _options(yara: Path | None) -> Options:
    from scop.attachments import Options

    if yara is None:
        return Options()
    from scop.attachments.rules import Rules

    sources = {path.name: path.read_text("utf-8", "replace") for path in _rule_files(yara)}
    if not sources:
        raise click.ClickException(f"--yara {yara}: no file in it ends with .yar or .yara")
    try:
        return Options(checks=(Rules.compile(sources),))
    except ValueError as fault:
        raise click.ClickException(f"--yara {yara}: {fault}") from None


def _rule_files(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        yield place
        return
    yield from sorted(path for path in place.iterdir() if path.suffix in _RULE_ENDINGS)


def _examined(found: MailFile, options: Options) -> tuple[Finding, ...]:
    from scop.attachments import Thing, examine_thing
    from scop.attachments import examine as examine_mail

    if _FIELD.match(found.octets):
        return examine_mail(found.octets, options)
    return examine_thing(Thing(found.octets, found.name, place=found.name), options)


def _record(finding: Finding) -> dict[str, str]:
    return {
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "place": printable(finding.place),
        "reason": printable(finding.reason),
    }


def _print(found: MailFile, findings: tuple[Finding, ...]) -> None:
    rows = [(finding.severity.value, finding.kind.value, finding.place, finding.reason) for finding in findings]
    print_table(("severity", "kind", "place", "reason"), rows, title=printable(found.name))
