"""The shape of a check that must ask: a generator that yields questions and returns its outcome."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

__all__ = ["Check"]

_Question = TypeVar("_Question")
_Answer = TypeVar("_Answer")
_Outcome = TypeVar("_Outcome")

# A driver sends each yielded question's answer back in; a dict does so in tests, a socket in life.
Check: TypeAlias = Generator[_Question, _Answer, _Outcome]
