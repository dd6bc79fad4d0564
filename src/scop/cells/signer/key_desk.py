"""What the operator asks of the signer about its keys."""

from __future__ import annotations

from dataclasses import dataclass

from scop.cells.signer.rotating import Rotator
from scop.dkim.rotation import RotationRefused
from scop.mesh.calls import Answers
from scop.mesh.vocabulary.signer import ReadSealing, RotateKeys, SealingStatus
from scop.net.faults import PermanentFailure
from scop.net.peer import Peer

__all__ = ["KeyDesk"]

_HINT = "`scop dkim keys` says what it waits for, `scop dkim rotate --now` waits for no cache and grants no grace"


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """Answers the operator."""

    rotator: Rotator

    def answers(self) -> Answers:
        """Return who answers which question."""
        return {ReadSealing: self.read, RotateKeys: self.rotate}

    async def read(self, _question: ReadSealing, _peer: Peer) -> SealingStatus:
        """Tell the keys."""
        return self.rotator.status()

    async def rotate(self, question: RotateKeys, _peer: Peer) -> SealingStatus:
        """Begin or hasten a rotation."""
        try:
            await self.rotator.rotate(in_haste=question.now)
        except RotationRefused as refusal:
            raise PermanentFailure(f"{refusal}; {_HINT}") from None
        except OSError as error:
            raise PermanentFailure(f"the keys cannot be stored: {error}") from None  # a text that reaches the operator
        return self.rotator.status()
