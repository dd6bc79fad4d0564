"""FUTURERELEASE: the message is held and goes on later, after a time or at a time.

The machine has no clock, so whether a date is too far away is for the session to say.

Standards: RFC 4865; RFC 3339 §5.6 (date-time).
"""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import LimitExceeded, RemoteProtocolError
from scop.smtp.delivery import MAX_HOLD_SECONDS, Hold
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension

if TYPE_CHECKING:
    from scop.smtp.events import Mail
    from scop.smtp.options import Channel

__all__ = ["FUTURERELEASE"]

_SECONDS = re.compile(r"[0-9]{1,9}")  # RFC 4865 §4: future-release-integer
_DATE_TIME = re.compile(  # RFC 3339 §5.6
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})",
    re.IGNORECASE,
)
_NO_LAST_DATE = "9999-12-31T23:59:59Z"  # the seconds alone are a bound here


def _max_seconds(channel: Channel) -> int:
    return channel.options.max_hold_seconds or (MAX_HOLD_SECONDS if channel.options.trusted else 0)


def _offer(channel: Channel) -> str | None:
    seconds = _max_seconds(channel)
    return f"FUTURERELEASE {seconds} {_NO_LAST_DATE}" if seconds else None


def _read_for(mail: Mail, value: str | None, channel: Channel) -> Mail:
    if not _SECONDS.fullmatch(value or ""):
        raise RemoteProtocolError("HOLDFOR is no number", reply_hint=BAD_PARAMETER)
    seconds = int(value or 0)
    if seconds > _max_seconds(channel):
        hint = f"501 5.5.4 Mail is held for {_max_seconds(channel)} seconds at most"
        raise LimitExceeded(f"HOLDFOR={seconds}", reply_hint=hint)
    return _held(mail, seconds, None)


def _read_until(mail: Mail, value: str | None, _channel: Channel) -> Mail:
    if not _DATE_TIME.fullmatch(value or ""):
        raise RemoteProtocolError("HOLDUNTIL is no date-time", reply_hint=BAD_PARAMETER)
    try:
        until = datetime.datetime.fromisoformat((value or "").upper()).timestamp()
    except (ValueError, OverflowError) as fault:
        raise RemoteProtocolError(f"HOLDUNTIL: {fault}", reply_hint=BAD_PARAMETER) from fault
    return _held(mail, None, until)


def _held(mail: Mail, for_seconds: int | None, until_unix: float | None) -> Mail:
    if mail.hold is not None:  # RFC 4865 §4: one of the two
        raise RemoteProtocolError("HOLDFOR and HOLDUNTIL", reply_hint=BAD_PARAMETER)
    try:
        return replace(mail, hold=Hold(for_seconds, until_unix))
    except ValueError as fault:
        raise RemoteProtocolError(f"HOLDFOR: {fault}", reply_hint=BAD_PARAMETER) from fault


def _write(mail: Mail) -> str:
    hold = mail.hold
    if hold is None:
        return ""
    if hold.until_unix is None:
        return f" HOLDFOR={hold.for_seconds}"
    until = datetime.datetime.fromtimestamp(hold.until_unix, datetime.UTC).replace(tzinfo=None)
    return f" HOLDUNTIL={until.isoformat()}Z"


FUTURERELEASE = Extension(
    keyword="FUTURERELEASE",
    offer=_offer,
    mail_parameters={"HOLDFOR": _read_for, "HOLDUNTIL": _read_until},
    write_mail=_write,
    extra_command_octets=34,  # RFC 4865 §3
)
