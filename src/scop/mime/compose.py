"""Writes a mail: text, HTML and attachments in the shape that every reader expects.

The clock and the random part of a Message-ID are the caller's; everything else follows from the
values given, so the same values make the same octets.

Standards: RFC 5322 §3.6, RFC 2045 §6, RFC 2046 §5.1, RFC 2183, RFC 6532.
"""

from __future__ import annotations

import binascii
import datetime
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pybase64

from scop.mime.entity import Message
from scop.mime.fields.addresses import Address, parse_addresses
from scop.mime.fields.dates import format_date
from scop.mime.fold import fold_addresses, fold_field, fold_parameters, fold_text, reject_controls
from scop.mime.parser import parse

__all__ = ["Attachment", "compose"]

AddressLike: TypeAlias = Address | str

_FIELD_NAME = re.compile(r"[!-9;-~]+")
_MEDIA_TYPE = re.compile(r"[!#$&^_.+\w-]+/[!#$&^_.+\w-]+", re.ASCII)  # RFC 6838 §4.2
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
MAX_TEXT_LINE = 78  # longer lines are packed: RFC 5322 §2.1.1 asks for no more
_ASCII = bytes(range(128))
_BASE64_LINE = 76  # RFC 2045 §6.8


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a mail."""

    filename: str
    content_type: str
    content: bytes

    def __post_init__(self) -> None:
        if not _MEDIA_TYPE.fullmatch(self.content_type):
            raise ValueError(f"not a media type: {self.content_type!r}")
        reject_controls(self.filename, "filename")


def compose(
    *,
    author: AddressLike | Sequence[AddressLike],
    to: AddressLike | Sequence[AddressLike] = (),
    cc: AddressLike | Sequence[AddressLike] = (),
    bcc: AddressLike | Sequence[AddressLike] = (),
    subject: str = "",
    text: str | None = None,
    html: str | None = None,
    attachments: Sequence[Attachment] = (),
    date: datetime.datetime,
    message_id: str,
    fields: Sequence[tuple[str, str]] = (),
) -> Message:
    """Return a new mail.

    `bcc` is checked and left out: whom it names belongs into the envelope only (RFC 5322 §3.6.3).
    `fields` are further unstructured fields, such as ("X-Mailer", "scop"). Bad values raise `ValueError`.
    """
    authors = _addresses(author)
    if not authors:
        raise ValueError("a mail needs an author")
    _addresses(bcc)
    header = [fold_field("Date", format_date(date).split(" ")), fold_addresses("From", authors)]
    header += [fold_addresses(name, found) for name, given in (("To", to), ("Cc", cc)) if (found := _addresses(given))]
    if len(authors) > 1:  # RFC 5322 §3.6.2
        header.insert(2, fold_addresses("Sender", authors[:1]))
    header += [fold_field("Message-ID", [_message_id(message_id)]), fold_text("Subject", subject)]
    header += [_field(name, value) for name, value in fields]
    header.append(b"MIME-Version: 1.0\r\n")
    return parse(b"".join(header) + _body(text, html, attachments, message_id))


def _addresses(given: AddressLike | Sequence[AddressLike]) -> tuple[Address, ...]:
    many = (given,) if isinstance(given, Address | str) else given
    return tuple([one for item in many for one in _checked(item)])


def _checked(item: AddressLike) -> Iterable[Address]:
    found = (item,) if isinstance(item, Address) else parse_addresses(reject_controls(item, "address"))
    for one in found:
        if not isinstance(one, Address) or not one.local_part or not one.domain or "<" in one.domain:
            raise ValueError(f"not an address: {str(item)!r}")
        yield one


def _message_id(text: str) -> str:
    bracketed = text if text.startswith("<") else f"<{text}>"
    if not _MESSAGE_ID.fullmatch(reject_controls(bracketed, "Message-ID")):
        raise ValueError(f"not a message id: {text!r}")
    return bracketed


def _field(name: str, value: str) -> bytes:
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"not a field name: {name!r}")
    return fold_text(name, value)


def _body(text: str | None, html: str | None, attachments: Sequence[Attachment], seed: str) -> bytes:
    """Return the Content-* fields of the mail, the empty line, and the content."""
    shown = [_text_part("plain", text or "")] if text is not None or html is None else []
    if html is not None:
        shown.append(_text_part("html", html))
    content = shown[0] if len(shown) == 1 else _multipart("alternative", shown, seed)
    if not attachments:
        return content if content.endswith(b"\r\n") else content + b"\r\n"
    return _multipart("mixed", [content, *map(_attachment_part, attachments)], seed)


def _text_part(subtype: str, text: str) -> bytes:
    octets = re.sub(r"\r\n|\r|\n", "\r\n", text).encode("utf-8", "replace")
    charset = "us-ascii" if octets.isascii() else "utf-8"
    encoding, packed = _pack_text(octets)
    return fold_parameters("Content-Type", f"text/{subtype}", [("charset", charset)]) + _encoded(encoding, packed)


def _pack_text(octets: bytes) -> tuple[str, bytes]:
    if octets.isascii() and b"\0" not in octets and max(map(len, octets.split(b"\r\n"))) <= MAX_TEXT_LINE:
        return "7bit", octets
    # Quoted-printable stays readable without a decoder while most of it is ASCII.
    if len(octets.translate(None, _ASCII)) * 3 > len(octets):
        return "base64", _base64(octets)
    return "quoted-printable", _quoted_printable(octets)


def _quoted_printable(octets: bytes) -> bytes:
    # Line by line: binascii takes its line ends from the first line that it meets.
    lines = [binascii.b2a_qp(line, istext=False).replace(b"=\n", b"=\r\n") for line in octets.split(b"\r\n")]
    return b"\r\n".join(lines)


def _base64(octets: bytes) -> bytes:
    packed = pybase64.b64encode(octets)
    return b"\r\n".join([packed[at : at + _BASE64_LINE] for at in range(0, len(packed), _BASE64_LINE)])


def _encoded(encoding: str, packed: bytes) -> bytes:
    return f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode("ascii") + packed


def _attachment_part(attachment: Attachment) -> bytes:
    head = fold_parameters("Content-Type", attachment.content_type, [("name", attachment.filename)])
    head += fold_parameters("Content-Disposition", "attachment", [("filename", attachment.filename)])
    if attachment.content_type.lower().startswith(("message/", "multipart/")):
        # RFC 2046 §5.2.1: a mail inside of a mail is not encoded again.
        return head + _encoded("7bit" if attachment.content.isascii() else "8bit", attachment.content)
    return head + _encoded("base64", _base64(attachment.content))


def _multipart(subtype: str, parts: Sequence[bytes], seed: str) -> bytes:
    digest = hashlib.blake2b(digest_size=12)
    for octets in (subtype.encode("ascii"), seed.encode("utf-8", "replace"), *parts):
        digest.update(len(octets).to_bytes(8, "big") + octets)
    # "=_" never stands in base64 or quoted-printable; in 7bit text only somebody who knows this very mail could put it.
    boundary = f"=_{digest.hexdigest()}"
    delimiter = f"--{boundary}".encode("ascii")
    head = fold_parameters("Content-Type", f"multipart/{subtype}", [("boundary", boundary)])
    return b"\r\n".join([head, *(delimiter + b"\r\n" + part for part in parts), delimiter + b"--\r\n"])
