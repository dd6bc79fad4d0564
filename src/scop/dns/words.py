"""The closed vocabularies of DNS: response codes, kinds of message, classes and the security of an answer.

Standards: IANA DNS parameters; RFC 1035 §4.1.1; RFC 3597 §5 (`CLASS123`); RFC 4033 §5 (security states).
"""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import Final

__all__ = ["Ede", "Opcode", "Rcode", "Security", "class_name", "class_number", "least_sure"]

_CLASS_NUMBERS: Final = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
_CLASS_NAMES: Final = {number: name for name, number in _CLASS_NUMBERS.items()}
_UNNAMED_CLASS: Final = re.compile(r"CLASS([0-9]{1,5})", re.ASCII)


def class_name(number: int) -> str:
    """Return a class's name, `CLASS123` where it has none."""
    return _CLASS_NAMES.get(number) or f"CLASS{number}"


def class_number(name: str) -> int:
    """Return a class's number; raises `ValueError` for a name that is none."""
    if (number := _CLASS_NUMBERS.get(name)) is not None:
        return number
    found = _UNNAMED_CLASS.fullmatch(name)
    if found is None or int(found[1]) > 0xFFFF:
        raise ValueError(f"{name!r} is no DNS class")
    return int(found[1])


class Rcode(IntEnum):
    """What a server says of a query, by its number on the wire."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    YXRRSET = 7
    NXRRSET = 8
    NOTAUTH = 9
    NOTZONE = 10
    DSOTYPENI = 11
    BADVERS = 16  # those between and up to BADTRUNC (22) stand in TSIG and TKEY records only
    BADCOOKIE = 23


class Opcode(IntEnum):
    """What a message asks for: all that four bits say, so that a server can refuse each in its own words."""

    QUERY = 0
    IQUERY = 1  # RFC 3425: obsolete
    STATUS = 2
    UNASSIGNED_3 = 3
    NOTIFY = 4
    UPDATE = 5
    DSO = 6  # RFC 8490
    UNASSIGNED_7 = 7
    UNASSIGNED_8 = 8
    UNASSIGNED_9 = 9
    UNASSIGNED_10 = 10
    UNASSIGNED_11 = 11
    UNASSIGNED_12 = 12
    UNASSIGNED_13 = 13
    UNASSIGNED_14 = 14
    UNASSIGNED_15 = 15


class Security(StrEnum):
    """What DNSSEC says of an answer (RFC 4033 §5)."""

    SECURE = "secure"
    INSECURE = "insecure"
    BOGUS = "bogus"
    INDETERMINATE = "indeterminate"


class Ede(IntEnum):
    """Why an answer is what it is, in a number that the asker may show (RFC 8914 §4)."""

    OTHER = 0
    UNSUPPORTED_DNSKEY_ALGORITHM = 1
    UNSUPPORTED_DS_DIGEST = 2
    STALE_ANSWER = 3
    FORGED_ANSWER = 4
    DNSSEC_INDETERMINATE = 5
    DNSSEC_BOGUS = 6
    SIGNATURE_EXPIRED = 7
    SIGNATURE_NOT_YET_VALID = 8
    DNSKEY_MISSING = 9
    RRSIGS_MISSING = 10
    NO_ZONE_KEY_BIT_SET = 11
    NSEC_MISSING = 12
    CACHED_ERROR = 13
    NOT_READY = 14
    BLOCKED = 15
    CENSORED = 16
    FILTERED = 17
    PROHIBITED = 18
    STALE_NXDOMAIN_ANSWER = 19
    NOT_AUTHORITATIVE = 20
    NOT_SUPPORTED = 21
    NO_REACHABLE_AUTHORITY = 22
    NETWORK_ERROR = 23
    INVALID_DATA = 24
    SIGNATURE_EXPIRED_BEFORE_VALID = 25
    TOO_EARLY = 26
    UNSUPPORTED_NSEC3_ITERATIONS = 27
    UNABLE_TO_CONFORM_TO_POLICY = 28
    SYNTHESIZED = 29
    INVALID_QUERY_TYPE = 30


_DOUBT = (Security.SECURE, Security.INSECURE, Security.INDETERMINATE, Security.BOGUS)


def least_sure(*states: Security) -> Security:
    """Return the security of what stands on several answers: a chain is as good as its worst link."""
    return max(states, key=_DOUBT.index)
