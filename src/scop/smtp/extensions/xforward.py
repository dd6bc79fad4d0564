"""XFORWARD: a trusted client says where the next message came from; for all others it does not exist.

Standards: Postfix XFORWARD_README.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp.events import Event, Forwarded
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension, Verb
from scop.smtp.origin import Origin

if TYPE_CHECKING:
    from scop.smtp.options import Channel

__all__ = ["XFORWARD"]

_ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT")
_IGNORED = ("SOURCE",)  # LOCAL or REMOTE: we tell by the address


def _offer(channel: Channel) -> str | None:
    return f"XFORWARD {' '.join(_ATTRIBUTES)}" if channel.options.trusted else None


def _read(argument: str, _channel: Channel) -> Forwarded:
    attributes = dict(_attribute(word) for word in argument.split())
    if not attributes:
        raise RemoteProtocolError("XFORWARD without attributes", reply_hint=BAD_PARAMETER)
    return Forwarded(Origin.from_xforward(attributes))


def _attribute(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    if name.upper() not in (*_ATTRIBUTES, *_IGNORED) or not value:
        raise RemoteProtocolError("unknown XFORWARD attribute", reply_hint=BAD_PARAMETER)
    return name.upper(), value


def _after(channel: Channel, event: Event) -> Channel:
    return replace(channel, origin=event.origin) if isinstance(event, Forwarded) else channel


XFORWARD = Extension(
    keyword="XFORWARD",
    offer=_offer,
    verbs={"XFORWARD": Verb(_read)},
    after=_after,
    extra_command_octets=3072,  # five values of 255 characters, most of them ASCII
)
