"""Writes a mail: text, HTML, alternatives, images and attachments in the shape that every reader expects.

The clock and the random part of a Message-ID are the caller's; everything else follows from the
values given, so the same values make the same octets. A line end in a value would let it write
fields of its own: no value that is a field's may hold one.

Standards: RFC 5322 §3.6, RFC 2046 §5.1, RFC 2387, RFC 6531 and RFC 6532 (addresses in UTF-8).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from itertools import chain
from typing import ParamSpec, TypeAlias

from scop.mime.ascii_fields import mailbox_in_ascii
from scop.mime.convert import Unconvertible, to_7bit
from scop.mime.encode import Draft, encode, write_value
from scop.mime.entity import Message
from scop.mime.fields import FieldValue
from scop.mime.fields.addresses import Address, Group, parse_addresses
from scop.mime.fold import reject_controls
from scop.mime.next_hop import NextHop, content_domain, with_crlf
from scop.mime.parser import parse
from scop.mime.parts import Attachment, message_id_of
from scop.mime.structures import Body
from scop.mime.values import NamedValue

__all__ = ["compose", "compose_chunks"]

AddressLike: TypeAlias = Address | Group | str
_Values = ParamSpec("_Values")

_ADDRESS_FIELDS = {"author": "From", "sender": "Sender", "reply_to": "Reply-To", "to": "To", "cc": "Cc"}
_WITHOUT_GROUPS = frozenset({"author", "sender"})  # RFC 5322 §3.6.2; RFC 6854 §1 allows them, and §4 warns of it
_IDENTIFIER_FIELDS = {"message_id": "Message-ID", "in_reply_to": "In-Reply-To", "references": "References"}
_IDENTITIES = NextHop.BINARY.encodings

# Each has a parameter of its own, follows from the structure, or is the envelope's.
_RESERVED = frozenset(
    {
        *("date", "from", "sender", "reply-to", "to", "cc", "bcc", "resent-bcc", "subject"),
        *("message-id", "in-reply-to", "references", "mime-version", "content-id"),
        *("content-type", "content-transfer-encoding", "content-disposition"),
    }
)


def compose_chunks(
    *,
    author: AddressLike | Sequence[AddressLike],
    to: AddressLike | Sequence[AddressLike] = (),
    cc: AddressLike | Sequence[AddressLike] = (),
    bcc: AddressLike | Sequence[AddressLike] = (),
    sender: AddressLike | None = None,
    reply_to: AddressLike | Sequence[AddressLike] = (),
    subject: str = "",
    text: str | None = None,
    html: str | None = None,
    alternatives: Sequence[Attachment] = (),
    inline: Sequence[Attachment] = (),
    attachments: Sequence[Attachment] = (),
    content: Draft | None = None,
    date: datetime.datetime,
    message_id: str,
    in_reply_to: str | Sequence[str] = (),
    references: str | Sequence[str] = (),
    fields: Sequence[tuple[str, FieldValue]] = (),
    next_hop: NextHop = NextHop.ASCII,
) -> Iterator[bytes]:
    """Return a new mail in pieces; the content of attachments that are streams is never held.

    `bcc` is checked and left out: whom it names belongs into the envelope only (RFC 5322 §3.6.3).
    `alternatives` are further forms of the text, the best one last; `inline` are the files that the HTML shows.
    `content` is a structure of its own (`scop.mime.structures`) in the place of text, HTML and files.
    `fields` are further ones, such as ("X-Mailer", "scop"). Bad values raise `ValueError` before anything is written.
    """
    files = [_enclosed(file, next_hop) for file in attachments]
    body = Body(text=text, html=html, alternatives=alternatives, inline=inline, attachments=files)
    if content is not None and not body.is_empty:
        raise ValueError("content: it stands in the place of text, HTML and files")
    given = {"author": author, "sender": sender or (), "reply_to": reply_to, "to": to, "cc": cc, "bcc": bcc}
    header: list[NamedValue] = [("Date", date), *_people(given, next_hop)]
    header += _identifiers({"message_id": message_id, "in_reply_to": in_reply_to, "references": references})
    header += [("Subject", reject_controls(subject, "subject")), *map(_further, fields), ("MIME-Version", "1.0")]
    octets = b"".join([_written(name, value, next_hop) for name, value in header])
    made = body.draft(seed=message_id, next_hop=next_hop) if content is None else _fitting(content, next_hop)
    return chain([octets], encode(made))


def _as_message(write: Callable[_Values, Iterator[bytes]]) -> Callable[_Values, Message]:
    @wraps(write, assigned=())  # its parameters, not its name
    def compose(*args: _Values.args, **values: _Values.kwargs) -> Message:
        """Return a new mail: what `compose_chunks` writes for the same values, read."""
        return parse(b"".join(write(*args, **values)))

    return compose


compose = _as_message(compose_chunks)


def _enclosed(file: Attachment, next_hop: NextHop) -> Attachment:
    """Return an attachment as it can go out: a mail is never encoded (RFC 2046 §5.2.1), but its contents may be."""
    octets = file.content
    if file.media.media_type != "message/rfc822" or not isinstance(octets, bytes):
        return file
    if content_domain(octets) in next_hop.encodings:
        return file
    # Lenient: mail kept in files has LF line ends, which no host carries.
    octets = with_crlf(octets)
    found = octets if content_domain(octets) in next_hop.encodings else to_7bit(parse(octets))
    if isinstance(found, Unconvertible):
        raise ValueError(f"attachment {file.filename!r}: {found.obstacle}, {found.what}")
    return replace(file, content=found)


def _fitting(content: Draft, next_hop: NextHop) -> Draft:
    """Return `content`, whose header goes into the mail's, where it says nothing but what the content is."""
    for name, value in content.fields:
        if not name.lower().startswith("content-"):  # RFC 2045 §3; a Bcc would be sent, a second From believed
            raise ValueError(f"content: {name} is a field of the mail, not of its content")
        is_encoding = name.lower() == "content-transfer-encoding"
        if is_encoding and isinstance(value, str) and value in _IDENTITIES - next_hop.encodings:
            raise ValueError(f"content: it is {value}, which needs another next hop than {next_hop}")
    return content


