"""Reads a mail at once, or piece by piece as it arrives.

Standards: RFC 5322 §2.1, RFC 2046 §5.1, RFC 6532 §3.7 (message/global).
"""

from __future__ import annotations

from scop.mime.cutter import Cutter, Sink
from scop.mime.entity import Message, Span
from scop.mime.fields.content_type import ContentType
from scop.mime.header import Header, find_header_end
from scop.mime.limits import DEFAULT_LIMITS, Limits

__all__ = ["Parser", "parse"]

_TEXT = ContentType()  # RFC 2045 §5.2
_WITH_PARTS = frozenset({"multipart", "message"})


def parse(octets: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Message:
    """Read a mail; any octets at all yield a message, and `to_octets()` gives them back."""
    message = _with_sound_header(octets, limits)
    if message is not None and message.content_type.maintype not in _WITH_PARTS:
        return message  # nine mails of ten: there is nothing to cut
    cutter = Cutter(octets, limits)
    if message is not None:
        cutter.begin(message)
    cutter.advance(final=True)
    return _message(cutter)


def _with_sound_header(octets: bytes, limits: Limits) -> Message | None:
    """Return the mail as it is before it is cut; None where its header has no plain end."""
    size = len(octets)
    found = find_header_end(octets, 0, min(size, limits.header_octets))
    if found.end == found.body:
        return None
    return Message(Span(octets, 0, found.end, found.body, size), limits, _TEXT)


def _message(cutter: Cutter) -> Message:
    assert isinstance(cutter.top, Message), "whatever is read, a mail begins there"
    return cutter.top


class Parser:
    """Reads a mail whose octets arrive in pieces; where they are cut changes nothing.

    With a `sink`, the content of each entity that has no parts goes there as it arrives, its transfer encoding
    undone, and nothing of it is kept; so do the octets before and behind the parts of a multipart, as they stand.
    The message then has the same tree and the same headers, and no bodies.
    """

    __slots__ = ("_cutter", "_message", "_sink")

    def __init__(self, *, sink: Sink | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        self._sink = sink
        self._cutter = Cutter(bytearray(), limits, sink)
        self._message: Message | None = None

    @property
    def header(self) -> Header | None:
        """The header of the mail, as soon as all of it has arrived."""
        return self._cutter.top.header if self._cutter.top is not None else None

    def feed(self, octets: bytes) -> None:
        """Read on; after `close` this is an error of the caller: `ValueError`."""
        if self._message is not None:
            raise ValueError("the mail was closed: nothing can follow")
        self._cutter.octets += octets
        self._cutter.advance(final=False)

    def close(self) -> Message:
        """Return the mail; nothing follows."""
        if self._message is None:
            self._cutter.advance(final=True)
            self._message = _message(self._cutter)
            if self._sink is None:
                self._settle(self._message)
        return self._message

    def _settle(self, message: Message) -> None:
        """Let every entity lie in octets that no longer grow; those of an encoded mail never did."""
        window = self._cutter.octets
        octets = bytes(window)
        for entity in message.walk():
            if entity.span.octets is window:
                entity.span.octets = octets
