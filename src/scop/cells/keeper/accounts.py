"""What the keeper answers to the operator: accounts, their passwords, and where their mail is forwarded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from scop.base import Clock, printable
from scop.cells.keeper.account import MAX_APP_PASSWORDS, Account, ScramSha256, Verifier, check_label, check_name
from scop.cells.keeper.app_passwords import new_app_password
from scop.cells.keeper.forwards import checked_forward
from scop.cells.keeper.guessing import Guard
from scop.cells.keeper.ledger import Ledger
from scop.cells.keeper.passwords import Passwords, check_new_password
from scop.cells.keeper.salts import Salts
from scop.mesh.calls.server import Answers
from scop.mesh.vocabulary.keeper import (
    AccountList,
    AccountView,
    AddAccount,
    AddAppPassword,
    AddForward,
    DisableAccount,
    ListAccounts,
    NewAppPassword,
    ReadAccount,
    RemoveAppPassword,
    RemoveForward,
    SetPassword,
)
from scop.net.faults import PermanentFailure
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["Accounts"]

MAX_FORWARDS = 10


@dataclass(frozen=True, slots=True)
class Accounts:
    """Answers each question by the method that bears its name."""

    domain: str
    ledger: Ledger
    passwords: Passwords
    salts: Salts
    guard: Guard
    clock: Clock
    log: Log

    def answers(self) -> Answers:
        """Return how each question is answered."""
        return {
            AddAccount: self.add_account,
            ListAccounts: self.list_accounts,
            ReadAccount: self.read_account,
            SetPassword: self.set_password,
            DisableAccount: self.disable_account,
            AddAppPassword: self.add_app_password,
            RemoveAppPassword: self.remove_app_password,
            AddForward: self.add_forward,
            RemoveForward: self.remove_forward,
        }

    async def add_account(self, asked: AddAccount, peer: Peer) -> AccountView:
        """Open an account."""
        try:
            self._check_new(asked)
            account = Account(
                name=asked.name,
                addresses=asked.addresses or (f"{asked.name}@{self.domain}",),
                verifiers=(await self._verifier(asked),),
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

    async def read_account(self, asked: ReadAccount, _peer: Peer) -> AccountView:
        """Say what is known of one account."""
        return self._known(asked.name).view()

    async def set_password(self, asked: SetPassword, peer: Peer) -> AccountView:
        """Replace all proofs by this password: who changes it after a theft wants the thief's programs out too."""
        self._known(asked.name)
        try:
            check_new_password(asked.password)
        except ValueError as fault:
            raise PermanentFailure(str(fault)) from fault
        verifiers = (await self._verifier(asked),)
        changed = await self._change(
            asked.name,
            lambda account: msgspec.structs.replace(account, verifiers=verifiers),
            f"Set the password of {asked.name}",
            peer,
        )
        self.guard.right(changed.name)
        self.log.info("account.password_set", account=changed.name, peer=peer.cell)
        return changed.view()

    async def disable_account(self, asked: DisableAccount, peer: Peer) -> AccountView:
        """Close or open an account."""
        changed = await self._change(
            asked.name,
            lambda account: msgspec.structs.replace(account, disabled=asked.disabled),
            f"{'Close' if asked.disabled else 'Open'} {asked.name}",
            peer,
        )
        self.log.info("account.closed" if asked.disabled else "account.opened", account=changed.name, peer=peer.cell)
        return changed.view()

    async def add_app_password(self, asked: AddAppPassword, peer: Peer) -> NewAppPassword:
        """Generate a password for one program."""
        self._known(asked.name)
        password, now = new_app_password(), self.clock.unix()
        terms = self.salts.terms_of(asked.name, self.ledger.directory)
        made = ScramSha256.of(await self.passwords.scram(password, terms), asked.label, now)

        def alter(account: Account) -> Account:
            check_label(asked.label)
            if asked.label in {each.label for each in account.app_passwords}:
                raise ValueError(f"{account.name} has an app password {asked.label!r} already")
            if len(account.app_passwords) >= MAX_APP_PASSWORDS:
                raise ValueError(f"{account.name} has {MAX_APP_PASSWORDS} app passwords: remove one first")
            return msgspec.structs.replace(account, verifiers=(*account.verifiers, made))

        await self._change(asked.name, alter, f"Add an app password of {asked.name}: {asked.label}", peer)
        self.log.info("account.app_password_added", account=asked.name, label=asked.label, peer=peer.cell)
        return NewAppPassword(asked.label, password, now)

    async def remove_app_password(self, asked: RemoveAppPassword, peer: Peer) -> AccountView:
        """Take an app password away."""

        def alter(account: Account) -> Account:
            gone = [each for each in account.app_passwords if each.label == asked.label]
            if not gone:
                raise ValueError(f"{account.name} has no app password {printable(asked.label)!r}")
            kept = tuple(each for each in account.verifiers if each not in gone)
            return msgspec.structs.replace(account, verifiers=kept)

        message = f"Remove an app password of {asked.name}: {asked.label}"
        changed = await self._change(asked.name, alter, message, peer)
        self.log.info("account.app_password_removed", account=asked.name, label=asked.label, peer=peer.cell)
        return changed.view()

    async def add_forward(self, asked: AddForward, peer: Peer) -> AccountView:
        """Forward to one more address; to one that is there already only the copy is decided anew."""

        def alter(account: Account) -> Account:
            address = checked_forward(asked.address, account, self.ledger.directory)
            forwards = (*(each for each in account.forwards if each != address), address)
            if len(forwards) > MAX_FORWARDS:
                raise ValueError(f"{account.name} forwards to {MAX_FORWARDS} addresses: remove one first")
            return msgspec.structs.replace(account, forwards=forwards, keeps_copy=asked.keeps_copy)

        changed = await self._change(asked.name, alter, f"Forward mail of {asked.name} to {asked.address}", peer)
        self._log_forwards(changed, peer)
        return changed.view()

    async def remove_forward(self, asked: RemoveForward, peer: Peer) -> AccountView:
        """Forward to an address no more."""

        def alter(account: Account) -> Account:
            forwards = tuple(each for each in account.forwards if each.lower() != asked.address.lower())
            if forwards == account.forwards:
                raise ValueError(f"{account.name} does not forward to {printable(asked.address)}")
            return msgspec.structs.replace(account, forwards=forwards, keeps_copy=account.keeps_copy or not forwards)

        changed = await self._change(
            asked.name, alter, f"Forward mail of {asked.name} no more to {asked.address}", peer
        )
        self._log_forwards(changed, peer)
        return changed.view()

    async def _change(self, name: str, alter: Callable[[Account], Account], message: str, peer: Peer) -> Account:
        """Keep what `alter` makes of an account; a `ValueError` of its is told to who asked."""
        self._known(name)
        try:
            return await self.ledger.change(name, alter, author=peer.cell, message=message)
        except ValueError as fault:
            raise PermanentFailure(str(fault)) from fault

    async def _verifier(self, asked: AddAccount | SetPassword) -> Verifier:
        if not asked.scram:
            return await self.passwords.hash(asked.password)
        terms = self.salts.terms_of(asked.name, self.ledger.directory)
        return ScramSha256.of(await self.passwords.scram(asked.password, terms), created_unix=self.clock.unix())

    def _check_new(self, asked: AddAccount) -> None:
        """Find what can be wrong before the costly hash; the ledger looks again."""
        check_name(asked.name)
        check_new_password(asked.password)
        if asked.name in self.ledger.directory.accounts:
            raise ValueError(f"there is an account {asked.name} already")

    def _known(self, name: str) -> Account:
        account = self.ledger.directory.accounts.get(name)
        if account is None:
            raise PermanentFailure(f"there is no account {printable(name)}")
        return account

    def _log_forwards(self, account: Account, peer: Peer) -> None:
        self.log.info(
            "account.forwards_set",
            account=account.name,
            forwards=account.forwards,
            keeps_copy=account.keeps_copy,
            peer=peer.cell,
        )
