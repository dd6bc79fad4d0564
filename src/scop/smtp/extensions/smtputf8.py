"""SMTPUTF8: addresses and header fields may hold UTF-8.

Standards: RFC 6531.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.smtp.extensions.extension import Extension, flag

if TYPE_CHECKING:
    from scop.smtp.events import Mail
    from scop.smtp.options import Channel

__all__ = ["NEEDS_SMTPUTF8", "SMTPUTF8"]

NEEDS_SMTPUTF8 = "553 5.6.7 SMTPUTF8 is needed for this address"  # RFC 6531 §3.5


def _read(mail: Mail, value: str | None, _channel: Channel) -> Mail:
    flag(value, "SMTPUTF8")
    return replace(mail, smtputf8=True)


SMTPUTF8 = Extension(
    keyword="SMTPUTF8",
    offer=lambda _channel: "SMTPUTF8",
    mail_parameters={"SMTPUTF8": _read},
    write_mail=lambda mail: " SMTPUTF8" if mail.smtputf8 else "",
    extra_command_octets=10,  # RFC 6531 §3.1 (8)
)
