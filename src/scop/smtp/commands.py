"""Command lines and what they mean: the verbs of RFC 5321 and RFC 2033, read and written.

The extensions' verbs stand in their own files.

Standards: RFC 5321 §4.1.1 (commands), §4.1.2 (syntax); RFC 2033 §4.1 (LHLO).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp.events import (
    Authenticate,
    DataBegin,
    Event,
    Forwarded,
    Hello,
    Help,
    Mail,
    Noop,
    Quit,
    Recipient,
    Reset,
    StartTls,
    Verify,
)
from scop.smtp.extensions import BUILT_IN, Extension
from scop.smtp.extensions.auth import plain_response
from scop.smtp.extensions.extension import BAD_PARAMETER, ReadVerb
from scop.smtp.paths import ForwardPath, ReversePath

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scop.smtp.options import Channel

__all__ = ["MAX_COMMAND_OCTETS", "offered", "read_command", "write_command"]

# RFC 5321 §4.5.3.1.4: 512 octets, and what the extensions add to it.
MAX_COMMAND_OCTETS = 512 + sum(extension.extra_command_octets for extension in BUILT_IN)
MAX_HELLO_OCTETS = 255  # RFC 5321 §4.5.3.1.2

_PATH_AND_REST = r":(<(?:\"(?:[^\"\\]|\\.)*\"|[^>\"])*>)(?: +(.*))?"
_FROM = re.compile("FROM" + _PATH_AND_REST, re.IGNORECASE)
_TO = re.compile("TO" + _PATH_AND_REST, re.IGNORECASE)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?")  # RFC 5321 §4.1.2: esmtp-param
# Lenient: RFC 5321 §4.1.1.1 wants a domain or an address literal; half of the world sends other words.
_HELLO_NAME = re.compile(r"[!-~]+")


def offered(channel: Channel) -> dict[str, Extension]:
    """Return the extensions that are to be had now, by their EHLO line."""
    wanted = channel.options.extensions
    known = BUILT_IN if wanted is None else wanted
    lines = ((extension.offer(channel), extension) for extension in known)
    return {line: extension for line, extension in lines if line is not None}


def read_command(line: bytes, channel: Channel) -> Event:
    """Return what a command line without its CRLF asks for; raises `RemoteProtocolError` with the reply."""
    verb, argument = _words(line)
    read = _VERBS.get(verb)
    if read is None:
        raise RemoteProtocolError("unknown command", reply_hint="500 5.5.1 Command unrecognized")
    if not argument.isascii() and verb not in _UTF8_VERBS:
        raise RemoteProtocolError(f"{verb} with UTF-8", reply_hint=BAD_PARAMETER)
    return read(argument, channel)


def _words(line: bytes) -> tuple[str, str]:
    # RFC 5321 §2.3.8: CR and LF occur only as CRLF.
    if b"\r" in line or b"\n" in line or b"\0" in line:
        raise RemoteProtocolError("a bare CR, LF or NUL in a command", reply_hint="500 5.5.2 Syntax error")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise RemoteProtocolError("a command of no UTF-8", reply_hint="500 5.5.2 Syntax error") from fault
    verb, _, argument = text.partition(" ")
    return verb.upper(), argument.strip(" \t")  # RFC 5321 §4.1.1: trailing white space is tolerated


def _hello(verb: str) -> ReadVerb:
    def read(argument: str, channel: Channel) -> Hello:
        # RFC 2033 §4.1: LHLO belongs to LMTP, HELO and EHLO do not.
        if channel.options.lmtp is not (verb == "LHLO"):
            raise RemoteProtocolError(f"{verb} in the other protocol", reply_hint="500 5.5.1 Command unrecognized")
        if not _HELLO_NAME.fullmatch(argument) or len(argument) > MAX_HELLO_OCTETS:
            raise RemoteProtocolError(f"{verb} without a name", reply_hint=BAD_PARAMETER)
        return Hello(verb, argument)

    return read


def _mail(argument: str, channel: Channel) -> Mail:
    if channel.options.auth_required and not channel.authenticated:  # RFC 4954 §6
        raise RemoteProtocolError("MAIL before AUTH", reply_hint="530 5.7.0 Authentication required")
    path, parameters = _path_and_parameters(_FROM, argument)
    try:
        mail = Mail(ReversePath.parse(path), origin=channel.origin)
    except ValueError as fault:
        raise RemoteProtocolError(f"reverse path: {fault}", reply_hint="501 5.1.7 Bad sender address syntax") from fault
    known = {name: read for each in _usable(channel) for name, read in each.mail_parameters.items()}
    for name, value in parameters.items():
        if name not in known:
            raise RemoteProtocolError(f"unknown parameter {name}", reply_hint="555 5.5.4 Unsupported parameter")
        mail = known[name](mail, value, channel)
    _check_utf8(path, mail)
    return mail


def _usable(channel: Channel) -> Sequence[Extension]:
    # RFC 5321 §4.1.1.1: a client that said HELO knows of no extension.
    return tuple(offered(channel).values()) if channel.extended else ()


def _check_utf8(path: str, mail: Mail) -> None:
    if not mail.smtputf8 and not path.isascii():  # RFC 6531 §3.5
        raise RemoteProtocolError("UTF-8 without SMTPUTF8", reply_hint="553 5.6.7 SMTPUTF8 is needed for this address")


def _recipient(argument: str, _channel: Channel) -> Recipient:
    path, parameters = _path_and_parameters(_TO, argument)
    if parameters:
        raise RemoteProtocolError("unknown parameter", reply_hint="555 5.5.4 Unsupported parameter")
    try:
        return Recipient(ForwardPath.parse(path))
    except ValueError as fault:
        hint = "501 5.1.3 Bad recipient address syntax"
        raise RemoteProtocolError(f"forward path: {fault}", reply_hint=hint) from fault


def _path_and_parameters(form: re.Pattern[str], argument: str) -> tuple[str, dict[str, str | None]]:
    found = form.fullmatch(argument)
    if found is None:
        raise RemoteProtocolError("no path", reply_hint=BAD_PARAMETER)
    parameters: dict[str, str | None] = {}
    for word in (found[2] or "").split():
        parameter = _PARAMETER.fullmatch(word)
        if parameter is None or parameter[1].upper() in parameters:
            raise RemoteProtocolError("bad or repeated parameter", reply_hint=BAD_PARAMETER)
        parameters[parameter[1].upper()] = parameter[2]
    return found[1], parameters


def _bare(event: Event) -> ReadVerb:
    def read(argument: str, _channel: Channel) -> Event:
        if argument:
            raise RemoteProtocolError("an argument where none belongs", reply_hint=BAD_PARAMETER)
        return event

    return read


def _verify(_argument: str, _channel: Channel) -> Verify:
    return Verify()


def _help(_argument: str, _channel: Channel) -> Help:
    return Help()


def _noop(_argument: str, _channel: Channel) -> Noop:
    return Noop()  # RFC 5321 §4.1.1.9: a parameter is ignored


def _not_implemented(_argument: str, _channel: Channel) -> Event:
    raise RemoteProtocolError("not implemented", reply_hint="502 5.5.1 Command not implemented")


_UTF8_VERBS = {"MAIL", "RCPT", "VRFY"}  # RFC 6531 §3.7.4.2
_VERBS: Mapping[str, ReadVerb] = {
    "HELO": _hello("HELO"),
    "EHLO": _hello("EHLO"),
    "LHLO": _hello("LHLO"),
    "MAIL": _mail,
    "RCPT": _recipient,
    "DATA": _bare(DataBegin()),
    "RSET": _bare(Reset()),
    "QUIT": _bare(Quit()),
    "NOOP": _noop,
    "VRFY": _verify,
    "HELP": _help,
    "EXPN": _not_implemented,
    **{name: verb.read for extension in BUILT_IN for name, verb in extension.verbs.items()},
}


def write_command(event: Event, extensions: Sequence[Extension]) -> str:
    """Return the line that says `event` to a server with these extensions, without CRLF."""
    match event:
        case Hello(verb, name):
            return f"{verb} {name}"
        case Mail():
            return f"MAIL FROM:{event.reverse_path}" + "".join(each.write_mail(event) for each in extensions)
        case Recipient(forward_path):
            return f"RCPT TO:{forward_path}"
        case Forwarded(origin):
            return f"XFORWARD {origin.to_xforward()}"
        case Authenticate("PLAIN", login, password):
            return f"AUTH PLAIN {plain_response(login, password)}"
        case _ if type(event) in _WORDS:
            return _WORDS[type(event)]
        case _:
            raise LocalProtocolError(f"a client does not say {type(event).__name__}")


_WORDS: Mapping[type, str] = {DataBegin: "DATA", StartTls: "STARTTLS", Reset: "RSET", Noop: "NOOP", Quit: "QUIT"}
