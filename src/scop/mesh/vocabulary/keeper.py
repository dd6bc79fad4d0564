"""What the keeper answers: who somebody is, as whom they may send, where an address leads; and accounts."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from scop.mesh.calls import Call

__all__ = [
    "AccountList",
    "AccountView",
    "AddAccount",
    "AddAppPassword",
    "AddForward",
    "AppPassword",
    "Authenticate",
    "AuthenticateExternal",
    "Authentication",
    "AuthenticationOutcome",
    "BeginScram",
    "DisableAccount",
    "FinishScram",
    "ListAccounts",
    "MaySendAs",
    "NewAppPassword",
    "ReadAccount",
    "RecipientOutcome",
    "RemoveAppPassword",
    "RemoveForward",
    "ResolveRecipient",
    "ResolvedRecipient",
    "ScramChallenge",
    "ScramFinal",
    "SendAs",
    "SendPermission",
    "SetPassword",
]


class AuthenticationOutcome(StrEnum):
    """How a login ended or goes on; the peer is told no more than accepted, refused or later."""

    ACCEPTED = "accepted"
    CONTINUES = "continues"  # an exchange of several messages
    REFUSED = "refused"
    TRY_LATER = "try_later"  # too many wrong guesses, or too many at once


class Authentication(msgspec.Struct, frozen=True):
    """The answer to a login."""

    outcome: AuthenticationOutcome
    account: str = ""
    address: str = ""  # of the account: the one that was the login, else its first


class Authenticate(Call[Authentication], frozen=True):
    """Is this the password of that login?"""

    login: str  # an account's name, or one of its addresses
    password: str
    address: str = ""  # the client's: wrong guesses are counted by it too; '' where there is none


class AuthenticateExternal(Call[Authentication], frozen=True):
    """May this login, which the client's own certificate proved, be let in (EXTERNAL)?"""

    login: str
    address: str = ""


class ScramChallenge(msgspec.Struct, frozen=True):
    """The server's first message, unless the login is refused or has to wait."""

    outcome: AuthenticationOutcome
    exchange: str = ""  # names it in `FinishScram`
    server_first: bytes = b""


class BeginScram(Call[ScramChallenge], frozen=True):
    """A client begins SCRAM (RFC 5802 §5); the exchange is open for a minute and for one answer."""

    mechanism: str  # SCRAM-SHA-256 or SCRAM-SHA-256-PLUS
    client_first: bytes
    channel_binding: bytes = b""  # of the certificate that the client was shown, where -PLUS was offered to it
    address: str = ""


class ScramFinal(msgspec.Struct, frozen=True):
    """How the exchange ended, and the server's own proof where it was accepted."""

    outcome: AuthenticationOutcome
    account: str = ""
    address: str = ""  # as in Authentication
    server_final: bytes = b""


class FinishScram(Call[ScramFinal], frozen=True):
    """The client's proof."""

    exchange: str
    client_final: bytes


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


class AppPassword(msgspec.Struct, frozen=True):
    """A generated password for one program, without the password."""

    label: str
    created_unix: float


class AccountView(msgspec.Struct, frozen=True):
    """An account without its secrets."""

    name: str
    addresses: tuple[str, ...]
    verifiers: tuple[str, ...]  # their types, such as argon2id
    send_as: SendAs
    disabled: bool
    created_unix: float
    app_passwords: tuple[AppPassword, ...] = ()
    forwards: tuple[str, ...] = ()
    keeps_copy: bool = True  # of what is forwarded


class AddAccount(Call[AccountView], frozen=True):
    """Open an account; refused where the name or an address is taken."""

    name: str
    password: str
    addresses: tuple[str, ...] = ()  # default: <name>@<domain>
    send_as: SendAs = SendAs.OWN
    scram: bool = False  # keep the password as a SCRAM verifier, which is cheaper to guess than Argon2id


class AccountList(msgspec.Struct, frozen=True):
    """All accounts, by name."""

    accounts: tuple[AccountView, ...]


class ListAccounts(Call[AccountList], frozen=True):
    """Which accounts are there?"""


class ReadAccount(Call[AccountView], frozen=True):
    """What is known of one account?"""

    name: str


class SetPassword(Call[AccountView], frozen=True):
    """Replace an account's password; its app passwords end with the old one."""

    name: str
    password: str
    scram: bool = False  # as in AddAccount


class NewAppPassword(msgspec.Struct, frozen=True):
    """A generated password; this answer is the only place where it is ever seen."""

    label: str
    password: str
    created_unix: float


class AddAppPassword(Call[NewAppPassword], frozen=True):
    """Generate a password for one program; refused where the label is taken."""

    name: str
    label: str


class RemoveAppPassword(Call[AccountView], frozen=True):
    """Let an app password be none any more."""

    name: str
    label: str


class AddForward(Call[AccountView], frozen=True):
    """Forward an account's mail to one more address; `keeps_copy` holds for all its forwards."""

    name: str
    address: str
    keeps_copy: bool = True


class RemoveForward(Call[AccountView], frozen=True):
    """Forward to an address no more; without any forward the account keeps its mail again."""

    name: str
    address: str


class DisableAccount(Call[AccountView], frozen=True):
    """Close an account to logins and to new mail; nothing stored is lost. `disabled=False` opens it again."""

    name: str
    disabled: bool = True
