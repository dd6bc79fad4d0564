"""STARTTLS: the conversation begins anew under TLS.

What was said or sent in the clear before is forgotten, also what a third party may have put behind
the command (CVE-2011-0411).

Standards: RFC 3207.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp.events import StartTls
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension, Verb

if TYPE_CHECKING:
    from scop.smtp.options import Channel

__all__ = ["STARTTLS"]


def _offer(channel: Channel) -> str | None:
    return "STARTTLS" if channel.options.tls_available and not channel.tls_active else None


def _read(argument: str, _channel: Channel) -> StartTls:
    if argument:
        raise RemoteProtocolError("STARTTLS takes no argument", reply_hint=BAD_PARAMETER)
    return StartTls()


def _unoffered(channel: Channel) -> str:
    return "503 5.5.1 TLS is active already" if channel.tls_active else "502 5.5.1 Command not implemented"


STARTTLS = Extension(keyword="STARTTLS", offer=_offer, verbs={"STARTTLS": Verb(_read, unoffered=_unoffered)})
