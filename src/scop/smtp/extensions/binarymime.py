"""BINARYMIME: any octets may stand in the body, without lines; it travels by BDAT alone.

Standards: RFC 3030 §3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.smtp.extensions.eightbitmime import read_body
from scop.smtp.extensions.extension import Extension

if TYPE_CHECKING:
    from scop.smtp.events import Mail
    from scop.smtp.options import Channel

__all__ = ["BINARYMIME"]


def _offer(channel: Channel) -> str | None:
    return "BINARYMIME" if channel.options.binary or channel.options.trusted else None


def _read(mail: Mail, value: str | None, channel: Channel) -> Mail:
    if value is not None and value.upper() == "BINARYMIME":
        return replace(mail, body="BINARYMIME")
    return read_body(mail, value, channel)


BINARYMIME = Extension(
    keyword="BINARYMIME",
    offer=_offer,
    mail_parameters={"BODY": _read},
    write_mail=lambda mail: " BODY=BINARYMIME" if mail.body == "BINARYMIME" else "",
    extra_command_octets=0,  # those of 8BITMIME hold it
)
