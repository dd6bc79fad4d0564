"""Holds the certificates that a server showed against the records of its domain.

Standards: RFC 7671 §5.1 (DANE-EE), §5.2 (DANE-TA); RFC 7672 §3.1.1, §3.1.2; RFC 6698 §2.1.3 (matching types).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scop.base import RemoteProtocolError
from scop.dane.certificate import public_key_info
from scop.dane.usable import MatchingType, Selector, Usage, usable
from scop.dns import TLSA

__all__ = ["Match", "match"]

MAX_CHAIN = 10  # certificates that are looked at; chains in use have two to four


def _whole(octets: bytes) -> bytes:
    return octets


def _sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def _sha512(octets: bytes) -> bytes:
    return hashlib.sha512(octets).digest()


_SELECT: Mapping[int, Callable[[bytes], bytes]] = {Selector.CERT: _whole, Selector.SPKI: public_key_info}
_MATCH: Mapping[int, Callable[[bytes], bytes]] = {
    MatchingType.FULL: _whole,
    MatchingType.SHA2_256: _sha256,
    MatchingType.SHA2_512: _sha512,
}


@dataclass(frozen=True, slots=True)
class Match:
    """What the records say of a chain.

    With `is_end_entity` the server is proved: RFC 7672 §3.1.1 asks neither for its name nor for its dates. Else
    a path from its certificate to one of `anchors` proves it, with a name that `is_named` accepts and with dates
    that hold now. Without either it is not the server that the domain means.
    """

    is_end_entity: bool = False
    anchors: tuple[bytes, ...] = ()


def match(records: tuple[TLSA, ...], chain: tuple[bytes, ...]) -> Match:
    """Hold a chain of DER certificates, the server's own first, against TLSA records."""
    counting = usable(records)
    if not chain:
        return Match()
    if any(_matches(record, chain[0]) for record in counting if record.usage == Usage.DANE_EE):
        return Match(is_end_entity=True)
    anchoring = [record for record in counting if record.usage == Usage.DANE_TA]
    # RFC 7672 §3.1.2: a server sends the trust anchor with its chain; the one exception is an anchor that stands
    # in the DNS in full, which needs not be sent.
    sent = [each for each in chain[1:MAX_CHAIN] if any(_matches(record, each) for record in anchoring)]
    stated = [
        record.association
        for record in anchoring
        if (record.selector, record.matching_type) == (Selector.CERT, MatchingType.FULL)
    ]
    return Match(anchors=tuple(dict.fromkeys((*sent, *stated))))


def _matches(record: TLSA, certificate: bytes) -> bool:
    try:
        selected = _SELECT[record.selector](certificate)
    except RemoteProtocolError:
        return False
    return hmac.compare_digest(_MATCH[record.matching_type](selected), record.association)
