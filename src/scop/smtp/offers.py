"""What a client may use at a moment: all that the extensions add which are to be had then.

Standards: RFC 5321 §2.2 (the extension model), §4.1.1.1 (EHLO), §4.5.3.1.4 and §4.5.3.1.9 (length of commands).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from scop.smtp.extensions import BUILT_IN
from scop.smtp.options import Channel, ServerOptions, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scop.smtp.events import Mail
    from scop.smtp.extensions.extension import Effect, Extension, ReadMailParameter, ReadRecipientParameter, Verb

__all__ = ["Offers", "offers_on"]

COMMAND_OCTETS = 512  # RFC 5321 §4.5.3.1.4; §4.5.3.1.9: each extension adds to it, offered or not


@dataclass(frozen=True, slots=True)
class Offers:
    """The lines of the reply to EHLO, what they promise by name, and how long a command line with its CRLF may be."""

    command_octets: int
    lines: tuple[str, ...] = ()
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    withheld: Mapping[str, Verb] = field(default_factory=dict)  # known, but not to be had now
    mail_parameters: Mapping[str, ReadMailParameter] = field(default_factory=dict)
    recipient_parameters: Mapping[str, ReadRecipientParameter] = field(default_factory=dict)
    checks: tuple[Callable[[Mail, Channel], None], ...] = ()
    effects: Mapping[type, tuple[Effect, ...]] = field(default_factory=dict)  # by event


def offers_on(channel: Channel) -> Offers:
    """Return what may be used on `channel`: nothing before EHLO, and after HELO (RFC 5321 §4.1.1.1)."""
    return _offers(channel.options, channel.terms)


@lru_cache(maxsize=256)  # the connections of one listener agree on the same few things
def _offers(options: ServerOptions, terms: Terms) -> Offers:
    channel = Channel(options, *terms[:4], notes=terms.notes)
    known = _known(options)
    told = [(line, each) for each in known if terms.extended and (line := each.offer(channel)) is not None]
    had = [each for _, each in told]
    return Offers(
        command_octets=COMMAND_OCTETS + sum(each.extra_command_octets for each in known),
        lines=tuple(line for line, _ in told),
        verbs={name: verb for each in had for name, verb in each.verbs.items()},
        withheld={name: verb for each in known if each not in had for name, verb in each.verbs.items()},
        mail_parameters={name: read for each in had for name, read in each.mail_parameters.items()},
        recipient_parameters={name: read for each in had for name, read in each.recipient_parameters.items()},
        checks=tuple(each.check for each in had if each.checks),
        effects={event: tuple(each.after[event] for each in had if event in each.after) for event in _events(had)},
    )


def _events(extensions: Sequence[Extension]) -> set[type]:
    return {event for each in extensions for event in each.after}


def _known(options: ServerOptions) -> tuple[Extension, ...]:
    return BUILT_IN if options.extensions is None else options.extensions
