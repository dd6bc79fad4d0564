"""NSEC, NSEC3 and NSEC3PARAM: which names and types do not exist, in a form that can be signed.

Standards: RFC 4034 §4, RFC 6840 §5.1 (the next name keeps its case), RFC 5155 §3 and §4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from scop.base import RemoteProtocolError
from scop.dns.names import name_to_wire, normal_name, read_name
from scop.dns.rdata.bitmap import bitmap_of, bitmap_types, check_bitmap

__all__ = ["NSEC", "NSEC3", "NSEC3PARAM"]

FLAG_OPT_OUT = 0x01  # RFC 5155 §3.1.2.1


@dataclass(frozen=True, slots=True)
class NSEC:
    """The next name of the zone after this one, and which types this one has.

    `written` is the next name's octets where they are not in lower case: a signature covers them as they are.
    """

    type: ClassVar[str] = "NSEC"
    next_name: str
    bitmap: bytes
    written: bytes = b""

    def __post_init__(self) -> None:
        object.__setattr__(self, "next_name", normal_name(self.next_name))
        check_bitmap(self.bitmap)

    @classmethod
    def of(cls, next_name: str, types: Iterable[str]) -> NSEC:
        """Make one that names `types`."""
        return cls(next_name, bitmap_of(types))

    @property
    def types(self) -> frozenset[str]:
        """The types that stand at the owner."""
        return bitmap_types(self.bitmap)

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> NSEC:
        """Read the next name and the bitmap."""
        name, after = read_name(octets, start, known)
        if after > end:
            raise RemoteProtocolError("a name runs past its NSEC record")
        lowered, written = name_to_wire(name), octets[start:after]
        # RFC 4034 §4.1.1 forbids compression here; where it was done all the same, the case is lost.
        is_own = written != lowered and written.lower() == lowered
        check_bitmap(octets[after:end])
        record, fill = object.__new__(cls), object.__setattr__  # a name that was read is in its normal form
        fill(record, "next_name", name)
        fill(record, "bitmap", octets[after:end])
        fill(record, "written", written if is_own else b"")
        return record

    def to_wire(self) -> bytes:
        """Return the octets, the next name in the case in which it came."""
        return (self.written or name_to_wire(self.next_name)) + self.bitmap


@dataclass(frozen=True, slots=True)
class NSEC3:
    """The next hash of the zone after that in the owner's first label, and which types the hashed name has."""

    type: ClassVar[str] = "NSEC3"
    hash_algorithm: int
    flags: int
    iterations: int
    salt: bytes
    next_hash: bytes
    bitmap: bytes

    def __post_init__(self) -> None:
        _check_parameters(self.hash_algorithm, self.flags, self.iterations, self.salt)
        if not 1 <= len(self.next_hash) <= 0xFF:
            raise ValueError(f"a hash of {len(self.next_hash)} octets")
        check_bitmap(self.bitmap)

    @property
    def types(self) -> frozenset[str]:
        """The types that stand at the name whose hash is the owner."""
        return bitmap_types(self.bitmap)

    @property
    def is_opt_out(self) -> bool:
        """Whether unsigned delegations may lie between the two hashes (RFC 5155 §6)."""
        return bool(self.flags & FLAG_OPT_OUT)

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> NSEC3:
        """Read the parameters, the next hash and the bitmap."""
        parameters, after = _read_parameters(octets, start)
        bitmap_at = after + 1 + octets[after]
        if bitmap_at > end or not octets[after]:
            raise RemoteProtocolError("a hash does not fit into its NSEC3 record")
        return cls(*parameters, octets[after + 1 : bitmap_at], octets[bitmap_at:end])

    def to_wire(self) -> bytes:
        """Return the octets."""
        head = _parameters(self.hash_algorithm, self.flags, self.iterations, self.salt)
        return head + bytes((len(self.next_hash),)) + self.next_hash + self.bitmap


@dataclass(frozen=True, slots=True)
class NSEC3PARAM:
    """How a zone hashes its names, for those who serve it."""

    type: ClassVar[str] = "NSEC3PARAM"
    hash_algorithm: int
    flags: int
    iterations: int
    salt: bytes

    def __post_init__(self) -> None:
        _check_parameters(self.hash_algorithm, self.flags, self.iterations, self.salt)

    @classmethod
    def from_wire(cls, octets: bytes, start: int, end: int, known: dict[int, str]) -> NSEC3PARAM:
        """Read the parameters."""
        parameters, after = _read_parameters(octets, start)
        if after != end:
            raise RemoteProtocolError("the salt does not fill its NSEC3PARAM record")
        return cls(*parameters)

    def to_wire(self) -> bytes:
        """Return the octets."""
        return _parameters(self.hash_algorithm, self.flags, self.iterations, self.salt)


def _read_parameters(octets: bytes, start: int) -> tuple[tuple[int, int, int, bytes], int]:
    iterations = octets[start + 2] << 8 | octets[start + 3]
    after = start + 5 + octets[start + 4]
    return (octets[start], octets[start + 1], iterations, octets[start + 5 : after]), after


def _parameters(hash_algorithm: int, flags: int, iterations: int, salt: bytes) -> bytes:
    return bytes((hash_algorithm, flags, iterations >> 8, iterations & 0xFF, len(salt))) + salt


def _check_parameters(hash_algorithm: int, flags: int, iterations: int, salt: bytes) -> None:
    bytes((hash_algorithm, flags))  # ValueError unless each is one octet
    if not 0 <= iterations <= 0xFFFF or len(salt) > 0xFF:
        raise ValueError(f"{iterations} iterations, a salt of {len(salt)} octets")
