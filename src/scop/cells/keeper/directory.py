"""Who is who: accounts by name and by address, as one unchanging value.

Local parts of our own domain are compared without case, and `alice+shop` is alice's (RFC 5321 §2.3.11
leaves a local part to its domain, which is us).

Standards: RFC 5321 §2.3.11, §4.5.1 (postmaster); RFC 2142 §4 (abuse); RFC 5233 (sub-addressing).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scop.cells.keeper.account import Account
from scop.mesh.vocabulary.keeper import RecipientOutcome, ResolvedRecipient, SendAs, SendPermission
from scop.smtp import Mailbox

__all__ = ["Directory"]

# RFC 5321 §4.5.1 and RFC 2142 §4: these reach a person, whatever accounts there are.
ROLES = frozenset({"postmaster", "abuse"})
DETAIL_SEPARATOR = "+"
MAX_LOGIN_CHARACTERS = 320  # the longest address: RFC 5321 §4.5.3.1


@dataclass(frozen=True, slots=True)
class Directory:
    """All accounts of one mail domain."""

    domain: str
    accounts: Mapping[str, Account] = field(default_factory=dict)  # by name
    owners: Mapping[str, str] = field(default_factory=dict)  # name by address key

    @classmethod
    def of(cls, domain: str, accounts: Iterable[Account]) -> Directory:
        """Build it; raises `ValueError` where two accounts claim one address."""
        directory = cls(domain)
        for account in accounts:
            directory = directory.having(account)
        return directory

    def having(self, account: Account) -> Directory:
        """Return a copy with this account added, or in place of the one of its name."""
        before = self.accounts.get(account.name)
        owners = {key: name for key, name in self.owners.items() if before is None or name != account.name}
        for address in account.addresses:
            key = self.key_of(address)
            if not key:
                raise ValueError(f"{address} is no address of {self.domain}")
            if owners.setdefault(key, account.name) != account.name:
                raise ValueError(f"{address} belongs to another account")
        return Directory(self.domain, {**self.accounts, account.name: account}, owners)

    def key_of(self, address: str) -> str:
        """Return the form in which addresses of our domain are compared; '' for any other text."""
        try:
            mailbox = Mailbox.parse(address)
        except ValueError:
            return ""
        if mailbox.domain_key != self.domain:
            return ""
        return str(Mailbox(mailbox.local_part.lower(), self.domain))

    def find_login(self, login: str) -> Account | None:
        """Return the account that bears this name or this address."""
        lowered = login.lower()
        return self.accounts.get(lowered) or self.accounts.get(self.owners.get(self.key_of(login), ""))

    def login_name(self, login: str) -> str:
        """Return the account's name; for an unknown login the name that it would most likely have.

        So spellings of one login are one, whether there is such an account or not: nobody can tell by what is kept
        of them.
        """
        account = self.find_login(login)
        if account is not None:
            return account.name
        return (self.key_of(login).rpartition("@")[0] or login[:MAX_LOGIN_CHARACTERS]).lower()

    def owner(self, address: str) -> Account | None:
        """Return the account that an address belongs to, with or without a +detail."""
        return self._owner(self.key_of(address))

    def resolve(self, address: str) -> ResolvedRecipient:
        """Say where mail to an address goes; '' is the bare <Postmaster> of RFC 5321 §4.1.1.3."""
        key = self.key_of(address or f"postmaster@{self.domain}")
        owner = self._owner(key)
        if owner is not None and not owner.disabled:
            return _delivered(owner)
        if _plain(key).partition("@")[0] in ROLES:
            return self._reach_a_person()
        return ResolvedRecipient(RecipientOutcome.DISABLED if owner else RecipientOutcome.UNKNOWN)

    def may_send_as(self, name: str, addresses: Iterable[str]) -> SendPermission:
        """Say whether an account may use all of these addresses as sender."""
        account = self.accounts.get(name)
        for address in addresses:
            if account is None or account.disabled:
                return SendPermission(allowed=False, refused_address=address)
            if account.send_as is SendAs.OWN and self.owner(address) != account:
                return SendPermission(allowed=False, refused_address=address)
        return SendPermission(allowed=account is not None and not account.disabled)

    def _owner(self, key: str) -> Account | None:
        name = self.owners.get(key) or self.owners.get(_plain(key))
        return self.accounts[name] if name else None

    def _reach_a_person(self) -> ResolvedRecipient:
        enabled = [account for account in self.accounts.values() if not account.disabled]
        if not enabled:
            return ResolvedRecipient(RecipientOutcome.TRY_LATER)
        oldest = min(enabled, key=lambda account: (account.created_unix, account.name))
        return _delivered(oldest)


def _delivered(account: Account) -> ResolvedRecipient:
    kept = (account.name,) if account.keeps_copy else ()
    return ResolvedRecipient(RecipientOutcome.DELIVER, kept, account.forwards)


def _plain(key: str) -> str:
    """Return an address key without its detail: `alice+shop@b.test` is `alice@b.test`."""
    local_part, _, domain = key.rpartition("@")
    plain = local_part.partition(DETAIL_SEPARATOR)[0]
    return f"{plain or local_part}@{domain}"
