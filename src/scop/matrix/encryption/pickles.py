"""How private keys are written: vodozemac's own pickle, under a key that is no secret.

The seal is the store's: Shelf entries are encrypted by whoever keeps them (`scop.store`), and a second secret beside
# the first would only be a second thing to lose.
"""

from __future__ import annotations

__all__ = ["PICKLE_KEY"]

PICKLE_KEY = b"no secret: the store seals this."
assert len(PICKLE_KEY) == 32
