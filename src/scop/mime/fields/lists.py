"""Fields of mailing lists: which list it is, and what a reader can do about it.

Standards: RFC 2919 (List-Id), RFC 2369 (List-Help, List-Post, List-Unsubscribe, …), RFC 8058.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ListActions", "ListId"]


@dataclass(frozen=True, slots=True)
class ListId:
    """A list's name for people, and its identifier."""

    identifier: str
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class ListActions:
    """URIs in the order of preference; `is_refused` is List-Post's "NO"."""

    uris: tuple[str, ...]
    is_refused: bool = False
