"""The steps that bring a room to what it should be: found by its alias or made, joined, its state in step.

Standards: Matrix v1.19 CS §Room aliases, §createRoom, §Joining rooms, §Sending state events.
"""

from __future__ import annotations

import msgspec

from scop.base import LocalProtocolError
from scop.matrix.api.client_server.create_room import CreateRoom
from scop.matrix.api.client_server.directory import GetRoomIdByAlias
from scop.matrix.api.client_server.joining import JoinRoom
from scop.matrix.api.client_server.room_state import SetRoomStateWithKey
from scop.matrix.api.client_server.rooms import GetRoomState
from scop.matrix.api.errors import MatrixError
from scop.matrix.notifier.rooms import Room, creation, upkeep
from scop.matrix.steps import Steps, ask

__all__ = ["prepare_room"]


def prepare_room(room: Room, user_id: str) -> Steps[str]:
    """Return the id of a room that is as it should be; raises `MatrixError` where the server does not let us.

    Raises `LocalProtocolError` for an alias of another server that leads nowhere: only that server can give it.
    """
    room_id = yield from _found_or_made(room, user_id)
    yield from _in_step(room, room_id, user_id)
    return room_id


def _found_or_made(room: Room, user_id: str) -> Steps[str]:
    if room.room.startswith("!"):
        return (yield from _joined(room.room))
    found = yield from _looked_up(room.room)
    if found:
        return (yield from _joined(found))
    if room.room.partition(":")[2] != user_id.partition(":")[2]:
        raise LocalProtocolError(f"there is no {room.room}, and only its own server can make it")
    try:
        made = yield from ask(msgspec.convert(creation(room), CreateRoom))
    except MatrixError as refused:
        if refused.errcode != "M_ROOM_IN_USE":
            raise
        # Its answer to our last try was lost, or another made it in between.
        found = yield from _looked_up(room.room)
        if not found:
            raise
        return (yield from _joined(found))
    return made.room_id


def _looked_up(alias: str) -> Steps[str]:
    try:
        found = yield from ask(GetRoomIdByAlias(room_alias=alias))
    except MatrixError as refused:
        if refused.status != 404:
            raise
        return ""
    return found.room_id or ""


def _joined(room_id: str) -> Steps[str]:
    # CS §Joining rooms: who is joined already is told the same.
    answer = yield from ask(JoinRoom(room_id_or_alias=room_id))
    return answer.room_id


def _in_step(room: Room, room_id: str, user_id: str) -> Steps[None]:
    events = (yield from ask(GetRoomState(room_id=room_id))).events
    state = {(event.type, event.state_key or ""): event.content for event in events}
    is_ours = any(event.type == "m.room.create" and event.sender == user_id for event in events)
    for change in upkeep(room, state, is_ours=is_ours):
        try:
            yield from ask(
                SetRoomStateWithKey(room_id=room_id, event_type=change.kind, state_key="", content=change.content)
            )
        except MatrixError as refused:
            # A guest in somebody's room cannot name it, and posts all the same; but never in the clear what is secret.
            if refused.errcode != "M_FORBIDDEN" or change.kind == "m.room.encryption":
                raise
