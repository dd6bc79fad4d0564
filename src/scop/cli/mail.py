"""`scop mail`: what an account of the running mesh has; the commands on mails in files are in modules beside this."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.cli.mail_compose import compose
from scop.cli.mail_examine import examine
from scop.cli.mail_extract import extract
from scop.cli.mail_move import move
from scop.cli.mail_path import path
from scop.cli.mail_read import parse, tree
from scop.cli.mail_verify import verify
from scop.cli.shared import Operator, config_option, json_option, print_json, print_table, when, with_operator
from scop.mesh.vocabulary.keeper import ListAccounts
from scop.mesh.vocabulary.mailbox import ListMail, MailList, ReadMail
from scop.net.faults import PermanentFailure

__all__ = ["mail", "read_whole"]


@click.group()
def mail() -> None:
    """List and show stored mail; read, take apart and write mail in files."""


async def read_whole(operator: Operator, account: str, number: int) -> bytes:
    """Return one mail's octets, piece by piece."""
    octets = b""
    while True:
        piece = await operator.caller("mailbox").call(ReadMail(account, number, offset=len(octets)))
        octets += piece.octets
        if len(octets) >= piece.size_octets or not piece.octets:
            return octets


async def _page(operator: Operator, wanted: ListMail) -> MailList:
    """Return a page of an account's mails; the mailbox does not know who has an account, so the keeper is asked."""
    page = await operator.caller("mailbox").call(wanted)
    if not page.total:
        known = await operator.caller("keeper").call(ListAccounts())
        if wanted.account not in {account.name for account in known.accounts}:
            raise PermanentFailure(f"there is no account {wanted.account}")
    return page


@mail.command(name="list")
@click.argument("account")
@click.option("--after", default=0, help="Only mails with a higher number.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@config_option
@json_option
def list_mail(account: str, after: int, limit: int, config: Path, as_json: bool) -> None:
    """List the mails of ACCOUNT, oldest first."""
    page = with_operator(config, lambda operator: _page(operator, ListMail(account, after, limit)))
    if as_json:
        print_json(page)
        return
    rows = [
        (str(m.id), m.folder, when(m.stored_unix), m.author, m.subject, str(m.size_octets), m.trace) for m in page.mails
    ]
    print_table(
        ("id", "folder", "stored (UTC)", "from", "subject", "octets", "trace"),
        rows,
        title=f"{account}: {page.total} mail{'' if page.total == 1 else 's'}",
    )
    for each in page.mails:
        if each.warning:
            click.echo(f"{each.id} ({each.folder}): {each.warning}")


@mail.command()
@click.argument("account")
@click.argument("number", type=int)
@config_option
@json_option
def show(account: str, number: int, config: Path, as_json: bool) -> None:
    """Print mail NUMBER of ACCOUNT, octet for octet as it is stored (with --json in base64)."""
    octets = with_operator(config, lambda operator: read_whole(operator, account, number))
    if as_json:
        print_json({"account": account, "id": number, "size_octets": len(octets), "octets": octets})
        return
    sys.stdout.buffer.write(octets)
    sys.stdout.buffer.flush()


for command in (move, parse, tree, extract, compose, path, verify, examine):
    mail.add_command(command)
