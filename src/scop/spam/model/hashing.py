"""Keyed hashes of features: what a model holds instead of words.

A token's hash is multilinear: each octet is multiplied by a secret 64-bit number of its place, and the upper half of
the sum is kept. That is a universal family (two tokens share a hash with a probability of 2⁻³² over the keys), and
numpy computes it for all tokens of a mail at once, some ten times as fast as a keyed BLAKE2 of each. Who has the
model has its key and can try words; who has not can neither read it nor make words that collide.

Source: D. Lemire and O. Kaser, "Strongly universal string hashing is fast", The Computer Journal 57 (2014).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from scop.spam.model.arrays import Keys, Truths, each_once

__all__ = ["GRAM_SLOTS", "Hasher"]

GRAM_BITS = 20
GRAM_SLOTS = 1 << GRAM_BITS  # of weights of 4-grams, 4 MB: the lower half for the header's, the upper for the text's
GRAM_OCTETS = 4
MAX_GRAM_OCTETS = 3_000  # of the header and of the text; as G. Cormack found, more adds nothing
MAX_TOKEN_OCTETS = 512  # a token is bounded in characters, 120 of at most four octets

_OF_FACTS, _END = 1, 2
_MARKS = bytes([{10: _END, 58: _OF_FACTS, 61: _OF_FACTS}.get(octet, 0) for octet in range(256)])  # "\n", ":", "="
_GRAM = np.dtype("<u4")
_NO_KEYS: Keys = np.zeros(0, np.uint32)
_NO_TRUTHS: Truths = np.zeros(0, np.bool_)


class Hasher:
    """Turns features into the hashes of one model."""

    def __init__(self, key: bytes) -> None:
        secret = hashlib.shake_128(b"SCoP spam model" + key).digest(8 * (MAX_TOKEN_OCTETS + 1) + 4)
        self._places = np.frombuffer(secret, "<u8", MAX_TOKEN_OCTETS + 1) | np.uint64(1)
        self._multiplier = np.frombuffer(secret[-4:], "<u4")[0] | np.uint32(1)

    def keys(self, tokens: Sequence[str]) -> tuple[Keys, Truths]:
        """Return the hash of each token, never 0, and whether it is a fact: it names its kind, as no word does."""
        if not tokens:
            return _NO_KEYS, _NO_TRUTHS
        text = ("\n".join(tokens) + "\n").encode("utf-8", "replace")
        octets = np.frombuffer(text, np.uint8)
        marks = np.frombuffer(text.translate(_MARKS), np.uint8)
        marked = marks.nonzero()[0]
        kinds = marks.take(marked)
        last = (kinds == _END).nonzero()[0]  # among what is marked, the last of each token
        ends = marked.take(last)
        if len(ends) != len(tokens):  # a token with a line break: no reader makes one
            return self.keys([token.replace("\n", " ") for token in tokens])
        starts = np.empty_like(ends)
        starts[0] = 0
        starts[1:] = ends[:-1] + 1
        lengths = ends + 1 - starts
        places = np.arange(len(text)) - starts.repeat(lengths)
        products = self._places.take(places, mode="clip")  # what lies behind the longest token has the last place
        products *= octets + np.uint64(1)
        keys = (np.add.reduceat(products, starts) >> np.uint64(32)).astype(np.uint32)
        is_fact = kinds.take(last - 1) == _OF_FACTS  # what is before the first end is the last one
        return np.maximum(keys, np.uint32(1)), is_fact

    def gram_slots(self, octets: bytes) -> tuple[Keys, int]:
        """Return the slots of the 4-grams of a header and the text behind its empty line, and how many the header has.

        They are in order, each once.
        """
        if not octets:
            return _NO_KEYS, 0
        header, _, text = octets.partition(b"\n\n")
        of_header, of_text = _grams_of(header[:MAX_GRAM_OCTETS]), _grams_of(text[:MAX_GRAM_OCTETS])
        slots: Keys = np.concatenate((of_header, of_text))
        slots *= self._multiplier
        slots >>= np.uint32(33 - GRAM_BITS)
        slots[len(of_header) :] |= np.uint32(GRAM_SLOTS // 2)
        slots.sort()
        slots = each_once(slots)
        return slots, int(slots.searchsorted(GRAM_SLOTS // 2))


def _grams_of(octets: bytes) -> Keys:
    """Return what begins at each octet as a number, as long as four are left."""
    count = len(octets) - GRAM_OCTETS + 1
    return np.ndarray((count,), _GRAM, octets, 0, (1,)) if count > 0 else _NO_KEYS
