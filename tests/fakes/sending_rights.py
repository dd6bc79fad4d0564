"""A keeper that is only asked who may send as whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, cast

from scop.mesh.calls import Call
from scop.mesh.vocabulary.keeper import MaySendAs, SendPermission
from scop.net.faults import TemporaryFailure

__all__ = ["SendingRights"]

R = TypeVar("R")


@dataclass
class SendingRights:
    """Everybody may send as everybody, but for those addresses."""

    refused: set[str] = field(default_factory=set)
    is_down: bool = False
    asked: list[MaySendAs] = field(default_factory=list)

    async def __call__(self, question: Call[R], /) -> R:
        """Answer as the keeper does."""
        assert isinstance(question, MaySendAs)
        self.asked.append(question)
        if self.is_down:
            raise TemporaryFailure("the keeper is down")
        refused = [address for address in question.addresses if address in self.refused]
        return cast(R, SendPermission(not refused, "".join(refused[:1])))
