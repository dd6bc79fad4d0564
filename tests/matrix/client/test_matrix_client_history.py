"""What was said before, what is kept and broken, and what the server refuses while it is followed."""

from __future__ import annotations

import pytest

from fakes.homeserver import Desk, FakeHomeserver, refusal
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.event_context import GetEventContext
from scop.matrix.api.client_server.keys import UploadKeys
from scop.matrix.api.client_server.message_pagination import GetRoomEvents
from scop.matrix.api.client_server.relations import (
    GetRelatingEvents,
    GetRelatingEventsWithRelType,
    GetRelatingEventsWithRelTypeAndEventType,
)
from scop.matrix.api.client_server.room_event_by_timestamp import GetEventByTimestamp
from scop.matrix.api.client_server.search import Search
from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.client_server.threads_list import GetThreadRoots
from scop.matrix.client import Client, ClientOptions
from scop.matrix.client.happenings import RoomEvent, ToDeviceReceived, UnreadChanged
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf

_PLAIN = ClientOptions(encrypts=False)


def _alice(*, encrypts: bool = False) -> tuple[Desk, Client, str]:
    """Return the desk and the client of someone who is in a room where three things were said."""
    server = FakeHomeserver()
    alice = server.register("alice")
    room = server.rooms.make(alice)
    for body in ("one", "two", "three"):
        server.rooms.say(room, alice, body)
    desk = Desk(server, encrypts=encrypts)
    client = desk.client()
    desk.run(client.login_with_password(server.url, "alice", "secret"))
    return desk, client, room


def _events(desk: Desk, room: str) -> list[JsonObject]:
    return [{**event, "room_id": room} for event in desk.server.rooms.of_type(room, "m.room.message")]


def test_history_goes_back_to_the_beginning() -> None:
    """Pages follow each other until there are no more, and an end that leads nowhere is one."""
    desk, client, room = _alice()
    said, token = [], None
    while True:
        page = desk.run(client.history.page(room, token, 2))
        said += [one.event.body for one in page.events if one.event.type == "m.room.message"]
        token = page.next_token
        if token is None:
            break
    assert ["three", "two", "one"] == said
    desk.server.answers[GetRoomEvents] = lambda _device, _request: {"start": "s3", "end": "s3", "chunk": []}
    assert desk.run(client.history.page(room, "s3")).next_token is None


def test_history_shows_an_event_among_others() -> None:
    """What is around an event comes oldest first."""
    desk, client, room = _alice()
    one, two, three = _events(desk, room)
    desk.server.answers[GetEventContext] = lambda _device, _request: {
        "start": "s1",
        "end": "s9",
        "events_before": [one],
        "event": two,
        "events_after": [three],
    }
    context = desk.run(client.history.around(room, "$two"))
    assert context.event is not None
    found = [seen.event.body for seen in (*context.before, context.event, *context.after)]
    assert ["one", "two", "three"] == found
    assert ("s1", "s9") == (context.start, context.end)
    assert "one" == desk.run(client.history.event(room, str(one["event_id"]))).event.body


def test_history_finds_what_relates_and_what_matches() -> None:
    """Relations, threads, times and search are read as the server answers them."""
    desk, client, room = _alice()
    chunk = {"chunk": _events(desk, room)[:1], "next_batch": "n"}
    for kind in (
        GetRelatingEvents,
        GetRelatingEventsWithRelType,
        GetRelatingEventsWithRelTypeAndEventType,
        GetThreadRoots,
    ):
        desk.server.answers[kind] = lambda _device, _request: dict(chunk)
    pages = [
        desk.run(client.history.relations(room, "$e")),
        desk.run(client.history.relations(room, "$e", "m.thread")),
        desk.run(client.history.relations(room, "$e", "m.annotation", "m.reaction")),
        desk.run(client.history.threads(room)),
    ]
    assert [("one", "n")] * 4 == [(page.events[0].event.body, page.next_token) for page in pages]
    desk.server.answers[GetEventByTimestamp] = lambda _device, request: {
        "event_id": f"${request.dir}",
        "origin_server_ts": request.ts,
    }
    assert "$f" == desk.run(client.history.at_time(room, 5))
    assert "$b" == desk.run(client.history.before_time(room, 5))
    found = {"results": [{"result": _events(desk, room)[1], "rank": 1.0}], "count": 1}
    desk.server.answers[Search] = lambda _device, _request: {"search_categories": {"room_events": found}}
    results = desk.run(client.history.search("two")).results
    assert results is not None
    assert results[0].result is not None
    assert {"body": "two", "msgtype": "m.text"} == results[0].result.content


