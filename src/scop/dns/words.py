"""The closed vocabularies of DNS: response codes and the security of an answer.

Standards: IANA DNS parameters; RFC 1035 §4.1.1; RFC 4033 §5 (security states).
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

__all__ = ["Opcode", "Rcode", "Security"]


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
    BADVERS = 16


class Opcode(IntEnum):
    """What a message asks for."""

    QUERY = 0
    NOTIFY = 4
    UPDATE = 5


class Security(StrEnum):
    """What DNSSEC says of an answer (RFC 4033 §5)."""

    SECURE = "secure"
    INSECURE = "insecure"
    BOGUS = "bogus"
    INDETERMINATE = "indeterminate"
