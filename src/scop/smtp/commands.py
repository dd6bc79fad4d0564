"""Command lines and what they mean: the verbs of RFC 5321 and RFC 2033, read and written.

The extensions' verbs stand in their own files.

Standards: RFC 5321 §4.1.1 (commands), §4.1.2 (syntax); RFC 2033 §4.1 (LHLO).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp.events import (
    Authenticate,
    ChunkBegin,
    DataBegin,
    Event,
    Extended,
    Forwarded,
    Hello,
    Help,
    Mail,
    Noop,
    Quit,
    Recipient,
    Reset,
    SaslStep,
    StartTls,
    Verify,
)
from scop.smtp.extensions.auth import write_proof
from scop.smtp.extensions.extension import BAD_PARAMETER
from scop.smtp.extensions.smtputf8 import NEEDS_SMTPUTF8
from scop.smtp.paths import ForwardPath, ReversePath

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scop.smtp.extensions import Extension
    from scop.smtp.offers import Offers
    from scop.smtp.options import Channel

__all__ = ["read_command", "write_command"]

# How lines begin that are kept for the next time. None of them holds a password, as one of AUTH may.
_REPEATED = frozenset((b"MAIL", b"RCPT", b"DATA"))
MAX_HELLO_OCTETS = 255  # RFC 5321 §4.5.3.1.2

_PATH_AND_REST = r":(<(?:\"(?:[^\"\\]|\\.)*\"|[^>\"])*>)(?: +(.*))?"
_FROM = re.compile("FROM" + _PATH_AND_REST, re.IGNORECASE)
_TO = re.compile("TO" + _PATH_AND_REST, re.IGNORECASE)
# RFC 5321 §4.1.2: esmtp-param; RFC 6531 §3.3 adds UTF-8 to its values.
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f-\xa0]+))?")
# Lenient: RFC 5321 §4.1.1.1 wants a domain or an address literal; half of the world sends other words.
_HELLO_NAME = re.compile(r"[!-~]+")

# Reads the argument of a verb of SMTP itself.
_Read: TypeAlias = "Callable[[str, Channel, Offers], Event]"
_Parameter = TypeVar("_Parameter")


def read_command(line: bytes, channel: Channel, offers: Offers) -> Event:
    """Return what a command line without its CRLF asks for; raises `RemoteProtocolError` with the reply."""
    verb, argument = _kept_words(line) if line[:4] in _REPEATED else _words(line)
    if not argument.isascii() and verb not in _UTF8_VERBS:
        raise RemoteProtocolError(f"{verb} with UTF-8", reply_hint=BAD_PARAMETER)
    read = _VERBS.get(verb)
    if read is not None:
        return read(argument, channel, offers)
    added = offers.verbs.get(verb)
    if added is None:
        raise RemoteProtocolError("unknown command", reply_hint=_reply_to_unknown(verb, channel, offers))
    event = added.read(argument, channel)
    if isinstance(event, Extended) and event.verb != verb:
        raise LocalProtocolError(f"the extension that reads {verb} returns a command {event.verb}")
    return event


def _reply_to_unknown(verb: str, channel: Channel, offers: Offers) -> str:
    withheld = offers.withheld.get(verb)
    if withheld is None:
        return "500 5.5.1 Command unrecognized"
    if not channel.extended:
        return "503 5.5.1 Say LHLO first" if channel.options.lmtp else "503 5.5.1 Say EHLO first"
    return withheld.unoffered(channel)


@lru_cache(maxsize=256)  # the same few people write and are written to; all say DATA
def _kept_words(line: bytes) -> tuple[str, str]:
    return _words(line)


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


def _hello(verb: str) -> _Read:
    def read(argument: str, channel: Channel, _offers: Offers) -> Hello:
        # RFC 2033 §4.1: LHLO belongs to LMTP, HELO and EHLO do not.
        if channel.options.lmtp is not (verb == "LHLO"):
            raise RemoteProtocolError(f"{verb} in the other protocol", reply_hint="500 5.5.1 Command unrecognized")
        if not _HELLO_NAME.fullmatch(argument) or len(argument) > MAX_HELLO_OCTETS:
            raise RemoteProtocolError(f"{verb} without a name", reply_hint=BAD_PARAMETER)
        return Hello(verb, argument)

    return read


def _mail(argument: str, channel: Channel, offers: Offers) -> Mail:
    if channel.options.auth_required and not channel.authenticated:  # RFC 4954 §6
        raise RemoteProtocolError("MAIL before AUTH", reply_hint="530 5.7.0 Authentication required")
    path, parameters = _path_and_parameters(_FROM, argument)
    try:
        mail = Mail(ReversePath.parse(path), origin=channel.origin)
    except ValueError as fault:
        raise RemoteProtocolError(f"reverse path: {fault}", reply_hint="501 5.1.7 Bad sender address syntax") from fault
    for name, value in parameters:
        mail = _reader(offers.mail_parameters, name)(mail, value, channel)
    if not mail.smtputf8 and not argument.isascii():  # RFC 6531 §3.5
        raise RemoteProtocolError("UTF-8 without SMTPUTF8", reply_hint=NEEDS_SMTPUTF8)
    for check in offers.checks:
        check(mail, channel)
    return mail


def _recipient(argument: str, channel: Channel, offers: Offers) -> Recipient:
    path, parameters = _path_and_parameters(_TO, argument)
    try:
        recipient = Recipient(ForwardPath.parse(path))
    except ValueError as fault:
        hint = "501 5.1.3 Bad recipient address syntax"
        raise RemoteProtocolError(f"forward path: {fault}", reply_hint=hint) from fault
    for name, value in parameters:
        recipient = _reader(offers.recipient_parameters, name)(recipient, value, channel)
    return recipient


def _reader(known: Mapping[str, _Parameter], name: str) -> _Parameter:
    read = known.get(name)
    if read is None:
        raise RemoteProtocolError(f"unknown parameter {name}", reply_hint="555 5.5.4 Unsupported parameter")
    return read


@lru_cache(maxsize=256)  # as above
def _path_and_parameters(form: re.Pattern[str], argument: str) -> tuple[str, tuple[tuple[str, str | None], ...]]:
    found = form.fullmatch(argument)
    if found is None:
        raise RemoteProtocolError("no path", reply_hint=BAD_PARAMETER)
    parameters: dict[str, str | None] = {}
    for word in (found[2] or "").split():
        parameter = _PARAMETER.fullmatch(word)
        if parameter is None or parameter[1].upper() in parameters:
            raise RemoteProtocolError("bad or repeated parameter", reply_hint=BAD_PARAMETER)
        parameters[parameter[1].upper()] = parameter[2]
    return found[1], tuple(parameters.items())


def _bare(event: Event) -> _Read:
    def read(argument: str, _channel: Channel, _offers: Offers) -> Event:
        if argument:
            raise RemoteProtocolError("an argument where none belongs", reply_hint=BAD_PARAMETER)
        return event

    return read


def _with_any(event: Event) -> _Read:
    return lambda _argument, _channel, _offers: event


def _not_implemented(_argument: str, _channel: Channel, _offers: Offers) -> Event:
    raise RemoteProtocolError("not implemented", reply_hint="502 5.5.1 Command not implemented")


_UTF8_VERBS = {"MAIL", "RCPT", "VRFY"}  # RFC 6531 §3.7.4.2
_VERBS: Mapping[str, _Read] = {
    "HELO": _hello("HELO"),
    "EHLO": _hello("EHLO"),
    "LHLO": _hello("LHLO"),
    "MAIL": _mail,
    "RCPT": _recipient,
    "DATA": _bare(DataBegin()),
    "RSET": _bare(Reset()),
    "QUIT": _bare(Quit()),
    "NOOP": _with_any(Noop()),  # RFC 5321 §4.1.1.9: a parameter is ignored
    "VRFY": _with_any(Verify()),
    "HELP": _with_any(Help()),
    "EXPN": _not_implemented,
}


def write_command(event: Event, extensions: Sequence[Extension]) -> str:
    """Return the line that says `event` to a server with these extensions, without CRLF."""
    match event:
        case Mail():
            return f"MAIL FROM:{event.reverse_path}" + "".join(each.write_mail(event) for each in extensions)
        case Recipient():
            return f"RCPT TO:{event.forward_path}" + "".join(each.write_recipient(event) for each in extensions)
        case Hello(verb, name):
            return f"{verb} {name}"
        case ChunkBegin(octets, is_last):
            return f"BDAT {octets} LAST" if is_last else f"BDAT {octets}"
        case Forwarded(origin):
            return f"XFORWARD {origin.to_xforward()}"
        case Authenticate() | SaslStep():
            return write_proof(event)
        case Extended(verb, argument):
            return f"{verb} {argument}".rstrip(" ")
        case _ if type(event) in _WORDS:
            return _WORDS[type(event)]
        case _:
            raise LocalProtocolError(f"a client does not say {type(event).__name__}")


_WORDS: Mapping[type, str] = {DataBegin: "DATA", StartTls: "STARTTLS", Reset: "RSET", Noop: "NOOP", Quit: "QUIT"}
