"""The keeper's process: its options, who may ask what, and its life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from scop.base import Clock
from scop.cells.keeper.answers import Keeper
from scop.cells.keeper.guessing import PATIENCE, Guesses, GuessLimits
from scop.cells.keeper.ledger import Ledger
from scop.cells.keeper.passwords import RFC_9106_LOW_MEMORY, Argon2Cost, Passwords
from scop.mesh.calls import Call, CallServer
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.vocabulary.keeper import (
    AddAccount,
    Authenticate,
    DisableAccount,
    ListAccounts,
    MaySendAs,
    ResolveRecipient,
    SetPassword,
)
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["EVERY_QUESTION", "GRANTS", "Grants", "KeeperOptions", "options_of", "run"]

Grants: TypeAlias = Mapping[str, frozenset[type[Call[Any]]]]  # by the name of the asking cell

# A neighbour that is taken over learns no more than its own job needs.
GRANTS: Grants = {
    "submission": frozenset({Authenticate, MaySendAs}),
    "mailbox": frozenset({ResolveRecipient}),
    "operator": frozenset({AddAccount, ListAccounts, SetPassword, DisableAccount}),
}
EVERY_QUESTION = frozenset[type[Call[Any]]]().union(*GRANTS.values())  # for a keeper that runs alone


@dataclass(frozen=True, slots=True)
class KeeperOptions:
    """Everything the keeper needs."""

    domain: str
    state: Path  # a folder of its own
    inlet: Inlet
    log: Log
    clock: Clock
    life: Life
    cost: Argon2Cost = RFC_9106_LOW_MEMORY
    guesses: GuessLimits = PATIENCE
    grants: Grants = field(default_factory=lambda: GRANTS)


def options_of(cell: Cell) -> KeeperOptions:
    """Return the options of a keeper in the mesh."""
    return KeeperOptions(
        domain=cell.config.domain,
        state=cell.state,
        inlet=cell.inlet,
        log=cell.log,
        clock=cell.clock,
        life=cell.life,
    )


async def run(options: KeeperOptions) -> None:
    """Answer until asked to end."""
    ledger = Ledger(options.state / "accounts.git", options.domain)
    passwords = Passwords(options.cost)
    guesses = Guesses(options.guesses, options.clock)
    answers = Keeper(options.domain, ledger, passwords, guesses, options.clock, options.log).answers()

    def meet(peer: Peer) -> CallServer:
        """Return what answers a neighbour: only what it was granted exists for it."""
        granted = options.grants.get(peer.cell, frozenset())
        return CallServer(peer, {question: answers[question] for question in granted}, options.log)

    await options.inlet.serve({PipeProtocol.CALL: meet})
    options.life.ready()
    await options.life.stopped()
    await options.inlet.close()
    passwords.close()
    ledger.close()
