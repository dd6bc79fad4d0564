"""The second step of a sync: what is encrypted is decrypted, before anything is taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from scop.matrix.api.client_server.events import ClientEventWithoutRoomId
from scop.matrix.api.client_server.sync import SyncResponse
from scop.matrix.client.core import Core
from scop.matrix.client.event import Event, event_of, read_event
from scop.matrix.client.happenings import RoomEvent
from scop.matrix.client.happenings import Undecryptable as Closed
from scop.matrix.client.loading import Filling
from scop.matrix.encryption.values import Decrypted, ToDevice, Undecryptable
from scop.matrix.steps import Steps

__all__ = ["Opened", "closed", "late", "reveal", "revealed", "unseal"]

_SEALED = "m.room.encrypted"


@dataclass(frozen=True, slots=True)
class Opened:
    """What the encryption made of a sync: messages for this device, and events by room and id."""

    messages: tuple[ToDevice, ...] = ()
    events: dict[tuple[str, str], Decrypted | Undecryptable] = field(default_factory=dict)


def unseal(core: Core, response: SyncResponse, gaps: Mapping[str, Filling]) -> Steps[Opened]:
    """Return what the encryption makes of a sync; keys first, then the events that they are for."""
    machine = core.encryption
    if machine is None:
        return Opened(_plain(response))
    messages = yield from machine.receive(response)
    opened: dict[tuple[str, str], Decrypted | Undecryptable] = {}
    for room_id, sealed in _sealed(response, gaps).items():
        known = core.rooms[room_id].head.recent if room_id in core.rooms else ()
        events = [{**event.json, "room_id": room_id} for event in sealed if event.event_id not in known]
        for one in (yield from machine.decrypt_all(room_id, events)):
            opened[room_id, one.event_id] = one
    return Opened(messages, opened)


def reveal(core: Core, room_id: str, events: Sequence[Event]) -> Steps[tuple[RoomEvent | Closed, ...]]:
    """Return events of a room as they are to be read."""
    machine = core.encryption
    sealed = [event for event in events if _is_sealed(event)] if machine is not None else []
    opened: dict[str, Decrypted | Undecryptable] = {}
    if machine is not None and sealed:
        found = yield from machine.decrypt_all(room_id, [{**event.json, "room_id": room_id} for event in sealed])
        opened = {one.event_id: one for one in found}
    return tuple(_told(room_id, event, opened.get(event.event_id)) for event in events)


def late(core: Core, opened: Decrypted) -> RoomEvent | None:
    """Return the happening of an event that waited for its key; None for one that is not to be seen."""
    event, room = event_of(opened.event), core.rooms.get(opened.room_id)
    if event is None or room is None or core.is_ignored(event):
        return None
    push = core.push.evaluate(room, event)
    return RoomEvent(room.room_id, event, was_encrypted=True, push=push, is_late=True, encryption=opened)


def revealed(event: Event, opened: Decrypted) -> Event:
    """Return an event with what was within."""
    return msgspec.structs.replace(event, type=opened.type, content=opened.content)


def closed(room_id: str, event: Event, opened: Undecryptable) -> Closed:
    """Return the happening of an event that cannot be read."""
    return Closed(room_id, event, opened.obstacle.value, None if opened.withheld is None else opened.withheld.code)


def _told(room_id: str, event: Event, opened: Decrypted | Undecryptable | None) -> RoomEvent | Closed:
    if opened is None:
        return RoomEvent(room_id, event)
    if isinstance(opened, Undecryptable):
        return closed(room_id, event, opened)
    return RoomEvent(room_id, revealed(event, opened), was_encrypted=True, encryption=opened)


def _sealed(response: SyncResponse, gaps: Mapping[str, Filling]) -> dict[str, list[Event]]:
    """Return the encrypted events of a sync, by room."""
    found: dict[str, list[Event]] = {
        room_id: [event for event in gap.events if _is_sealed(event)] for room_id, gap in gaps.items()
    }
    rooms = response.rooms
    if rooms is not None:
        timelines = [(room_id, news.timeline) for room_id, news in (rooms.join or {}).items()]
        timelines += [(room_id, news.timeline) for room_id, news in (rooms.leave or {}).items()]
        for room_id, timeline in timelines:
            came = () if timeline is None else timeline.events
            found.setdefault(room_id, []).extend(read_event(event) for event in came if _is_sealed(event))
    return {room_id: events for room_id, events in found.items() if events}


def _is_sealed(event: Event | ClientEventWithoutRoomId) -> bool:
    return event.type == _SEALED and event.state_key is None and "algorithm" in event.content


def _plain(response: SyncResponse) -> tuple[ToDevice, ...]:
    """Return the messages for this device where there is no encryption."""
    news = response.to_device
    return tuple(
        ToDevice(one.sender, one.type, one.content) for one in ((news.events or ()) if news is not None else ())
    )
