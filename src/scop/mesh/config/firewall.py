"""`[firewall]`: whom the receiver shuts out for what they did, and where that is told."""

from __future__ import annotations

import re

import msgspec

from scop.mesh.config.checks import check_network

__all__ = ["Firewall"]

_ZONE = re.compile(r"(?=.{1,187}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
MAX_LISTS = 8  # each is one question for every client


class Firewall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long is in `[limits] ban_seconds`."""

    # Addresses and networks that are never shut out nor delayed, and that no network is shut out as a whole with.
    allow: tuple[str, ...] = ()
    # Zones of other people's lists of addresses (RFC 5782), asked about each client: whom one names waits for its
    # greeting, and is refused for nothing that others say.
    lists: tuple[str, ...] = ()
    # Our list as the zone bl.<domain>, made and delegated by our primary, for others to ask; it is not signed.
    publish: bool = False

    def __post_init__(self) -> None:
        """Check that each is what it should be."""
        for network in self.allow:
            check_network("allow", network)
        for zone in self.lists:
            # RFC 5782 §2.4: 64 characters of an IPv6 address stand before it, within the 253 of a name
            if not _ZONE.fullmatch(zone):
                raise ValueError(f"lists: {zone!r} is no lower-case zone such as bl.example.org")
        if len(self.lists) > MAX_LISTS:
            raise ValueError(f"lists: at most {MAX_LISTS}, since each is asked about every client")
