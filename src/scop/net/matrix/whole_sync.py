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
    if identity is None:
        return (yield from client.sync(timeout_seconds))
    return (yield from client.sync_with(_Meaning(identity), timeout_seconds))


class _Meaning:
    """What happenings mean for an identity; what the server refuses it is no reason to hold news back."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def follow(self, happening: Happening) -> Steps[tuple[IdentityHappening, ...]]:
        """Return what a happening means; what the server does not do is for the other side to miss."""
        return (yield from _unless_refused(_meant(self._identity, happening)))

    def upkeep(self) -> Steps[tuple[IdentityHappening, ...]]:
        """Do what is to be done after each sync."""
        return (yield from _unless_refused(self._identity.upkeep()))


def _unless_refused(steps: Steps[tuple[IdentityHappening, ...]]) -> Steps[tuple[IdentityHappening, ...]]:
    try:
        return (yield from steps)
    except MatrixError as refusal:
        if refusal.status == 401:
            raise
        return ()


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
        yield from identity.backup.seek(happening.room_id, session_id)  # what it finds is read at once
    return ()
