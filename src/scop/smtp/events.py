"""What client and server tell each other, one value per command: the server reads them, the client writes them.

A value that the server's machine answers itself bears the `reply` to send.

Standards: RFC 5321 §4.1; RFC 2033 (LHLO); RFC 3207 (STARTTLS); RFC 4954 (AUTH).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from scop.smtp.reply import OK, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from scop.smtp.delivery import DeliverBy, Hold
    from scop.smtp.origin import Origin
    from scop.smtp.paths import ForwardPath, Mailbox, ReversePath

__all__ = [
    "NEED_DATA",
    "Authenticate",
    "Challenge",
    "ChunkBegin",
    "ChunkEnd",
    "DataBegin",
    "DataChunk",
    "DataEnd",
    "DataRefused",
    "Envelope",
    "Event",
    "Extended",
    "Forwarded",
    "Hello",
    "Help",
    "Impersonated",
    "Mail",
    "NeedData",
    "Noop",
    "Proof",
    "Quit",
    "Recipient",
    "Refused",
    "Reset",
    "SaslStep",
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
    """Who the client says it is, and the proof; EXTERNAL has none but the certificate."""

    mechanism: str
    login: str
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SaslStep:
    """One message of the client in an exchange that the session leads (SCRAM), base64 undone.

    The session replies 334 with its own message in base64, 235 or a refusal.
    """

    mechanism: str
    octets: bytes = field(repr=False)
    is_first: bool = False


Proof: TypeAlias = Authenticate | SaslStep  # what a session decides on by itself or with others


@dataclass(frozen=True, slots=True)
class Mail:
    """A transaction begins; `origin` and `auth` are set on trusted pipes only."""

    reverse_path: ReversePath
    size_octets: int | None = None
    body: str = ""  # '7BIT', '8BITMIME', 'BINARYMIME', '' where the client does not say
    smtputf8: bool = False
    auth: Mailbox | None = None
    origin: Origin | None = None
    ret: str = ""  # DSN: 'FULL', 'HDRS', '' where the client does not say
    envid: str = ""  # DSN: the client's own id of the mail, as text
    require_tls: bool = False  # REQUIRETLS
    deliver_by: DeliverBy | None = None  # DELIVERBY
    hold: Hold | None = None  # FUTURERELEASE
    priority: int | None = None  # MT-PRIORITY: -9 to 9
    extra: tuple[tuple[str, str | None], ...] = ()  # parameters of extensions of others, by upper-case name


@dataclass(frozen=True, slots=True)
class Recipient:
    """One more recipient."""

    forward_path: ForwardPath
    notify: frozenset[str] = frozenset()  # DSN: of NEVER, SUCCESS, FAILURE, DELAY; empty where the client does not say
    original_recipient: str = ""  # DSN's ORCPT as text: 'rfc822;bob@harbor.test'
    extra: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A trusted client says where the next message came from."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class Impersonated:
    """A trusted proxy says for whom it speaks from now on (XCLIENT); the conversation begins anew."""

    origin: Origin
    login: str = ""


@dataclass(frozen=True, slots=True)
class DataBegin:
    """The client wants to send the message."""


@dataclass(frozen=True, slots=True)
class ChunkBegin:
    """So many octets of the message follow at once (BDAT)."""

    octets: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class ChunkEnd:
    """A chunk that is not the last came whole; the machine's own reply is to be sent."""

    reply: Reply


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
    """The machine itself rejects a command; `closes` where nothing that follows could be understood."""

    reply: Reply
    reason: str = ""  # for the log
    closes: bool = False


@dataclass(frozen=True, slots=True)
class DataRefused:
    """The message came to its end and must be thrown away: the transaction is over."""

    reply: Reply
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The machine itself asks on; the client's next line goes to `proceed`."""

    reply: Reply
    proceed: Callable[[str], Challenge | Authenticate | SaslStep]


@dataclass(frozen=True, slots=True)
class Extended:
    """A command that an extension of others added; on the server's side with the reply that the extension gives."""

    verb: str
    argument: str = ""
    reply: Reply = OK


Event: TypeAlias = (
    Hello
    | StartTls
    | Authenticate
    | SaslStep
    | Challenge
    | Mail
    | Recipient
    | Forwarded
    | Impersonated
    | Extended
    | DataBegin
    | ChunkBegin
    | ChunkEnd
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

    mail: Mail
    recipients: tuple[Recipient, ...]

    @classmethod
    def plain(cls, reverse_path: ReversePath, *forward_paths: ForwardPath) -> Envelope:
        """Build one that asks for nothing special."""
        return cls(Mail(reverse_path), tuple(map(Recipient, forward_paths)))
