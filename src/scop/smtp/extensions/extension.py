"""The shape of an extension: what it offers, and the verbs and parameters that it adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from scop.base import RemoteProtocolError
from scop.smtp.events import Event, Mail
from scop.smtp.options import Channel

__all__ = ["BAD_PARAMETER", "Extension", "ReadParameter", "ReadVerb", "flag"]

BAD_PARAMETER = "501 5.5.4 Syntax error in parameters"

# Reads a parameter of MAIL FROM into the event; its value is None where no `=` was given.
ReadParameter: TypeAlias = Callable[[Mail, "str | None", Channel], Mail]
# Reads the argument of a command; raises `RemoteProtocolError` with the reply as its hint.
ReadVerb: TypeAlias = Callable[[str, Channel], Event]


@dataclass(frozen=True, slots=True)
class Extension:
    """One service extension (RFC 5321 §2.2).

    `offer` returns the line for the reply to EHLO, None while it is not to be had. `write_mail`
    returns what a client adds to MAIL FROM, beginning with a space, '' for nothing.
    """

    keyword: str
    offer: Callable[[Channel], str | None]
    mail_parameters: Mapping[str, ReadParameter] = field(default_factory=dict)
    write_mail: Callable[[Mail], str] = lambda _mail: ""
    verbs: Mapping[str, ReadVerb] = field(default_factory=dict)
    extra_command_octets: int = 0  # added to the limit of a command line (RFC 5321 §4.5.3.1.9)


def flag(value: str | None, name: str) -> None:
    """Check that a parameter has no value."""
    if value is not None:
        raise RemoteProtocolError(f"{name} takes no value", reply_hint=BAD_PARAMETER)
