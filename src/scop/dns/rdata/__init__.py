"""Record data: one frozen class a type, each built from and written to its octets.

A new type is one file with `type`, `from_wire` and `to_wire`, and a word in `Rdata` and in `CLASSES`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, TypeAlias

from scop.base import RemoteProtocolError
from scop.dns.rdata.address import AAAA, A
from scop.dns.rdata.caa import CAA
from scop.dns.rdata.delegation_signer import CDS, DS
from scop.dns.rdata.key import CDNSKEY, DNSKEY
from scop.dns.rdata.mx import MX
from scop.dns.rdata.named import READERS
from scop.dns.rdata.next_secure import NSEC, NSEC3, NSEC3PARAM
from scop.dns.rdata.numbers import TYPE_NUMBERS, type_name, type_number
from scop.dns.rdata.opaque import Opaque
from scop.dns.rdata.signature import RRSIG
from scop.dns.rdata.soa import SOA
from scop.dns.rdata.srv import SRV
from scop.dns.rdata.target import CNAME, DNAME, NS, PTR
from scop.dns.rdata.tlsa import TLSA
from scop.dns.rdata.txt import TXT

__all__ = [
    "AAAA",
    "CAA",
    "CDNSKEY",
    "CDS",
    "CLASSES",
    "CNAME",
    "DNAME",
    "DNSKEY",
    "DS",
    "MX",
    "NS",
    "NSEC",
    "NSEC3",
    "NSEC3PARAM",
    "PTR",
    "RRSIG",
    "SOA",
    "SRV",
    "TLSA",
    "TXT",
    "TYPE_NUMBERS",
    "A",
    "Opaque",
    "Rdata",
    "read_rdata",
    "type_name",
    "type_number",
]

_Mail: TypeAlias = A | AAAA | MX | TXT | PTR | CNAME | NS | SOA | TLSA | SRV | CAA | DNAME
_Security: TypeAlias = DNSKEY | DS | RRSIG | NSEC | NSEC3 | NSEC3PARAM | CDS | CDNSKEY
Rdata: TypeAlias = _Mail | _Security | Opaque

_KINDS: Final = (
    *(A, AAAA, MX, TXT, PTR, CNAME, NS, SOA, TLSA, SRV, CAA, DNAME),
    *(DNSKEY, DS, RRSIG, NSEC, NSEC3, NSEC3PARAM, CDS, CDNSKEY),
)
_READERS: Final[dict[int, Callable[[bytes, int, int, dict[int, str]], Rdata]]] = {
    TYPE_NUMBERS[kind.type]: kind.from_wire for kind in _KINDS
}
# What reads each type's octets, by its number; a type without an entry is opaque.
CLASSES: Final = {**_READERS, **READERS}


def read_rdata(type_: str, octets: bytes) -> Rdata:
    """Return the rdata that these octets, whose names are not compressed, are; raises `RemoteProtocolError`."""
    read = CLASSES.get(type_number(type_))
    if read is None or not octets:  # empty rdata stands in UPDATE messages (RFC 2136 §2.4)
        return Opaque(type_, octets)
    try:
        return read(octets, 0, len(octets), {})
    except (IndexError, struct.error):
        raise RemoteProtocolError(f"a {type_} record ends early") from None
