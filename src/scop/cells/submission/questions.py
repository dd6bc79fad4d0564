"""How the cell asks the keeper: one typed question, one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from scop.mesh.calls import Call

__all__ = ["Ask"]

R = TypeVar("R")


class Ask(Protocol):
    """Puts a question; raises `TemporaryFailure` or `PermanentFailure` where there is no answer."""

    async def __call__(self, question: Call[R], /) -> R:
        """Return the answer."""
