"""`scop matrix alias`, `topic`, `profile`: how rooms and people are called."""

from __future__ import annotations

import mimetypes
from pathlib import Path

import click

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, run
from scop.cli.matrix.naming import room_named
from scop.cli.shared import json_option, print_json, print_table
from scop.net.matrix import AsyncClient, MediaKind

__all__ = ["alias", "profile", "topic"]


@click.command()
@click.argument("room", metavar="ROOM")
@click.option("--add", metavar="#ALIAS:SERVER", help="Let this alias lead to the room.")
@click.option("--remove", metavar="#ALIAS:SERVER", help="Let this alias lead nowhere.")
@click.option("--main", metavar="#ALIAS:SERVER", help="Let the room go by this alias (add it before).")
@account_options
@json_option
def alias(*, account: Account, room: str, add: str | None, remove: str | None, main: str | None, as_json: bool) -> None:
    """Show the aliases of a room that our homeserver knows, after the change that is asked for."""

    async def work(client: AsyncClient) -> tuple[str, ...]:
        room_id = await room_named(client, room)
        if add:
            await client.do(client.core.directory.add_alias, add, room_id)
        if main:
            await client.do(client.core.state.set_canonical_alias, room_id, main)
        if remove:
            await client.do(client.core.directory.remove_alias, remove)
        return await client.do(client.core.directory.aliases_of, room_id)

    found = run(account, work)
    if as_json:
        print_json(found)
    else:
        for each in found:
            click.echo(printable(each))


@click.command()
@click.argument("room", metavar="ROOM")
@click.argument("text", required=False, metavar="[TEXT]")
@click.option("--name", help="Call the room this, too.")
@account_options
@json_option
def topic(*, account: Account, room: str, text: str | None, name: str | None, as_json: bool) -> None:
    """Show what a room is called and is about, or change it."""

    async def work(client: AsyncClient) -> dict[str, object]:
        room_id = await room_named(client, room)
        if text is not None:
            await client.do(client.core.state.set_topic, room_id, text)
        if name is not None:
            await client.do(client.core.state.set_name, room_id, name)
        known = client.core.rooms[room_id]
        said = {"name": known.name if name is None else name, "topic": known.topic if text is None else text}
        return {"room_id": room_id, **said}

    found = run(account, work)
    if as_json:
        print_json(found)
    else:
        click.echo(
            f"{printable(str(found['name']))}: {printable(str(found['topic'] or 'nobody says what it is about'))}"
        )


@click.command()
@click.argument("user", required=False, metavar="[@USER:SERVER]")
@click.option("--name", help="What we want to be called.")
@click.option("--avatar", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Our face, a picture.")
@account_options
@json_option
def profile(*, account: Account, user: str | None, name: str | None, avatar: Path | None, as_json: bool) -> None:
    """Show somebody's profile, or our own after the change that is asked for."""

    async def work(client: AsyncClient) -> dict[str, object]:
        if name is not None:
            await client.do(client.core.profiles.set_display_name, name)
        if avatar is not None:
            kind = MediaKind(mimetypes.guess_type(avatar.name)[0] or "application/octet-stream", avatar.name)
            await client.do(client.core.profiles.set_avatar, await client.media.upload(avatar, kind))
        user_id = user or client.session.user_id
        found = await client.do(client.core.profiles.get, user_id)
        shown = {"displayname": found.displayname, "avatar_url": found.avatar_url, **found.unknown}
        return {"user_id": user_id, **{key: value for key, value in shown.items() if value is not None}}

    found = run(account, work, synced=False)
    if as_json:
        print_json(found)
    else:
        print_table(("", ""), ((key, str(value)) for key, value in found.items()))
