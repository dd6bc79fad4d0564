"""Reading piece by piece: where the pieces are cut changes nothing, and with a sink nothing is kept."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scop.mime import Entity, Limits, Message, Parser, parse

_PIECES = [
    *(b"From: a@b\r\n", b"Subject: =?utf-8?q?x?=\r\n", b"\r\n", b"\n", b"\r", b" ", b"\t", b"-", b"--", b"x", b":"),
    *(b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: multipart/digest; boundary=bb\n"),
    *(b"--b\r\n", b"--b--\r\n", b"\n--b\n", b"\n--b \t\n", b"\n--bb\n\n", b"\n--bb--\n", b"\r\n--b--", b"--b--x\n"),
    *(b"Content-Type: message/rfc822\r\n", b"Content-Type: message/global\n", b"Content-Type: text/html; charset=x"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\n", b"QUJD", b"=\n"),
    *(b"Content-Transfer-Encoding: x-uuencode\n\n", b"begin 644 f\n#0V%T\n`\nend\n", b"U3ViamVjdDogeAoKeQ==", b"=C3="),
    *(b"\xe4", b"\0", b"begin", b"Content-Type: message/global\nContent-Transfer-Encoding: base64\n\nQTogMQoKMg=="),
]
ANY_MAIL = st.lists(st.sampled_from(_PIECES), max_size=30).map(b"".join) | st.binary(max_size=60)
# The line end before the delimiter is that of the header of an empty part in a multipart that does not close.
_EMPTY_AT_THE_END = (
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n"
    b"--c\nA: 1\n\r\n--b--"
)
CUTS = st.lists(st.integers(0, 400), max_size=12)
LIMITS = st.sampled_from(
    [Limits(), Limits(depth=1), Limits(depth=2, parts=3), Limits(parts=2), Limits(header_octets=30)]
)


def pieces(octets: bytes, cuts: list[int]) -> Iterator[bytes]:
    """Cut `octets` at `cuts`."""
    places = [0, *sorted(cuts), len(octets)]
    for start, end in itertools.pairwise(places):
        yield octets[start:end]


def read(octets: bytes, cuts: list[int], limits: Limits) -> Message:
    """Read `octets` in pieces, without a sink."""
    parser = Parser(limits=limits)
    for piece in pieces(octets, cuts):
        parser.feed(piece)
    return parser.close()


def seen(entity: Entity) -> tuple[object, ...]:
    """Return what an entity says of itself, and where it lies."""
    span = entity.span
    place = (span.start, span.header_end, span.body, span.end, entity.to_octets(), entity.preamble, entity.epilogue)
    return (type(entity), place, entity.content_type, entity.defects, entity.ambiguities, len(entity.parts))


@given(ANY_MAIL, CUTS, LIMITS)
@settings(max_examples=300, deadline=None)
def test_pieces_of_any_size_give_the_same_message(octets: bytes, cuts: list[int], limits: Limits) -> None:
    """`Parser` without a sink gives what `parse` gives, whatever the pieces."""
    expected = [seen(entity) for entity in parse(octets, limits=limits).walk()]
    assert expected == [seen(entity) for entity in read(octets, cuts, limits).walk()]


@given(ANY_MAIL, LIMITS)
@settings(max_examples=100, deadline=None)
def test_octet_by_octet_is_the_same_as_at_once(octets: bytes, limits: Limits) -> None:
    """The smallest pieces change nothing either."""
    expected = [seen(entity) for entity in parse(octets, limits=limits).walk()]
    assert expected == [seen(entity) for entity in read(octets, list(range(len(octets))), limits).walk()]


class Gathered:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.contents: dict[int, bytes] = {}

    def __call__(self, entity: Entity, octets: bytes) -> None:
        assert octets
        self.contents[id(entity)] = self.contents.get(id(entity), b"") + octets


def told(entity: Entity) -> tuple[object, ...]:
    """Return what an entity says without its body."""
    return (type(entity), entity.header.octets, entity.content_type, tuple(entity.cut_defects), len(entity.parts))


@given(ANY_MAIL, CUTS, LIMITS)
@example(b"\nContent-Type:multipart/m;boundary=a\n\n--a--", [], Limits())
@example(_EMPTY_AT_THE_END, [65], Limits())
@example(b"A: 1\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed\n\nx", [40], Limits())
@settings(max_examples=300, deadline=None)
def test_a_sink_gets_the_content_of_every_leaf(octets: bytes, cuts: list[int], limits: Limits) -> None:
    """With a sink the tree, the headers and what is odd about the structure are the same, and so is each content."""
    whole = parse(octets, limits=limits)
    sink = Gathered()
    parser = Parser(sink=sink, limits=limits)
    for piece in pieces(octets, cuts):
        parser.feed(piece)
    message = parser.close()
    assert [told(entity) for entity in whole.walk()] == [told(entity) for entity in message.walk()]
    for expected, entity in zip(whole.walk(), message.walk(), strict=True):
        if not entity.parts:
            assert expected.content == sink.contents.get(id(entity), b"")


def _stream(octets: int) -> Iterator[bytes]:
    """Yield a mail of about so many octets: a text, a mail in a mail, and an attachment that is most of it."""
    yield b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"
    yield b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\nmore\r\n"
    yield b"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    piece = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\r\n" * 900
    for _ in range(octets // len(piece)):
        yield piece
    yield b"--b--\r\n"


@pytest.mark.parametrize("octets", [2_000_000, 60_000_000])
def test_memory_of_a_stream_does_not_grow(octets: int) -> None:
    """With a sink a mail of any size costs its headers and a small window."""
    counts = [0]

    def count(entity: Entity, content: bytes) -> None:
        counts[0] += len(content)

    parser = Parser(sink=count)
    tracemalloc.start()
    try:
        for piece in _stream(octets):
            parser.feed(piece)
        message = parser.close()
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert ["text/plain", "message/rfc822", "application/octet-stream"] == [
        part.content_type.media_type for part in message.parts
    ]
    assert octets // 2 < counts[0] < octets


def test_header_is_there_as_soon_as_it_is_complete() -> None:
    """The header can be read before the body comes, and before the mail ends."""
    parser = Parser()
    parser.feed(b"Subject: x\r\n")
    before = parser.header
    assert before is None
    parser.feed(b"\r\nbody")
    header = parser.header
    assert header is not None
    assert (("Subject", "x"),) == header.items()
    parser.feed(b" and more")
    assert "body and more" == parser.close().text
    assert b"Subject: x\r\n" == header.octets


def test_nothing_follows_the_end() -> None:
    """`close` gives the same message again, and more octets are an error of the caller."""
    parser = Parser()
    message = parser.close()
    assert message is parser.close()
    with pytest.raises(ValueError, match="closed"):
        parser.feed(b"x")


def test_encoded_mails_in_one_another_end_somewhere() -> None:
    """However deep the caller lets a mail be, encoded mails within encoded mails cost no more than a stack has."""
    encoded = b"Content-Type: message/global\nContent-Transfer-Encoding: quoted-printable\n\n"
    octets = encoded.replace(b"=", b"=3D") * 300 + b"A: 1\n\nx"
    limits = Limits(depth=1_000)
    whole = parse(octets, limits=limits)
    assert 51 == len(list(whole.walk()))
    assert [seen(entity) for entity in whole.walk()] == [seen(one) for one in read(octets, [7, 400], limits).walk()]
    parser = Parser(sink=Gathered(), limits=limits)
    parser.feed(octets)
    assert [told(entity) for entity in whole.walk()] == [told(entity) for entity in parser.close().walk()]
