"""What the signer answers to the operator: which keys it seals with, and whether the world can see them."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = ["ReadSealing", "SealingKey", "SealingStatus"]


class SealingKey(msgspec.Struct, frozen=True):
    """One key."""

    selector: str
    algorithm: str
    published: bool  # the primary took our UPDATE
    resolves: bool  # the resolver gave it back
    record_name: str = ""  # where its record stands
    record: str = ""  # the text of that record


class SealingStatus(msgspec.Struct, frozen=True):
    """Whether mail can be sealed."""

    ready: bool
    keys: tuple[SealingKey, ...]


class ReadSealing(Call[SealingStatus], frozen=True):
    """Can you seal?"""
