"""Which TLSA records an SMTP client can use, and which of these count.

Standards: RFC 7672 §2.1 and §3.1 (usages), RFC 6698 §2.1 (fields), RFC 7671 §9 (digest agility), RFC 7218 (names).
"""

from __future__ import annotations

from enum import IntEnum

from scop.base import RemoteProtocolError
from scop.dane.certificate import public_key_info
from scop.dns import TLSA

__all__ = ["MatchingType", "Selector", "Usage", "usable"]

MAX_RECORDS = 64  # of one host; each may cost a hash for every certificate of the chain


class Usage(IntEnum):
    """What a record pins (RFC 7218 §2.1); the other two, PKIX-TA and PKIX-EE, are not for SMTP."""

    DANE_TA = 2
    DANE_EE = 3


class Selector(IntEnum):
    """Which part of a certificate is compared (RFC 7218 §2.2)."""

    CERT = 0
    SPKI = 1


class MatchingType(IntEnum):
    """How it is compared (RFC 7218 §2.3)."""

    FULL = 0
    SHA2_256 = 1
    SHA2_512 = 2


_DIGEST_OCTETS = {MatchingType.SHA2_256: 32, MatchingType.SHA2_512: 64}


def usable(records: tuple[TLSA, ...]) -> tuple[TLSA, ...]:
    """Return the records to match against; empty where none can be used."""
    able = [record for record in records[:MAX_RECORDS] if _is_usable(record)]
    # RFC 7671 §9: of the digests under one usage and selector only the strongest counts, so that a weak one can be
    # left in the zone for others. Full values are no digests and always count.
    strongest: dict[tuple[int, int], int] = {}
    for record in able:
        key = record.usage, record.selector
        strongest[key] = max(record.matching_type, strongest.get(key, 0))
    return tuple(
        record
        for record in able
        if record.matching_type in (MatchingType.FULL, strongest[record.usage, record.selector])
    )


def _is_usable(record: TLSA) -> bool:
    # RFC 7672 §3.1.3: PKIX-TA(0) and PKIX-EE(1) are unusable, for nobody agreed on the CAs of mail hosts.
    if record.usage not in tuple(Usage) or record.selector not in tuple(Selector):
        return False
    if record.matching_type in _DIGEST_OCTETS:
        return len(record.association) == _DIGEST_OCTETS[MatchingType(record.matching_type)]
    return record.matching_type == MatchingType.FULL and _is_readable(record)


def _is_readable(record: TLSA) -> bool:
    if record.selector == Selector.SPKI:
        return bool(record.association)
    try:
        return bool(public_key_info(record.association))
    except RemoteProtocolError:
        return False
