"""How far a device is believed to be its user's, in words; who knows is asked through `Trusting`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from scop.matrix.encryption.values import Device

__all__ = ["Newcomer", "Recipients", "Shield", "Trust", "Trusting"]


class Trust(StrEnum):
    """What is known of a device, the best first."""

    VERIFIED = "verified"  # by cross-signing of a user we verified, or by itself
    SIGNED = "signed"  # by its owner's self-signing key, whose master key was first seen so and has not changed
    UNVERIFIED = "unverified"
    CHANGED = "changed"  # its owner was verified or pinned, and has another master key now
    BLOCKED = "blocked"  # our user said so


class Trusting(Protocol):
    """Knows what was verified; `scop.matrix.verification` does."""

    def trust(self, device: Device) -> Trust:
        """Return how far this device is believed to be its user's."""

    def has_identity(self, user_id: str) -> bool:
        """Return whether a user has cross-signing keys, so that devices of theirs could be signed."""


class Newcomer:
    """Knows nobody: every device is unverified but those named; for programs without cross-signing, and for tests."""

    def __init__(self, known: dict[tuple[str, str], Trust] | None = None) -> None:
        self.known = known if known is not None else {}  # by user id and device id

    def trust(self, device: Device) -> Trust:
        """Return what was said of it."""
        return self.known.get(device.place, Trust.UNVERIFIED)

    def has_identity(self, user_id: str) -> bool:
        """Return that nobody has cross-signing keys."""
        return False


class Recipients(StrEnum):
    """Which devices of a room's members get its keys; blocked ones never do."""

    ALL = "all"
    SIGNED_IF_ABLE = "signed-if-able"  # of users with cross-signing keys only devices that they signed
    SIGNED = "signed"  # Matrix v1.19 CS §Recommended client behaviour: none that is not cross-signed
    VERIFIED = "verified"


class Shield(StrEnum):
    """What a reader is to be told beside a decrypted event, the best first."""

    VERIFIED = "verified"
    SIGNED = "signed"  # by its owner, who was not verified: nothing to warn of
    UNSIGNED_DEVICE = "unsigned-device"
    UNKNOWN_DEVICE = "unknown-device"  # no such device, or gone
    UNSAFE_SOURCE = "unsafe-source"  # the key came by others: who made it is not proved
    IDENTITY_CHANGED = "identity-changed"
    BLOCKED_DEVICE = "blocked-device"
