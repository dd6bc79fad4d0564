"""What a reader is warned of beside a message: whose it may not be, though it was encrypted."""

from __future__ import annotations

from scop.base import printable
from scop.matrix import Client
from scop.matrix.client.happenings import RoomEvent
from scop.matrix.encryption.trust import Shield
from scop.matrix.encryption.values import Decrypted

__all__ = ["warning_of"]

# Matrix v1.19 CS §Verification of the sending user for incoming events: "the user should be warned". Devices
# that their users did not sign are not among these: without cross-signing keys every message would say so.
_WARNINGS = {
    Shield.UNKNOWN_DEVICE: "by a device that is not known, or is gone",
    Shield.UNSAFE_SOURCE: "its key came by others",
    Shield.IDENTITY_CHANGED: "by somebody whose keys have changed",
    Shield.BLOCKED_DEVICE: "by a device that you blocked",
}


def warning_of(client: Client, news: RoomEvent) -> str:
    """Return what to warn of; empty where there is nothing."""
    opened, machine = news.encryption, client.encryption
    if not isinstance(opened, Decrypted) or machine is None:
        return ""
    warning = _WARNINGS.get(machine.shield(opened), "")
    # Matrix v1.19 CS §Receiving a key bundle event: "MUST show that information to the user".
    if warning and opened.key.given_by is not None:
        return f"its key came by {printable(opened.key.given_by)}"
    return warning
