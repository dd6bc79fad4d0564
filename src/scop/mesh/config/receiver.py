"""`[receiver]`: what one address or network of the Internet may ask of us."""

from __future__ import annotations

import msgspec

__all__ = ["Receiver"]


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits at port 25; own networks are exempt."""
