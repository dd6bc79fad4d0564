"""How much mail is in memory at once."""

from __future__ import annotations

import asyncio

import pytest

from scop.cells.relay.room import Room


class Table:
    """Mails of ten octets that lie on it until the end is near."""

    def __init__(self, room: Room) -> None:
        self.lying = 0
        self.most = 0
        self.end = asyncio.Event()
        self._room = room

    async def carry(self) -> None:
        async with self._room.holding(10):
            self.lying += 1
            self.most = max(self.most, self.lying)
            await self.end.wait()
            self.lying -= 1


@pytest.mark.parametrize(("max_octets", "expected"), [(29, 2), (30, 3), (5, 1)])
async def test_room_holds_no_more_than_it_has(max_octets: int, expected: int) -> None:
    """A mail comes in while there is room, at n and not at n + 1; one that is larger than the room comes in alone."""
    table = Table(Room(max_octets, small_octets=9))
    tasks = [asyncio.ensure_future(table.carry()) for _ in range(9)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert expected == table.lying
    table.end.set()
    await asyncio.gather(*tasks)
    assert (0, expected) == (table.lying, table.most)


async def test_room_is_given_back_by_what_fails() -> None:
    """A fault in the middle does not make the room smaller for ever."""
    room = Room(10, small_octets=9)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with room.holding(10):
                raise ZeroDivisionError
    async with room.holding(10):
        pass


@pytest.mark.parametrize(("octets", "comes_in"), [(10, True), (11, False)])
async def test_room_is_never_wanting_for_small_mails(octets: int, comes_in: bool) -> None:
    """Large mails to a host that hangs keep out other large ones, and none of those that most mails are."""
    room = Room(100, small_octets=10)
    entered = asyncio.Event()

    async def enter() -> None:
        async with room.holding(octets):
            entered.set()

    async with room.holding(100):
        entering = asyncio.ensure_future(enter())
        for _ in range(20):
            await asyncio.sleep(0)
        assert comes_in == entered.is_set()
    await entering
