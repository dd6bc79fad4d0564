"""`[verifier]`: where what somebody else vouches for counts more than the policy of the domain in From."""

from __future__ import annotations

import msgspec

__all__ = ["Verifier"]


class Verifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Local overrides; each use of one is recorded and reported."""

    trusted_sealers: tuple[str, ...] = ()  # domains whose ARC seals are believed
    allow: tuple[str, ...] = ()  # domains, addresses and networks whose mail no policy refuses
