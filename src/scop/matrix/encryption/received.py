"""The Olm messages of the newest sync, so that one that is given again, after a crash, is known and gives the same.

A server takes to-device messages off its list only when the next sync is asked for. What was opened advanced its
session, durably, together with this record: opened a second time it would look like a broken session.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.values import Device
from scop.matrix.json_values import JsonView
from scop.matrix.steps import Shelf

__all__ = ["OwnRecord", "Received", "digest_of"]

_ENTRY = "received"
_OCTETS = 16


class OwnRecord(msgspec.Struct, frozen=True):
    """A message that is not for the machine: whoever it is for may not have seen it before the crash."""

    type: str
    content: dict[str, object]
    sender_key: str
    device: Device | None


class Received:
    """What came of each message, by a hash of it; None where nothing is left to be done."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._before: dict[bytes, OwnRecord | None] = {}
        self._now: dict[bytes, OwnRecord | None] = {}

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        if (entry := entries.get(_ENTRY)) is not None:
            self._now = msgspec.msgpack.decode(entry, type=dict[bytes, OwnRecord | None])

    def begin(self) -> None:
        """Begin with another sync, which may be the one before again."""
        self._before, self._now = self._now, {}

    def known(self, digest: bytes) -> bool:
        """Return whether a message came before."""
        return digest in self._now or digest in self._before

    def again(self, digest: bytes) -> OwnRecord | None:
        """Return what came of a known message, and remember it on; nothing where one sync has it twice."""
        if digest in self._now:
            return None
        self._now[digest] = self._before[digest]
        return self._now[digest]

    def note(self, digest: bytes, record: OwnRecord | None) -> None:
        """Note what came of a message."""
        self._now[digest] = record

    def end(self) -> None:
        """Write down what this sync had; one without messages leaves what is there."""
        if not self._now:
            self._now = self._before
        elif self._now != self._before:
            self._ledger.put(Shelf.ACCOUNT, _ENTRY, lambda: msgspec.msgpack.encode(self._now))


def digest_of(sender: str, content: JsonView) -> bytes:
    """Return a hash by which a message is known again."""
    return blake2b(msgspec.json.encode([sender, content], order="deterministic"), digest_size=_OCTETS).digest()
