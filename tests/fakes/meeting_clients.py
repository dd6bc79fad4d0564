"""Clients that meet at a real homeserver: logged in, told of things in turn, trusted or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from fakes.synapse import PASSWORD, Synapse
from scop.matrix.encryption.trust import Trust
from scop.net.matrix import AsyncClient

__all__ = ["MANY_SYNCS", "logged_in", "told", "trusts"]

MANY_SYNCS = 60  # that something may take
_News = TypeVar("_News")


async def logged_in(client: AsyncClient, homeserver: Synapse, user_id: str) -> AsyncClient:
    """Log a client in, and let its keys go up and be seen."""
    await client.login(user_id, PASSWORD, homeserver.url)
    for _ in range(2):
        await client.sync()
    return client


async def told(clients: Sequence[AsyncClient], kind: type[_News]) -> list[_News]:
    """Let clients sync in turn until each was told of something; return what the last of it was."""
    heard: dict[int, _News] = {}
    for _ in range(MANY_SYNCS):
        for number, client in enumerate(clients):
            heard.update((number, news) for news in await client.sync(0.2) if isinstance(news, kind))
        if len(heard) == len(clients):
            return [heard[number] for number in range(len(clients))]
    raise AssertionError(f"no {kind.__name__} came")


def trusts(client: AsyncClient, user_id: str) -> set[Trust]:
    """Return how a client trusts the devices of a user."""
    machine = client.core.encryption
    assert machine is not None
    return {client.identity.trust.trust(device) for device in machine.devices.of(user_id)}
