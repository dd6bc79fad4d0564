"""Record data: one frozen class a type, each built from and written to its octets.

A new type is one file with `type`, `from_wire` and `to_wire`, and a line in `CLASSES`.

Standards: IANA DNS resource record types; RFC 3597 §5 (`TYPE123` for what has no name).
"""

from __future__ import annotations

import re
import struct
from typing import Final, TypeAlias

from scop.base import RemoteProtocolError
from scop.dns.rdata.address import AAAA, A
from scop.dns.rdata.mx import MX
from scop.dns.rdata.opaque import Opaque
from scop.dns.rdata.soa import SOA
from scop.dns.rdata.target import CNAME, NS, PTR
from scop.dns.rdata.tlsa import TLSA
from scop.dns.rdata.txt import TXT

__all__ = [
    "AAAA",
    "CLASSES",
    "CNAME",
    "MX",
    "NS",
    "PTR",
    "SOA",
    "TLSA",
    "TXT",
    "A",
    "Opaque",
    "Rdata",
    "read_rdata",
    "type_name",
    "type_number",
]

Rdata: TypeAlias = A | AAAA | MX | TXT | PTR | CNAME | NS | SOA | TLSA | Opaque

TYPE_NUMBERS: Final = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "PTR": 12,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "NAPTR": 35,
    "DNAME": 39,
    "OPT": 41,
    "DS": 43,
    "SSHFP": 44,
    "RRSIG": 46,
    "NSEC": 47,
    "DNSKEY": 48,
    "NSEC3": 50,
    "NSEC3PARAM": 51,
    "TLSA": 52,
    "CDS": 59,
    "CDNSKEY": 60,
    "OPENPGPKEY": 61,
    "SVCB": 64,
    "HTTPS": 65,
    "SPF": 99,
    "TSIG": 250,
    "IXFR": 251,
    "AXFR": 252,
    "ANY": 255,
    "CAA": 257,
}
_TYPE_NAMES: Final = {number: name for name, number in TYPE_NUMBERS.items()}
_UNNAMED: Final = re.compile(r"TYPE([0-9]{1,5})", re.ASCII)

CLASSES: Final = {TYPE_NUMBERS[kind.type]: kind.from_wire for kind in (A, AAAA, MX, TXT, PTR, CNAME, NS, SOA, TLSA)}


def type_name(number: int) -> str:
    """Return a type's name, `TYPE123` where it has none."""
    return _TYPE_NAMES.get(number) or f"TYPE{number}"


def type_number(name: str) -> int:
    """Return a type's number; raises `ValueError` for a name that is none."""
    if (number := TYPE_NUMBERS.get(name)) is not None:
        return number
    found = _UNNAMED.fullmatch(name)
    if found is None or int(found[1]) > 0xFFFF:
        raise ValueError(f"{name!r} is no DNS record type")
    return int(found[1])


def read_rdata(type_: str, octets: bytes) -> Rdata:
    """Return the rdata that these octets, whose names are not compressed, are; raises `RemoteProtocolError`."""
    read = CLASSES.get(type_number(type_))
    if read is None or not octets:  # empty rdata stands in UPDATE messages (RFC 2136 §2.4)
        return Opaque(type_, octets)
    try:
        return read(octets, 0, len(octets), {})
    except (IndexError, struct.error):
        raise RemoteProtocolError(f"a {type_} record ends early") from None
