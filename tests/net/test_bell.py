"""A bell runs the one task that waits for it."""

import asyncio

import pytest

from scop.net.bell import Bell


class Listener:
    """A task that counts how often it was rung for."""

    def __init__(self) -> None:
        self.bell = Bell(asyncio.get_running_loop())
        self.heard = 0
        self.task = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        while True:
            await self.bell
            self.heard += 1


@pytest.fixture
async def listener() -> Listener:
    """Return one whose task waits already."""
    made = Listener()
    await asyncio.sleep(0)
    return made


async def test_bell_runs_its_task_before_ringing_returns(listener: Listener) -> None:
    """Whoever rings outside of tasks sees what the task did."""
    loop = asyncio.get_running_loop()
    heard: asyncio.Future[int] = loop.create_future()

    def ring_twice() -> None:
        listener.bell.ring()
        listener.bell.ring()
        heard.set_result(listener.heard)

    loop.call_soon(ring_twice)
    assert await heard == 2


async def test_bell_rung_by_a_task_lets_that_end_its_step(listener: Listener) -> None:
    """A task that rings goes on; the other one runs in the next turn."""
    listener.bell.ring()
    at_once = listener.heard
    await asyncio.sleep(0)
    assert (at_once, listener.heard) == (0, 1)


async def test_bell_forgets_what_nobody_awaited() -> None:
    """Ringing before a wait does not end it."""
    bell = Bell(asyncio.get_running_loop())
    bell.ring()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await bell
    assert not bell.is_awaited


async def test_bell_lets_its_task_be_cancelled(listener: Listener) -> None:
    """A task that waits for a bell is an ordinary task."""
    listener.task.cancel()
    await asyncio.wait([listener.task])
    assert listener.task.cancelled()


async def test_bell_says_whether_it_is_awaited(listener: Listener) -> None:
    """It is awaited from the wait to the ring, and again when the task waits again."""
    found = [listener.bell.is_awaited]
    listener.bell.ring()
    found.append(listener.bell.is_awaited)
    await asyncio.sleep(0)
    found.append(listener.bell.is_awaited)
    assert found == [True, False, True]
