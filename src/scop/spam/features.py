"""What a mail's evidence is to one model: hashes of its tokens, and slots of its 4-grams."""

from __future__ import annotations

import msgspec

from scop.spam.evidence import Evidence
from scop.spam.model import Hasher
from scop.spam.model.arrays import Keys, Truths

__all__ = ["Features", "features_of"]


class Features(msgspec.Struct, frozen=True, eq=False):
    """The features of a mail; `keys` and `is_fact` go with `tokens`."""

    tokens: tuple[str, ...]
    keys: Keys
    is_fact: Truths
    grams: Keys
    header_grams: int  # so many of them, the first ones, are the header's
    hosts: int  # so many of the tokens, the first ones, name hosts on the way: they are facts


def features_of(evidence: Evidence, more: tuple[str, ...], hasher: Hasher) -> Features:
    """Return the features of evidence and of `more` tokens that others found."""
    tokens = tuple(dict.fromkeys((*evidence.tokens, *more))) if more else evidence.tokens
    keys, is_fact = hasher.keys(tokens)
    grams, header_grams = hasher.gram_slots(evidence.octets)
    return Features(tokens, keys, is_fact, grams, header_grams, evidence.hosts)
