"""Transfer encodings: read from any octets, at once and in pieces, and written."""

from __future__ import annotations

import binascii
import quopri
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime.transfer import (
    KNOWN_ENCODINGS,
    decode_base64,
    decode_content,
    decode_quoted_printable,
    decoder,
    encode_base64_lines,
    encode_quoted_printable,
    encode_uu,
    find_flaw,
)

_STRICT_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_ENCODINGS = [*sorted(KNOWN_ENCODINGS), "rot13"]
_ENCODERS = {"base64": encode_base64_lines, "quoted-printable": encode_quoted_printable, "x-uuencode": encode_uu}


def awkward(*pieces: bytes) -> st.SearchStrategy[bytes]:
    """Return octets in which pieces that matter to an encoding are frequent."""
    return st.lists(st.sampled_from(pieces) | st.binary(max_size=3), max_size=30).map(b"".join)


_AWKWARD = awkward(
    *(b"=", b"==", b"=4", b"=41", b"=c3", b" ", b"\t", b"\r", b"\n", b"\r\n", b"=\r\n", b" \r\n", b"= \t\r\n"),
    *(b"YQ==", b"YWJj", b"-", b".", b"From ", b"begin 644 a\n", b"begin-base64 644 a\r\n", b"end\n", b"====\n", b"`\n"),
    *(b"#86)C\r\n", b"#86)C", b"x" * 80, b" " * 999, b" " * 1001, b"\t" * 2005),
)


def in_pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    """Return `octets` cut at `cuts`."""
    places = [0, *sorted(cut % (len(octets) + 1) for cut in cuts), len(octets)]
    return [octets[start:end] for start, end in pairwise(places)]


@given(_AWKWARD, st.lists(st.integers(0, 10_000), max_size=20), st.sampled_from(_ENCODINGS))
def test_decoder_gives_the_same_in_any_pieces(octets: bytes, cuts: list[int], encoding: str) -> None:
    """Decoding in pieces is decoding at once."""
    undo = decoder(encoding)
    found = b"".join([undo.decode(piece) for piece in in_pieces(octets, cuts)]) + undo.finish()
    assert decode_content(octets, encoding) == found


@given(_AWKWARD, st.sampled_from(_ENCODINGS))
def test_decoder_gives_the_same_octet_by_octet(octets: bytes, encoding: str) -> None:
    """The smallest pieces are no exception."""
    undo = decoder(encoding)
    found = b"".join([undo.decode(octets[i : i + 1]) for i in range(len(octets))]) + undo.finish()
    assert decode_content(octets, encoding) == found


