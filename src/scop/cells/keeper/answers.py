"""What the keeper answers: who is who, and changes of accounts for the operator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from scop.base import Clock, printable
from scop.cells.keeper.account import Account, Verifier, check_name
from scop.cells.keeper.guessing import Guesses
from scop.cells.keeper.ledger import Ledger
from scop.cells.keeper.passwords import Passwords, check_new_password
from scop.mesh.calls.server import Answers
from scop.mesh.vocabulary.keeper import (
    AccountList,
    AccountView,
    AddAccount,
    Authenticate,
    Authentication,
    AuthenticationOutcome,
    DisableAccount,
    ListAccounts,
    MaySendAs,
    ResolvedRecipient,
    ResolveRecipient,
    SendPermission,
    SetPassword,
)
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["Keeper"]

MAX_LOGIN_CHARACTERS = 320  # the longest address: RFC 5321 §4.5.3.1


@dataclass(frozen=True, slots=True)
class Keeper:
    """Answers each question by the method that bears its name."""

    domain: str
    ledger: Ledger
    passwords: Passwords
    guesses: Guesses
    clock: Clock
    log: Log

    def answers(self) -> Answers:
        """Return how each question is answered."""
        return {
            Authenticate: self.authenticate,
            MaySendAs: self.may_send_as,
            ResolveRecipient: self.resolve_recipient,
            AddAccount: self.add_account,
            ListAccounts: self.list_accounts,
            SetPassword: self.set_password,
            DisableAccount: self.disable_account,
        }

    async def authenticate(self, asked: Authenticate, peer: Peer) -> Authentication:
        """Check a login; every way to fail looks and lasts the same."""
        account = self.ledger.directory.find_login(asked.login)
        login = account.name if account else asked.login[:MAX_LOGIN_CHARACTERS].lower()
        try:
            fits = await self._check(login, asked.password, account.verifiers if account else ())
        except TemporaryFailure as trouble:
            self.log.warning("login.deferred", login=printable(login), peer=peer.cell, reason=str(trouble))
            return Authentication(AuthenticationOutcome.TRY_LATER)
        if account is not None and fits and not account.disabled:
            self.guesses.right(login)
            self.log.info("login.accepted", account=account.name, peer=peer.cell)
            return Authentication(AuthenticationOutcome.ACCEPTED, account.name)
        self.guesses.wrong(login)
        reason = "no such account" if account is None else "account is closed" if fits else "wrong password"
        self.log.warning("login.refused", login=printable(login), peer=peer.cell, reason=reason)
        return Authentication(AuthenticationOutcome.REFUSED)

    async def may_send_as(self, asked: MaySendAs, _peer: Peer) -> SendPermission:
        """Say whether an account may use some sender addresses."""
        return self.ledger.directory.may_send_as(asked.account, asked.addresses)

    async def resolve_recipient(self, asked: ResolveRecipient, _peer: Peer) -> ResolvedRecipient:
        """Say where an address leads."""
        return self.ledger.directory.resolve(asked.address)

    async def add_account(self, asked: AddAccount, peer: Peer) -> AccountView:
        """Open an account."""
        try:
            self._check_new(asked)
            account = Account(
                name=asked.name,
                addresses=asked.addresses or (f"{asked.name}@{self.domain}",),
                verifiers=(await self.passwords.hash(asked.password),),
                send_as=asked.send_as,
                created_unix=self.clock.unix(),
            )
            await self.ledger.add(account, author=peer.cell)
        except ValueError as fault:
            raise PermanentFailure(str(fault)) from fault
        self.log.info("account.added", account=account.name, peer=peer.cell)
        return account.view()

    async def list_accounts(self, _asked: ListAccounts, _peer: Peer) -> AccountList:
        """Name all accounts."""
        accounts = self.ledger.directory.accounts
        return AccountList(tuple(accounts[name].view() for name in sorted(accounts)))

    async def set_password(self, asked: SetPassword, peer: Peer) -> AccountView:
        """Replace all proofs by this password."""
        self._check_known(asked.name)
        try:
            check_new_password(asked.password)
        except ValueError as fault:
            raise PermanentFailure(str(fault)) from fault
        verifiers = (await self.passwords.hash(asked.password),)
        changed = await self.ledger.change(
            asked.name,
            lambda account: msgspec.structs.replace(account, verifiers=verifiers),
            author=peer.cell,
            message=f"Set the password of {asked.name}",
        )
        self.guesses.right(changed.name)
        self.log.info("account.password_set", account=changed.name, peer=peer.cell)
        return changed.view()

    async def disable_account(self, asked: DisableAccount, peer: Peer) -> AccountView:
        """Close or open an account."""
        self._check_known(asked.name)
        changed = await self.ledger.change(
            asked.name,
            lambda account: msgspec.structs.replace(account, disabled=asked.disabled),
            author=peer.cell,
            message=f"{'Close' if asked.disabled else 'Open'} {asked.name}",
        )
        self.log.info("account.closed" if asked.disabled else "account.opened", account=changed.name, peer=peer.cell)
        return changed.view()

    async def _check(self, login: str, password: str, verifiers: Iterable[Verifier]) -> bool:
        """Check a password; raises `TemporaryFailure` while the login has to wait.

        It is looked at again when its turn comes, so that guesses sent all at once do not pass all at once.
        """
        if not self.guesses.may_try(login):
            raise TemporaryFailure("too many wrong guesses")
        return await self.passwords.check(password, verifiers, lambda: self.guesses.may_try(login))

    def _check_new(self, asked: AddAccount) -> None:
        """Find what can be wrong before the costly hash; the ledger looks again."""
        check_name(asked.name)
        check_new_password(asked.password)
        if asked.name in self.ledger.directory.accounts:
            raise ValueError(f"there is an account {asked.name} already")

    def _check_known(self, name: str) -> None:
        if name not in self.ledger.directory.accounts:
            raise PermanentFailure(f"there is no account {printable(name)}")
