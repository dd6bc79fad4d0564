"""Asking other people's lists about an address.

What they say is hearsay: it may let a client wait for its greeting, and never refuses one by itself.

Standards: RFC 5782 §2.1, §2.3 (A 127.0.0.0/8 is listed, no such name is not); codes 127.255.255.0/24 mean by common
use that the list does not answer us, and RFC 6471 §3.4 that anything outside of 127.0.0.0/8 is a domain that was sold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from scop.base import Check
from scop.dns.answer import Answer, Question
from scop.dns.rdata import A
from scop.reputation.zone import owner_of

__all__ = ["Hearsay", "HearsayCheck", "ask_list"]

_LISTED, _REFUSES_US = "127.", "127.255.255."


@dataclass(frozen=True, slots=True)
class Hearsay:
    """What one list says of an address; `trouble` is why its answer counts for nothing."""

    zone: str
    codes: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def is_listed(self) -> bool:
        """Whether the list has the address."""
        return bool(self.codes)


HearsayCheck: TypeAlias = Check[Question, Answer, Hearsay]


def ask_list(address: str, zone: str) -> HearsayCheck:
    """Ask the list `zone` about an IPv4 or IPv6 address, or a list of domains about a domain; one question."""
    answer = yield Question(f"{owner_of(address)}.{zone}", "A")
    if answer.is_temporary:
        return Hearsay(zone, trouble=f"no answer ({answer.rcode.name})")
    said = tuple(record.address for record in answer.records if isinstance(record, A))
    refusing = [code for code in said if code.startswith(_REFUSES_US)]
    if refusing:
        return Hearsay(zone, trouble=f"it does not answer us ({refusing[0]})")
    strange = [code for code in said if not code.startswith(_LISTED)]
    if strange:
        return Hearsay(zone, trouble=f"it answers {strange[0]}, as no list does")
    return Hearsay(zone, said)
