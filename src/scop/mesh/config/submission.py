"""`[submission]` and `[devices]`: how much our own users may send, and who sends without a password."""

from __future__ import annotations

import msgspec

from scop.mesh.config.checks import check_limit, check_network

__all__ = ["Device", "PerAccount", "PerClient", "Submission"]


class PerAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one account may send; 0 is no limit.

    The defaults lie above what a busy person or a program of an organisation sends, and far below what a thief
    of a password would like to.
    """

    mails_per_minute: int = 100
    mails_per_hour: int = 1_000
    mails_per_day: int = 5_000
    recipients_per_minute: int = 500
    recipients_per_hour: int = 5_000
    recipients_per_day: int = 20_000

    def __post_init__(self) -> None:
        """Check that none is negative."""
        for name in self.__struct_fields__:
            check_limit(name, getattr(self, name))


class PerClient(PerAccount, frozen=True, forbid_unknown_fields=True):
    """What may come from one client's address (IPv6: one /64), whoever logs in there; own networks are exempt."""

    mails_per_minute: int = 300
    mails_per_hour: int = 5_000
    mails_per_day: int = 25_000
    recipients_per_minute: int = 2_000
    recipients_per_hour: int = 20_000
    recipients_per_day: int = 100_000


class Submission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits at ports 465 and 587, and how users may prove who they are beside a password."""

    per_account: PerAccount = PerAccount()
    per_address: PerClient = PerClient()
    client_authorities: str = ""  # a file of PEM: who certifies our users' own TLS certificates; empty: nobody
    scram: bool = False  # offer SCRAM: docs/decisions/logins.md says when


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printer or sensor, by a name of its own, that submits without a password."""

    addresses: tuple[str, ...]  # addresses or networks it may come from
    senders: tuple[str, ...]  # reverse paths it may use

    def __post_init__(self) -> None:
        """Check the addresses, and that something is allowed at all."""
        if not self.addresses or not self.senders:
            raise ValueError("addresses: a device has at least one address and one sender")
        for network in self.addresses:
            check_network("addresses", network)
        for sender in self.senders:
            if sender.count("@") != 1 or not all(sender.split("@")) or not sender.isprintable() or " " in sender:
                raise ValueError(f"senders: {sender!r} is no address such as scanner@example.org")
