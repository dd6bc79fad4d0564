"""What the DNS calls an address, believed only if the name leads back to it.

Standards: RFC 1035 §3.5 and RFC 3596 §2.5 (reverse mapping); RFC 8601 §2.7.3 (iprev).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from scop.base import Check
from scop.base.sources import Host, unmapped
from scop.dns import AAAA, PTR, A, Answer, Question

__all__ = ["IprevWord", "ReverseName", "reverse_name"]

MAX_NAMES = 3  # of one address that are looked up; RFC 7208 §4.6.4 allows ten, a stamp needs one

_HOST = re.compile(r"[A-Za-z0-9._-]{1,255}")  # the DNS allows any octets in a name, a stamp does not


class IprevWord(StrEnum):
    """How the look-up ended (RFC 8601 §2.7.3)."""

    PASS = "pass"  # noqa: S105 - a result, not a secret
    FAIL = "fail"  # no name leads back
    TEMPERROR = "temperror"  # the DNS is silent
    PERMERROR = "permerror"  # the address has no name


@dataclass(frozen=True, slots=True)
class ReverseName:
    """The outcome, and the confirmed name where it is `pass`."""

    result: IprevWord
    name: str = ""


ReverseCheck: TypeAlias = Check[Question, Answer, ReverseName]


def reverse_name(address: str) -> ReverseCheck:
    """Find the confirmed name of `address`."""
    try:
        wanted = unmapped(ipaddress.ip_address(address))
        reverse_mapping = wanted.reverse_pointer  # a scoped address (RFC 4007 §11) has none
    except ValueError:
        return ReverseName(IprevWord.PERMERROR)
    pointers = yield Question(reverse_mapping, "PTR")
    if pointers.is_temporary:
        return ReverseName(IprevWord.TEMPERROR)
    names = [record.target for record in pointers.records if isinstance(record, PTR) and _HOST.fullmatch(record.target)]
    if not names:
        return ReverseName(IprevWord.PERMERROR)
    result = IprevWord.FAIL
    for name in names[:MAX_NAMES]:
        answer = yield Question(name, "A" if wanted.version == 4 else "AAAA")
        if answer.is_temporary:  # silent, or bogus: what a forger wrote proves nothing
            result = IprevWord.TEMPERROR
        elif any(_leads_to(record, wanted) for record in answer.records):
            return ReverseName(IprevWord.PASS, name)
    return ReverseName(result)


def _leads_to(record: object, wanted: Host) -> bool:
    return isinstance(record, A | AAAA) and ipaddress.ip_address(record.address) == wanted
