"""Cuts a mail into its entities in one pass, over the whole of it or over a window that moves on.

Theory of operation. A `Cutter` holds the entities that are open, outermost first, and a table of the boundaries
that may end them. Inside of a header it waits for the empty line; inside of a body it looks for the next line that
begins with "--" and asks the table whose delimiter it is. A delimiter closes everything that is open inside of its
multipart. The table answers in one step, so the work is linear in the octets however many multiparts are open, and
nothing recurses however deep a mail is; but an encoded mail within another one has a cutter of its own.

Where there is a sink, what lies in no header goes there as soon as it cannot be part of a delimiter, and the
window forgets it. What is odd is noted as a defect and reading goes on: nothing is raised.

Standards: RFC 2046 §5.1 (multipart), §5.2.1 (message/rfc822), RFC 6532 §3.7 (message/global).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias, cast

from scop.mime.defects import Defect, DefectKind
from scop.mime.delimiters import Delimiter, Delimiters
from scop.mime.entity import Entity, Message, Span
from scop.mime.fields.content_type import ContentType
from scop.mime.fields.parameters import find_boundary
from scop.mime.header import HeaderEnd, find_empty_line, find_header_end, header_with_fields, unfold
from scop.mime.limits import Limits
from scop.mime.transfer import IDENTITY_ENCODINGS, Decoder, decode_content, decoder

__all__ = ["Cutter", "Sink"]

Sink: TypeAlias = Callable[[Entity, bytes], None]

_TEXT: Final = ContentType()
_DIGEST_MEMBER: Final = ContentType("message", "rfc822")
_MESSAGE_TYPES: Final = frozenset({"message/rfc822", "message/global"})
_CARRIAGE_RETURN: Final = 13
_UNPLAIN: Final = re.compile(r"[(*\\]")
_FIRST_LOOK: Final = 1_024  # octets; most headers of parts end within
MAX_ENCODED_LEVELS: Final = 50  # whatever `Limits.depth` says: each is a cutter within the other


class Place(NamedTuple):
    """What stands at a place where an entity begins, before anything of it is read."""

    depth: int = 0
    default_type: ContentType = _TEXT
    is_message: bool = True


_TOP: Final = Place()


class _Open:
    """An entity whose end is not known yet."""

    __slots__ = ("awaits_parts", "body", "boundary", "decoder", "depth", "entity", "inside", "is_closed", "parts")

    def __init__(self, entity: Entity, depth: int, body: int) -> None:
        self.entity = entity
        self.depth = depth
        self.body = body  # the index of its first octet in the whole mail
        self.parts: list[Entity] = []
        self.boundary = b""  # its own in the table; "" where it has none, or no more
        self.awaits_parts = False  # a multipart in which no part has begun
        self.is_closed = False  # a multipart behind whose last part a delimiter stands
        self.decoder: Decoder | None = None  # where there is a sink
        # Cuts an encoded message/global: the mail in it has octets of its own (RFC 6532 §3.7).
        self.inside: Cutter | None = None


class Cutter:
    """One mail being cut: fill the window `octets` and `advance`."""

    __slots__ = (
        *("_base", "_delimiters", "_flushed", "_header_start", "_limits", "_open", "_place"),
        *("_position", "_sink", "encoded_levels", "octets", "parts_left", "top"),
    )

    def __init__(
        self, octets: bytes | bytearray, limits: Limits, sink: Sink | None = None, *, place: Place = _TOP
    ) -> None:
        self.octets = octets
        self.top: Entity | None = None
        self.parts_left = [limits.parts]  # one count for a mail and the encoded mails in it
        self.encoded_levels = 0  # of encoded mails around this one
        self._limits = limits
        self._sink = sink
        self._base = 0  # the index in the whole mail of the window's first octet
        self._place = place
        self._header_start = 0  # of the entity that begins here; -1 inside of a body
        self._position = 0  # what comes before it was looked at
        self._flushed = 0
        self._open: list[_Open] = []
        self._delimiters = Delimiters()  # of the multiparts in `_open`, by their index there

    def advance(self, *, final: bool) -> None:
        """Read as far as the window goes; with `final` nothing comes behind it."""
        while self._read_header(final) if self._header_start >= 0 else self._read_body(final):
            pass
        if self._sink is not None and not final:
            self._forget(min(self._position, self._flushed if self._header_start < 0 else self._header_start))

    def _forget(self, count: int) -> None:
        """Let the window begin `count` octets later."""
        if count > 0 and isinstance(self.octets, bytearray):
            del self.octets[:count]
            self._base += count
            self._position -= count
            self._flushed -= count
            if self._header_start >= 0:
                self._header_start -= count

    def _read_header(self, final: bool) -> bool:
        """Open the entity that begins here; False where the end of its header is not in the window yet."""
        found = self._find_header(final)
        if found is None:
            return False
        header_end, body, is_cut = found
        self._begin(header_end, body)
        if is_cut:
            self._note(self._open[-1].entity, DefectKind.HEADER_TOO_LONG, body)
        self._enter()
        return True

    def _find_header(self, final: bool) -> HeaderEnd | None:
        """Return where the header ends that begins here: at an empty line, a delimiter, or the limit."""
        octets, start = self.octets, self._header_start
        size, limit = len(octets), start + self._limits.header_octets
        stop = min(size, limit)
        if final and not self._delimiters:
            return find_header_end(octets, start, stop, is_cut=size > limit)
        position, width = max(start, self._position - 3), _FIRST_LOOK
        while True:
            end = min(position + width, stop)
            empty = find_empty_line(octets, start, position, end)
            if final and empty is not None and not self._delimiters.may_begin_in(octets, max(start - 1, 0), empty[1]):
                return header_with_fields(octets, start, empty)  # so it is nearly always
            # A delimiter inside of the header ends the part before its body has begun.
            last = end if empty is None else empty[0]
            delimiter = self._delimiters.find(octets, max(position - 1, 0), last, final)
            if isinstance(delimiter, Delimiter):
                return find_header_end(octets, start, max(start, self._end_before(delimiter.line_end)))
            if delimiter < last:  # it may be one: the line goes on behind the window
                return None
            if empty is not None:
                return header_with_fields(octets, start, empty)
            if end == stop:
                break
            position, width = max(start, end - 2), width * 2  # so what is near is found first, in linear time
        if size <= limit and not final:
            self._position = end
            return None
        return find_header_end(octets, start, stop, is_cut=size > limit)

    def _begin(self, header_end: int, body: int) -> None:
        """Open the entity whose header was found."""
        start = self._header_start
        if self._sink is None:
            span = Span(cast("bytes", self.octets), start, header_end, body, body)
        else:
            own = bytes(self.octets[start:body])
            span = Span(own, 0, header_end - start, body - start, body - start, base=self._base + start)
        place = self._place
        entity = (Message if place.is_message else Entity)(span, self._limits, place.default_type)
        self._take(entity, place.depth, body)

    def begin(self, top: Message) -> None:
        """Take a mail whose header was read already, before anything else; its octets are the window."""
        self._take(top, 0, top.span.body)
        self._enter()

    def _take(self, entity: Entity, depth: int, body: int) -> None:
        if self._open:
            self._open[-1].parts.append(entity)
        else:
            self.top = entity
        self._open.append(_Open(entity, depth, self._base + body))
        self._header_start = -1
        self._flushed = body
        self._position = body - 1 if body else 0  # the line end of the header may be that before a delimiter

    def _enter(self) -> None:
        """Look into the entity that was opened: does it have parts?"""
        opened = self._open[-1]
        media = opened.entity.content_type
        if media.maintype == "multipart":
            self._enter_multipart(opened)
            return
        if media.maintype == "message" and media.media_type in _MESSAGE_TYPES and self._may_go_below(opened):
            self._enter_message(opened)
        elif self._sink is not None:
            opened.decoder = decoder(opened.entity.transfer_encoding)

    def _enter_multipart(self, opened: _Open) -> None:
        boundary = _boundary_of(opened.entity)
        if not boundary:
            span = opened.entity.span
            self._note(opened.entity, DefectKind.MISSING_BOUNDARY, opened.body - self._base - (span.body - span.start))
            return
        opened.awaits_parts = True
        if self._delimiters.add(boundary, len(self._open) - 1):
            opened.boundary = boundary

    def _enter_message(self, opened: _Open) -> None:
        depth = opened.depth + 1
        if opened.entity.transfer_encoding in IDENTITY_ENCODINGS:
            self._place = Place(depth)
            self._header_start = self._flushed
            return
        if self._sink is not None:
            opened.decoder = decoder(opened.entity.transfer_encoding)
        if self.encoded_levels == MAX_ENCODED_LEVELS:
            self._note(opened.entity, DefectKind.TOO_DEEP, self._position)
            return
        opened.inside = Cutter(bytearray(), self._limits, self._sink, place=Place(depth))
        opened.inside.parts_left = self.parts_left
        opened.inside.encoded_levels = self.encoded_levels + 1

    def _may_go_below(self, opened: _Open) -> bool:
        """Take one part from what the limits allow, or note which limit ends the cut."""
        if opened.depth >= self._limits.depth:
            self._note(opened.entity, DefectKind.TOO_DEEP, self._position)
            return False
        if self.parts_left[0] == 0:
            self._note(opened.entity, DefectKind.TOO_MANY_PARTS, self._position)
            return False
        self.parts_left[0] -= 1
        return True

    def _read_body(self, final: bool) -> bool:
        """Go to the next delimiter; False where there is none in the window."""
        found = self._delimiters.find(self.octets, self._position, len(self.octets), final)
        if isinstance(found, Delimiter):
            self._divide(found)
            return True
        if final:
            self._close_above(-1, len(self.octets))
            return False
        self._position = found
        if self._sink is not None:
            self._flush(self._end_before(found))
        return False

    def _divide(self, found: Delimiter) -> None:
        """End what is open inside of a multipart, and let its next part begin."""
        end = self._end_before(found.line_end)
        self._close_above(found.level, end)
        opened = self._open[-1]
        self._position = max(found.next_line - 1, found.line_end + 1)
        if not found.closes and self._may_go_below(opened):
            self._begin_part(opened, found.next_line, max(end, opened.entity.span.body))
            return
        if opened.parts:  # else all of the body is its content, delimiters as well
            opened.is_closed = True
            self._flushed = found.next_line
            if self._sink is None:
                opened.entity.epilogue_start = found.next_line
        opened.awaits_parts = opened.awaits_parts and found.closes
        self._forget_boundary(opened)

    def _begin_part(self, opened: _Open, start: int, preamble_end: int) -> None:
        if opened.awaits_parts:
            opened.awaits_parts = False
            if self._sink is None:
                opened.entity.preamble_end = preamble_end
        default = _DIGEST_MEMBER if opened.entity.content_type.subtype == "digest" else _TEXT
        self._place = Place(opened.depth + 1, default, is_message=False)
        self._header_start = self._flushed = start

    def _end_before(self, index: int) -> int:
        """Return where content ends before the line end at `index`: it belongs to the delimiter (RFC 2046 §5.1.1)."""
        return index - 1 if index > 0 and self.octets[index - 1] == _CARRIAGE_RETURN else index

    def _forget_boundary(self, opened: _Open) -> None:
        if opened.boundary:
            self._delimiters.forget(opened.boundary)
            opened.boundary = b""

    def _close_above(self, level: int, end: int) -> None:
        """Close what is open inside of `level`; its content ends at `end`."""
        if self._sink is not None:
            self._flush(end)
        while len(self._open) - 1 > level:
            end = self._close(self._open.pop(), end)

    def _close(self, opened: _Open, end: int) -> int:
        """Close an entity and return where it ends: the line end before a delimiter may be that of its header."""
        entity, span = opened.entity, opened.entity.span
        end = max(end + self._base, opened.body)
        if span.body == span.header_end and end > opened.body:
            self._note(entity, DefectKind.MISSING_BLANK_LINE, opened.body - self._base)
        if opened.awaits_parts:
            self._note(entity, DefectKind.MISSING_PARTS, opened.body - self._base)
        elif opened.boundary:
            self._note(entity, DefectKind.UNCLOSED_MULTIPART, end - self._base)
        self._forget_boundary(opened)
        if self._sink is None:
            span.end = end
            if not opened.is_closed:
                entity.epilogue_start = end
        self._finish(opened)
        entity.parts = tuple(opened.parts)
        return end - self._base

    def _finish(self, opened: _Open) -> None:
        """Let the sink have what a transfer encoding held back, and end an encoded mail."""
        if opened.decoder is not None:
            self._emit(opened, opened.decoder.finish())
        inside = opened.inside
        if inside is None:
            return
        if self._sink is None:
            inside.octets = decode_content(bytes(opened.entity.body), opened.entity.transfer_encoding)
        inside.advance(final=True)
        if inside.top is not None:
            opened.parts.append(inside.top)

    def _flush(self, end: int) -> None:
        """Let the sink have the content up to `end`."""
        if end <= self._flushed or not self._open:
            return
        opened = self._open[-1]
        octets = bytes(self.octets[self._flushed : end])
        self._flushed = end
        self._emit(opened, opened.decoder.decode(octets) if opened.decoder is not None else octets)

    def _emit(self, opened: _Open, octets: bytes) -> None:
        if not octets or self._sink is None:
            return
        if opened.inside is None:
            self._sink(opened.entity, octets)
            return
        opened.inside.octets += octets
        opened.inside.advance(final=False)

    def _note(self, entity: Entity, kind: DefectKind, index: int) -> None:
        entity.cut_defects.append(Defect(kind, self._base + index))


def _boundary_of(entity: Entity) -> bytes:
    """Return the boundary of a multipart; b"" where it states none."""
    text = unfold(entity.stated[b"type"])
    plain = entity.content_type.parameters.get("boundary")
    if plain is not None and text.isascii() and text.isprintable() and _UNPLAIN.search(text) is None:
        return plain.encode().rstrip(b" \t\r\n")
    return find_boundary(text)
