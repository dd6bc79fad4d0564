"""JSON as Matrix exchanges it: what is decoded and not yet known to be of a shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["JsonObject", "JsonView", "object_in"]

JsonObject: TypeAlias = dict[str, object]  # one that its holder may change
JsonView: TypeAlias = Mapping[str, object]  # one that is only read


def object_in(json: JsonView, name: str) -> JsonView:
    """Return the object that stands in another by a name, an empty one where there is none."""
    found = json.get(name)
    return found if isinstance(found, dict) else {}
