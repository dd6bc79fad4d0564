"""Trace ids: each side of a delivery mints its own, and never believes another's."""

from __future__ import annotations

import os

__all__ = ["new_trace_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i l o u to misread
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
TRACE_ID_CHARACTERS = 12  # 60 bits: no collision in a mail system's lifetime
RANDOM_OCTETS = 8
STOCK = 64  # ids whose random octets are asked of the kernel together

_stock: list[bytes] = []
os.register_at_fork(after_in_child=_stock.clear)  # or two processes would mint the same


def new_trace_id() -> str:
    """Return a fresh id that fits XFORWARD's IDENT, a Received field and a file name."""
    if not _stock:
        octets = os.urandom(RANDOM_OCTETS * STOCK)  # not by `secrets`: it would bring `random` and `hmac` to every cell
        _stock.extend(octets[start : start + RANDOM_OCTETS] for start in range(0, len(octets), RANDOM_OCTETS))
    number = int.from_bytes(_stock.pop())
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(0, 5 * TRACE_ID_CHARACTERS, 10)])
