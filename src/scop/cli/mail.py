"""`scop mail`: what an account has."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.cli.shared import Operator, ask, config_option, json_option, print_json, print_table, when, with_operator
from scop.mesh.vocabulary.mailbox import ListMail, ReadMail

__all__ = ["mail", "read_whole"]


@click.group()
def mail() -> None:
    """List and show stored mail."""


async def read_whole(operator: Operator, account: str, number: int) -> bytes:
    """Return one mail's octets, piece by piece."""
    octets = b""
    while True:
        piece = await operator.caller("mailbox").call(ReadMail(account, number, offset=len(octets)))
        octets += piece.octets
        if len(octets) >= piece.size_octets or not piece.octets:
            return octets


@mail.command(name="list")
@click.argument("account")
@click.option("--after", default=0, help="Only mails with a higher number.")
@click.option("--limit", default=100, show_default=True)
@config_option
@json_option
def list_mail(account: str, after: int, limit: int, config: Path, as_json: bool) -> None:
    """List the mails of ACCOUNT, oldest first."""
    page = ask(config, "mailbox", ListMail(account, after, limit))
    if as_json:
        print_json(page)
        return
    rows = [
        (str(m.id), m.folder, when(m.stored_unix), m.author, m.subject, str(m.size_octets), m.trace) for m in page.mails
    ]
    print_table(
        ("id", "folder", "stored (UTC)", "from", "subject", "octets", "trace"),
        rows,
        title=f"{account}: {page.total} mails",
    )


@mail.command()
@click.argument("account")
@click.argument("number", type=int)
@config_option
def show(account: str, number: int, config: Path) -> None:
    """Print mail NUMBER of ACCOUNT, octet for octet as it is stored."""
    octets = with_operator(config, lambda operator: read_whole(operator, account, number))
    sys.stdout.buffer.write(octets)
    sys.stdout.buffer.flush()
