"""`scop matrix kick` and `ban`: who is not to be in a room."""

from __future__ import annotations

import click

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, run
from scop.cli.matrix.naming import room_named
from scop.cli.shared import json_option, print_json
from scop.net.matrix import AsyncClient

__all__ = ["ban", "kick"]


@click.command()
@click.argument("room", metavar="ROOM")
@click.argument("users", nargs=-1, required=True, metavar="@USER:SERVER...")
@click.option("--reason", help="Why; it is shown to all.")
@account_options
@json_option
def kick(*, account: Account, room: str, users: tuple[str, ...], reason: str | None, as_json: bool) -> None:
    """Make people leave a room, or take invites back; they may be asked in again."""

    async def work(client: AsyncClient) -> str:
        room_id = await room_named(client, room)
        for user_id in users:
            await client.do(client.core.joining.kick, room_id, user_id, reason)
        return room_id

    _say(run(account, work), users, as_json=as_json)


@click.command()
@click.argument("room", metavar="ROOM")
@click.argument("users", nargs=-1, required=True, metavar="@USER:SERVER...")
@click.option("--lift", is_flag=True, help="Keep them out no longer.")
@click.option("--reason", help="Why; it is shown to all.")
@account_options
@json_option
def ban(*, account: Account, room: str, users: tuple[str, ...], lift: bool, reason: str | None, as_json: bool) -> None:
    """Keep people out of a room; those who are in it leave."""

    async def work(client: AsyncClient) -> str:
        room_id = await room_named(client, room)
        change = client.core.joining.unban if lift else client.core.joining.ban
        for user_id in users:
            await client.do(change, room_id, user_id, reason)
        return room_id

    _say(run(account, work), users, as_json=as_json)


def _say(room_id: str, users: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"room_id": room_id, "user_ids": list(users)})
    else:
        click.echo(printable(room_id))
