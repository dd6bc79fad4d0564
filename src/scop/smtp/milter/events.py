"""What a mail server tells a filter, one value per packet.

Text is decoded as UTF-8, and what is none is replaced: these are facts to look at, and nothing of them is sent back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from scop.smtp.milter.words import Action, Step

__all__ = [
    "Abort",
    "BodyChunk",
    "Connect",
    "DataBegin",
    "Event",
    "Field",
    "HeaderEnd",
    "Helo",
    "Mail",
    "MessageEnd",
    "Negotiation",
    "Quit",
    "Recipient",
    "Unknown",
]


@dataclass(frozen=True, slots=True)
class Negotiation:
    """The mail server has said what it can do; these are the terms that our answer sets."""

    version: int
    actions: Action
    steps: Step


@dataclass(frozen=True, slots=True)
class Connect:
    """A client connected; '' and 0 for what is not known, and for one of this machine."""

    name: str
    address: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Helo:
    """The client's name for itself."""

    name: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A message begins; the path has its angle brackets."""

    path: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipient:
    """One more recipient."""

    path: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataBegin:
    """The client wants to send the message."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the header; its body has the space behind the colon, and CRLF where it is folded."""

    name: bytes
    body: bytes

    def to_octets(self) -> bytes:
        """Write it as it stands in the message."""
        return b"%b:%b\r\n" % (self.name, self.body)


@dataclass(frozen=True, slots=True)
class HeaderEnd:
    """No more fields."""


@dataclass(frozen=True, slots=True)
class BodyChunk:
    """A piece of the body."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class MessageEnd:
    """The message is whole; changes may be asked for before the answer. An old Sendmail puts the last piece here."""

    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class Abort:
    """The message is over, whatever came of it; the connection goes on."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The client said what the mail server does not know."""

    line: str


@dataclass(frozen=True, slots=True)
class Quit:
    """The client is gone; another follows on this connection, or the connection is over."""

    is_followed: bool = False


Event: TypeAlias = (
    Negotiation
    | Connect
    | Helo
    | Mail
    | Recipient
    | DataBegin
    | Field
    | HeaderEnd
    | BodyChunk
    | MessageEnd
    | Abort
    | Unknown
    | Quit
)