def _people(given: Mapping[str, AddressLike | Sequence[AddressLike]], next_hop: NextHop) -> Iterator[NamedValue]:
    found = {what: tuple(_addresses(what, people)) for what, people in given.items()}
    if not found["author"]:
        raise ValueError("author: a mail has one")
    if len(found["author"]) > 1 and not found["sender"]:  # RFC 5322 §3.6.2
        found["sender"] = found["author"][:1]
    if len(found["sender"]) > 1:
        raise ValueError("sender: there is only one")
    for what, name in _ADDRESS_FIELDS.items():
        if found[what]:
            yield name, tuple([_carried(what, one, next_hop) for one in found[what]])


def _addresses(what: str, given: AddressLike | Sequence[AddressLike]) -> Iterator[Address | Group]:
    for item in (given,) if isinstance(given, Address | Group | str) else given:
        for one in parse_addresses(reject_controls(item, what)) if isinstance(item, str) else (item,):
            if isinstance(one, Group):
                yield _checked_group(what, one)
            else:
                yield _checked(what, one, str(item))


def _checked(what: str, address: Address, given: str) -> Address:
    reject_controls(address.display_name, what)
    reject_controls(address.addr_spec, what)
    if not address.local_part or not address.domain or "<" in address.domain:
        raise ValueError(f"{what}: not an address: {given!r}")
    return address


def _checked_group(what: str, group: Group) -> Group:
    if what in _WITHOUT_GROUPS:
        raise ValueError(f"{what}: a group is nobody's address: {group.display_name!r}")
    reject_controls(group.display_name, what)
    for member in group.members:
        _checked(what, member, str(member))
    return group


def _carried(what: str, one: Address | Group, next_hop: NextHop) -> Address | Group:
    """Return `one` as the next hop can carry it: a domain has an ASCII form, a local part has none."""
    if next_hop.carries_utf8_header:
        return one
    try:
        return mailbox_in_ascii(one)
    except ValueError as error:
        raise ValueError(f"{what}: {error}; it needs a next hop with SMTPUTF8") from error


def _identifiers(given: Mapping[str, str | Sequence[str]]) -> Iterator[NamedValue]:
    for what, name in _IDENTIFIER_FIELDS.items():
        texts = given[what]
        identifiers = tuple([message_id_of(one, what) for one in ((texts,) if isinstance(texts, str) else texts)])
        if identifiers:
            yield name, identifiers


def _further(field: NamedValue) -> NamedValue:
    name, value = field
    if name.lower() in _RESERVED:
        raise ValueError(f"fields: {name} does not belong here")
    if isinstance(value, str):
        reject_controls(value, name)
    return name, value


def _written(name: str, value: FieldValue, next_hop: NextHop) -> bytes:
    octets = write_value(name, value)
    if not octets.isascii() and not next_hop.carries_utf8_header:
        raise ValueError(f"{name} needs a next hop with SMTPUTF8")
    return octets
