"""8BITMIME: octets above 127 may stand in the body.

Standards: RFC 6152.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension

if TYPE_CHECKING:
    from scop.smtp.events import Mail
    from scop.smtp.options import Channel

__all__ = ["EIGHTBITMIME", "read_body"]

_BODIES = ("7BIT", "8BITMIME")


def read_body(mail: Mail, value: str | None, _channel: Channel) -> Mail:
    """Read BODY=; raises `RemoteProtocolError`."""
    body = (value or "").upper()
    if body not in _BODIES:
        raise RemoteProtocolError("BODY is neither 7BIT nor 8BITMIME", reply_hint=BAD_PARAMETER)
    return replace(mail, body=body)


EIGHTBITMIME = Extension(
    keyword="8BITMIME",
    offer=lambda _channel: "8BITMIME",
    mail_parameters={"BODY": read_body},
    write_mail=lambda mail: f" BODY={mail.body}" if mail.body in _BODIES else "",
    extra_command_octets=17,  # RFC 6152 §2
)
