"""AUTH: a user shows who it is, under TLS only; a trusted pipe tells it by MAIL's AUTH=.

PLAIN, LOGIN and EXTERNAL are read whole here. SCRAM is an exchange that the session leads: each message of the
client is a `SaslStep`, which the session answers by 334 with `challenge`, by 235 or by a refusal.

Standards: RFC 4954; RFC 4616 (PLAIN); RFC 4422 appendix A (EXTERNAL); RFC 7677 (SCRAM-SHA-256);
draft-murchison-sasl-login (LOGIN).
"""

from __future__ import annotations

import binascii
from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp.events import Authenticate, Challenge, Event, Mail, SaslStep
from scop.smtp.extensions.extension import BAD_PARAMETER, Extension, Verb
from scop.smtp.paths import Mailbox
from scop.smtp.reply import Reply, reply
from scop.smtp.sasl.scram import SCRAM_SHA_256, SCRAM_SHA_256_PLUS
from scop.smtp.xtext import from_xtext, to_xtext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scop.smtp.options import Channel

__all__ = ["AUTH", "MAX_RESPONSE_OCTETS", "challenge", "next_step", "plain_response", "write_proof"]

MAX_RESPONSE_OCTETS = 12288  # RFC 4954 §4.1


def _mechanisms(channel: Channel) -> tuple[str, ...]:
    if not channel.tls_active:  # RFC 4954 §4: no password, and no guess at one, goes in the clear
        return ()
    wanted = channel.options.auth_mechanisms
    return tuple(each for each in wanted if each != "EXTERNAL" or channel.external_identity)


def _offer(channel: Channel) -> str | None:
    if channel.options.trusted:
        # The certificate says who the client is; the keyword only makes MAIL's AUTH= lawful.
        return "AUTH"
    mechanisms = _mechanisms(channel)
    return f"AUTH {' '.join(mechanisms)}" if mechanisms else None


def _unoffered(channel: Channel) -> str:
    if channel.options.auth_mechanisms and not channel.tls_active:  # RFC 4954 §6
        return "538 5.7.11 Encryption required for requested authentication mechanism"
    return "502 5.5.1 Command not implemented"


def _read_mail(mail: Mail, value: str | None, channel: Channel) -> Mail:
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


def _read(argument: str, channel: Channel) -> Event:
    if not channel.options.auth_mechanisms:
        raise RemoteProtocolError("AUTH is not offered", reply_hint="502 5.5.1 Command not implemented")
    if channel.authenticated:  # RFC 4954 §4
        raise RemoteProtocolError("AUTH twice", reply_hint="503 5.5.1 Already authenticated")
    mechanism, _, initial = argument.partition(" ")
    mechanism = mechanism.upper()
    if mechanism not in _mechanisms(channel):
        raise RemoteProtocolError("unknown mechanism", reply_hint="504 5.5.4 Unrecognized authentication mechanism")
    return _BEGINNINGS[mechanism](initial, channel)


def _plain(initial: str, _channel: Channel) -> Challenge | Authenticate:
    if not initial:
        return Challenge(_GO_ON, _plain_answer)
    return _plain_answer(_given(initial))


def _plain_answer(line: str) -> Authenticate:
    identities = _text(line).split("\0")
    if len(identities) != 3:
        raise RemoteProtocolError("PLAIN without two NUL", reply_hint="501 5.5.2 Cannot decode response")
    authorization, login, password = identities
    if authorization not in {"", login}:  # nobody acts for another
        raise RemoteProtocolError("PLAIN for another user", reply_hint=_FAILED)
    return Authenticate("PLAIN", login, password)


def _login(initial: str, _channel: Channel) -> Challenge:
    if initial:
        return _ask_password(initial)
    return Challenge(reply(334, "", "VXNlcm5hbWU6"), _ask_password)  # "Username:"


