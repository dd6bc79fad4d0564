"""A hash table of tokens in three numpy arrays: looked up for a whole mail at once, and mapped from a file as it is.

A key may stand in one of two buckets of eight places; the emptier one takes it (Azar et al., "Balanced Allocations",
1999), so that a table fills to nine tenths before both are full. A lookup is two gathers and a comparison, without a
loop. A place with key 0 is free; there are no tombstones, so taking a token out leaves no trace.
"""

from __future__ import annotations

import numpy as np

from scop.spam.model.arrays import Int32s, Int64s, Keys

__all__ = ["HAM", "MAX_PLACES", "SPAM", "WEIGHT", "TokenTable"]

HAM, SPAM, WEIGHT = 0, 1, 2  # the columns of a token's numbers
COLUMNS = 3
BUCKET = 8
MIN_PLACES = 1 << 12
MAX_PLACES = 1 << 25  # 33 million tokens are more than a filter of this kind has use for
FULL_AT = 0.85

_BUCKET_BITS, _PLACES_BITS = 3, 4  # of the places in a bucket, and of those where a key may stand
_MIXED_BITS = np.uint32(15)
_FIRST, _SECOND = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B)  # odd: the golden ratio's, and murmur3's


class TokenTable:
    """Keys and their numbers: in how many ham and spam (in parts of a mail), and the learned weight."""

    def __init__(self, keys: Keys | None = None, numbers: Int32s | None = None, used: int = 0) -> None:
        self.keys: Keys = np.zeros(MIN_PLACES, np.uint32) if keys is None else keys
        self.numbers: Int32s = np.zeros((MIN_PLACES, COLUMNS), np.int32) if numbers is None else numbers
        self.used = used
        self._arrange()

    def _arrange(self) -> None:
        self._buckets = self.keys.reshape(-1, BUCKET)
        self._shift = np.uint32(32 - (len(self._buckets).bit_length() - 1))

    def find(self, keys: Keys) -> tuple[Int64s, Int64s]:
        """Return which of the keys are known, as rising indices, and the place of each of these."""
        buckets = self._buckets_of(keys)
        near = self._buckets.take(buckets, axis=0)  # two rows of places for each key
        near -= keys[:, None, None]
        hits = (near.ravel() == 0).nonzero()[0]
        which = hits >> _PLACES_BITS
        place = (buckets.take(hits >> _BUCKET_BITS) << _BUCKET_BITS) | (hits & (BUCKET - 1))
        if np.count_nonzero(which[1:] == which[:-1]):  # both buckets of a key are one
            which, first = np.unique(which, return_index=True)
            place = place[first]
        return which, place

    def places(self, keys: Keys) -> Int64s:
        """Return the place of each of the distinct keys; those that are unknown get one."""
        self.own()
        while True:
            which, place = self.find(keys)
            if len(which) == len(keys):
                return place
            unknown = np.delete(keys, which)
            if self.used + len(unknown) > FULL_AT * len(self.keys) or not self._insert(unknown):
                self._double()

    def drop(self, places: Int64s) -> None:
        """Forget the tokens at these places."""
        self.keys[places] = 0
        self.numbers[places] = 0
        self.used -= len(places)

    def own(self) -> None:
        """Copy what is mapped read-only, before it is changed for the first time."""
        if not self.keys.flags.writeable:
            self.keys, self.numbers = self.keys.copy(), self.numbers.copy()
            self._arrange()

    def _buckets_of(self, keys: Keys) -> Int64s:
        """Return the two buckets of each key, side by side."""
        buckets = np.empty((len(keys), 2), np.int64)
        buckets[:, 0] = keys * _FIRST >> self._shift
        buckets[:, 1] = (keys ^ keys >> _MIXED_BITS) * _SECOND >> self._shift
        return buckets

    def _insert(self, keys: Keys) -> bool:
        """Give distinct unknown keys a place; return whether there was room for all. What is placed stays placed."""
        while len(keys):
            first, second = self._buckets_of(keys).T
            room_first = (self._buckets.take(first, axis=0) == 0).sum(axis=1)
            room_second = (self._buckets.take(second, axis=0) == 0).sum(axis=1)
            if not np.maximum(room_first, room_second).all():
                return False
            bucket = np.where(room_first >= room_second, first, second)
            # One key a bucket and round: what came second sees the place that the first one took.
            order = bucket.argsort(kind="stable")
            chosen = bucket[order]
            is_first = np.ones(len(order), np.bool_)
            np.not_equal(chosen[1:], chosen[:-1], out=is_first[1:])
            chosen = chosen[is_first]
            place = chosen * BUCKET + (self._buckets.take(chosen, axis=0) == 0).argmax(axis=1)
            self.keys[place] = keys[order[is_first]]
            self.numbers[place] = 0
            self.used += len(place)
            keys = keys[np.sort(order[~is_first])]
        return True

    def _double(self) -> None:
        known = np.flatnonzero(self.keys)
        keys, numbers, places = self.keys[known], self.numbers[known], len(self.keys)
        while True:
            places *= 2
            if places > MAX_PLACES:
                raise ValueError(f"a spam model has room for {MAX_PLACES:,} tokens")
            self.keys, self.numbers = np.zeros(places, np.uint32), np.zeros((places, COLUMNS), np.int32)
            self.used = 0
            self._arrange()
            if self._insert(keys):
                break
        _, place = self.find(keys)
        self.numbers[place] = numbers
