"""What client and server tell each other, one value per command: the server reads them, the client writes them.

A value that the server's machine answers itself bears the `reply` to send.

Standards: RFC 5321 §4.1; RFC 2033 (LHLO); RFC 3207 (STARTTLS); RFC 4954 (AUTH).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from scop.smtp.origin import Origin
    from scop.smtp.paths import ForwardPath, Mailbox, ReversePath
    from scop.smtp.reply import Reply

__all__ = [
    "NEED_DATA",
    "Authenticate",
    "Challenge",
    "DataBegin",
    "DataChunk",
    "DataEnd",
    "DataRefused",
    "Envelope",
    "Event",
    "Forwarded",
    "Hello",
    "Help",
    "Mail",
    "NeedData",
    "Noop",
    "Quit",
    "Recipient",
    "Refused",
    "Reset",
    "StartTls",
    "Verify",
]


class NeedData(enum.Enum):
    """The type of `NEED_DATA`."""

    NEED_DATA = "NEED_DATA"


NEED_DATA: Final = NeedData.NEED_DATA  # nothing more can be said before more octets came


@dataclass(frozen=True, slots=True)
class Hello:
    """The client's name for itself; `verb` is EHLO, HELO or LHLO."""

    verb: str
    name: str


@dataclass(frozen=True, slots=True)
class StartTls:
    """The client asks for TLS."""


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Who the client says it is, and the proof."""

    mechanism: str
    login: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A transaction begins; `origin` and `auth` are set on trusted pipes only."""

    reverse_path: ReversePath
    size_octets: int | None = None
    body: str = ""  # '7BIT', '8BITMIME', '' where the client does not say
    smtputf8: bool = False
    auth: Mailbox | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One more recipient."""

    forward_path: ForwardPath


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A trusted client says where the next message came from."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class DataBegin:
    """The client wants to send the message."""


@dataclass(frozen=True, slots=True)
class DataChunk:
    """A piece of the message, dots already unstuffed; it wants no reply."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class DataEnd:
    """The message is whole."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The transaction is abandoned."""


@dataclass(frozen=True, slots=True)
class Noop:
    """Nothing is asked."""


@dataclass(frozen=True, slots=True)
class Verify:
    """The client asks whether an address exists."""


@dataclass(frozen=True, slots=True)
class Help:
    """The client asks for help."""


@dataclass(frozen=True, slots=True)
class Quit:
    """The client leaves."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The machine itself rejects a command."""

    reply: Reply
    reason: str = ""  # for the log


@dataclass(frozen=True, slots=True)
class DataRefused:
    """The message came to its end and must be thrown away: the transaction is over."""

    reply: Reply
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The machine itself asks on; the client's next line goes to `proceed`."""

    reply: Reply
    proceed: Callable[[str], Challenge | Authenticate]


Event: TypeAlias = (
    Hello
    | StartTls
    | Authenticate
    | Challenge
    | Mail
    | Recipient
    | Forwarded
    | DataBegin
    | DataChunk
    | DataEnd
    | DataRefused
    | Reset
    | Noop
    | Verify
    | Help
    | Quit
    | Refused
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What travels around a message."""

    reverse_path: ReversePath
    forward_paths: tuple[ForwardPath, ...]
    body: str = ""
    smtputf8: bool = False
