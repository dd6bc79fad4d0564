"""`scop matrix rooms`, `create`, `join`, `leave`, `invite`, `knock`, `members`: who is where."""

from __future__ import annotations

import sys

import click

from scop.base import printable
from scop.cli.matrix.accounts import Account, account_options, run
from scop.cli.matrix.naming import facts_of, linked, room_named
from scop.cli.shared import IS_NO, json_option, print_json, print_table
from scop.matrix.client.joining import NewRoom
from scop.net.matrix import AsyncClient

__all__ = ["create", "invite", "join", "knock", "leave", "members", "rooms"]


MAX_POWER = 2**53 - 1  # Matrix v1.19 rooms/v12: creators have more than any number


@click.command()
@account_options
@json_option
def rooms(*, account: Account, as_json: bool) -> None:
    """List the rooms that we are in, asked into, or ask for. Status 1: there are none."""

    async def work(client: AsyncClient) -> list[dict[str, object]]:
        return [facts_of(room) for room in client.core.rooms.of("join", "invite", "knock")]

    found = sorted(run(account, work), key=lambda facts: str(facts["name"]).casefold())
    if as_json:
        print_json(found)
    elif found:
        headings = ("name", "", "encrypted", "members", "unread", "id")
        print_table(headings, (_row(facts) for facts in found))
    if not found:
        sys.exit(IS_NO)


def _row(facts: dict[str, object]) -> tuple[str, ...]:
    how = "" if facts["membership"] == "join" else str(facts["membership"])
    encrypted = "yes" if facts["is_encrypted"] else "no"
    unread = f"{facts['unread']}, {facts['highlights']} for us" if facts["highlights"] else str(facts["unread"])
    return (str(facts["name"]), how, encrypted, str(facts["members"]), unread, str(facts["room_id"]))


@click.command()
@click.option("--name", help="What it is called.")
@click.option("--topic", help="What it is about.")
@click.option("--alias", metavar="LOCALPART", help="The part of its alias before our server's name.")
@click.option("--invite", "invited", multiple=True, metavar="@USER:SERVER", help="Whom to ask in; repeat for more.")
@click.option("--public", "is_public", is_flag=True, help="Everybody may come in; it is shown to all, not encrypted.")
@click.option("--direct", "is_direct", is_flag=True, help="A talk between two.")
@click.option("--space", "is_space", is_flag=True, help="A room that holds rooms.")
@click.option("--room-version", metavar="VERSION", help="[default: the server's]")
@account_options
@json_option
def create(
    *,
    account: Account,
    name: str | None,
    topic: str | None,
    alias: str | None,
    invited: tuple[str, ...],
    is_public: bool,
    is_direct: bool,
    is_space: bool,
    room_version: str | None,
    as_json: bool,
) -> None:
    """Make a room and print its id; what is said in it is encrypted, unless everybody may come in."""
    new = NewRoom(
        name=name,
        topic=topic,
        alias_localpart=alias,
        invited=invited,
        preset="public_chat" if is_public else "trusted_private_chat" if is_direct else "private_chat",
        is_published=is_public,
        is_direct=is_direct,
        is_space=is_space,
        version=room_version,
    )

    async def work(client: AsyncClient) -> str:
        make = client.core.direct.create if is_direct else client.core.joining.create
        return await client.do(make, new)

    _say_room(run(account, work, synced=False), as_json=as_json)


def _say_room(room_id: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"room_id": room_id})
    else:
        click.echo(printable(room_id))


@click.command()
@click.argument("room", metavar="ROOM")
@click.option("--via", multiple=True, metavar="SERVER", help="A server that knows it; repeat for more.")
@account_options
@json_option
def join(*, account: Account, room: str, via: tuple[str, ...], as_json: bool) -> None:
    """Come into a room by its id, an alias, a link, or the name that an invite shows; print its id."""
    target, by_link = linked(room)
    is_place = target[:1] in ("!", "#")

    async def work(client: AsyncClient) -> str:
        place = target if is_place else await room_named(client, target, first="invite")
        return await client.do(client.core.joining.join, place, via or by_link)

    _say_room(run(account, work, synced=not is_place), as_json=as_json)


@click.command()
@click.argument("room", metavar="ROOM")
@click.option("--via", multiple=True, metavar="SERVER", help="A server that knows it; repeat for more.")
@click.option("--reason", help="Why they should.")
@account_options
@json_option
def knock(*, account: Account, room: str, via: tuple[str, ...], reason: str | None, as_json: bool) -> None:
    """Ask to be let into a room by its id, an alias, or a link; print its id."""
    target, by_link = linked(room)
    wanted = via or by_link
    room_id = run(account, lambda client: client.do(client.core.joining.knock, target, wanted, reason), synced=False)
    _say_room(room_id, as_json=as_json)


@click.command()
@click.argument("room", metavar="ROOM")
@click.option("--reason", help="Why.")
@click.option("--forget", is_flag=True, help="Its history is no longer ours either.")
@account_options
@json_option
def leave(*, account: Account, room: str, reason: str | None, forget: bool, as_json: bool) -> None:
    """Leave a room, say no to an invite, or take a knock back."""

    async def work(client: AsyncClient) -> str:
        room_id = await room_named(client, room)
        await client.do(client.core.joining.leave, room_id, reason)
        if forget:
            await client.do(client.core.joining.forget, room_id)
        return room_id

    _say_room(run(account, work), as_json=as_json)


@click.command()
@click.argument("room", metavar="ROOM")
@click.argument("users", nargs=-1, required=True, metavar="@USER:SERVER...")
@click.option("--reason", help="Why.")
@account_options
@json_option
def invite(*, account: Account, room: str, users: tuple[str, ...], reason: str | None, as_json: bool) -> None:
    """Ask people into a room."""

    async def work(client: AsyncClient) -> str:
        room_id = await room_named(client, room)
        for user in users:
            await client.do(client.core.joining.invite, room_id, user, reason)
        return room_id

    _say_room(run(account, work), as_json=as_json)


@click.command()
@click.argument("room", metavar="ROOM")
@account_options
@json_option
def members(*, account: Account, room: str, as_json: bool) -> None:
    """Show who is in a room, who is asked in, and what power they have."""

    async def work(client: AsyncClient) -> list[dict[str, object]]:
        room_id = await room_named(client, room)
        known = await client.do(client.core.loading.members, room_id)
        return [
            {
                "user_id": user_id,
                "name": known.members.shown_name(user_id),
                "membership": membership,
                "power": known.powers.of(user_id),
            }
            for membership in ("join", "invite", "knock")
            for user_id in known.members.of(membership)
        ]

    found = run(account, work)
    if as_json:
        print_json(found)
    else:
        print_table(("name", "user", "", "power"), ([_text(value) for value in _columns(facts)] for facts in found))


def _columns(facts: dict[str, object]) -> tuple[object, ...]:
    how = "" if facts["membership"] == "join" else facts["membership"]
    power = facts["power"]
    is_creator = isinstance(power, int) and power > MAX_POWER
    return facts["name"], facts["user_id"], how, "creator" if is_creator else power


def _text(value: object) -> str:
    return str(value)
