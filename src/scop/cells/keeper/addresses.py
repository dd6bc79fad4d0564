"""What the keeper answers to cells that carry mail: as whom an account may send, where an address leads."""

from __future__ import annotations

from dataclasses import dataclass

from scop.cells.keeper.ledger import Ledger
from scop.mesh.calls.server import Answers
from scop.mesh.vocabulary.keeper import MaySendAs, ResolvedRecipient, ResolveRecipient, SendPermission
from scop.net.peer import Peer

__all__ = ["Addresses"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Answers each question by the method that bears its name."""

    ledger: Ledger

    def answers(self) -> Answers:
        """Return how each question is answered."""
        return {MaySendAs: self.may_send_as, ResolveRecipient: self.resolve_recipient}

    async def may_send_as(self, asked: MaySendAs, _peer: Peer) -> SendPermission:
        """Say whether an account may use some sender addresses."""
        return self.ledger.directory.may_send_as(asked.account, asked.addresses)

    async def resolve_recipient(self, asked: ResolveRecipient, _peer: Peer) -> ResolvedRecipient:
        """Say where an address leads."""
        return self.ledger.directory.resolve(asked.address)
