"""What people call rooms: ids, aliases, links, or the names that they see."""

from __future__ import annotations

from scop.base import printable
from scop.matrix.client.room import Room
from scop.net.faults import PermanentFailure
from scop.net.matrix import AsyncClient

__all__ = ["facts_of", "room_named"]


async def room_named(client: AsyncClient, text: str) -> str:
    """Return the id of the room that is meant, one that we are in or asked into."""
    if text.startswith("!"):
        return text
    if text.startswith("#"):
        if (known := client.core.rooms.by_alias(text)) is not None:
            return known.room_id
        if (place := await client.do(client.core.directory.resolve, text)) is not None:
            return place.room_id
        raise PermanentFailure(f"{printable(text)} leads to no room")
    found = [room for room in client.core.rooms.of("join", "invite") if room.name.casefold() == text.casefold()]
    if len(found) == 1:
        return found[0].room_id
    if found:
        raise PermanentFailure(f"{len(found)} rooms are called {printable(text)}: say which by its id or an alias")
    raise PermanentFailure(f"no room of ours is called {printable(text)}")


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
