"""How a room is called that may have no name: by its members, so that all clients call it the same.

Standards: Matrix v1.19 CS §Calculating the display name for a room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from scop.matrix.client.event import text_of

if TYPE_CHECKING:
    from scop.matrix.client.room import Room

__all__ = ["RoomSummary", "room_name"]

_SHOWN_HEROES = 5


class RoomSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the server counts of a room; None is what it has not said."""

    heroes: tuple[str, ...] | None = None
    joined_count: int | None = None
    invited_count: int | None = None


def room_name(room: Room) -> str:
    """Return the name of a room as the specification has it."""
    # 1. Its name, if it is not empty.
    named = room.state("m.room.name")
    if named is not None and (name := text_of(named.content, "name")):
        return name
    # 2. Its main alias; the others are not for this.
    if room.canonical_alias is not None:
        return room.canonical_alias
    # 3. Its members.
    names = [room.members.shown_name(user_id) for user_id in _heroes(room)]
    there = _counted(room)
    if there <= 1:  # 3.3. we are alone
        return f"Empty Room (was {_listed(names, _others(room, names))})" if names else "Empty Room"
    # 3.1. all others are heroes; 3.2. there are more than those
    return _listed(names, there - 1 - len(names)) if names else f"{there} people"


def _heroes(room: Room) -> tuple[str, ...]:
    heroes = room.head.summary.heroes
    if heroes is None:
        # §/sync, m.heroes: the first five who are there, or else who were; never we ourselves.
        known = [user_id for user_id in room.members.of("join", "invite") if user_id != room.own_user_id]
        gone = [user_id for user_id in room.members.of("leave", "ban") if user_id != room.own_user_id]
        heroes = tuple(known or gone)
    return heroes[:_SHOWN_HEROES]


def _counted(room: Room) -> int:
    return room.joined_count + room.invited_count


def _others(room: Room, names: list[str]) -> int:
    gone = [user_id for user_id in room.members.of("leave", "ban") if user_id != room.own_user_id]
    return max(0, len(gone) - len(names)) if room.head.has_all_members else 0


def _listed(names: list[str], others: int) -> str:
    if others > 0:
        return f"{', '.join(names)} and {others} other{'' if others == 1 else 's'}"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
