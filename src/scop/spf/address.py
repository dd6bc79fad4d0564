"""IP addresses as numbers, so that a prefix is compared by one shift.

Standards: RFC 7208 §5 (IPv4-mapped addresses are IPv4), §7.3 (their form in macros).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Address", "Network"]

MAX_KEPT = 1024  # addresses that were read lately; clients come again, and mail hosts stand in many records


@dataclass(frozen=True, slots=True)
class Address:
    """An IPv4 or IPv6 address."""

    version: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address in text form; raises a `ValueError`."""
        return _parsed(text)

    @property
    def bits(self) -> int:
        """The length of an address of this version."""
        return 32 if self.version == 4 else 128

    def unmapped(self) -> Address:
        """Return the IPv4 address inside an IPv4-mapped one, else the address itself."""
        # RFC 7208 §5: a mapped address MUST be considered an IPv4 address
        if self.version == 6 and self.number >> 32 == 0xFFFF:
            return Address(4, self.number & 0xFFFFFFFF)
        return self

    def network(self, prefix_bits: int) -> Network:
        """Return the network of `prefix_bits` that this address is in."""
        shift = self.bits - prefix_bits
        return Network(self.version, self.number >> shift, shift)

    def __str__(self) -> str:
        return str(ipaddress.IPv4Address(self.number) if self.version == 4 else ipaddress.IPv6Address(self.number))

    @property
    def dotted(self) -> str:
        """The dot-separated form of macro `%{i}`: octets for IPv4, nibbles for IPv6."""
        return str(self) if self.version == 4 else ".".join(f"{self.number:032X}")

    @property
    def arpa_label(self) -> str:
        """The value of macro `%{v}`."""
        return "in-addr" if self.version == 4 else "ip6"

    @property
    def reverse_name(self) -> str:
        """The name that PTR records of this address have."""
        return ".".join(reversed(self.dotted.lower().split("."))) + f".{self.arpa_label}.arpa"


@lru_cache(MAX_KEPT)
def _parsed(text: str) -> Address:
    if "%" in text:
        raise ValueError(f"an address with a zone: {text!r}")
    if ":" not in text:
        return Address(4, int(ipaddress.IPv4Address(text)))
    return Address(6, int(ipaddress.IPv6Address(text)))


@dataclass(frozen=True, slots=True)
class Network:
    """All addresses of a version with the same leading bits; the mechanisms `ip4` and `ip6`."""

    version: int
    prefix: int
    shift: int

    def contains(self, address: Address) -> bool:
        """Say whether `address` is in the network."""
        return address.version == self.version and address.number >> self.shift == self.prefix
