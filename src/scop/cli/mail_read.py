"""`scop mail parse` and `tree`: what stands in mails from files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from scop.base import printable
from scop.cli import shared
from scop.cli.mail_files import MailFile, read_named
from scop.cli.mail_shown import Json, entity_line, finding_words, line_of, numbered, shown_entity, spoken
from scop.cli.shared import json_option, print_json, print_table
from scop.mime import Entity, Message
from scop.mime import parse as parse_mail

if TYPE_CHECKING:
    from rich.tree import Tree

__all__ = ["file_argument", "mails_in", "parse", "tree"]

# Shared with `extract` and `path`.
file_argument = click.argument("file", metavar="FILE|-")


def mails_in(source: str) -> Iterator[tuple[MailFile, Message]]:
    """Yield each mail of what a person named, parsed; none at all is an error."""
    found = None
    for found in read_named(source):
        yield found, parse_mail(found.octets)
    if found is None:
        raise click.ClickException(f"{source}: there is no mail in it")


@click.command()
@file_argument
@click.option("--check", "is_check", is_flag=True, help="Exit status 1 if anything is odd about a mail.")
@json_option
def parse(file: str, is_check: bool, as_json: bool) -> None:
    """Show fields, structure, defects and ambiguities of a mail.

    FILE is a mail, or a folder, Maildir, mbox or tar archive with many; "-" is standard input. With --json each mail
    is one line.
    """
    is_odd = False
    for found, message in mails_in(file):
        is_odd = is_odd or any(entity.defects or entity.ambiguities for entity in message.walk())
        if as_json:
            print_json(_record(found, message, with_fields=True))
        else:
            _print_mail(found, message)
    sys.exit(1 if is_check and is_odd else 0)


@click.command()
@file_argument
@json_option
def tree(file: str, as_json: bool) -> None:
    """Show the structure of a mail as a picture: types, charsets, sizes, file names.

    FILE is a mail, or a folder, Maildir, mbox or tar archive with many; "-" is standard input.
    """
    for found, message in mails_in(file):
        if as_json:
            print_json(_record(found, message, with_fields=False))
        else:
            shared.console.print(_picture(f"[bold]{_escaped(found.name)}[/bold]: ", message))


def _record(found: MailFile, message: Message, *, with_fields: bool) -> dict[str, Json]:
    return {
        "name": printable(found.name),
        "size_octets": len(found.octets),
        **shown_entity(message, with_fields=with_fields),
    }


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(printable(text))


def _picture(label: str, message: Message) -> Tree:
    from rich.markup import escape
    from rich.tree import Tree

    branches: dict[str, Tree] = {}
    for number, entity in numbered(message):
        line = escape(entity_line(entity))
        if not number:
            branches[number] = Tree(f"{label}{line}", guide_style="dim")
        else:
            branches[number] = branches[number.rpartition(".")[0]].add(f"[bold]{number}[/bold] {line}")
    return branches[""]


def _print_mail(found: MailFile, message: Message) -> None:
    shared.console.rule(f"{_escaped(found.name)}: {len(found.octets):,} octets", align="left")
    for number, entity in numbered(message):
        _print_fields(number, entity)
    shared.console.print(_picture("", message))
    rows = [row for number, entity in numbered(message) for row in _findings(number, entity)]
    if rows:
        shared.console.print()
        print_table(("part", "line", "octet", "", "what is odd"), rows)
    shared.console.print()


def _print_fields(number: str, entity: Entity) -> None:
    fields = entity.header.fields
    if not fields:
        return
    title = "" if not number else f"part {number}"
    print_table(("field", "value"), [(field.name, spoken(field.value)) for field in fields], title=title or None)
    shared.console.print()


def _findings(number: str, entity: Entity) -> Iterator[tuple[str, ...]]:
    for kind, found_here in (("defect", entity.defects), ("ambiguity", entity.ambiguities)):
        for found in found_here:
            words = finding_words(found)
            yield number or "–", str(line_of(entity, found)), str(found.position), kind, words
