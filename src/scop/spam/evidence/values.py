"""What was found in a mail, as values."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from scop.mime import Address

__all__ = ["Evidence", "Form", "Link", "Scope"]


class Scope(StrEnum):
    """How much is looked for."""

    PLAIN = "plain"  # words, fields and hosts, as tokens only: the cheap one
    FULL = "full"


class Link(msgspec.Struct, frozen=True):
    """A link of the HTML: what a reader sees of it, and where it leads as it is written there."""

    text: str
    target: str


class Form(msgspec.Struct, frozen=True):
    """A form of the HTML: where it sends what is typed, and whether it asks for a password."""

    action: str
    asks_password: bool


class Evidence(msgspec.Struct, frozen=True):
    """What a mail is weighed by; everything is bounded, whatever the mail."""

    tokens: tuple[str, ...]  # each once, in a fixed order; `kind:value`, a bare one is a word of the text
    # What follows is empty in the plain scope.
    octets: bytes  # header and visible text, folded; dates, hosts on the way and what filters wrote are left out
    hosts: int = 0  # so many of the tokens, the first ones, name hosts and networks on the way
    text: str = ""  # the visible text as it is written
    subject: str = ""
    author: Address | None = None  # the first of From
    reply_to: Address | None = None
    recipients: tuple[Address, ...] = ()  # the first ones of To and Cc
    links: tuple[Link, ...] = ()
    forms: tuple[Form, ...] = ()
