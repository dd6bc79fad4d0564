"""The notifier's account beside a homeserver in memory: its rooms keep their names while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from fakes.homeserver import FakeHomeserver
from fakes.homeserver_refusal import refusal
from fakes.served_homeserver import served_homeserver
from scop.cli.matrix.notify_poster import LOOK_SECONDS, ClientPoster, name_for_ever
from scop.matrix.api.client_server.room_state import SetRoomStateWithKey
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier import Room
from scop.net.log import Log
from scop.net.matrix import AsyncClient

BOT, EVE = "@bot:example.org", "@eve:example.org"
ROOM = Room(room="#ci:example.org", name="CI", topic="What builds say")


@dataclass
class Scene:
    """A bot that is logged in, and its room."""

    server: FakeHomeserver
    client: AsyncClient
    poster: ClientPoster
    room_id: str

    async def rename(self, kind: str, content: JsonObject) -> None:
        """Change the room by another's hand, and let the bot hear of it."""
        self.server.rooms.put_state(self.room_id, EVE, kind, content)
        await self.client.sync()

    def said(self, kind: str) -> list[object]:
        """Return what a piece of state was, each time."""
        return [event["content"] for event in self.server.rooms.of_type(self.room_id, kind)]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Log the bot in, and make its room."""
    server = FakeHomeserver()
    server.register("bot")
    with served_homeserver(server) as url:
        async with AsyncClient() as client:
            await client.login(BOT, "secret", url)
            poster = ClientPoster(client)
            yield Scene(server, client, poster, await poster.prepare(ROOM))


async def test_poster_gives_a_room_its_name_and_topic_back(scene: Scene) -> None:
    """What somebody changed while it runs is set once as it is configured; then there is nothing to do."""
    assert () == await scene.poster.name_again()
    await scene.rename("m.room.name", {"name": "Changed"})
    await scene.rename("m.room.topic", {"topic": "Nothing"})
    assert (ROOM.room,) == await scene.poster.name_again()
    await scene.client.sync()
    assert () == await scene.poster.name_again()
    assert {"name": "CI"} == scene.said("m.room.name")[-1]
    assert {"topic": "What builds say"} == scene.said("m.room.topic")[-1]


async def test_poster_leaves_alone_what_is_not_its_to_name(scene: Scene) -> None:
    """A room that refuses its name once is not asked again."""

    def refuse(_device: object, _request: object) -> JsonObject:
        raise refusal(403, "M_FORBIDDEN")

    scene.server.answers[SetRoomStateWithKey] = refuse
    await scene.rename("m.room.name", {"name": "Theirs"})
    before = len(scene.server.asked)
    for _ in range(3):
        assert () == await scene.poster.name_again()
    assert 1 == len(scene.server.asked) - before


async def test_poster_looks_at_names_seldom(scene: Scene) -> None:
    """Between two looks there are minutes, so that nobody who wants other names is fought."""
    pauses: list[float] = []
    lines: list[bytes] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 3:
            raise asyncio.CancelledError
        await scene.rename("m.room.name", {"name": f"Changed {len(pauses)}"})

    with pytest.raises(asyncio.CancelledError):
        await name_for_ever(scene.poster, Log("notifier", lines.append), pause)
    assert ([LOOK_SECONDS] * 4, True) == (pauses, LOOK_SECONDS >= 120)
    assert 3 == sum(b"room.named" in line for line in lines)
    assert 4 == scene.said("m.room.name").count({"name": "CI"})  # as it was made, and three times again
