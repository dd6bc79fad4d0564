"""The shape of an extension: what it offers, the verbs and parameters that it adds, what it does to the session.

Standards: RFC 5321 §2.2 (the extension model), §4.1.2 (parameters), §4.5.3.1.9 (longer lines).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from scop.base import RemoteProtocolError
from scop.smtp.events import Event, Mail, Recipient
from scop.smtp.options import Channel

__all__ = [
    "BAD_PARAMETER",
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


def _nothing(_event: object) -> str:
    return ""


def _no_objection(_mail: Mail, _channel: Channel) -> None:
    return


def _unchanged(channel: Channel, _event: Event) -> Channel:
    return channel


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: how its argument is read, and the states of the conversation where it may be said.

    The states are the table's where the event has a row there; `in_transaction` is for `Extended` events, which have
    none: they are taken before a transaction and, where it is set, also within one.
    """

    read: ReadVerb
    in_transaction: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """One service extension (RFC 5321 §2.2).

    `offer` returns the line for the reply to EHLO, None while it is not to be had: its verbs and parameters then
    are unknown. `check` looks at a MAIL whose parameters are all read. `after` returns what the conversation is
    after a positive reply to any event. `write_mail` and `write_recipient` return what a client adds to MAIL and
    RCPT where the server offers the keyword, beginning with a space, '' for nothing.
    """

    keyword: str
    offer: Callable[[Channel], str | None]
    mail_parameters: Mapping[str, ReadMailParameter] = field(default_factory=dict)
    recipient_parameters: Mapping[str, ReadRecipientParameter] = field(default_factory=dict)
    check: Callable[[Mail, Channel], None] = _no_objection
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    after: Callable[[Channel, Event], Channel] = _unchanged
    write_mail: Callable[[Mail], str] = _nothing
    write_recipient: Callable[[Recipient], str] = _nothing
    extra_command_octets: int = 0  # added to the limit of a command line (RFC 5321 §4.5.3.1.9)


def flag(value: str | None, name: str) -> None:
    """Check that a parameter has no value."""
    if value is not None:
        raise RemoteProtocolError(f"{name} takes no value", reply_hint=BAD_PARAMETER)
