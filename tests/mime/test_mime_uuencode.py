"""Uuencoded files: found in text, read as a transfer encoding, written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.flaws import flaws
from scop.mime import parse
from scop.mime.transfer import UU_ENCODINGS, encode_uu
from scop.mime.uuencode import MAX_PREAMBLE_OCTETS, decode_uuencode, find_uuencoded

_FILE = b"begin 644 cat.txt\n#0V%T\n`\nend\n"  # the example that everybody shows
_PIECES = (
    *(b"begin 644 a\n", b"begin-base64 600 b\r\n", b"#0V%T\n", b"YWJj\n", b"`\n", b" \r\n", b"\n", b"end\n", b"====\n"),
    *(b"text\n", b"CAPITALS\n", b"begin", b"M\n", b"#0V%T", b"!\n"),
)
_TEXT = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=4)).map(b"".join)


@pytest.mark.parametrize(
    ("octets", "content"),
    [
        (_FILE, b"Cat"),
        (_FILE.replace(b"\n", b"\r\n"), b"Cat"),
        (b"begin 0644 c\n#0V%T\n \nend", b"Cat"),  # a blank for zero
        (b"begin 644 c\n#0V%T\n", b"Cat"),  # no end
        (b"begin 644 c\n#0V%T", b"Cat"),
        (b"begin 644 c\n#0V%T*\n`\nend\n", b"Cat"),  # a checksum
        (b"begin 644 c\n#0V%\n`\nend\n", b"Ca@"),  # a blank cut off, which was a zero
        (b"begin 644 c\n\n#0V%T\n\n#0V%T\n`\n\nend\n", b"CatCat"),
        (b"begin 644 c\n!@(A@\n`\nend\n", b"\x80"),  # padding that is not zero
        (b"begin 644 empty\n`\nend\n", b""),
        (b"begin-base64 644 c\nQ2F0\nQ2F0\n====\n", b"CatCat"),
        (b"begin-base64 644 c\r\nQ2F\r\n0\r\n====\r\n", b"Cat"),
    ],
)
def test_uuencoded_file_is_found_in_text(octets: bytes, content: bytes) -> None:
    """A file is found with its content, whatever was lost on its way."""
    text = b"Hello,\n\n" + octets
    (file,) = find_uuencoded(text)
    assert content == file.content == decode_uuencode(text)
    assert 0o644 == file.mode
    assert octets.rstrip() == text[file.start : file.end].rstrip()


def test_uuencoded_files_have_names_and_places() -> None:
    """Several files stand in one text; what is between them stays text."""
    octets = b"one\n" + _FILE + b"two\n" + "begin 700 \xfcber mich.txt \r\n#0V%T\r\nThree\r\n".encode("latin-1")
    first, second = find_uuencoded(octets)
    assert ("cat.txt", 0o644, b"Cat") == (first.filename, first.mode, first.content)
    assert ("\uf7fcber mich.txt", 0o700, b"Cat") == (second.filename, second.mode, second.content)
    assert (b"one\n", b"two\n", b"Three\r\n") == (
        octets[: first.start],
        octets[first.end : second.start],
        octets[second.end :],
    )


@pytest.mark.parametrize(
    "octets",
    [
        b"begin 644 a day\nwith a smile\n",
        b"begin 644 a\nSHOUTING IS NO FILE\n",
        b"begin with\n#0V%T\n`\nend\n",
        b"x begin 644 a\n#0V%T\n`\nend\n",
        b"begin 644\n#0V%T\n`\nend\n",
        b"begin 999 a\n#0V%T\n`\nend\n",
        b"begin-base64 644 a\ntext!\n",
        b"begin",
        b"",
    ],
)
def test_text_that_begins_like_a_file_is_text(octets: bytes) -> None:
    """No text is taken away from a reader because it has the word "begin" in it."""
    assert () == find_uuencoded(octets)


@given(_TEXT)
def test_uuencoded_files_lie_one_behind_the_other(octets: bytes) -> None:
    """Any octets can be looked through."""
    position = 0
    for file in find_uuencoded(octets):
        assert position <= file.start < file.end <= len(octets)
        file.filename.encode()
        position = file.end


@given(st.lists(st.binary(max_size=200), max_size=4), st.sampled_from(["file", "a b.txt", "grün", "x" * 255]))
def test_uuencoded_file_is_written_and_found(chunks: list[bytes], name: str) -> None:
    """Content, name and mode come back."""
    (file,) = find_uuencoded(b"".join(encode_uu(chunks, filename=name, mode=0o600)))
    assert (name, 0o600, b"".join(chunks)) == (file.filename, file.mode, file.content)


@pytest.mark.parametrize("name", ["", " ", "a\r\nb", "x" * 256, " a"])
def test_uuencoded_file_has_a_name_that_can_be_written(name: str) -> None:
    """A name cannot write lines of its own."""
    with pytest.raises(ValueError, match="file name"):
        list(encode_uu([b""], filename=name))


@pytest.mark.parametrize("encoding", sorted(UU_ENCODINGS))
def test_uuencoded_body_is_decoded(encoding: str) -> None:
    """The names that senders use are transfer encodings like any other."""
    message = parse(f"Content-Transfer-Encoding: {encoding}\n\n".encode() + _FILE)
    assert b"Cat" == message.content
    assert () == flaws(message)


def test_uuencoded_body_begins_near_its_top() -> None:
    """What may stand above the file has a bound, so a stream need not hold more; without a file the body stays."""
    for gap, content in ((MAX_PREAMBLE_OCTETS - 5, b"Cat"), (MAX_PREAMBLE_OCTETS, b"")):
        body = b"\n" * gap + _FILE
        assert (content or body) == decode_uuencode(body)
    assert b"nothing\n" == decode_uuencode(b"nothing\n")
