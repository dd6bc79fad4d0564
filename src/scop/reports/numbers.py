"""Counts and times that a report may state: whole, not negative, and small enough for any database."""

from __future__ import annotations

__all__ = ["MAX_NUMBER", "check_number"]

MAX_NUMBER = 2**53 - 1  # RFC 7493 §2.2: what every reader of JSON holds exactly; a day's mail and a time are far below


def check_number(value: int, name: str) -> int:
    """Return `value`, which must be 0 to `MAX_NUMBER`, else `ValueError` with its `name`."""
    if not 0 <= value <= MAX_NUMBER:
        raise ValueError(f"{name} must be 0 to {MAX_NUMBER}, not {value}")
    return value
