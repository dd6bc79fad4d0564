"""How messages of a room are to be encrypted; whoever may write state there cannot make it weaker than it was seen.

Standards: Matrix v1.19 CS §m.room.encryption.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.matrix.encryption.values import MEGOLM

__all__ = ["RoomSettings"]

_WEEK_MS = 604_800_000  # the recommended default, and the longest that is followed
_MESSAGES = 100  # the recommended default
_MAX_MESSAGES = 10_000
# Who sets less makes everybody share keys all the time: a cheap way to stop a room.
_MIN_MS = 3_600_000
_MIN_MESSAGES = 1


class RoomSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When another session is to be taken."""

    algorithm: str = MEGOLM
    rotation_period_ms: int = _WEEK_MS
    rotation_period_messages: int = _MESSAGES

    @classmethod
    def read(cls, content: Mapping[str, object]) -> RoomSettings:
        """Return what m.room.encryption says; what is absent, unknown or out of bounds is the nearest that is safe."""
        return cls(
            rotation_period_ms=_bounded(content.get("rotation_period_ms"), _WEEK_MS, _MIN_MS, _WEEK_MS),
            rotation_period_messages=_bounded(
                content.get("rotation_period_msgs"), _MESSAGES, _MIN_MESSAGES, _MAX_MESSAGES
            ),
        )

    def tightened(self, other: RoomSettings) -> RoomSettings:
        """Return the stricter of each: a room is never encrypted less, whatever its state says later."""
        return RoomSettings(
            rotation_period_ms=min(self.rotation_period_ms, other.rotation_period_ms),
            rotation_period_messages=min(self.rotation_period_messages, other.rotation_period_messages),
        )


def _bounded(value: object, default: int, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return default
    return max(least, min(value, most))
