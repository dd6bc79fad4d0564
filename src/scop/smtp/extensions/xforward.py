"""XFORWARD: a trusted client says where the next message came from; for all others it does not exist.

Standards: Postfix XFORWARD_README.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.smtp.events import Event, Forwarded
from scop.smtp.extensions.extension import Extension, Verb
from scop.smtp.origin import Origin, read_attributes

if TYPE_CHECKING:
    from scop.smtp.options import Channel

__all__ = ["XFORWARD"]

_ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT")
_IGNORED = ("SOURCE",)  # LOCAL or REMOTE: we tell by the address


def _offer(channel: Channel) -> str | None:
    return f"XFORWARD {' '.join(_ATTRIBUTES)}" if channel.options.trusted else None


def _read(argument: str, _channel: Channel) -> Forwarded:
    return Forwarded(Origin.from_attributes(read_attributes(argument, (*_ATTRIBUTES, *_IGNORED))))


def _note(channel: Channel, event: Event) -> Channel:
    if not isinstance(event, Forwarded):
        return channel
    # Postfix writes several commands where one would be too long: they add up until the message is over.
    told = event.origin
    return replace(channel, origin=told if channel.origin is None else told.on_top_of(channel.origin))


XFORWARD = Extension(
    keyword="XFORWARD",
    offer=_offer,
    verbs={"XFORWARD": Verb(_read)},
    after={Forwarded: _note},
    extra_command_octets=3072,  # five values of 255 characters, most of them ASCII
)
