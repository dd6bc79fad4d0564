"""What is known, as octets that a store keeps."""

from __future__ import annotations

import msgspec

from scop.matrix.json_values import JsonObject
from scop.matrix.notifier.rooms import Room
from scop.matrix.notifier.threads import Known
from scop.matrix.notifier.turns import Verdict

__all__ = [
    "content_of",
    "content_to_octets",
    "known_of",
    "known_to_octets",
    "room_of",
    "room_to_octets",
    "verdicts_of",
    "verdicts_to_octets",
]

# Sorted, so that what is the same is the same octets.
_encoder = msgspec.json.Encoder(order="deterministic")
_known = msgspec.json.Decoder(Known)
_verdicts = msgspec.json.Decoder(tuple[Verdict, ...])
_room = msgspec.json.Decoder(Room)
_content = msgspec.json.Decoder(dict[str, object])


def known_to_octets(known: Known) -> bytes:
    """Return what is known of a pipeline."""
    return _encoder.encode(known)


def known_of(octets: bytes) -> Known:
    """Return what was kept."""
    return _known.decode(octets)


def verdicts_to_octets(verdicts: tuple[Verdict, ...]) -> bytes:
    """Return the verdicts of a branch."""
    return _encoder.encode(verdicts)


def verdicts_of(octets: bytes) -> tuple[Verdict, ...]:
    """Return what was kept."""
    return _verdicts.decode(octets)


def content_to_octets(content: JsonObject) -> bytes:
    """Return the content of an event."""
    return _encoder.encode(content)


def content_of(octets: bytes) -> JsonObject:
    """Return what was kept."""
    return _content.decode(octets)


def room_to_octets(room: Room) -> bytes:
    """Return how a room should be."""
    return _encoder.encode(room)


def room_of(octets: bytes) -> Room:
    """Return what was kept."""
    return _room.decode(octets)
