"""The types' names and numbers.

Standards: IANA DNS resource record types; RFC 3597 §5 (`TYPE123` for what has no name).
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["TYPE_NUMBERS", "type_name", "type_number"]

TYPE_NUMBERS: Final = {
    "A": 1,
    "NS": 2,
    "MD": 3,
    "MF": 4,
    "CNAME": 5,
    "SOA": 6,
    "MB": 7,
    "MG": 8,
    "MR": 9,
    "NULL": 10,
    "WKS": 11,
    "PTR": 12,
    "HINFO": 13,
    "MINFO": 14,
    "MX": 15,
    "TXT": 16,
    "RP": 17,
    "AFSDB": 18,
    "X25": 19,
    "ISDN": 20,
    "RT": 21,
    "NSAP": 22,
    "SIG": 24,
    "KEY": 25,
    "PX": 26,
    "AAAA": 28,
    "LOC": 29,
    "NXT": 30,
    "SRV": 33,
    "NAPTR": 35,
    "KX": 36,
    "CERT": 37,
    "DNAME": 39,
    "OPT": 41,
    "APL": 42,
    "DS": 43,
    "SSHFP": 44,
    "IPSECKEY": 45,
    "RRSIG": 46,
    "NSEC": 47,
    "DNSKEY": 48,
    "DHCID": 49,
    "NSEC3": 50,
    "NSEC3PARAM": 51,
    "TLSA": 52,
    "SMIMEA": 53,
    "HIP": 55,
    "CDS": 59,
    "CDNSKEY": 60,
    "OPENPGPKEY": 61,
    "CSYNC": 62,
    "ZONEMD": 63,
    "SVCB": 64,
    "HTTPS": 65,
    "SPF": 99,
    "NID": 104,
    "L32": 105,
    "L64": 106,
    "LP": 107,
    "EUI48": 108,
    "EUI64": 109,
    "TKEY": 249,
    "TSIG": 250,
    "IXFR": 251,
    "AXFR": 252,
    "MAILB": 253,
    "MAILA": 254,
    "ANY": 255,
    "URI": 256,
    "CAA": 257,
    "DLV": 32769,
}
_TYPE_NAMES: Final = {number: name for name, number in TYPE_NUMBERS.items()}
_UNNAMED: Final = re.compile(r"TYPE([0-9]{1,5})", re.ASCII)


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
