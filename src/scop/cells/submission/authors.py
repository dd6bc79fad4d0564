"""Who a message says it is from: the addresses in its From and its Sender.

Standards: RFC 5322 §3.6.2 (From, Sender).
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.mime import Address, Message, parse

__all__ = ["Authors"]


@dataclass(frozen=True, slots=True)
class Authors:
    """Every address that a field names; '' stands for what is nobody's address.

    Only an account that may send as anybody may use ''. It stands for a field without an address,
    and for a second field of the name: readers differ in which one they show (RFC 7489 §6.6.1).
    """

    authors: tuple[str, ...]
    senders: tuple[str, ...]  # () where there is no Sender

    @classmethod
    def of(cls, octets: bytes) -> Authors:
        """Read a message."""
        message = parse(octets)
        return cls(_named(message, "from"), _named(message, "sender"))

    @property
    def needs_sender(self) -> bool:
        """Whether there are several authors, of whom one has to be named as who sends (RFC 5322 §3.6.2)."""
        return len(self.authors) > 1

    @property
    def foreign_senders(self) -> tuple[str, ...]:
        """What Sender names beside the authors: it is to be asked for."""
        return tuple(sender for sender in self.senders if not sender or sender not in self.authors)


def _named(message: Message, name: str) -> tuple[str, ...]:
    fields = message.header.all(name)
    found = [each for item in message.addresses(name) for each in _members(item)]
    addresses = [address.addr_spec if address.domain else "" for address in found]
    if fields and (not addresses or len(fields) > 1):
        addresses.append("")
    return tuple(addresses)


def _members(item: object) -> tuple[Address, ...]:
    return (item,) if isinstance(item, Address) else tuple(getattr(item, "members", ()))
