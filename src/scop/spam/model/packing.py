"""Slots of 4-grams in two octets each: a lesson has some thousand of them."""

from __future__ import annotations

import numpy as np

from scop.spam.model.arrays import Keys
from scop.spam.model.hashing import GRAM_SLOTS

__all__ = ["pack_slots", "unpack_slots"]

_BLOCK_BITS = 16
_BLOCKS = GRAM_SLOTS >> _BLOCK_BITS
_TWO_OCTETS = np.dtype("<u2")


def pack_slots(slots: Keys) -> bytes:
    """Return distinct slots in order as octets: how many lie in each block of 65,536, then where in it they lie."""
    if not len(slots):
        return b""
    counts = np.bincount(slots >> np.uint32(_BLOCK_BITS), minlength=_BLOCKS)
    return counts.astype(_TWO_OCTETS).tobytes() + (slots & np.uint32(0xFFFF)).astype(_TWO_OCTETS).tobytes()


def unpack_slots(octets: bytes) -> Keys:
    """Return the slots that `pack_slots` packed; raises `ValueError` for what it cannot have packed."""
    if not octets:
        return np.zeros(0, np.uint32)
    if len(octets) % 2 or len(octets) < 2 * _BLOCKS:
        raise ValueError("slots of 4-grams are cut short")
    counts = np.frombuffer(octets, _TWO_OCTETS, _BLOCKS)
    lower = np.frombuffer(octets, _TWO_OCTETS, -1, 2 * _BLOCKS).astype(np.uint32)
    if counts.sum() != len(lower):
        raise ValueError("slots of 4-grams are more or fewer than they say")
    slots = (np.repeat(np.arange(_BLOCKS, dtype=np.uint32), counts) << np.uint32(_BLOCK_BITS)) | lower
    if (slots[1:] <= slots[:-1]).any():
        raise ValueError("slots of 4-grams are out of order")
    return slots
