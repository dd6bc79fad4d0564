"""One sync with all that it is for: what is new, and what it means for verifications, secrets and the key backup."""

from __future__ import annotations

from typing import TypeAlias

from scop.matrix import Client
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.happenings import Happening, RoomEvent, ToDeviceReceived, Undecryptable
from scop.matrix.encryption.values import ToDevice
from scop.matrix.steps import Steps
from scop.matrix.verification import Identity, IdentityHappening, RoomMessage

__all__ = ["News", "sync_whole"]

News: TypeAlias = Happening | IdentityHappening


def sync_whole(client: Client, identity: Identity | None, timeout_seconds: float) -> Steps[tuple[News, ...]]:
    """Return what is new, waiting for it so long at most."""
    happenings = yield from client.sync(timeout_seconds)
    if identity is None:
        return happenings
    news: list[News] = []
    for happening in happenings:
        news.append(happening)
        try:
            news += yield from _meant(identity, happening)
        except MatrixError as refusal:
            # What the server did not do for a verification is for its other side to miss; news do not wait for it.
            if refusal.status == 401:
                raise
    try:
        news += yield from identity.upkeep()
    except MatrixError as refusal:
        if refusal.status == 401:
            raise
    return tuple(news)


def _meant(identity: Identity, happening: Happening) -> Steps[tuple[IdentityHappening, ...]]:
    if isinstance(happening, ToDeviceReceived) and isinstance(happening.message, ToDevice):
        return (yield from identity.receive((happening.message,)))
    if isinstance(happening, RoomEvent):
        event = happening.event
        message = RoomMessage(
            happening.room_id, event.event_id, event.sender, event.type, event.content, event.origin_server_ts
        )
        return (yield from identity.receive_in_room(message))
    if isinstance(happening, Undecryptable) and isinstance(
        session_id := happening.event.content.get("session_id"), str
    ):
        yield from identity.backup.seek(happening.room_id, session_id)  # what it finds is read at the next sync
    return ()
