"""Numbers that look random and are the same everywhere: BLAKE2b in counter mode, read as integers.

`Draw(seed, index, purpose)` is one stream. Nothing here depends on the machine, on the version of Python, on a float
or on the order of a set, so that a corpus can be named by its seed and checked by its digest.

Standards: RFC 7693 (BLAKE2).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import TypeVar

__all__ = ["Draw", "spread"]

_VERSION = "scop.hamlet 1"  # a grammar that draws otherwise is another corpus
_WORD_BITS = 32
_WORD_MASK = (1 << _WORD_BITS) - 1
_BLOCK = struct.Struct("<16I")

_Item = TypeVar("_Item")


def spread(*weighted: tuple[int, _Item]) -> tuple[_Item, ...]:
    """Return each item as often as its weight says: `Draw.choice` then takes it that often."""
    return tuple([item for weight, item in weighted for _ in range(weight)])


def _blocks(seed: int, index: int, purpose: str) -> Iterator[bytes]:
    start = blake2b(f"{_VERSION}/{seed}/{index}/{purpose}/".encode())
    counter = 0
    while True:
        block = start.copy()
        block.update(counter.to_bytes(8, "little"))
        yield block.digest()
        counter += 1


def _numbers(blocks: Iterator[bytes]) -> Iterator[int]:
    unpack = _BLOCK.unpack
    for block in blocks:
        yield from unpack(block)


def _fair(number: Callable[[], int]) -> Callable[[int], int]:
    """Return `Draw.below` over the words of a stream: a mail asks it 700 times, and a method would take half more."""
    bits, mask = _WORD_BITS, _WORD_MASK

    def below(end: int) -> int:
        product = number() * end
        if product & mask < end:
            # The few products below this rest would make some results likelier: they are drawn again.
            rest = (1 << bits) % end
            while product & mask < rest:
                product = number() * end
        return product >> bits

    return below


class Draw:
    """One stream of draws; equal arguments give equal streams.

    `below(end)` is an integer of `range(end)`, each equally likely; `end` is at most 2**32.
    """

    __slots__ = ("_blocks", "below")

    def __init__(self, seed: int, index: int, purpose: str) -> None:
        self._blocks = _blocks(seed, index, purpose)
        self.below = _fair(_numbers(self._blocks).__next__)

    def between(self, first: int, last: int) -> int:
        """Return an integer from `first` to `last`, both possible."""
        return first + self.below(last - first + 1)

    def choice(self, items: Sequence[_Item]) -> _Item:
        """Return one of `items`."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[_Item]) -> list[_Item]:
        """Return the items in any order, each order equally likely."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed

    def octets(self, count: int) -> bytes:
        """Return `count` octets of any value."""
        return b"".join([next(self._blocks) for _ in range(-(-count // 64))])[:count]
