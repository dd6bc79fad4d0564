"""Trace ids: each side of a delivery mints its own, and never believes another's."""

from __future__ import annotations

import os

__all__ = ["new_trace_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i l o u to misread
TRACE_ID_CHARACTERS = 12  # 60 bits: no collision in a mail system's lifetime


def new_trace_id() -> str:
    """Return a fresh id that fits XFORWARD's IDENT, a Received field and a file name."""
    number = int.from_bytes(os.urandom(8))  # not by `secrets`, which would bring `random` and `hmac` to every cell
    return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(TRACE_ID_CHARACTERS))
