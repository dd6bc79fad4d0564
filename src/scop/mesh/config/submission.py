"""`[submission]` and `[devices]`: how much our own users may send, and who sends without a password."""

from __future__ import annotations

import msgspec

from scop.mesh.config.checks import check_network

__all__ = ["Device", "Submission"]


class Submission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits at ports 465 and 587."""


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printer or sensor, by a name of its own, that submits without a password."""

    addresses: tuple[str, ...]  # addresses or networks it may come from
    senders: tuple[str, ...]  # reverse paths it may use

    def __post_init__(self) -> None:
        """Check the addresses, and that something is allowed at all."""
        if not self.addresses or not self.senders:
            raise ValueError("addresses: a device has at least one address and one sender")
        for network in self.addresses:
            check_network("addresses", network)
