"""Whose mail a server takes: domains and users, decided before the message is sent.

Standards: RFC 5321 §3.6.1 (no relaying), §4.5.1 (postmaster); RFC 3463 (5.1.1, 5.7.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.smtp import Mailbox, reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scop.smtp import ForwardPath, Reply

__all__ = ["NO_RELAY", "UNKNOWN", "Directory"]

POSTMASTER = "postmaster"

NO_RELAY = reply(550, "5.7.1", "Relay access denied: this server does not take mail for that domain")
UNKNOWN = reply(550, "5.1.1", "No such user here")


@dataclass(frozen=True, slots=True)
class Directory:
    """Domains whose mail is taken (all where there are none), and users, as addresses or as names of every domain.

    Names are compared without regard to case, as every mail server does.
    """

    domains: frozenset[str] = frozenset()
    users: frozenset[str] | None = None  # None: everybody exists

    @classmethod
    def of(cls, domains: Iterable[str], users: Iterable[str] | None) -> Directory:
        """Build one from what a person writes; raises `ValueError` for what is no domain or no address."""
        known = None if users is None else frozenset(map(_key, users))
        return cls(frozenset(Mailbox(POSTMASTER, domain).domain_key for domain in domains), known)

    def refusal(self, path: ForwardPath) -> Reply | None:
        """Say why mail for `path` is not taken, None where it is."""
        mailbox = path.mailbox
        if mailbox is None:
            return None  # RFC 5321 §4.5.1: <Postmaster> without a domain is ours, whoever we are
        if self.domains and mailbox.domain_key not in self.domains:
            return NO_RELAY
        return None if self.user(path) else UNKNOWN

    def user(self, path: ForwardPath) -> str:
        """Return the user whom `path` belongs to, '' for nobody; without a list of users the whole address."""
        mailbox = path.mailbox
        if mailbox is None:
            return POSTMASTER
        name, address = mailbox.local_part.casefold(), _address_key(mailbox)
        if self.users is None:
            return address
        # RFC 5321 §4.5.1: postmaster of every domain that is ours gets mail.
        found = (each for each in (address, name) if each in self.users)
        return next(found, POSTMASTER if name == POSTMASTER else "")


def _key(user: str) -> str:
    return _address_key(Mailbox.parse(user)) if "@" in user else user.casefold()


def _address_key(mailbox: Mailbox) -> str:
    return f"{mailbox.local_part.casefold()}@{mailbox.domain_key}"
