"""REQUIRETLS: the message goes on only under verified TLS, or not at all.

Standards: RFC 8689 §2, §4.1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.smtp.extensions.extension import Extension, flag

if TYPE_CHECKING:
    from scop.smtp.events import Mail
    from scop.smtp.options import Channel

__all__ = ["REQUIRETLS"]


def _offer(channel: Channel) -> str | None:
    # RFC 8689 §2 (2): only where TLS is active; a pipe of the mesh always is under TLS.
    return "REQUIRETLS" if channel.tls_active or channel.options.trusted else None


def _read(mail: Mail, value: str | None, _channel: Channel) -> Mail:
    flag(value, "REQUIRETLS")
    return replace(mail, require_tls=True)


REQUIRETLS = Extension(
    keyword="REQUIRETLS",
    offer=_offer,
    mail_parameters={"REQUIRETLS": _read},
    write_mail=lambda mail: " REQUIRETLS" if mail.require_tls else "",
    extra_command_octets=11,  # RFC 8689 §2 (6)
)