@pytest.mark.parametrize("encoding", _ENCODINGS)
@pytest.mark.parametrize("piece", [b" ", b"=", b"A", b"\n", b"\r", b"begin 644 " + b"x" * 54, b"\xff", b"M" * 64])
def test_decoder_holds_little_back(encoding: str, piece: bytes) -> None:
    """What is held back has a bound, however long a line is."""
    undo = decoder(encoding)
    undo.decode(b"begin 644 a\n" if "u" in encoding[:3] else b"")
    undo.decode(piece * (100_000 // len(piece)))
    assert (
        sum(len(held) for name in getattr(undo, "__slots__", ()) if isinstance(held := getattr(undo, name), bytes))
        < 5_000
    )


@given(
    st.binary(max_size=300) | _AWKWARD, st.lists(st.integers(0, 10_000), max_size=5), st.sampled_from(list(_ENCODERS))
)
def test_encoded_content_is_decoded_again(octets: bytes, cuts: list[int], encoding: str) -> None:
    """Every content survives every encoding, in lines of at most 76 octets that other readers take (RFC 2045 §6)."""
    encode = _ENCODERS[encoding]
    written = b"".join(encode(in_pieces(octets, cuts)))
    assert octets == decode_content(written, encoding)
    assert written.isascii()
    assert all(len(line) <= 76 for line in written.split(b"\r\n"))
    assert re.search(rb"\r(?!\n)|(?<!\r)\n", written) is None
    assert find_flaw(written, encoding) is None


@given(_AWKWARD, st.lists(st.integers(0, 10_000), max_size=5), st.booleans())
def test_quoted_printable_lines_are_safe_on_the_way(octets: bytes, cuts: list[int], text: bool) -> None:
    """No line looks like a boundary, an mbox's "From " or SMTP's end, none ends with a blank (RFC 2045 §6.7 (3))."""
    written = b"".join(encode_quoted_printable(in_pieces(octets, cuts), text=text))
    assert octets == decode_quoted_printable(written)
    assert octets == quopri.decodestring(written)
    for line in written.split(b"\r\n"):
        assert not line.startswith((b"-", b".", b"From "))
        assert not line.endswith((b" ", b"\t"))
    if not text:
        assert all(line.endswith(b"=") for line in written.split(b"\r\n")[:-1])


def test_quoted_printable_keeps_lines_of_text() -> None:
    """A person reads what is written, and a line break of the text is one (RFC 2045 §6.7 (4))."""
    text = "Grüße,\r\n\r\n-- \r\nBo".encode()
    assert b"Gr=C3=BC=C3=9Fe,\r\n\r\n=2D-=20\r\nBo" == b"".join(encode_quoted_printable([text]))
    assert b"a=0D=0Ab" == b"".join(encode_quoted_printable([b"a\r\nb"], text=False))


@pytest.mark.parametrize("text", [True, False])
def test_quoted_printable_writes_a_line_without_end_in_pieces(text: bool) -> None:
    """A stream without line ends is not gathered up, nor is it cut within an escape."""
    octets = "ü-.".encode() * 50_000
    written = list(encode_quoted_printable(in_pieces(octets, list(range(0, 200_000, 9_999))), text=text))
    assert max(map(len, written)) < 50_000
    assert octets == decode_quoted_printable(b"".join(written))
    assert all(len(line) <= 76 for line in b"".join(written).split(b"\r\n"))


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"a=3Db=c3=BC", b"a=b\xc3\xbc"),
        (b"soft=\r\n break=\nx", b"soft breakx"),
        (b"soft= \t\r\nx", b"softx"),  # RFC 2045 §6.7 (3): added in transit
        (b"end  \r\nx \t", b"end\r\nx"),
        (b"stray = and =zz and =4", b"stray = and =zz and =4"),
        (b"==41", b"=A"),
        (b"=\rx", b"=\rx"),
        (b"last=", b"last"),
        (b"last= ", b"last"),
        (b"\xff\0", b"\xff\0"),
        (b"", b""),
        (b"x" + b" " * 1000 + b"\n", b"x\n"),
        (b"x" + b" " * 1001 + b"\n", b"x" + b" " * 1001 + b"\n"),
    ],
)
def test_quoted_printable_is_read_leniently(octets: bytes, expected: bytes) -> None:
    """What is no escape stays, what was added in transit goes (RFC 2045 §6.7)."""
    assert expected == decode_quoted_printable(octets)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"YWJj", b"abc"),
        (b"YW\r\nJj\t", b"abc"),
        (b"Y*W-J!j", b"abc"),
        (b"YQ", b"a"),
        (b"YWI", b"ab"),
        (b"YWJjZ", b"abc"),
        (b"YQ==YWJj", b"a"),  # RFC 2045 §6.8: "=" is the end
        (b"====", b""),
        (b"", b""),
    ],
)
def test_base64_is_read_leniently(octets: bytes, expected: bytes) -> None:
    """What is not in the alphabet is ignored, padding ends it, and may be missing (RFC 2045 §6.8)."""
    assert expected == decode_base64(octets)


@pytest.mark.parametrize(
    ("encoding", "octets", "position"),
    [
        ("base64", b"YWJj\r\nYQ==\r\n", None),
        ("base64", b"", None),
        ("base64", b"YW*j", 2),
        ("base64", b"YWI", 3),
        ("base64", b"YQ=", 3),
        ("base64", b"Y===", 1),
        ("base64", b"YWJj=", 4),
        ("base64", b"YW\nI=\n=", 6),
        ("base64", b"YQ==\nYQ==", 5),
        ("base64", b"YQ==*", 4),
        ("quoted-printable", b"a=3D \r\n=\r\n=c3= \t\n", None),
        ("quoted-printable", b"a=3", 1),
        ("quoted-printable", b"a=", 1),
        ("quoted-printable", b"a=zz", 1),
        ("quoted-printable", "ü".encode(), 0),
        ("quoted-printable", b"a\0", 1),
        ("x-uuencode", b"x\nbegin 644 a\n#86)C\n`\nend\n", None),
        ("x-uuencode", b"begin-base64 644 a\nYWJj\n====\n", None),
        ("x-uuencode", b"#86)C\n`\nend\n", 0),
        ("x-uuencode", b"begin 644 a\n#86)\n`\nend\n", 12),
        ("x-uuencode", b"begin 644 a\n#86)C\n`\n", 20),
        ("x-uuencode", b"begin 644 a\n#86)C\nlower\nend\n", 18),
        ("7bit", b"\xff", None),
        ("rot13", b"\xff", None),
    ],
)
def test_flaw_of_an_encoding_is_found(encoding: str, octets: bytes, position: int | None) -> None:
    """The first octet (of a uuencoded body: line) that breaks the encoding is named."""
    assert position == find_flaw(octets, encoding)


@given(_AWKWARD)
def test_base64_without_flaw_is_whole_fours_with_padding(octets: bytes) -> None:
    """What has no flaw is what RFC 4648 §4 allows, white space aside, and Python reads it alike."""
    packed = octets.translate(None, b"\r\n \t")
    flaw = find_flaw(octets, "base64")
    assert (_STRICT_BASE64.fullmatch(packed) is None) == (flaw is not None)
    if flaw is None:
        assert binascii.a2b_base64(packed) == decode_base64(octets)
    else:
        assert 0 <= flaw <= len(octets)
