"""What the relay answers to the operator: what waits in the queue, and why."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = ["QueueEntry", "QueueList", "ReadQueue"]


class QueueEntry(msgspec.Struct, frozen=True):
    """One recipient of one mail that is still to be delivered."""

    trace: str
    reverse_path: str
    forward_path: str
    attempts: int
    queued_unix: float
    next_attempt_unix: float
    last_reply: str


class QueueList(msgspec.Struct, frozen=True):
    """The head of the queue, and how much there is."""

    entries: tuple[QueueEntry, ...]
    waiting: int  # recipients not yet delivered
    deferred: int  # of these, tried at least once


class ReadQueue(Call[QueueList], frozen=True):
    """What waits?"""

    limit: int = 100
