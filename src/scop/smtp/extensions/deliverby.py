"""DELIVERBY: the message is of use only for so long; what comes too late is returned, or its delay is told.

Standards: RFC 2852.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp.delivery import DeliverBy
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension

if TYPE_CHECKING:
    from scop.smtp.events import Mail
    from scop.smtp.options import Channel

__all__ = ["DELIVERBY"]

_BY = re.compile(r"([+-]?[0-9]{1,9});([NR])(T?)", re.IGNORECASE)  # RFC 2852 §4: by-value


def _offer(channel: Channel) -> str | None:
    minimum = channel.options.min_by_seconds
    if minimum:
        return f"DELIVERBY {minimum}"
    return "DELIVERBY" if minimum == 0 or channel.options.trusted else None


def _read(mail: Mail, value: str | None, channel: Channel) -> Mail:
    found = _BY.fullmatch(value or "")
    if found is None:
        raise RemoteProtocolError("BY is no by-value", reply_hint=BAD_PARAMETER)
    try:
        wish = DeliverBy(int(found[1]), found[2].upper(), trace=bool(found[3]))
    except ValueError as fault:  # RFC 2852 §4: what is to be returned has a time that is to come
        raise RemoteProtocolError(f"BY: {fault}", reply_hint=BAD_PARAMETER) from fault
    minimum = channel.options.min_by_seconds or 0
    if wish.mode == "R" and wish.seconds < minimum:  # RFC 2852 §4.1.2
        hint = f"555 5.5.4 Delivery takes {minimum} seconds at least"
        raise RemoteProtocolError(f"BY={wish.seconds} below {minimum}", reply_hint=hint)
    return replace(mail, deliver_by=wish)


def _write(mail: Mail) -> str:
    wish = mail.deliver_by
    return f" BY={wish.seconds};{wish.mode}{'T' if wish.trace else ''}" if wish else ""


DELIVERBY = Extension(
    keyword="DELIVERBY",
    offer=_offer,
    mail_parameters={"BY": _read},
    write_mail=_write,
    extra_command_octets=17,  # RFC 2852 §3 (6)
)
