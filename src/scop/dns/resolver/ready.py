"""Responses that are ready to be sent again: the octets of a query, but for its id, to the octets of its response.

A resolver is asked the same few things over and over. Whoever repeats a query octet for octet is given the response
that was made for it, with its TTLs counted down; nothing is parsed, looked up or written.

Theory of operation. Two generations of a dict: what is used moves to the young one, and when that holds half of the
octets it becomes the old one, whose rest is forgotten. So what is used stays, and a hit costs one look-up. A response
holds for nine tenths of its shortest TTL: the last tenth belongs to the cache, which asks again then.

Standards: RFC 1035 §3.2.1 (TTL), RFC 2181 §8, RFC 6891 §6.1.3 (an OPT record has no TTL).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scop.dns.header import HEADER_OCTETS

__all__ = ["ReadyResponses"]

MAX_READY_OCTETS = 8_388_608
ENTRY_OCTETS = 420  # measured: the objects of one response beside its octets and the query's
LIFE_PART = 0.9
_ID_OCTETS = 2
_POINTER = 0xC0
_TYPE_OPT = 41
_COUNTS = struct.Struct("!HHH")
_TTL = struct.Struct("!I")


class _Ready:
    """One response without its id, as of a whole second after it was made."""

    __slots__ = ("made_at", "octets", "second", "ttls", "until")

    def __init__(self, octets: bytes, now: float) -> None:
        self.octets = octets
        self.made_at = now
        self.second = 0
        self.ttls = tuple(_ttl_places(octets))
        shortest = min((_TTL.unpack_from(octets, place)[0] for place in self.ttls), default=0)
        self.until = now + shortest * LIFE_PART

    def age(self, seconds: int) -> bytes:
        """Count the TTLs down to so many seconds after it was made."""
        octets = bytearray(self.octets)
        for place in self.ttls:
            _TTL.pack_into(octets, place, _TTL.unpack_from(octets, place)[0] - (seconds - self.second))
        self.octets, self.second = bytes(octets), seconds
        return self.octets


class ReadyResponses:
    """Those of one way of being asked; `now` is the time of a monotonic clock."""

    def __init__(self, max_octets: int = MAX_READY_OCTETS) -> None:
        self._half = max_octets // 2
        self._weight = 0
        self._young: dict[bytes, _Ready] = {}
        self._old: dict[bytes, _Ready] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, query: bytes, now: float) -> bytes | None:
        """Return the response to a query."""
        key = query[_ID_OCTETS:]
        ready = self._young.get(key) or self._revived(key)
        if ready is None or now >= ready.until:
            return None
        seconds = int(now - ready.made_at)
        return query[:_ID_OCTETS] + (ready.octets if seconds == ready.second else ready.age(seconds))

    def keep(self, query: bytes, response: bytes, now: float) -> None:
        """Have a response ready for whoever repeats the query; its TTLs are as of now."""
        ready = _Ready(response[_ID_OCTETS:], now)
        if ready.until > now:
            self._put(query[_ID_OCTETS:], ready)

    def clear(self) -> None:
        """Forget all."""
        self._young, self._old, self._weight = {}, {}, 0

    def _revived(self, key: bytes) -> _Ready | None:
        ready = self._old.pop(key, None)
        if ready is not None:
            self._put(key, ready)
        return ready

    def _put(self, key: bytes, ready: _Ready) -> None:
        weight = len(key) + len(ready.octets) + ENTRY_OCTETS
        if self._weight + weight > self._half:
            self._old, self._young, self._weight = self._young, {}, 0
        self._young[key] = ready
        self._weight += weight


def _ttl_places(octets: bytes) -> Iterator[int]:
    """Return where the TTLs stand in a message without its id, which we wrote ourselves."""
    first = HEADER_OCTETS - _ID_OCTETS
    position = first
    if octets[2] << 8 | octets[3]:  # the count of questions
        position = _after_name(octets, first) + 4
    for _ in range(sum(_COUNTS.unpack_from(octets, 4))):
        position = _after_name(octets, position)
        if octets[position] << 8 | octets[position + 1] != _TYPE_OPT:
            yield position + 4
        position += 10 + (octets[position + 8] << 8 | octets[position + 9])


def _after_name(octets: bytes, position: int) -> int:
    while size := octets[position]:
        if size >= _POINTER:
            return position + 2
        position += size + 1
    return position + 1
