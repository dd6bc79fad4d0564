"""AUTH: a user shows who it is, by PLAIN or LOGIN and under TLS only; a trusted pipe tells it by MAIL's AUTH=.

Standards: RFC 4954; RFC 4616 (PLAIN); draft-murchison-sasl-login (LOGIN).
"""

from __future__ import annotations

import binascii
from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import RemoteProtocolError
from scop.smtp.events import Authenticate, Challenge, Mail
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension, Verb
from scop.smtp.paths import Mailbox
from scop.smtp.reply import reply
from scop.smtp.xtext import from_xtext, to_xtext

if TYPE_CHECKING:
    from scop.smtp.options import Channel

__all__ = ["AUTH", "MAX_RESPONSE_OCTETS", "plain_response"]

MAX_RESPONSE_OCTETS = 12288  # RFC 4954 §4.1


def _offer(channel: Channel) -> str | None:
    if channel.options.trusted:
        # The certificate says who the client is; the keyword only makes MAIL's AUTH= lawful.
        return "AUTH"
    mechanisms = channel.options.auth_mechanisms
    return f"AUTH {' '.join(mechanisms)}" if mechanisms and channel.tls_active else None


def _read_mail(mail: Mail, value: str | None, channel: Channel) -> Mail:
    if _offer(channel) is None:
        raise RemoteProtocolError("AUTH= where AUTH is not offered", reply_hint="555 5.5.4 Unsupported parameter")
    if value is None:
        raise RemoteProtocolError("AUTH= has no value", reply_hint=BAD_PARAMETER)
    text = from_xtext(value)
    # RFC 4954 §5: what a client says that is not trusted to say so counts as AUTH=<>.
    if not channel.options.trusted or text == "<>":
        return mail
    try:
        return replace(mail, auth=Mailbox.parse(text))
    except ValueError as fault:
        raise RemoteProtocolError(f"AUTH=: {fault}", reply_hint=BAD_PARAMETER) from fault


def _write_mail(mail: Mail) -> str:
    return f" AUTH={to_xtext(str(mail.auth))}" if mail.auth else ""


def _read(argument: str, channel: Channel) -> Challenge | Authenticate:
    _check_may_authenticate(channel)
    mechanism, _, initial = argument.partition(" ")
    begin = {"PLAIN": _plain, "LOGIN": _login}.get(mechanism.upper())
    if begin is None:
        raise RemoteProtocolError("unknown mechanism", reply_hint="504 5.5.4 Unrecognized authentication mechanism")
    return begin(initial)


def _check_may_authenticate(channel: Channel) -> None:
    if not channel.options.auth_mechanisms:
        raise RemoteProtocolError("AUTH is not offered", reply_hint="502 5.5.1 Command not implemented")
    if not channel.tls_active:  # RFC 4954 §6
        hint = "538 5.7.11 Encryption required for requested authentication mechanism"
        raise RemoteProtocolError("AUTH in the clear", reply_hint=hint)
    if channel.authenticated:  # RFC 4954 §4
        raise RemoteProtocolError("AUTH twice", reply_hint="503 5.5.1 Already authenticated")


def _plain(initial: str) -> Challenge | Authenticate:
    if not initial:
        return Challenge(reply(334, "", ""), _plain_answer)
    # RFC 4954 §4: a single = stands for an empty initial response.
    return _plain_answer("" if initial == "=" else initial)


def _plain_answer(line: str) -> Authenticate:
    identities = _text(line).split("\0")
    if len(identities) != 3:
        raise RemoteProtocolError("PLAIN without two NUL", reply_hint="501 5.5.2 Cannot decode response")
    authorization, login, password = identities
    if authorization not in {"", login}:  # nobody acts for another
        raise RemoteProtocolError("PLAIN for another user", reply_hint="535 5.7.8 Authentication failed")
    return Authenticate("PLAIN", login, password)


def _login(initial: str) -> Challenge:
    if initial:
        return _ask_password(initial)
    return Challenge(reply(334, "", "VXNlcm5hbWU6"), _ask_password)  # "Username:"


def _ask_password(line: str) -> Challenge:
    login = _text(line)
    return Challenge(  # "Password:"
        reply(334, "", "UGFzc3dvcmQ6"), lambda answer: Authenticate("LOGIN", login, _text(answer))
    )


def _text(line: str) -> str:
    if line == "*":  # RFC 4954 §4
        raise RemoteProtocolError("exchange cancelled", reply_hint="501 5.7.0 Authentication cancelled")
    try:
        return binascii.a2b_base64(line, strict_mode=True).decode("utf-8") if line else ""
    except ValueError as fault:
        raise RemoteProtocolError("not base64 of UTF-8", reply_hint="501 5.5.2 Cannot decode response") from fault


def plain_response(login: str, password: str) -> str:
    """Write a client's whole answer for PLAIN."""
    return binascii.b2a_base64(f"\0{login}\0{password}".encode(), newline=False).decode("ascii")


AUTH = Extension(
    keyword="AUTH",
    offer=_offer,
    mail_parameters={"AUTH": _read_mail},
    write_mail=_write_mail,
    verbs={"AUTH": Verb(_read)},
    extra_command_octets=500,  # RFC 4954 §5
)
