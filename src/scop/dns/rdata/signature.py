"""RRSIG: a signature over one RRset (RFC 4034 §3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar

from scop.base import RemoteProtocolError
from scop.dns.names import name_to_wire, normal_name, read_name
from scop.dns.rdata.numbers import type_name, type_number

__all__ = ["RRSIG"]

_HEAD = struct.Struct("!HBBLLLH")


@dataclass(frozen=True, slots=True)
class RRSIG:
    """Who signed the RRset of type `covered` at the same name, from when to when, and with which key.

    `inception` and `expiration` are seconds of Unix time modulo 2**32 (RFC 4034 §3.1.5).
    """

    type: ClassVar[str] = "RRSIG"
    covered: str
    algorithm: int
    labels: int
    original_ttl_seconds: int
    expiration: int
    inception: int
    key_tag: int
    signer: str
    signature: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "signer", normal_name(self.signer))
        type_number(self.covered)
        try:
            self._head()
        except struct.error as error:
            raise ValueError(f"a number of the RRSIG is out of range: {error}") from None

    def _head(self) -> bytes:
        return _HEAD.pack(
            type_number(self.covered),
            self.algorithm,
            self.labels,
            self.original_ttl_seconds,
            self.expiration,
            self.inception,
            self.key_tag,
        )

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> RRSIG:
        """Read the numbers, the signer's name and the signature."""
        signer, after = read_name(octets, start + _HEAD.size, known)
        if after > end:
            raise RemoteProtocolError("a signer's name runs past its RRSIG record")
        covered, algorithm, labels, ttl, expiration, inception, tag = _HEAD.unpack_from(octets, start)
        record, fill = object.__new__(cls), object.__setattr__  # what was read fits its fields
        fill(record, "covered", type_name(covered))
        fill(record, "algorithm", algorithm)
        fill(record, "labels", labels)
        fill(record, "original_ttl_seconds", ttl)
        fill(record, "expiration", expiration)
        fill(record, "inception", inception)
        fill(record, "key_tag", tag)
        fill(record, "signer", signer)
        fill(record, "signature", octets[after:end])
        return record

    def signed_head(self) -> bytes:
        """Return what is signed of the record itself: all but the signature, the name in lower case (§3.1.8.1)."""
        return self._head() + name_to_wire(self.signer)

    def to_wire(self) -> bytes:
        """Return the octets."""
        return self.signed_head() + self.signature
