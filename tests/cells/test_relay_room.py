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
    table = Table(Room(max_octets))
    tasks = [asyncio.ensure_future(table.carry()) for _ in range(9)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert expected == table.lying
    table.end.set()
    await asyncio.gather(*tasks)
    assert (0, expected) == (table.lying, table.most)


async def test_room_is_given_back_by_what_fails() -> None:
    """A fault in the middle does not make the room smaller for ever."""
    room = Room(10)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with room.holding(10):
                raise ZeroDivisionError
    async with room.holding(10):
        pass