def _ask_password(line: str) -> Challenge:
    login = _text(line)
    return Challenge(  # "Password:"
        reply(334, "", "UGFzc3dvcmQ6"), lambda answer: Authenticate("LOGIN", login, _text(answer))
    )


def _external(initial: str, channel: Channel) -> Challenge | Authenticate:
    def answer(line: str) -> Authenticate:
        authorization = _text(line)
        if authorization not in {"", channel.external_identity}:  # nobody acts for another
            raise RemoteProtocolError("EXTERNAL for another user", reply_hint=_FAILED)
        return Authenticate("EXTERNAL", channel.external_identity)

    return answer(_given(initial)) if initial else Challenge(_GO_ON, answer)


def _scram(mechanism: str) -> Callable[[str, Channel], Challenge | SaslStep]:
    def first(line: str) -> SaslStep:
        return SaslStep(mechanism, _octets(line), is_first=True)

    return lambda initial, _channel: first(_given(initial)) if initial else Challenge(_GO_ON, first)


_GO_ON = reply(334, "", "")
_FAILED = "535 5.7.8 Authentication failed"
_BEGINNINGS: Mapping[str, Callable[[str, Channel], Event]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "EXTERNAL": _external,
    SCRAM_SHA_256: _scram(SCRAM_SHA_256),
    SCRAM_SHA_256_PLUS: _scram(SCRAM_SHA_256_PLUS),
}


def challenge(octets: bytes) -> Reply:
    """Return the reply that carries a message of the server in an exchange."""
    return reply(334, "", _base64(octets))


def next_step(mechanism: str) -> Callable[[str], SaslStep]:
    """Return what reads the next line of a client in an exchange that the session leads."""
    return lambda line: SaslStep(mechanism, _octets(line))


def _given(initial: str) -> str:
    return "" if initial == "=" else initial  # RFC 4954 §4: a single = stands for an empty initial response


def _octets(line: str) -> bytes:
    if line == "*":  # RFC 4954 §4
        raise RemoteProtocolError("exchange cancelled", reply_hint="501 5.7.0 Authentication cancelled")
    try:
        return binascii.a2b_base64(line, strict_mode=True) if line else b""
    except ValueError as fault:
        raise RemoteProtocolError("not base64", reply_hint="501 5.5.2 Cannot decode response") from fault


def _text(line: str) -> str:
    try:
        return _octets(line).decode("utf-8")
    except UnicodeDecodeError as fault:
        raise RemoteProtocolError("not UTF-8", reply_hint="501 5.5.2 Cannot decode response") from fault


def _base64(octets: bytes) -> str:
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def plain_response(login: str, password: str) -> str:
    """Write a client's whole answer for PLAIN."""
    return _base64(f"\0{login}\0{password}".encode())


def write_proof(proof: Authenticate | SaslStep) -> str:
    """Write a client's command, or its next line in an exchange; a first step without octets asks for the challenge."""
    match proof:
        case Authenticate("PLAIN", login, password):
            return f"AUTH PLAIN {plain_response(login, password)}"
        case Authenticate("EXTERNAL", login):
            return f"AUTH EXTERNAL {_base64(login.encode()) or '='}"
        case SaslStep(mechanism, octets, is_first=True):
            return f"AUTH {mechanism} {_base64(octets)}".rstrip(" ")
        case SaslStep(_, octets):
            return _base64(octets)
        case _:
            raise LocalProtocolError(f"{proof.mechanism} is not said in one line")


def _proven(channel: Channel, _proof: Event) -> Channel:
    return replace(channel, authenticated=True)


AUTH = Extension(
    keyword="AUTH",
    offer=_offer,
    mail_parameters={"AUTH": _read_mail},
    write_mail=_write_mail,
    verbs={"AUTH": Verb(_read, unoffered=_unoffered)},
    after={Authenticate: _proven, SaslStep: _proven},
    extra_command_octets=500,  # RFC 4954 §5
)
