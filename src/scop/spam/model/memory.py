"""All that a filter remembers, and its octets: a head, then the arrays as they are, so that a file can be mapped.

The head bears a checksum and says how long each array is; the arrays are not read when they are mapped, and whatever
octets stand there they are integers that are bounded where they are used.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

import numpy as np

from scop.spam.model.arrays import Int32s, Int64s
from scop.spam.model.hashing import GRAM_SLOTS
from scop.spam.model.table import BUCKET, COLUMNS, MAX_PLACES, TokenTable

__all__ = ["BINS", "KEY_OCTETS", "UNIT", "Memory"]

KEY_OCTETS = 16
UNIT = 256  # what one mail counts; half of it after one fading, nothing after nine
BINS = 128  # of the scores that mails had before they were learned

_MAGIC = b"SCoP spam model 4\n"
_HEAD = struct.Struct("<18s6x16sQQQQIIQQII")  # a multiple of eight octets
_MAX_COUNT = 1 << 40
_NEITHER = "these octets are no spam model of this version"


@dataclass(slots=True)
class Memory:
    """The numbers that are learned; whoever changes them says so by `own` first."""

    key: bytes
    ham_mails: int = 0
    spam_mails: int = 0
    ham_units: int = 0  # the same, but faded as the counts of the tokens are
    spam_units: int = 0
    generation: int = 0  # how often everything faded
    half_life: int = 0  # after how many lessons everything fades; 0 means never
    tokens: TokenTable = field(default_factory=TokenTable)
    grams: Int32s = field(default_factory=lambda: np.zeros(GRAM_SLOTS, np.int32))
    scores: Int64s = field(default_factory=lambda: np.zeros((2, BINS), np.int64))  # mails by kind and score
    known: bytes = b""  # what else is kept beside: opaque here

    def own(self) -> None:
        """Copy what is mapped read-only, before it is changed for the first time."""
        if not self.grams.flags.writeable:
            self.grams, self.scores = self.grams.copy(), self.scores.copy()

    def to_octets(self) -> bytes:
        """Return the octets that `parse` reads."""
        head = _HEAD.pack(
            *(_MAGIC, self.key, self.ham_mails, self.spam_mails, self.ham_units, self.spam_units),
            *(self.generation, self.half_life, len(self.tokens.keys), self.tokens.used, len(self.known), 0),
        )
        head = head[:-4] + struct.pack("<I", zlib.crc32(head[:-4]))
        arrays = (self.scores, self.grams, self.tokens.numbers, self.tokens.keys)
        return b"".join([head, *[array.tobytes() for array in arrays], self.known])

    @classmethod
    def parse(cls, buffer: bytes | memoryview) -> Memory:
        """Return the memory that `to_octets` wrote, which stays in `buffer`; raises `ValueError` for anything else."""
        octets = memoryview(buffer)
        if len(octets) < _HEAD.size or bytes(octets[: len(_MAGIC)]) != _MAGIC:
            raise ValueError(_NEITHER)
        head = bytes(octets[: _HEAD.size])
        _, key, *numbers_of_mails, generation, half_life, places, used, known, checksum = _HEAD.unpack(head)
        ham_mails, spam_mails, ham_units, spam_units = numbers_of_mails
        if checksum != zlib.crc32(head[:-4]) or max(numbers_of_mails) > _MAX_COUNT:
            raise ValueError("the spam model is damaged: its head is not what was written")
        if places % BUCKET or places & (places - 1) or not BUCKET <= places <= MAX_PLACES or used > places:
            raise ValueError("the spam model is damaged: its table has an impossible size")
        sizes = (16 * BINS, 4 * GRAM_SLOTS, 4 * COLUMNS * places, 4 * places, known)
        if len(octets) != _HEAD.size + sum(sizes):
            raise ValueError("the spam model is damaged: it is shorter or longer than it says")
        ends = np.cumsum([_HEAD.size, *sizes]).tolist()
        scores, grams, numbers, keys = (
            np.frombuffer(octets[start:end], kind)
            for kind, start, end in zip(("<i8", "<i4", "<i4", "<u4"), ends, ends[1:], strict=False)
        )
        table = TokenTable(keys, numbers.reshape(-1, COLUMNS), used)
        return cls(
            key=key,
            ham_mails=ham_mails,
            spam_mails=spam_mails,
            ham_units=ham_units,
            spam_units=spam_units,
            generation=generation,
            half_life=half_life,
            tokens=table,
            grams=grams,
            scores=scores.reshape(2, BINS),
            known=bytes(octets[ends[-2] : ends[-1]]),
        )
