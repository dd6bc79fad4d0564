"""Values written: what is read from it is the same again, and what cannot be written is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from fakes.value_trees import value_trees
from scop.mime import ContentType, EntityValues, encode, parse
from scop.mime.encode import Draft, Stream, encode_content

_MIXED = ContentType("multipart", "mixed", {"boundary": "b"})


def written(values: EntityValues | Draft) -> bytes:
    """Return the whole mail."""
    return b"".join(encode(values))


@given(value_trees())
def test_encode_and_parse_is_the_identity_on_values(values: EntityValues) -> None:
    """RFC 5322, 2045, 2046, 2047, 2231: whatever a mail says is read again as it was said."""
    assert values == parse(written(values)).values()


@settings(max_examples=40)
@given(value_trees())
def test_encode_gives_the_same_octets_for_what_was_read(values: EntityValues) -> None:
    """Writing is a function of the values: a second round changes nothing."""
    octets = written(values)
    assert octets == written(parse(octets).values())


@settings(max_examples=40)
@given(value_trees())
def test_encode_ends_its_own_lines_with_crlf(values: EntityValues) -> None:
    """RFC 5322 §2.3: no header has another line end."""
    for entity in parse(written(values)).walk():
        header = entity.header.octets
        assert header.count(b"\r\n") == header.count(b"\n") == header.count(b"\r")
        assert all(len(line) <= 998 for line in header.split(b"\r\n"))


def test_encode_writes_a_multipart_exactly() -> None:
    """RFC 2046 §5.1.1: preamble, delimiters and epilogue stand where they belong."""
    parts = (EntityValues((("Subject", "one"),), b"1"), EntityValues((), b""))
    values = EntityValues((("Content-Type", _MIXED),), parts, b"before", b"behind")
    assert (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\nbefore\r\n"
        b"--b\r\nSubject: one\r\n\r\n1\r\n--b\r\n\r\n\r\n--b--\r\nbehind"
    ) == written(values)


def test_encode_takes_the_digest_default() -> None:
    """RFC 2046 §5.1.5: a member of a digest that states no type is a mail."""
    inner = EntityValues((("Subject", "inner"),), b"text")
    digest = ContentType("multipart", "digest", {"boundary": "b"})
    values = EntityValues((("Content-Type", digest),), (EntityValues((), (inner,)),))
    assert values == parse(written(values)).values()


def test_encode_does_not_encode_a_multipart_that_was_not_cut() -> None:
    """RFC 2045 §6.4: a multipart has no transfer encoding, whatever it states."""
    fields = (("Content-Type", ContentType("multipart", "mixed")), ("Content-Transfer-Encoding", "quoted-printable"))
    assert written(EntityValues(fields, b"\xc3=")).endswith(b"\r\n\r\n\xc3=")


def test_encode_is_not_recursive() -> None:
    """A thousand levels are written like one."""
    values = EntityValues((), b"deep")
    for level in range(1_000):
        media = ContentType("multipart", "mixed", {"boundary": f"{level}="})
        values = EntityValues((("Content-Type", media),), (values,))
    assert 1_000 == sum(piece.endswith(b"=--\r\n") for piece in encode(values))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (EntityValues((("Subject", "a\r\nBcc: b"),)), "Subject"),
        (EntityValues((("Subject", "a\0"),)), "Subject"),
        (EntityValues((("A: b\r\nC", "d"),)), "not a field name"),
        (EntityValues((("Content-Type", _MIXED),), ()), "without parts"),
        (EntityValues((("Content-Type", ContentType("multipart", "mixed")),), (EntityValues(),)), "without a boundary"),
        (EntityValues((("Content-Type", _MIXED),), (EntityValues((), b"x\r\n--b\r\ny"),)), "delimiter"),
        (EntityValues((("Content-Type", _MIXED),), (EntityValues((), b"--b--"),)), "delimiter"),
        (EntityValues((("Content-Type", _MIXED),), (EntityValues(),), b"x\n--b \ny"), "delimiter"),
        (EntityValues((), (EntityValues(),)), "text/plain with 1 parts"),
        (EntityValues((("Content-Type", ContentType("message", "rfc822")),), (EntityValues(),) * 2), "with 2 parts"),
        (Draft((), Stream([b"x"])), "transfer encoding"),
        (Draft((("Content-Type", _MIXED),), (b"A: b\r\n\r\n--b\r\n",)), "delimiter"),
    ],
)
def test_encode_refuses_what_would_be_read_otherwise(values: EntityValues | Draft, reason: str) -> None:
    """What a parser would cut elsewhere raises ValueError and says where."""
    with pytest.raises(ValueError, match=reason):
        written(values)


def test_encode_lets_a_delimiter_stand_where_it_is_encoded() -> None:
    """RFC 2045 §6.7, §6.8: in base64 and quoted-printable no line is a delimiter."""
    content = b"x\r\n--b\r\n--b--\r\nFrom y\r\n.\r\n"
    for encoding in ("base64", "quoted-printable"):
        part = EntityValues((("Content-Transfer-Encoding", encoding),), content)
        values = EntityValues((("Content-Type", _MIXED),), (part,))
        assert values == parse(written(values)).values()


def test_encode_passes_over_a_longer_line_that_begins_like_a_delimiter() -> None:
    """RFC 2046 §5.1.1: a delimiter line holds nothing else but padding."""
    values = EntityValues((("Content-Type", _MIXED),), (EntityValues((), b"--bc\r\n --b\r\n--b x"),))
    assert values == parse(written(values)).values()


def test_encode_writes_a_draft_from_streams_and_whole_entities() -> None:
    """A stream is packed as it comes, an entity given as octets goes out as it stands."""
    streamed = Draft((("Content-Transfer-Encoding", "base64"),), Stream(iter([b"a", b"", b"bc" * 99])))
    message = parse(written(Draft((("Content-Type", _MIXED),), (streamed, b"x-A : 1\n\nas it stands"))))
    assert [b"a" + b"bc" * 99, b"as it stands"] == [part.content for part in message.parts]
    assert b"x-A : 1\n\nas it stands" == message.parts[1].to_octets()


@pytest.mark.parametrize("encoding", ["", "7bit", "x-unknown"])
def test_encode_content_leaves_octets_of_other_encodings(encoding: str) -> None:
    """An encoding that is none that we know is not applied."""
    assert b"=\0\xff" == b"".join(encode_content(b"=\0\xff", encoding))
