"""DSN: the client says which reports it wants, of what, under which names.

What is read here may be written into a report's header, so it holds no control character.

Standards: RFC 3461 §4 (RET, ENVID, NOTIFY, ORCPT); RFC 6533 §3 (addresses in UTF-8).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import LimitExceeded, RemoteProtocolError
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension
from scop.smtp.xtext import from_xtext, to_xtext

if TYPE_CHECKING:
    from scop.smtp.events import Mail, Recipient
    from scop.smtp.options import Channel

__all__ = ["DSN"]

MAX_ENVID_CHARACTERS = 100  # RFC 3461 §4.4
MAX_ORCPT_CHARACTERS = 500  # RFC 3461 §4.2

_REPORTS = ("SUCCESS", "FAILURE", "DELAY")
_ENVID = re.compile(r"[ -~]+")
_ORCPT = re.compile(r"([A-Za-z0-9!#$%&'*+/?^_`{|}~-]+);(.+)", re.DOTALL)
_VISIBLE = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
# RFC 6533 §3: utf-8-addr-xtext and utf-8-addr-unitext.
_EMBEDDED = re.compile(r"\\x\{([0-9A-F]{2,6})\}")
_UTF8_ADDRESS = re.compile(rf"(?:[!-*,-<>-\[\]-~]|[^\x00-\xa0]|{_EMBEDDED.pattern})+")
_MUST_EMBED = re.compile(r"[^!-*,-<>-\[\]-~]")


def _read_ret(mail: Mail, value: str | None, _channel: Channel) -> Mail:
    ret = (value or "").upper()
    if ret not in {"FULL", "HDRS"}:
        raise RemoteProtocolError("RET is neither FULL nor HDRS", reply_hint=BAD_PARAMETER)
    return replace(mail, ret=ret)


def _read_envid(mail: Mail, value: str | None, _channel: Channel) -> Mail:
    envid = from_xtext(_bounded("ENVID", value, MAX_ENVID_CHARACTERS))
    if not _ENVID.fullmatch(envid):
        raise RemoteProtocolError("ENVID is not printable ASCII", reply_hint=BAD_PARAMETER)
    return replace(mail, envid=envid)


def _read_notify(recipient: Recipient, value: str | None, _channel: Channel) -> Recipient:
    words = (value or "").upper().split(",")
    # RFC 3461 §4.1: NEVER stands alone.
    if words != ["NEVER"] and (len(set(words)) < len(words) or not set(words) <= set(_REPORTS)):
        raise RemoteProtocolError("NOTIFY of unknown words", reply_hint=BAD_PARAMETER)
    return replace(recipient, notify=frozenset(words))


def _read_orcpt(recipient: Recipient, value: str | None, _channel: Channel) -> Recipient:
    found = _ORCPT.fullmatch(_bounded("ORCPT", value, MAX_ORCPT_CHARACTERS))
    if found is None:
        raise RemoteProtocolError("ORCPT without a type", reply_hint=BAD_PARAMETER)
    kind = found[1].lower()
    address = _from_utf8_address(found[2]) if kind == "utf-8" else from_xtext(found[2])
    if not _VISIBLE.fullmatch(address):
        raise RemoteProtocolError("ORCPT with a control character", reply_hint=BAD_PARAMETER)
    return replace(recipient, original_recipient=f"{kind};{address}")


def _bounded(name: str, value: str | None, limit: int) -> str:
    if value is None:
        raise RemoteProtocolError(f"{name} has no value", reply_hint=BAD_PARAMETER)
    if len(value) > limit:
        raise LimitExceeded(f"{name} of more than {limit} characters", reply_hint=BAD_PARAMETER)
    return value


def _from_utf8_address(text: str) -> str:
    if not _UTF8_ADDRESS.fullmatch(text):
        raise RemoteProtocolError("ORCPT is no utf-8 address", reply_hint=BAD_PARAMETER)
    try:
        address = _EMBEDDED.sub(lambda found: chr(int(found[1], 16)), text)
        address.encode()  # a lone surrogate is no character
    except ValueError as fault:
        raise RemoteProtocolError("ORCPT names no character", reply_hint=BAD_PARAMETER) from fault
    return address


def _write_mail(mail: Mail) -> str:
    ret = f" RET={mail.ret}" if mail.ret else ""
    return f"{ret} ENVID={to_xtext(mail.envid)}" if mail.envid else ret


def _write_recipient(recipient: Recipient) -> str:
    words = [word for word in ("NEVER", *_REPORTS) if word in recipient.notify]
    notify = f" NOTIFY={','.join(words)}" if words else ""
    if not recipient.original_recipient:
        return notify
    kind, _, address = recipient.original_recipient.partition(";")
    # RFC 6533 §3: this form is lawful whether or not the server takes UTF-8.
    encoded = _MUST_EMBED.sub(_embedded, address) if kind == "utf-8" else to_xtext(address)
    # RFC 3461 §4.2 wants it passed on, but a longer one than it allows would have the recipient refused.
    fits = len(kind) + len(encoded) < MAX_ORCPT_CHARACTERS
    return f"{notify} ORCPT={kind};{encoded}" if fits else notify


def _embedded(found: re.Match[str]) -> str:
    return f"\\x{{{ord(found[0]):02X}}}"


DSN = Extension(
    keyword="DSN",
    offer=lambda _channel: "DSN",
    mail_parameters={"RET": _read_ret, "ENVID": _read_envid},
    recipient_parameters={"NOTIFY": _read_notify, "ORCPT": _read_orcpt},
    write_mail=_write_mail,
    write_recipient=_write_recipient,
    extra_command_octets=600,  # RFC 3461 §4: 100 for MAIL, 500 for RCPT
)
