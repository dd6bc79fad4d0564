"""`scop spam forget`: take back all that a person has taught."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scop.cli import shared
from scop.cli.shared import IS_NO, Operator, config_option, json_option, print_json, with_operator
from scop.mesh.vocabulary.filter import ForgetPerson
from scop.mesh.vocabulary.mailbox import ForgetLessons

__all__ = ["forget"]


async def _forget(operator: Operator, account: str) -> int:
    """Forget at the mailbox first: nothing of it is on its way to the filter then."""
    waiting = await operator.caller("mailbox").call(ForgetLessons(account))
    learned = await operator.caller("filter").call(ForgetPerson(account))
    return waiting + learned.lessons


@click.command()
@click.argument("account")
@config_option
@json_option
def forget(account: str, config: Path, as_json: bool) -> None:
    """Unlearn all that ACCOUNT has taught by moving or forwarding mail.

    All that these lessons did to the model is taken back, to the last unit. What others taught since then was weighed
    beside them, and stays as it was. Their mail stays where it lies. Exit status 1 where there was nothing to forget.
    """
    lessons = with_operator(config, lambda operator: _forget(operator, account))
    if as_json:
        print_json({"account": account, "lessons": lessons})
    elif lessons:
        shared.console.print(f"forgot {lessons} lesson{'' if lessons == 1 else 's'} of {account}")
    else:
        shared.console.print(f"{account} has taught nothing")
    sys.exit(0 if lessons else IS_NO)
