"""Reads JSON that anybody may have written: what is not of the wanted shape is as if it were not there."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.api.endpoint import Body
from scop.matrix.api.unknown_keys import with_unknown
from scop.matrix.json_values import JsonObject

__all__ = ["as_object", "is_key", "object_at", "text_at", "texts_at"]

_KEY_OCTETS = 32
_OBJECTS = (dict, Mapping)  # a dict is found to be one at once, a Mapping after a search


def as_object(value: object) -> JsonObject:
    """Return an object of JSON, also one that was read as a struct, and an empty one for anything else."""
    if isinstance(value, Body):
        # Through octets: it is to be equal to what was kept, where tuples are lists.
        return msgspec.json.decode(msgspec.json.encode(with_unknown(value)), type=dict[str, object])
    return dict(value) if isinstance(value, _OBJECTS) else {}


def object_at(json: object, key: str) -> JsonObject:
    """Return the object at a key."""
    return as_object(json.get(key)) if isinstance(json, _OBJECTS) else {}


def text_at(json: object, key: str) -> str | None:
    """Return the string at a key."""
    found = json.get(key) if isinstance(json, _OBJECTS) else None
    return found if isinstance(found, str) else None


def texts_at(json: object, key: str) -> tuple[str, ...]:
    """Return the strings of the list at a key."""
    found = json.get(key) if isinstance(json, _OBJECTS) else None
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list | tuple) else ()


def is_key(text: object) -> bool:
    """Return whether something is 32 octets in base64, written in the one way that is compared."""
    if not isinstance(text, str):
        return False
    try:
        octets = unpadded_base64.decode(text)
    except RemoteProtocolError:
        return False
    return len(octets) == _KEY_OCTETS and unpadded_base64.encode(octets) == text
