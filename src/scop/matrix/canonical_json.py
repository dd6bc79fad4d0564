"""Canonical JSON: the one way to write a value as octets, so that hashes and signatures of equal values are equal.

Strictly, a value that has no canonical form is refused: floats, integers that a double cannot hold, lone surrogates,
keys that are no strings. Room versions 1 to 5 took such numbers; for their events `strict=False` writes them as the
servers of that time did.

Standards: Matrix v1.19, Appendices §Canonical JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from scop.base import RemoteProtocolError

__all__ = ["MAX_DEPTH", "MAX_INTEGER", "encode"]

MAX_INTEGER = 2**53 - 1  # Matrix v1.19 appendices §Canonical JSON: what an IEEE 754 double holds exactly
# Our own: half of what Python's stack bears, so that a value that was read is never too deep for who looks at it later,
# further down the stack. Other servers end between 128 (serde_json) and a thousand (Synapse).
MAX_DEPTH = 500

# Sorts by code point, escapes what the grammar's `escaped` lists and nothing else (tests hold it to that).
_encode = msgspec.json.Encoder(order="sorted").encode
_encode_loosely = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def encode(value: object, *, strict: bool = True, max_depth: int = MAX_DEPTH) -> bytes:
    """Return a value of JSON as its canonical octets; raises `RemoteProtocolError` for one that has none."""
    try:
        fault = _loose_number((value,), max_depth)
        if fault is None:
            return _encode(value)
    except UnicodeEncodeError as error:
        raise RemoteProtocolError("canonical JSON has no lone surrogates") from error
    except TypeError as error:
        raise RemoteProtocolError("canonical JSON has no keys but strings") from error
    except RecursionError as error:
        raise RemoteProtocolError("a value too deep for canonical JSON") from error
    if strict:
        raise RemoteProtocolError(fault)
    return _without_limits(value)


def _loose_number(values: Iterable[object], depth: int) -> str | None:
    """Return what is wrong with numbers that JSON can write and canonical JSON cannot, or None where all are right.

    Raises for other values that the encoder would write and the grammar does not have; keys are the encoder's to check.
    """
    fault = None
    if depth < 0:
        raise RemoteProtocolError("a value too deep for canonical JSON")
    for value in values:
        if isinstance(value, str):
            continue
        if isinstance(value, dict):
            fault = _loose_number(value.values(), depth - 1) or fault
        elif isinstance(value, list | tuple):
            fault = _loose_number(value, depth - 1) or fault
        elif isinstance(value, int):
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                fault = "canonical JSON has no integers beyond 2^53-1"
        elif isinstance(value, float):
            fault = "canonical JSON has no floats"
        elif value is not None:
            raise RemoteProtocolError(f"canonical JSON has no {type(value).__name__}")
    return fault


def _without_limits(value: object) -> bytes:
    """Return a value with any finite number, as Python writes it.

    # Lenient: Matrix v1.19 rooms/v1 §Canonical JSON: "Servers MUST NOT strictly enforce the JSON format".
    """
    try:
        _encode(value)  # its keys are strings
        return _encode_loosely(value).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise RemoteProtocolError("not a value of JSON") from error
