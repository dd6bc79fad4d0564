"""What other readers of mail give for a mail, by their own ordinary calls, in one shape.

All of them are optional: none is a dependency of the project. The standard library is asked in both of its ways;
`fast-mail-parser` is written in Rust; `flanker` has a scanner of its own and stands on neither.
"""

from __future__ import annotations

import contextlib
import email
import email.errors
import email.header
import email.message
import email.policy
import email.utils
import importlib
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.headerregistry import AddressHeader, ContentDispositionHeader, ContentTypeHeader, DateHeader
from typing import Protocol, TypeAlias

from scop.mime import Address, ContentType
from scop.mime.fields import addresses, content_type, dates
from scop.mime.fields.disposition import Disposition

__all__ = ["PEERS", "Peer", "Read", "reader_of"]


@dataclass(frozen=True, slots=True)
class Read:
    """An entity as a reader gives it; None stands for what it does not show. Values are text or of our kinds."""

    media_type: str
    fields: tuple[tuple[str, object], ...] | None
    content: bytes | None = None
    text: str | None = None
    parts: tuple[Read, ...] = ()


class NoMessageError(Exception):
    """A reader gave nothing at all for a mail."""


Reader: TypeAlias = Callable[[bytes], Read]


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a reader comes from."""

    module: str
    package: str
    make: Callable[[], Reader]


def reader_of(name: str) -> Reader:
    """Return a peer's reader; its package must be installed."""
    return PEERS[name].make()


# The standard library

_ValueOf: TypeAlias = Callable[[email.message.Message, str, object], object]


def _compat32() -> Reader:
    return lambda octets: _email_entity(email.message_from_bytes(octets), _compat32_value)


def _default() -> Reader:
    return lambda octets: _email_entity(email.message_from_bytes(octets, policy=email.policy.default), _default_value)


def _email_entity(message: email.message.Message, value_of: _ValueOf) -> Read:
    fields = tuple([(name, value_of(message, name, value)) for name, value in message.items()])
    payload = message.get_payload()
    if isinstance(payload, list):
        parts = [_email_entity(part, value_of) for part in payload if isinstance(part, email.message.Message)]
        return Read(message.get_content_type(), fields, parts=tuple(parts))
    decoded = message.get_payload(decode=True)
    return Read(message.get_content_type(), fields, decoded if isinstance(decoded, bytes) else b"")


def _compat32_value(message: email.message.Message, name: str, value: object) -> object:
    """Return what this policy leaves to its caller, who calls the functions that its documentation names."""
    lowered = name.lower()
    text = str(value).replace("\r\n", "").replace("\n", "").strip(" \t\r\n")
    if lowered in addresses.NAMES:
        return tuple([Address(_decoded(display), spec) for display, spec in email.utils.getaddresses([text])])
    if lowered in dates.NAMES:
        try:
            return email.utils.parsedate_to_datetime(text)
        except ValueError:  # which says that it is no date
            return text
    if lowered in content_type.NAMES:
        pairs = message.get_params(failobj=[], header=name)[1:]
        parameters = {key.lower(): email.utils.collapse_rfc2231_value(given) for key, given in pairs}
        maintype, _, subtype = message.get_content_type().partition("/")
        return ContentType(maintype, subtype, parameters)
    return _decoded(text) if "=?" in text else text


def _decoded(text: str) -> str:
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (LookupError, ValueError, email.errors.HeaderParseError):  # such as a charset with a language (RFC 2231 §5)
        return text


def _default_value(_: email.message.Message, __: str, value: object) -> object:
    if isinstance(value, AddressHeader):
        return tuple([Address(one.display_name, local_part=one.username, domain=one.domain) for one in value.addresses])
    if isinstance(value, DateHeader):
        return value.datetime or str(value)
    if isinstance(value, ContentTypeHeader):
        return ContentType(value.maintype, value.subtype, _lowered(value.params))
    if isinstance(value, ContentDispositionHeader) and value.content_disposition:
        return Disposition(value.content_disposition, _lowered(value.params))
    return str(value)


def _lowered(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): text for name, text in parameters.items()}


# fast-mail-parser


class _RustPart(Protocol):
    """What we ask of its PyMimePart."""

    content_type: str
    headers: dict[str, list[str]]
    content: bytes | None
    children: list[_RustPart]


def _fast_mail_parser() -> Reader:
    parse: Callable[[bytes], _RustPart] = importlib.import_module("fast_mail_parser").parse_email_tree
    return lambda octets: _rust_entity(parse(octets))


def _rust_entity(part: _RustPart) -> Read:
    fields = tuple([(name, value) for name, values in part.headers.items() for value in values])
    return Read(part.content_type, fields, part.content, parts=tuple([_rust_entity(one) for one in part.children]))


# flanker


class _FlankerPart(Protocol):
    """What we ask of its MimePart."""

    content_type: object
    headers: Mapping[str, object]
    body: str | bytes | None
    parts: list[_FlankerPart]
    enclosed: _FlankerPart | None


def _flanker() -> Reader:
    with _hushed():
        parse: Callable[[bytes], _FlankerPart | None] = importlib.import_module("flanker.mime").from_string

    def read(octets: bytes) -> Read:
        with _hushed():
            part = parse(octets)
            if part is None:
                raise NoMessageError
            return _flanker_entity(part)

    return read


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Let it say nothing: it prints what it cannot decode, and its grammars complain when they are compiled."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # of what it stands on
        yield


def _flanker_entity(part: _FlankerPart) -> Read:
    media = str(getattr(part.content_type, "value", part.content_type))
    fields = tuple([(name, _flanker_value(value)) for name, value in part.headers.items()])
    parts = list(part.parts) or ([part.enclosed] if part.enclosed is not None else [])
    if parts:
        return Read(media, fields, parts=tuple([_flanker_entity(one) for one in parts]))
    body = part.body  # text comes without its octets
    return Read(media, fields, text=body) if isinstance(body, str) else Read(media, fields, body)


def _flanker_value(value: object) -> object:
    if isinstance(value, str):
        return value
    main, parameters = str(getattr(value, "value", value)), dict(getattr(value, "params", {}))
    if "/" in main:
        maintype, _, subtype = main.partition("/")
        return ContentType(maintype, subtype, parameters)
    return Disposition(main, parameters) if parameters else main


PEERS = {
    "email-compat32": Peer("email", "", _compat32),
    "email-default": Peer("email", "", _default),
    "fast-mail-parser": Peer("fast_mail_parser", "fast-mail-parser", _fast_mail_parser),
    "flanker": Peer("flanker", "flanker", _flanker),
}
