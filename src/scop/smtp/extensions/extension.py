"""The shape of an extension: what it offers, the verbs and parameters that it adds, what it does to the session.

Standards: RFC 5321 §2.2 (the extension model), §4.1.2 (parameters), §4.5.3.1.9 (longer lines).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from scop.base import RemoteProtocolError
from scop.smtp.events import Event, Mail, Recipient
from scop.smtp.options import Channel

__all__ = [
    "BAD_PARAMETER",
    "Effect",
    "Extension",
    "ReadMailParameter",
    "ReadRecipientParameter",
    "ReadVerb",
    "Verb",
    "flag",
]

BAD_PARAMETER = "501 5.5.4 Syntax error in parameters"

# Each reads a parameter into the event; its value is None where no `=` was given. What is wrong is raised as
# `RemoteProtocolError` with the reply as its hint.
ReadMailParameter: TypeAlias = Callable[[Mail, "str | None", Channel], Mail]
ReadRecipientParameter: TypeAlias = Callable[[Recipient, "str | None", Channel], Recipient]
# Reads the argument of a command.
ReadVerb: TypeAlias = Callable[[str, Channel], Event]
# Returns what the conversation is after the event.
Effect: TypeAlias = Callable[[Channel, Event], Channel]


# RFC 5321 §4.1.1.1: ehlo-keyword; §4.1.2: esmtp-keyword. Verbs have the same form here.
_NAME = re.compile(r"[A-Z0-9][A-Z0-9-]*")
_OWN_VERBS = frozenset(("HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA", "RSET", "QUIT", "NOOP", "VRFY", "HELP", "EXPN"))


def _nothing(_event: object) -> str:
    return ""


def _no_objection(_mail: Mail, _channel: Channel) -> None:
    return


def _not_implemented(_channel: Channel) -> str:
    return "502 5.5.1 Command not implemented"


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: how its argument is read, and the states of the conversation where it may be said.

    The states are the table's where the event has a row there; `in_transaction` is for `Extended` events, which have
    none: they are taken before a transaction and, where it is set, also within one. `unoffered` returns the reply
    while the extension is not to be had.
    """

    read: ReadVerb
    in_transaction: bool = False
    unoffered: Callable[[Channel], str] = _not_implemented


@dataclass(frozen=True, slots=True, eq=False)
class Extension:
    """One service extension (RFC 5321 §2.2).

    `offer` returns the line for the reply to EHLO, None while it is not to be had: its verbs and parameters then
    are unknown. It may look at the options and at `Channel.terms`. `check` looks at a MAIL whose parameters are all
    read. `after` returns what the conversation is after an event of a type was answered by 2yz. `write_mail` and
    `write_recipient` return what a client adds to MAIL and RCPT where the server offers the keyword, beginning with
    a space, '' for nothing. Names are upper case; of two readers for one parameter the later extension's counts.
    """

    keyword: str
    offer: Callable[[Channel], str | None]
    mail_parameters: Mapping[str, ReadMailParameter] = field(default_factory=dict)
    recipient_parameters: Mapping[str, ReadRecipientParameter] = field(default_factory=dict)
    check: Callable[[Mail, Channel], None] = _no_objection
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    after: Mapping[type, Effect] = field(default_factory=dict)
    write_mail: Callable[[Mail], str] = _nothing
    write_recipient: Callable[[Recipient], str] = _nothing
    extra_command_octets: int = 0  # added to the limit of a command line (RFC 5321 §4.5.3.1.9)

    def __post_init__(self) -> None:
        for name in (self.keyword, *self.mail_parameters, *self.recipient_parameters, *self.verbs):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name in capitals")
        if own := _OWN_VERBS & set(self.verbs):
            raise ValueError(f"{', '.join(sorted(own))} belongs to SMTP itself")
        if self.extra_command_octets < 0:
            raise ValueError("a command line does not become shorter")

    @property
    def checks(self) -> bool:
        """Whether it looks at each MAIL."""
        return self.check is not _no_objection


def flag(value: str | None, name: str) -> None:
    """Check that a parameter has no value."""
    if value is not None:
        raise RemoteProtocolError(f"{name} takes no value", reply_hint=BAD_PARAMETER)
