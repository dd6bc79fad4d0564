"""The keeper's process: its options, who may ask what, and its life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from scop.base import Clock
from scop.cells.keeper.accounts import Accounts
from scop.cells.keeper.addresses import Addresses
from scop.cells.keeper.exchanges import Exchanges
from scop.cells.keeper.guessing import PATIENCE, Guard, Patience
from scop.cells.keeper.ledger import Ledger
from scop.cells.keeper.logins import Logins
from scop.cells.keeper.passwords import RFC_9106_LOW_MEMORY, Argon2Cost, Passwords
from scop.cells.keeper.salts import ITERATIONS, Salts, load_or_make_key
from scop.mesh.calls import Call, CallServer
from scop.mesh.calls.server import Answers
from scop.mesh.cell import Cell, Life
from scop.mesh.inlet import Inlet
from scop.mesh.protocol import PipeProtocol
from scop.mesh.vocabulary.keeper import (
    AddAccount,
    AddAppPassword,
    AddForward,
    Authenticate,
    AuthenticateExternal,
    BeginScram,
    DisableAccount,
    FinishScram,
    ListAccounts,
    MaySendAs,
    ReadAccount,
    RemoveAppPassword,
    RemoveForward,
    ResolveRecipient,
    SetPassword,
)
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["EVERY_QUESTION", "GRANTS", "Grants", "KeeperOptions", "options_of", "run"]

Grants: TypeAlias = Mapping[str, frozenset[type[Call[Any]]]]  # by the name of the asking cell

# A neighbour that is taken over learns no more than its own job needs.
GRANTS: Grants = {
    "submission": frozenset({Authenticate, AuthenticateExternal, BeginScram, FinishScram, MaySendAs}),
    "relay": frozenset({MaySendAs}),
    "mailbox": frozenset({ResolveRecipient}),
    "operator": frozenset(
        {
            AddAccount,
            ListAccounts,
            ReadAccount,
            SetPassword,
            DisableAccount,
            AddAppPassword,
            RemoveAppPassword,
            AddForward,
            RemoveForward,
        }
    ),
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
    own_networks: tuple[str, ...] = ()  # whose wrong guesses are counted by login only
    cost: Argon2Cost = RFC_9106_LOW_MEMORY
    scram_iterations: int = ITERATIONS
    patience: Patience = PATIENCE
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
        own_networks=cell.config.network.own_networks,
    )


async def run(options: KeeperOptions) -> None:
    """Answer until asked to end."""
    ledger = Ledger(options.state / "accounts.git", options.domain)
    passwords = Passwords(options.cost)
    answers = _answers(options, ledger, passwords)

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


def _answers(options: KeeperOptions, ledger: Ledger, passwords: Passwords) -> Answers:
    """Return how each question is answered."""
    log, clock = options.log, options.clock
    guard = Guard(options.patience, clock, options.own_networks)
    salts = Salts(load_or_make_key(options.state), options.scram_iterations)
    return {
        **Addresses(ledger).answers(),
        **Logins(ledger, passwords, salts, guard, Exchanges(clock), log).answers(),
        **Accounts(options.domain, ledger, passwords, salts, guard, clock, log).answers(),
    }
