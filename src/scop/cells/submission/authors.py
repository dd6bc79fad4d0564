"""Who a message says it is from: the addresses in its From and its Sender.

Standards: RFC 5322 §3.6.2 (From, Sender).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scop.mime import Address, Message, parse, raw_fields, split_header

__all__ = ["Authors"]

_NO_WORDS = re.compile(r'\\.|"(?:[^"\\]|\\.)*"|\([^()"]*\)', re.DOTALL)  # quoted pairs and strings, comments
_BETWEEN_WORDS = re.compile(r'[\s<>()\[\]:;\\,"]+')


@dataclass(frozen=True, slots=True)
class Authors:
    """Every address that a field names; '' stands for what is nobody's address.

    Only an account that may send as anybody may use ''. It stands for a field without an address,
    and for a second field of the name: readers differ in which one they show (RFC 7489 §6.6.1). They differ too in
    what they make of an address in the place of a name, so it is taken for an address.
    """

    authors: tuple[str, ...]
    senders: tuple[str, ...]  # () where there is no Sender

    @classmethod
    def of(cls, octets: bytes) -> Authors:
        """Read a message."""
        message = parse(octets)
        names = [field.name.lower() for field in raw_fields(split_header(octets)[0])]
        return cls(_named(message, "from", names.count(b"from")), _named(message, "sender", names.count(b"sender")))

    @property
    def needs_sender(self) -> bool:
        """Whether there are several authors, of whom one has to be named as who sends (RFC 5322 §3.6.2)."""
        return len(self.authors) > 1

    @property
    def foreign_senders(self) -> tuple[str, ...]:
        """What Sender names beside the authors: it is to be asked for."""
        return tuple(sender for sender in self.senders if not sender or sender not in self.authors)


def _named(message: Message, name: str, count: int) -> tuple[str, ...]:
    """Return what the fields of a name say; `count` is how many there are, also where reading was cut short."""
    fields = message.header.all(name)
    found = [each for item in message.addresses(name) for each in _members(item)]
    addresses = [address.addr_spec if address.domain else "" for address in found]
    if (fields or count) and (not addresses or len(fields) > 1 or count > 1):
        addresses.append("")
    return (*addresses, *_in_names([field.unfolded for field in fields], addresses))


def _in_names(bodies: list[str], addresses: list[str]) -> list[str]:
    """Return what looks like an address and was read as a part of a name."""
    words = (word for body in bodies for word in _BETWEEN_WORDS.split(_NO_WORDS.sub(" ", body)))
    return list(dict.fromkeys(word for word in words if "@" in word.strip("@") and word not in addresses))


def _members(item: object) -> tuple[Address, ...]:
    return (item,) if isinstance(item, Address) else tuple(getattr(item, "members", ()))
