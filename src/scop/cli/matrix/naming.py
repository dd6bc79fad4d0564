"""What people call rooms: ids, aliases, links, or the names that they see; and events, by their ids."""

from __future__ import annotations

from typing import Literal, TypeAlias

from scop.base import RemoteProtocolError, printable
from scop.matrix.client.room import Room
from scop.matrix.ids import UserId
from scop.matrix.uris import MatrixUri
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient, Refused

__all__ = ["facts_of", "linked", "room_named", "sender_of"]

Membership: TypeAlias = Literal["join", "invite"]


def linked(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the id or alias of the room that a link leads to, and by way of which servers; other text as it is."""
    try:
        link = MatrixUri.parse(text)
    except RemoteProtocolError:
        return text, ()
    if isinstance(link.entity, UserId):
        raise PermanentFailure(f"{printable(text)} leads to a person, and not to a room")
    return str(link.entity), link.via


async def room_named(client: AsyncClient, text: str, first: Membership = "join") -> str:
    """Return the id of the room that is meant, one that we are in or asked into; by its name one of the `first`.

    Who names a person means the room in which we talk with them alone.
    """
    text, _ = linked(text)
    if text.startswith("!"):
        return text
    if text.startswith("#"):
        # Any room may say that it goes by an alias; whose it is the server of the alias knows.
        if (place := await client.do(client.core.directory.resolve, text)) is not None:
            return place.room_id
        raise PermanentFailure(f"{printable(text)} leads to no room")
    if text.startswith("@"):
        if (room_id := await client.do(client.core.direct.find, text)) is not None:
            return room_id
        raise PermanentFailure(f"no room is of us and {printable(text)} alone: `create --direct --invite` makes one")
    named = [room for room in client.core.rooms.of("join", "invite") if room.name.casefold() == text.casefold()]
    # Whoever asks us into a room chooses its name: it takes none of a room that we are in.
    called = [room for room in named if room.membership == first] or named
    ids = {room.room_id for room in called}
    found = [room for room in called if room.successor not in ids]  # Matrix v1.19 CS §Room upgrades
    if len(found) == 1:
        return found[0].room_id
    if found:
        raise PermanentFailure(f"{len(found)} rooms are called {printable(text)}: say which by its id or an alias")
    raise PermanentFailure(f"no room of ours is called {printable(text)}")


async def sender_of(client: AsyncClient, room_id: str, event_id: str) -> str:
    """Return who sent an event of a room, for what is said about it."""
    try:
        return (await client.do(client.core.history.event, room_id, event_id)).event.sender
    except Refused as refusal:
        if refusal.errcode != "M_NOT_FOUND":
            raise
        raise PermanentFailure(f"the room has no event {printable(event_id)} that we may see") from None


def facts_of(room: Room) -> dict[str, object]:
    """Return what is shown of a room as JSON."""
    return {
        "room_id": room.room_id,
        "name": room.name,
        "membership": room.membership,
        "topic": room.topic,
        "alias": room.canonical_alias,
        "members": room.joined_count,
        "is_encrypted": room.is_encrypted,
        "unread": room.head.notification_count,
        "highlights": room.head.highlight_count,
        "version": room.version,
    }