def test_state_is_read_whole() -> None:
    """All of the state is what the server has now."""
    desk, client, room = _alice()
    kinds = {event.type for event in desk.run(client.state.all(room))}
    assert {"m.room.create", "m.room.member", "m.room.power_levels", "m.room.join_rules"} == kinds


@pytest.mark.parametrize("shelf", [Shelf.SESSION, Shelf.SYNC, Shelf.ROOM, Shelf.OUTBOX, Shelf.ACCOUNT_DATA])
def test_what_is_kept_and_broken_is_said_to_be(shelf: Shelf) -> None:
    """Octets that are none of ours raise RemoteProtocolError, and nothing else."""
    desk, client, room = _alice()
    desk.server.put_account_data("@alice:example.org", "", "org.x", {})
    desk.server.put_account_data("@alice:example.org", room, "org.x", {})
    desk.run(client.queue(room, "m.room.message", {"body": "x"}))
    desk.run(client.sync())
    assert desk.kept[shelf]
    for octets in (b"", b"\xff", b"[]"):
        desk.kept[shelf] = dict.fromkeys(desk.kept[shelf], octets)
        with pytest.raises(RemoteProtocolError):
            desk.client(_PLAIN).rooms[room]


def test_a_message_for_a_device_is_told_without_encryption_too() -> None:
    """What is for this very device is told as it came."""
    desk, client, _ = _alice()
    desk.server.keys.send(
        "@bob:example.org", "org.x", {"@alice:example.org": {"*": {"a": 1}}}, desk.server.rooms.step()
    )
    told = [one for one in desk.run(client.sync()) if isinstance(one, ToDeviceReceived)]
    assert [("@bob:example.org", "org.x", {"a": 1}, False)] == [
        (one.sender, one.type, one.content, one.was_encrypted) for one in told
    ]


def test_what_is_unread_is_told_when_it_changes() -> None:
    """Counts of a room and its threads are told once for each change, and known after a restart."""
    desk, client, room = _alice()
    desk.run(client.sync())
    counts = {"notification_count": 3, "highlight_count": 1}
    desk.server.answers[Sync] = lambda _device, _request: {
        "next_batch": "s99",
        "rooms": {"join": {room: {"unread_notifications": counts, "unread_thread_notifications": {"$root": counts}}}},
    }
    assert (UnreadChanged(room, 3, 1, (("$root", 3, 1),)),) == desk.run(client.sync())
    assert () == desk.run(client.sync())
    assert 3 == desk.client(_PLAIN).rooms[room].head.notification_count


def test_news_do_not_wait_for_what_the_server_refuses_our_keys() -> None:
    """A server that does not take our keys now is asked again after the next sync."""
    desk, client, _ = _alice(encrypts=True)
    answer = desk.server.answers[UploadKeys]

    def refuse(_device: object, _request: object) -> JsonObject:
        raise refusal(500, "M_UNKNOWN")

    desk.server.answers[UploadKeys] = refuse
    assert ["one", "two", "three"] == [
        one.event.body for one in desk.run(client.sync()) if isinstance(one, RoomEvent) and one.event.body
    ]
    desk.server.answers[UploadKeys] = answer
    desk.run(client.sync())
    assert desk.server.keys.of("@alice:example.org")[0].keys is not None
