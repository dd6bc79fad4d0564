"""MT-PRIORITY: some messages are more urgent than others; who may say so is for the session to decide.

Standards: RFC 6710.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension

if TYPE_CHECKING:
    from scop.smtp.events import Mail
    from scop.smtp.options import Channel

__all__ = ["MTPRIORITY"]

_PRIORITY = re.compile(r"0|-?[1-9]")  # RFC 6710 §6: -9 to 9


def _offer(channel: Channel) -> str | None:
    return "MT-PRIORITY" if channel.options.priorities or channel.options.trusted else None


def _read(mail: Mail, value: str | None, _channel: Channel) -> Mail:
    if not _PRIORITY.fullmatch(value or ""):
        raise RemoteProtocolError("MT-PRIORITY is not of -9 to 9", reply_hint=BAD_PARAMETER)
    return replace(mail, priority=int(value or 0))


MTPRIORITY = Extension(
    keyword="MT-PRIORITY",
    offer=_offer,
    mail_parameters={"MT-PRIORITY": _read},
    write_mail=lambda mail: "" if mail.priority is None else f" MT-PRIORITY={mail.priority}",
    extra_command_octets=15,  # RFC 6710 §3 (8)
)
