"""The keeper's answers without its pipes: who asks is told, what it keeps lies in a folder of the test's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fakes.jumping_clock import JumpingClock
from fakes.mesh import DOMAIN, KeptLog
from scop.cells.keeper.accounts import Accounts
from scop.cells.keeper.addresses import Addresses
from scop.cells.keeper.exchanges import Exchanges
from scop.cells.keeper.guessing import Guard, GuessLimits, Patience
from scop.cells.keeper.ledger import Ledger
from scop.cells.keeper.logins import Logins
from scop.cells.keeper.passwords import Argon2Cost, Passwords
from scop.cells.keeper.salts import Salts, load_or_make_key
from scop.mesh.calls.server import Answers
from scop.mesh.vocabulary.keeper import (
    AddAccount,
    AddAppPassword,
    Authenticate,
    AuthenticationOutcome,
    BeginScram,
    FinishScram,
    ScramChallenge,
    ScramFinal,
)
from scop.net.peer import Peer
from scop.smtp.sasl import SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ClientExchange

__all__ = ["BINDING", "HERE", "OPERATOR", "PASSWORD", "PATIENCE", "SUBMISSION", "Desk", "client_of", "open_desk"]

PASSWORD = "open sesame"
BINDING = b"the hash of a certificate"
HERE = "192.0.2.1"
SUBMISSION, OPERATOR = Peer("", 0, "submission"), Peer("", 0, "operator")
PATIENCE = Patience(login=GuessLimits(free=3), address=GuessLimits(free=6), network=GuessLimits(free=60))


@dataclass
class Desk:
    """The keeper's answers without its pipes."""

    logins: Logins
    accounts: Accounts
    clock: JumpingClock
    kept: KeptLog

    def answers(self) -> Answers:
        """Return how each question is answered."""
        addresses = Addresses(self.logins.ledger)
        return {**addresses.answers(), **self.logins.answers(), **self.accounts.answers()}

    async def open(self, name: str = "alice", *, scram: bool = False) -> None:
        """Open an account."""
        await self.accounts.add_account(AddAccount(name, PASSWORD, scram=scram), OPERATOR)

    async def app_password(self, label: str = "phone", name: str = "alice") -> str:
        """Return a new app password."""
        return (await self.accounts.add_app_password(AddAppPassword(name, label), OPERATOR)).password

    async def plain(self, login: str, password: str, address: str = HERE) -> AuthenticationOutcome:
        """Return how PLAIN ends."""
        return (await self.logins.authenticate(Authenticate(login, password, address), SUBMISSION)).outcome

    async def begin(
        self, client: ClientExchange, mechanism: str = SCRAM_SHA_256, address: str = HERE
    ) -> ScramChallenge:
        """Return the first answer to a client that is offered -PLUS."""
        asked = BeginScram(mechanism, client.first(), BINDING, address)
        return await self.logins.begin_scram(asked, SUBMISSION)

    async def finish(self, exchange: str, client_final: bytes) -> ScramFinal:
        """Return the last answer."""
        return await self.logins.finish_scram(FinishScram(exchange, client_final), SUBMISSION)

    async def scram(
        self, login: str, password: str, mechanism: str = SCRAM_SHA_256, address: str = HERE
    ) -> AuthenticationOutcome:
        """Return how SCRAM ends; the server's own proof is checked too."""
        client = client_of(login, password, mechanism)
        challenge = await self.begin(client, mechanism, address)
        if challenge.outcome is not AuthenticationOutcome.CONTINUES:
            return challenge.outcome
        final = await self.finish(challenge.exchange, client.final(challenge.server_first))
        if final.outcome is AuthenticationOutcome.ACCEPTED:
            client.check(final.server_final)
        else:
            assert ("", b"") == (final.account, final.server_final)
        return final.outcome


def client_of(login: str, password: str, mechanism: str = SCRAM_SHA_256, binding: bytes = BINDING) -> ClientExchange:
    """Return a client; without -PLUS it says that it cannot bind."""
    bound = binding if mechanism == SCRAM_SHA_256_PLUS else b""
    return ClientExchange(mechanism, login, password, nonce="clientnonce", channel_binding=bound)


@contextmanager
def open_desk(state: Path) -> Iterator[Desk]:
    """Return answers over a state folder."""
    clock, kept = JumpingClock(), KeptLog()
    ledger, passwords = Ledger(state / "accounts.git", DOMAIN), Passwords(Argon2Cost(1, 8, 1))
    guard, salts, log = Guard(PATIENCE, clock), Salts(load_or_make_key(state), 4096), kept.log("keeper")
    logins = Logins(ledger, passwords, salts, guard, Exchanges(clock), log)
    yield Desk(logins, Accounts(DOMAIN, ledger, passwords, salts, guard, clock, log), clock, kept)
    passwords.close()
    ledger.close()
