"""`scop matrix notify test`: is all there that the service needs?"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import click

from scop.cli.matrix.notify_config import NotifierConfig, hooks_of, read_notifier_config
from scop.cli.matrix.notify_serve import config_option
from scop.cli.shared import COULD_NOT, IS_NO

__all__ = ["test"]

WORD = "This is a test of the notifier."


@click.command()
@config_option
@click.option("--post", is_flag=True, help="Post a word into every room, too.")
def test(*, config: Path, post: bool) -> None:
    """Check the configuration, its secrets and the account, prepare the rooms; status 1 where one is not to be had.

    The service must not run meanwhile.
    """
    found = read_notifier_config(config)
    for hook in hooks_of(found):
        signed = "signed" if hook.secrets else "NOT SIGNED"
        click.echo(f"{hook.path}: {hook.forge} webhooks, {signed}")
    wrong = asyncio.run(_try_rooms(found, post=post))
    if wrong:
        sys.exit(IS_NO if wrong < len(found.rooms) else COULD_NOT)


async def _try_rooms(config: NotifierConfig, *, post: bool) -> int:
    """Prepare every room; return how many could not be."""
    from scop.cli.matrix.notify_desk import account_of, all_rooms, posting_from
    from scop.cli.matrix.notify_poster import ClientPoster
    from scop.net.faults import PermanentFailure, TemporaryFailure

    wrong = 0
    async with posting_from(account_of(config.account)) as client:
        poster = ClientPoster(client)
        click.echo(f"posts as {client.session.user_id}")
        for number, room in enumerate(all_rooms(config.rooms)):
            try:
                room_id = await poster.prepare(room)
                if post:
                    content = {"msgtype": "m.notice", "body": WORD, "m.mentions": {}}
                    await poster.send(room_id, f"scop-test-{time.time_ns()}-{number}", dict(content))
            except (TemporaryFailure, PermanentFailure) as fault:
                wrong += 1
                click.echo(f"{room.room}: {fault}", err=True)
            else:
                click.echo(f"{room.room}: {room_id} is ready")
    return wrong
