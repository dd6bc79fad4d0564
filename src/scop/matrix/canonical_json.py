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

__all__ = ["MAX_INTEGER", "encode"]

MAX_INTEGER = 2**53 - 1  # Matrix v1.19 appendices §Canonical JSON: what an IEEE 754 double holds exactly

# Sorts by code point, escapes what the grammar's `escaped` lists and nothing else (tests hold it to that).
_encode = msgspec.json.Encoder(order="sorted").encode
_encode_loosely = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


class _LooseNumber(RemoteProtocolError):
    """A number that JSON can write and canonical JSON cannot."""


def encode(value: object, *, strict: bool = True) -> bytes:
    """Return a value of JSON as its canonical octets; raises `RemoteProtocolError` for one that has none."""
    try:
        _check((value,))
        return _encode(value)
    except _LooseNumber:
        if strict:
            raise
        return _without_limits(value)
    except UnicodeEncodeError as error:
        raise RemoteProtocolError("canonical JSON has no lone surrogates") from error
    except TypeError as error:
        raise RemoteProtocolError("canonical JSON has no keys but strings") from error
    except RecursionError as error:
        raise RemoteProtocolError("a value too deep for canonical JSON") from error


def _check(values: Iterable[object]) -> None:
    """Raise for values that the encoder would write and the grammar does not have; keys are the encoder's to check."""
    for value in values:
        if isinstance(value, str):
            continue
        if isinstance(value, dict):
            _check(value.values())
        elif isinstance(value, list | tuple):
            _check(value)
        elif isinstance(value, int):
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise _LooseNumber("canonical JSON has no integers beyond 2^53-1")
        elif isinstance(value, float):
            raise _LooseNumber("canonical JSON has no floats")
        elif value is not None:
            raise RemoteProtocolError(f"canonical JSON has no {type(value).__name__}")


def _without_limits(value: object) -> bytes:
    """Return a value with any finite number, as Python writes it.

    # Lenient: Matrix v1.19 rooms/v1 §Canonical JSON: "Servers MUST NOT strictly enforce the JSON format".
    """
    try:
        _encode(value)  # its keys are strings
        return _encode_loosely(value).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise RemoteProtocolError("not a value of JSON") from error
