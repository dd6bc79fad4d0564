"""A mail and its parts: offsets into one octet string, everything else decoded when it is asked for.

Standards: RFC 5322, RFC 2045, RFC 2046, RFC 2183, RFC 6532.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scop.mime.ambiguity import find_ambiguities
from scop.mime.charsets import decode_text
from scop.mime.defects import Ambiguity, Defect
from scop.mime.fields.addresses import Address, Group, parse_addresses
from scop.mime.fields.content_type import ContentType, parse_content_type
from scop.mime.fields.dates import parse_date
from scop.mime.fields.disposition import Disposition, parse_disposition
from scop.mime.fields.message_ids import MessageId, parse_message_ids
from scop.mime.fields.received import Received, parse_received
from scop.mime.fields.transfer_encoding import parse_transfer_encoding
from scop.mime.flowed import Paragraph, read_paragraphs
from scop.mime.header import Header, find_content_fields, unfold
from scop.mime.inspection import find_defects
from scop.mime.limits import Limits
from scop.mime.transfer import decode_content
from scop.mime.uuencode import UuFile, find_uuencoded
from scop.mime.values import EntityValues, values_of

__all__ = ["Entity", "Message", "Span"]

_EMPTY_LINES = re.compile(rb"\n(?:[ \t]*+\r?\n)++")


@dataclass(slots=True)
class Span:
    """Where an entity lies in its octets."""

    octets: bytes
    start: int
    header_end: int
    body: int
    end: int
    base: int = 0  # the index in the whole mail of the first of `octets`


class Entity:
    """One part of a mail, or the whole of it."""

    is_message = False  # RFC 5322 §3.6 asks some fields of a mail that a part need not have

    __slots__ = (
        "_content_type",
        "_default_type",
        "_header",
        "cut_defects",
        "epilogue_start",
        "limits",
        "parts",
        "preamble_end",
        "span",
        "stated",
    )

    def __init__(self, span: Span, limits: Limits, default_type: ContentType) -> None:
        self.span = span
        self.stated: Mapping[bytes, bytes] = find_content_fields(span.octets, span.start, span.header_end)
        self.limits = limits
        self._default_type = default_type  # RFC 2046 §5.1.5: message/rfc822 inside of a digest
        self._header: Header | None = None
        self._content_type: ContentType | None = None
        self.parts: tuple[Entity, ...] = ()
        self.preamble_end = span.body  # of a multipart that was cut: noted by the parser
        self.epilogue_start = span.end
        self.cut_defects: list[Defect] = []  # noted by the parser

    @property
    def header(self) -> Header:
        """The fields of this entity."""
        if self._header is None:
            span = self.span
            self._header = Header(bytes(span.octets[span.start : span.header_end]), self.limits)
        return self._header

    @property
    def content_type(self) -> ContentType:
        """What this entity holds; where nothing valid is stated, what RFC 2045 §5.2 assumes."""
        if self._content_type is None:
            stated = self.stated.get(b"type")
            parsed = self._default_type if stated is None else parse_content_type(unfold(stated), limits=self.limits)
            self._content_type = parsed or ContentType()
        return self._content_type

    @property
    def transfer_encoding(self) -> str:
        """The Content-Transfer-Encoding in lower case; "" where none is stated."""
        stated = self.stated.get(b"transfer-encoding")
        return parse_transfer_encoding(unfold(stated), limits=self.limits) if stated else ""

    @property
    def body(self) -> bytes:
        """The octets below the header as they stand."""
        return self.span.octets[self.span.body : self.span.end]

    @property
    def preamble(self) -> bytes:
        """What stands before the first part of a multipart, without the line end before its delimiter."""
        return self.span.octets[self.span.body : self.preamble_end]

    @property
    def epilogue(self) -> bytes:
        """What stands behind the last part of a multipart and the line that closes it."""
        return self.span.octets[self.epilogue_start : self.span.end]

    @property
    def content(self) -> bytes:
        """The body with its transfer encoding undone; a multipart's, which may have none (RFC 2045 §6.4), as it is."""
        if self.content_type.maintype == "multipart":
            return self.body
        return decode_content(self.body, self.transfer_encoding)

    @property
    def text(self) -> str:
        """The content as text in its charset; line ends stay as they are."""
        return decode_text(self.content, self.content_type.parameters.get("charset", ""))

    @property
    def disposition(self) -> str | None:
        """`inline`, `attachment` or another stated word in lower case."""
        disposition = self._stated_disposition()
        return disposition.kind if disposition is not None else None

    @property
    def filename(self) -> str | None:
        """The name that the sender gives this part: never a path to be trusted."""
        disposition = self._stated_disposition()
        named = disposition.parameters.get("filename") if disposition is not None else None
        return named or self.content_type.parameters.get("name") or None

    def _stated_disposition(self) -> Disposition | None:
        stated = self.stated.get(b"disposition")
        return parse_disposition(unfold(stated), limits=self.limits) if stated else None

    @property
    def defects(self) -> tuple[Defect, ...]:
        """Which standards this entity breaks, its parts apart; looked for when asked."""
        return find_defects(self)

    @property
    def ambiguities(self) -> tuple[Ambiguity, ...]:
        """Where other readers may see another mail, its parts apart; looked for when asked."""
        return find_ambiguities(self)

    def walk(self) -> Iterator[Entity]:
        """Yield this entity and all below it, each before its parts."""
        waiting = [self]
        while waiting:
            entity = waiting.pop()
            yield entity
            waiting.extend(reversed(entity.parts))

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The text as paragraphs with their quote depth, put together again where it is flowed (RFC 3676)."""
        return read_paragraphs(self.text, self.content_type.parameters)

    @property
    def uuencoded_files(self) -> tuple[UuFile, ...]:
        """The uuencoded files that stand in the content, from the top."""
        return find_uuencoded(self.content)

    @property
    def field_blocks(self) -> tuple[Header, ...]:
        """The content as blocks of fields that empty lines part, as in the types whose content is fields.

        These are message/delivery-status (first the fields of the mail, then those of each recipient, RFC 3464 §2.1),
        message/disposition-notification, message/feedback-report, text/rfc822-headers, and the fields that a
        message/external-body has of what is elsewhere (RFC 2046 §5.2.3).
        """
        blocks = _EMPTY_LINES.split(self.content.lstrip(b"\r\n"))
        return tuple([Header(block + b"\n", self.limits) for block in blocks[: self.limits.parts] if block.strip()])

    def values(self) -> EntityValues:
        """Return what this entity says, apart from how it is written."""
        return values_of(self)

    def to_octets(self) -> bytes:
        """Return the octets that this entity was read from."""
        span = self.span
        if span.start == 0 and span.end == len(span.octets):
            return span.octets
        return span.octets[span.start : span.end]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.content_type.media_type}, {len(self.parts)} parts>"


class Message(Entity):
    """A whole mail: the top of a parse, or what a message/rfc822 part holds."""

    __slots__ = ()
    is_message = True

    @property
    def message_id(self) -> MessageId | None:
        """What the Message-ID field says; None where it names none."""
        return next(iter(self._identifiers("message-id")), None)

    @property
    def in_reply_to(self) -> tuple[MessageId, ...]:
        """The mails that this one answers."""
        return self._identifiers("in-reply-to")

    @property
    def references(self) -> tuple[MessageId, ...]:
        """The mails of the conversation before this one, the first one first."""
        return self._identifiers("references")

    def _identifiers(self, name: str) -> tuple[MessageId, ...]:
        found = [parse_message_ids(field.unfolded, limits=self.limits) or () for field in self.header.all(name)]
        return tuple([identifier for identifiers in found for identifier in identifiers])

    @property
    def received(self) -> tuple[Received, ...]:
        """The hops of the mail's way, the last one first, as they stand from the top."""
        found = [parse_received(field.unfolded, limits=self.limits) for field in self.header.all("received")]
        return tuple([hop for hop in found if hop is not None])

    def addresses(self, name: str) -> tuple[Address | Group, ...]:
        """Return the mailboxes and groups of every field called `name`, from the top."""
        fields = self.header.all(name)
        if len(fields) == 1:
            return parse_addresses(fields[0].unfolded, limits=self.limits)
        return tuple([found for field in fields for found in parse_addresses(field.unfolded, limits=self.limits)])

    @property
    def date(self) -> datetime.datetime | None:
        """The moment that the Date field names, always with a zone; None where it names none."""
        stated = self.header.all("date")
        return parse_date(stated[0].unfolded, limits=self.limits) if stated else None
