"""What the receiver is told of by those behind it, and what it answers to the operator: who is let in.

Evidence is counted by address, network and authenticated domain, and fades; enough of it shuts the door for a while.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from scop.mesh.calls import Call

__all__ = ["Deed", "NoteDeeds", "Noted", "NotedDeed"]


class Deed(StrEnum):
    """What a client did, as far as those behind the door found out."""

    HAM = "ham"
    SPAM = "spam"
    FORGERY = "forgery"  # refused under the policy of the domain in From
    MALWARE = "malware"


class NotedDeed(msgspec.Struct, frozen=True):
    """One deed of one mail; `domain` is authenticated and aligned, '' where there is none."""

    deed: Deed
    address: str
    domain: str = ""
    trace: str = ""


class Noted(msgspec.Struct, frozen=True):
    """How many were counted, and whom the door is shut to because of them."""

    counted: int
    banned: tuple[str, ...] = ()


class NoteDeeds(Call[Noted], frozen=True):
    """Count these."""

    deeds: tuple[NotedDeed, ...]
