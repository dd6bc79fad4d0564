"""What a filter says: an answer to each packet that wants one, and at the end of a message the changes before it.

Standards: Sendmail libmilter/mfdef.h (SMFIR_*); RFC 5322 §2.2 (fields).
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from scop.smtp.milter.words import Action
from scop.smtp.reply import Reply

__all__ = [
    "ACCEPT",
    "CONTINUE",
    "SKIP",
    "Answer",
    "Change",
    "ChangeField",
    "InsertField",
    "Plain",
    "Quarantine",
    "Refusal",
]

_FIELD_NAME = re.compile(rb"[!-9;-~]+")
# A folded body: a line end only where the next line begins with a blank and holds something.
_FIELD_BODY = re.compile(rb"(?:[^\0\r\n]|\r\n(?=[ \t]+[^\s]))*")
_UNSAFE = re.compile(r"[^ -$&-~]")


class Plain(enum.Enum):
    """Answers that are one letter."""

    CONTINUE = b"c"
    ACCEPT = b"a"  # ask no more about this message (before one: about this connection)
    SKIP = b"s"  # send no more of this body


CONTINUE: Final = Plain.CONTINUE
ACCEPT: Final = Plain.ACCEPT
SKIP: Final = Plain.SKIP


@dataclass(frozen=True, slots=True)
class Refusal:
    """The client is to read this reply; 4yz for later, 5yz for never."""

    reply: Reply

    def __post_init__(self) -> None:
        """Refuse what is no refusal, and what would break out of the packet; '%' means something to Sendmail."""
        if self.reply.is_positive or not self.reply.enhanced:
            raise ValueError("a refusal has a code from 400 on, and an enhanced status")
        if len(self.reply.text) != 1 or _UNSAFE.search(self.reply.text[0]):
            raise ValueError("a refusal is one line of visible ASCII without '%'")


Answer: TypeAlias = Plain | Refusal


@dataclass(frozen=True, slots=True)
class InsertField:
    """Put a field at a place of the header, 0 for the top."""

    place: int
    name: bytes
    body: bytes
    action = Action.ADD_FIELDS

    def __post_init__(self) -> None:
        """Refuse what would be more than one field."""
        _check_field(self.name, self.body)


@dataclass(frozen=True, slots=True)
class ChangeField:
    """Give the `number`-th field of a name, from 1 on, another body; an empty one takes it away."""

    number: int
    name: bytes
    body: bytes = b""
    action = Action.CHANGE_FIELDS

    def __post_init__(self) -> None:
        """Refuse what would be more than one field."""
        _check_field(self.name, self.body)


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Hold the message back, for this reason."""

    reason: str
    action = Action.QUARANTINE

    def __post_init__(self) -> None:
        """Refuse what would break out of the packet."""
        if not self.reason or _UNSAFE.search(self.reason):
            raise ValueError("a reason is one line of visible ASCII without '%'")


Change: TypeAlias = InsertField | ChangeField | Quarantine


def _check_field(name: bytes, body: bytes) -> None:
    if not _FIELD_NAME.fullmatch(name) or not _FIELD_BODY.fullmatch(body):
        raise ValueError("not the name and the body of one field")
