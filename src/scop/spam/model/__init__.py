"""What a spam filter remembers: tables of hashes and numbers, as they lie in memory and in the file.

Numbers are integers throughout, also the learned weights (in units of 2⁻²⁰): adding a lesson and subtracting it
again gives the same octets, and no file holds a number that arithmetic stumbles over.
"""

from scop.spam.model.hashing import GRAM_SLOTS, Hasher
from scop.spam.model.memory import KEY_OCTETS, Memory
from scop.spam.model.table import HAM, SPAM, WEIGHT, TokenTable

__all__ = ["GRAM_SLOTS", "HAM", "KEY_OCTETS", "SPAM", "WEIGHT", "Hasher", "Memory", "TokenTable"]
