"""What the keeper answers: who somebody is, as whom they may send, where an address leads; and accounts."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from scop.mesh.calls import Call

__all__ = [
    "AccountList",
    "AccountView",
    "AddAccount",
    "Authenticate",
    "Authentication",
    "AuthenticationOutcome",
    "DisableAccount",
    "ListAccounts",
    "MaySendAs",
    "RecipientOutcome",
    "ResolveRecipient",
    "ResolvedRecipient",
    "SendAs",
    "SendPermission",
    "SetPassword",
]


class AuthenticationOutcome(StrEnum):
    """How a login ended; the peer is told no more than accepted, refused or later."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    TRY_LATER = "try_later"  # too many wrong guesses, or too many at once


class Authentication(msgspec.Struct, frozen=True):
    """The answer to a login."""

    outcome: AuthenticationOutcome
    account: str = ""


class Authenticate(Call[Authentication], frozen=True):
    """Is this the password of that login?"""

    login: str  # an account's name, or one of its addresses
    password: str


class SendPermission(msgspec.Struct, frozen=True):
    """Whether an account may use some addresses as sender."""

    allowed: bool
    refused_address: str = ""  # the first that it may not use


class MaySendAs(Call[SendPermission], frozen=True):
    """May this account send with all of these addresses?"""

    account: str
    addresses: tuple[str, ...]


class RecipientOutcome(StrEnum):
    """Where an address of our domain leads."""

    DELIVER = "deliver"
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    TRY_LATER = "try_later"  # postmaster of a domain that has no account yet


class ResolvedRecipient(msgspec.Struct, frozen=True):
    """The accounts behind an address, and the addresses elsewhere that its mail is forwarded to."""

    outcome: RecipientOutcome
    accounts: tuple[str, ...] = ()
    forwards: tuple[str, ...] = ()


class ResolveRecipient(Call[ResolvedRecipient], frozen=True):
    """Whose is this address? An empty address is the bare <Postmaster>."""

    address: str


class SendAs(StrEnum):
    """Which sender addresses an account may use."""

    OWN = "own"
    ANY = "any"


class AccountView(msgspec.Struct, frozen=True):
    """An account without its secrets."""

    name: str
    addresses: tuple[str, ...]
    verifiers: tuple[str, ...]  # their types, such as argon2id
    send_as: SendAs
    disabled: bool
    created_unix: float


class AddAccount(Call[AccountView], frozen=True):
    """Open an account; refused where the name or an address is taken."""

    name: str
    password: str
    addresses: tuple[str, ...] = ()  # default: <name>@<domain>
    send_as: SendAs = SendAs.OWN


class AccountList(msgspec.Struct, frozen=True):
    """All accounts, by name."""

    accounts: tuple[AccountView, ...]


class ListAccounts(Call[AccountList], frozen=True):
    """Which accounts are there?"""


class SetPassword(Call[AccountView], frozen=True):
    """Replace an account's password."""

    name: str
    password: str


class DisableAccount(Call[AccountView], frozen=True):
    """Close an account to logins and to new mail; nothing stored is lost. `disabled=False` opens it again."""

    name: str
    disabled: bool = True
