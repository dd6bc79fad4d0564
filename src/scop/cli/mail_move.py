"""`scop mail move`: put stored mails of an account into another folder, which teaches the spam filter."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cli import shared
from scop.cli.shared import ask, config_option, json_option, print_json
from scop.mesh.vocabulary.mailbox import MailMoved, MoveMail

__all__ = ["move"]

# As the mailbox names them; it has the last word on what there is.
_FOLDERS = {"inbox": "INBOX", "junk": "Junk", "quarantine": "Quarantine"}


@click.command()
@click.argument("account")
@click.argument("numbers", metavar="NUMBER...", type=click.IntRange(min=1), nargs=-1, required=True)
@click.argument("folder")
@config_option
@json_option
def move(account: str, numbers: tuple[int, ...], folder: str, config: Path, as_json: bool) -> None:
    """Move mails of ACCOUNT to FOLDER: INBOX, Junk or Quarantine.

    What is moved to Junk is learned as spam, what is moved out of it as ham, for this account above all. The last word
    on a mail counts. To and from Quarantine nothing is learned.
    """
    named = _FOLDERS.get(folder.lower(), folder)
    told = ask(config, "mailbox", MoveMail(account, numbers, named))
    if as_json:
        print_json(told)
        return
    there = len(set(numbers)) - told.moved
    before = f" ({there} lay there already)" if there else ""
    shared.console.print(f"moved {told.moved} to {named}{before}{_lesson(told)}")


def _lesson(told: MailMoved) -> str:
    if not told.lessons:
        return ""
    if told.is_learned:
        return f"; the filter learned from {told.lessons}"
    return f"; the filter learns from {told.lessons} as soon as it can"
