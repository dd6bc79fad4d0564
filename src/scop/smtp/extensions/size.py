"""SIZE: the client says early how large the message is, the server how large it may be.

Standards: RFC 1870.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import LimitExceeded, RemoteProtocolError
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension

if TYPE_CHECKING:
    from scop.smtp.events import Mail
    from scop.smtp.options import Channel

__all__ = ["SIZE"]

MAX_DIGITS = 20  # RFC 1870 §3


def _read(mail: Mail, value: str | None, channel: Channel) -> Mail:
    if value is None or not value.isascii() or not value.isdigit() or len(value) > MAX_DIGITS:
        raise RemoteProtocolError("SIZE is not a number", reply_hint=BAD_PARAMETER)
    limit = channel.options.max_message_octets
    if int(value) > limit:  # RFC 1870 §6.1
        raise LimitExceeded(f"SIZE={value}, limit {limit}", reply_hint="552 5.3.4 Message too large")
    return replace(mail, size_octets=int(value))


SIZE = Extension(
    keyword="SIZE",
    offer=lambda channel: f"SIZE {channel.options.max_message_octets}",
    mail_parameters={"SIZE": _read},
    write_mail=lambda mail: "" if mail.size_octets is None else f" SIZE={mail.size_octets}",
    extra_command_octets=26,  # RFC 1870 §3
)
