"""`[verifier]`: where what somebody else vouches for counts more than the policy of the domain in From."""

from __future__ import annotations

import ipaddress
import re

import msgspec

__all__ = ["Verifier"]

_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")


class Verifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Local overrides; each use of one is recorded and reported."""

    # Domains whose ARC seals are believed: lists and forwarders that are known to check what they pass on.
    trusted_sealers: tuple[str, ...] = ()
    # Whose mail no policy refuses: domains (those that SPF or DKIM prove, never what stands in From), addresses and
    # networks.
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that each is what it should be."""
        for domain in self.trusted_sealers:
            if not _DOMAIN.fullmatch(domain):
                raise ValueError(f"trusted_sealers: {domain!r} is no domain in lower case and A-labels")
        for name in self.allow:
            if not _DOMAIN.fullmatch(name) and not _is_network(name):
                raise ValueError(f"allow: {name!r} is no domain in lower case and A-labels, address or network")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
