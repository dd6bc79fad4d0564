"""XCLIENT: a trusted proxy says for whom it speaks from now on; for all others it does not exist.

The conversation begins anew: the reply is a greeting, and a hello follows. From then on the words are taken for the
client's, so it does not exist for them either.

Standards: Postfix XCLIENT_README.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp.events import Impersonated
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension, Verb
from scop.smtp.origin import Origin, read_attributes

if TYPE_CHECKING:
    from scop.smtp.options import Channel

__all__ = ["XCLIENT"]

_ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT")


def _offer(channel: Channel) -> str | None:
    return f"XCLIENT {' '.join(_ATTRIBUTES)}" if channel.options.xclient else None


def _read(argument: str, _channel: Channel) -> Impersonated:
    attributes = read_attributes(argument, _ATTRIBUTES)
    origin = Origin.from_attributes(attributes)
    try:
        if origin.address:  # policy is decided by it
            ipaddress.ip_address(origin.address)
    except ValueError as fault:
        raise RemoteProtocolError(f"ADDR: {fault}", reply_hint=BAD_PARAMETER) from fault
    return Impersonated(origin, attributes.get("LOGIN", ""))


XCLIENT = Extension(
    keyword="XCLIENT",
    offer=_offer,
    verbs={"XCLIENT": Verb(_read)},
    extra_command_octets=2048,  # eight values of 255 characters
)
