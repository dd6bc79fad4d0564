"""`[firewall]`: whom the receiver shuts out for what they did, and where that is told."""

from __future__ import annotations

import msgspec

__all__ = ["Firewall"]


class Firewall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long is in `[limits] ban_seconds`."""

    allow: tuple[str, ...] = ()  # addresses and networks that are never shut out
    lists: tuple[str, ...] = ()  # zones of other people's lists (RFC 5782) that are asked; never alone decisive
    publish: bool = False  # our list as the zone bl.<domain>
