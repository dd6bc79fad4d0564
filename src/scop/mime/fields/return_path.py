"""Return-Path: where reports of failure go, as the last host wrote it.

Standards: RFC 5322 §3.6.7, RFC 5321 §4.4.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ReturnPath"]


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """An addr-spec; "" is the null path `<>`, to which nothing is reported."""

    addr_spec: str = ""
