"""The algorithms of signatures and digests, and which of them count.

A zone that is signed only by what does not count is as good as unsigned: insecure, not bogus (RFC 4035 §5.2).

Standards: IANA DNSSEC algorithm numbers; RFC 8624 §3.1 and §3.3; RFC 9905 (SHA-1 is over).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

__all__ = ["MODERN", "WITH_SHA1", "Accepted", "Algorithm", "Digest"]


class Algorithm(IntEnum):
    """How a zone's keys sign."""

    RSASHA1 = 5
    RSASHA1_NSEC3_SHA1 = 7
    RSASHA256 = 8
    RSASHA512 = 10
    ECDSAP256SHA256 = 13
    ECDSAP384SHA384 = 14
    ED25519 = 15
    ED448 = 16


class Digest(IntEnum):
    """How a DS names a key."""

    SHA1 = 1
    SHA256 = 2
    SHA384 = 4


@dataclass(frozen=True, slots=True)
class Accepted:
    """What counts; everything else is treated as if it were not there."""

    algorithms: frozenset[int]
    digests: frozenset[int]


MODERN: Final = Accepted(
    frozenset(
        {
            Algorithm.RSASHA256,
            Algorithm.RSASHA512,
            Algorithm.ECDSAP256SHA256,
            Algorithm.ECDSAP384SHA384,
            Algorithm.ED25519,
            Algorithm.ED448,
        }
    ),
    frozenset({Digest.SHA256, Digest.SHA384}),
)
# Lenient: for replays of scenarios that were recorded in the time of SHA-1; nothing that runs uses it.
WITH_SHA1: Final = Accepted(
    MODERN.algorithms | {Algorithm.RSASHA1, Algorithm.RSASHA1_NSEC3_SHA1}, MODERN.digests | {Digest.SHA1}
)
