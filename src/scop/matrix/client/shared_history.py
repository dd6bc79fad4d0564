"""The keys of what was said in a room, for those who are asked in: given before, taken when they accept.

Who fetches a file that somebody announced may be made to fetch much: it is done for those whose invitation was accepted
within a day, piece by piece, by whoever carries the steps (`AsyncClient.sync`), beside the sync and not within.

Standards: Matrix v1.19 CS §Sharing keys between users.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

import msgspec

from scop.base import ProtocolError
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.core import Core
from scop.matrix.client.loading import Loading
from scop.matrix.client.media import Media
from scop.matrix.encryption.attachments import encrypt_file
from scop.matrix.encryption.values import KeyBundle
from scop.matrix.steps import Steps

__all__ = ["Restoring", "SharedHistory"]

Restoring: TypeAlias = Callable[[str], Steps[object]]  # looks for the keys of a room by its id


class SharedHistory:
    """Gives and takes bundles of keys."""

    def __init__(self, core: Core, loading: Loading, media: Media) -> None:
        self._core = core
        self._loading = loading
        self._media = media
        self._restore: Restoring | None = None

    def restore_by(self, restore: Restoring) -> None:
        """Let the keys of a room be looked for elsewhere, in a backup, before they are shared."""
        self._restore = restore

    def share(self, room_id: str, user_id: str) -> Steps[None]:
        """Give the keys of a room to the signed devices of somebody, as far as the room shows its history."""
        machine = self._core.encryption
        if machine is None or not self._core.options.shares_history:
            return
        room = yield from self._loading.room(room_id)
        if not (room.is_encrypted or machine.is_encrypted(room_id)) or not room.shows_history:
            return
        if not (yield from machine.history.readers(user_id)):
            return
        yield from self._complete(room_id)
        keys = machine.history.bundle(room_id)
        if not keys["room_keys"]:
            return
        # Steps 3 to 6.
        ciphertext, file = encrypt_file(msgspec.json.encode(keys), self._core.surroundings.chance)
        uri = yield from self._media.upload(ciphertext, "application/octet-stream")
        yield from machine.history.send(user_id, room_id, msgspec.structs.replace(file, url=uri))

    def _complete(self, room_id: str) -> Steps[None]:
        # Matrix v1.19 CS §Construction and sharing of the key bundle, step 1; without a backup, or its key, there is
        # what there is.
        if self._restore is not None:
            with suppress(MatrixError, ProtocolError):
                yield from self._restore(room_id)

    def accepted(self, room_id: str, inviter: str | None) -> Steps[None]:
        """Remember whose invitation was accepted."""
        if self._core.encryption is not None and inviter is not None:
            yield from self._core.encryption.history.accepted(room_id, inviter)

    def due(self) -> tuple[KeyBundle, ...]:
        """Return what is to be fetched."""
        return () if self._core.encryption is None else self._core.encryption.history.due()

    def take(self, bundle: KeyBundle, octets: bytes | None) -> Steps[int]:
        """Take in keys that were fetched and decrypted, None where they are gone; return how many were better.

        They are due no more; raises `RemoteProtocolError` where they are none.
        """
        machine = self._core.encryption
        return 0 if machine is None else (yield from machine.history.take(bundle, octets))
