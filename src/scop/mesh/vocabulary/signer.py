"""What the signer answers to the operator: which keys there are, what each does, and whether the world can see them."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = ["ReadSealing", "RotateKeys", "SealingKey", "SealingStatus"]


class SealingKey(msgspec.Struct, frozen=True):
    """One key."""

    selector: str
    algorithm: str
    published: bool  # the primary took our UPDATE
    resolves: bool  # the resolver gave it back
    record_name: str = ""  # where its record stands
    record: str = ""  # the text of that record, '' where none shall stand any more
    step: str = ""  # as `scop.dkim.rotation.Step` has them
    since_unix: int = 0  # when that step began
    until_unix: int = 0  # before which it does not end, 0 where it waits for something else


class SealingStatus(msgspec.Struct, frozen=True):
    """Whether mail can be sealed."""

    ready: bool
    keys: tuple[SealingKey, ...]
    trouble: str = ""  # what is wrong: why the next step does not come, or who cannot see what seals


class ReadSealing(Call[SealingStatus], frozen=True):
    """Can you seal?"""


class RotateKeys(Call[SealingStatus], frozen=True):
    """Make new keys, and let them take over; `now`: without waiting for caches, and without grace for the old ones."""

    now: bool = False
