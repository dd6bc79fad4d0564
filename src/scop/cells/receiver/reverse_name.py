"""What the DNS calls an address, believed only if the name leads back to it.

Standards: RFC 1035 §3.5 and RFC 3596 §2.5 (reverse mapping); RFC 8601 §2.7.3 (iprev).
"""

from __future__ import annotations

import ipaddress
import re
from typing import TypeAlias

from scop.base import Check
from scop.dns import AAAA, PTR, A, Answer, Question

__all__ = ["reverse_name"]

MAX_NAMES = 3  # of one address that are looked up; RFC 7208 §4.6.4 allows ten, a stamp needs one

_HOST = re.compile(r"[A-Za-z0-9._-]{1,255}")  # the DNS allows any octets in a name, a stamp does not

ReverseCheck: TypeAlias = Check[Question, Answer, str]


def reverse_name(address: str) -> ReverseCheck:
    """Return the confirmed name of `address`, '' where there is none."""
    try:
        wanted = ipaddress.ip_address(address)
    except ValueError:
        return ""
    forward = "A" if wanted.version == 4 else "AAAA"
    pointers = yield Question(wanted.reverse_pointer, "PTR")
    names = [record.target for record in pointers.records if isinstance(record, PTR) and _HOST.fullmatch(record.target)]
    for name in names[:MAX_NAMES]:
        answer = yield Question(name, forward)
        if any(_leads_to(record, wanted) for record in answer.records):
            return name
    return ""


def _leads_to(record: object, wanted: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return isinstance(record, A | AAAA) and ipaddress.ip_address(record.address) == wanted
