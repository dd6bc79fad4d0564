"""What the fuzzer asks: laws for any octets at all, of each face of `scop.mime` here, of `scop.dns` and reports beside.

A target raises where a law breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from bench.mime.everything import touch_everything

from fuzz.dns_targets import dns_message, dns_primary, dns_reply, dns_resolver, dns_update
from fuzz.report_targets import report
from scop.mime import Entity, Message, Parser, parse
from scop.mime.charsets import decode_text, undecoded
from scop.mime.convert import to_7bit, to_ascii
from scop.mime.edit import prepend_field, remove_field, replace_part
from scop.mime.encode import encode
from scop.mime.fields import parse_field, write_field
from scop.mime.transfer import decode_content, decoder
from scop.mime.words import decode_words, encode_words

__all__ = ["TARGETS", "Target"]

Target: TypeAlias = Callable[[bytes], None]

_FIELD_NAMES = (
    *("From", "To", "Sender", "Reply-To", "Date", "Message-ID", "References", "Received", "Return-Path", "List-Id"),
    *("List-Unsubscribe", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Subject", "Content-ID"),
)
_CHARSETS = (
    *("", "us-ascii", "utf-8", "iso-8859-1", "windows-1252", "utf-7", "utf-16", "utf-16le", "iso-2022-jp", "shift_jis"),
    *("euc-jp", "euc-kr", "iso-2022-kr", "gb2312", "gb18030", "gbk", "big5", "hz-gb-2312", "koi8-r", "x-user-defined"),
    *("unknown-8bit", "x-none", "utf-32", "iso-8859-8-i", "cp437"),
)
_ENCODINGS = ("base64", "quoted-printable", "x-uuencode", "7bit", "8bit", "binary", "x-none", "")


def mail(octets: bytes) -> None:
    """Any octets are a mail that keeps them, says everything it can say, and never raises."""
    message = parse(octets)
    _same(octets, message.to_octets())
    touch_everything(message)


def chunks(octets: bytes) -> None:
    """A mail that arrives in pieces is the one that arrives at once; the first octet says how long they are."""
    if octets:
        _same([_told(one) for one in parse(octets[1:]).walk()], [_told(one) for one in _fed(Parser(), octets).walk()])


def _fed(parser: Parser, octets: bytes) -> Message:
    step = octets[0] + 1
    for start in range(1, len(octets), step):
        parser.feed(octets[start : start + step])
    return parser.close()


def _told(entity: Entity) -> tuple[object, ...]:
    return (entity.to_octets(), entity.header.octets, entity.content_type, entity.defects, entity.ambiguities)


def sink(octets: bytes) -> None:
    """Each content goes to a sink as it is read from the whole mail, and the headers are the same."""
    if not octets:
        return
    contents: dict[int, bytearray] = {}
    parser = Parser(sink=lambda entity, piece: contents.setdefault(id(entity), bytearray()).extend(piece))
    for whole, entity in zip(parse(octets[1:]).walk(), _fed(parser, octets).walk(), strict=True):
        _same(whole.header.octets, entity.header.octets)
        if not whole.parts:
            _same(whole.content, bytes(contents.get(id(entity), b"")))


def values(octets: bytes) -> None:
    """Values that can be written are read back as they were."""
    read = parse(octets).values()
    try:
        written = b"".join(encode(read))
    except ValueError:
        return
    _same(repr(read), repr(parse(written).values()))


def field(octets: bytes) -> None:
    """What is read of a field can be written, and reads as the same; the first octet says which field."""
    if not octets:
        return
    name = _FIELD_NAMES[octets[0] % len(_FIELD_NAMES)]
    value = parse_field(name, _one_line(octets[1:]))
    try:
        words = write_field(name, value)
    except ValueError:
        return
    assert not any(sign in word for word in words for sign in "\r\n"), words
    _same(repr(value), repr(parse_field(name, " ".join(words))))


def words(octets: bytes) -> None:
    """Encoded words decode to text without lone surrogates, and what is encoded decodes to itself."""
    text = decode_words(_one_line(octets))
    text.encode("utf-8")
    try:
        encoded = encode_words(text)
    except ValueError:  # a line end or a NUL that an encoded word held
        return
    _same(text, decode_words(" ".join(encoded)))


def _one_line(octets: bytes) -> str:
    """Return octets as an unfolded field body."""
    return octets.decode("utf-8", "surrogateescape").replace("\r", "").replace("\n", "")


def charsets(octets: bytes) -> None:
    """Any octets in any charset are text; of an unknown one they can be had back. The first octet says which."""
    if not octets:
        return
    charset = _CHARSETS[octets[0] % len(_CHARSETS)]
    text = decode_text(octets[1:], charset)
    text.encode("utf-8")
    if charset == "x-none":
        _same(octets[1:], undecoded(text))


def transfer(octets: bytes) -> None:
    """A transfer encoding undone piece by piece gives what it gives at once; two octets say which and how."""
    if len(octets) < 2:
        return
    encoding, step, octets = _ENCODINGS[octets[0] % len(_ENCODINGS)], octets[1] + 1, octets[2:]
    undo = decoder(encoding)
    pieces = [undo.decode(octets[start : start + step]) for start in range(0, len(octets), step)]
    _same(decode_content(octets, encoding), b"".join(pieces) + undo.finish())


def edits(octets: bytes) -> None:
    """A field is put into a mail without touching any other octet; a part in its own place changes nothing."""
    edited = prepend_field(octets, "X-Edited", "yes")
    _same("yes", parse(edited).header.get("X-Edited"))
    same = _common(octets, edited)
    added = len(edited) - len(octets)
    _same(octets, edited[:same] + edited[same + added :])
    rest = remove_field(edited, "X-Edited")
    _same(len(parse(edited).header.all("X-Edited")) - 1, len(parse(rest).header.all("X-Edited")))
    message = parse(octets)
    for entity in message.walk():
        if entity.span.octets is octets:
            _same(octets, _replaced(message, entity))


def _replaced(message: Message, entity: Entity) -> bytes:
    try:
        return replace_part(message, entity, entity.to_octets())
    except ValueError:  # a delimiter of what is around stands in it: only where a limit stopped the cut
        return message.to_octets()


def conversions(octets: bytes) -> None:
    """What is made of a mail for a hop that carries less is what that hop carries, or the reason why not."""
    for convert in (to_7bit, to_ascii):
        converted = convert(parse(octets))
        if convert is to_7bit and isinstance(converted, bytes):
            assert converted.isascii(), converted


def _same(expected: object, found: object) -> None:
    if expected != found:
        ours, theirs = repr(expected), repr(found)
        start = max(0, _common(ours, theirs) - 60)
        raise AssertionError(
            f"from character {start} on\nexpected {ours[start:][:400]}\nfound    {theirs[start:][:400]}"
        )


def _common(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many leading elements are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        *(mail, chunks, sink, values, field, words, charsets, transfer, edits, conversions),
        *(dns_message, dns_reply, dns_primary, dns_update, dns_resolver, report),
    )
}
