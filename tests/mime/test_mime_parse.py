"""Reading any octets: never a fault, nothing lost, parts inside of their parents, limits kept."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.flaws import flaws
from scop.mime import AmbiguityKind, DefectKind, Entity, Limits, Message, parse

_PIECES = [
    *(
        b"From: a@b\r\n",
        b"Subject: =?utf-8?q?x?=\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"\r\n",
        b"\n",
    ),
    *(
        b"--b\r\n",
        b"--b--\r\n",
        b"\r\n--b\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: text/html; charset=x",
    ),
    *(
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"QUJD=",
        b"=C3=",
        b"\xe4",
    ),
    *(
        b"Content-Disposition: attachment; filename*0*=utf-8''%",
        b"Date: Mon, 1 Jan 2024 00:00:00 +9999\r\n",
        b"(",
        b'"',
        b"\0",
    ),
    *(b"Content-Type: multipart/digest; boundary=c\r\n", b"--c\r\n", b"To: G: a, <b@c>;\r\n", b";", b"\r"),
]
ANY_MAIL = st.binary() | st.lists(st.sampled_from(_PIECES), max_size=40).map(b"".join)


def touch(message: Message) -> None:
    """Ask for everything that a message can tell."""
    for entity in message.walk():
        assert isinstance(entity.text, str)
        assert isinstance(entity.content, bytes)
        _ = entity.filename, entity.disposition, entity.defects, entity.ambiguities, repr(entity)
        for field in entity.header.fields:
            assert field.body.encode().decode() == field.body  # no stray surrogates
    _ = message.date, message.addresses("from"), message.addresses("to")


@given(ANY_MAIL)
@settings(max_examples=300)
def test_parse_never_raises_and_keeps_every_octet(octets: bytes) -> None:
    """Any octets are a message whose octets are the same ones."""
    message = parse(octets)
    touch(message)
    assert octets == message.to_octets()


@given(ANY_MAIL)
def test_parts_lie_inside_of_their_parents_in_order(octets: bytes) -> None:
    """Parts nest and do not overlap, but for the mail inside of an encoded message/global."""
    for entity in parse(octets).walk():
        position = entity.span.body
        for part in entity.parts:
            if part.span.octets is not entity.span.octets:
                continue
            assert position <= part.span.start <= part.span.header_end <= part.span.body <= part.span.end
            assert part.span.end <= entity.span.end
            position = part.span.end


NESTED = (
    b'From: a@b.test\r\nContent-Type: Multipart/Mixed; boundary="outer"\r\n\r\npreamble\r\n--outer\r\n\r\nfirst\r\n'
    b"--outer\r\nContent-Type: multipart/alternative; boundary=outer2\r\n\r\n--outer2\r\n"
    b"Content-Type: text/html\r\n\r\n<p>\r\n--outer2--\r\nepilogue of the inner\r\n--outer \t\r\n"
    b"Content-Type: message/rfc822\r\n\r\n"
    b"Subject: inside\r\n\r\ndeep\r\n--outer--\r\nepilogue"
)


@pytest.mark.parametrize("octets", [NESTED, NESTED.replace(b"\r\n", b"\n")])
def test_parse_cuts_nested_parts(octets: bytes) -> None:
    """A boundary that begins like another is its own; the line end before one is not content (RFC 2046 §5.1.1)."""
    message = parse(octets)
    types = [entity.content_type.media_type for entity in message.walk()]
    expected = ["multipart/mixed", "text/plain", "multipart/alternative", "text/html", "message/rfc822", "text/plain"]
    assert types == expected
    assert [b"first"] == [part.content for part in message.parts[:1]]
    inside = message.parts[2].parts[0]
    assert isinstance(inside, Message)
    assert "inside" == inside.header.get("subject")
    assert "deep" == inside.text
    assert "<p>" == message.parts[1].parts[0].text
    assert not any(flaws(entity) for entity in message.walk())


def test_parse_reads_an_empty_part_and_adjacent_delimiters() -> None:
    """Two delimiters with nothing between them hold an empty part."""
    message = parse(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\nx\n--b--")
    assert [b"", b"x"] == [part.content for part in message.parts]


def test_digest_members_are_messages() -> None:
    """Inside of a digest a part without Content-Type is a mail (RFC 2046 §5.1.5)."""
    message = parse(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nbody\n--b--\n")
    assert "message/rfc822" == message.parts[0].content_type.media_type
    assert "one" == message.parts[0].parts[0].header.get("subject")


def test_encoded_message_global_is_read() -> None:
    """message/global may be base64 (RFC 6532 §3.7); the mail inside has octets of its own."""
    message = parse(b"Content-Type: message/global\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKeQ==\n")
    assert b"Subject: x\n\ny" == message.parts[0].to_octets()


def test_text_is_decoded_by_encoding_and_charset() -> None:
    """Transfer encoding first, then charset (RFC 2045 §6, RFC 2046 §4.1.2)."""
    head = b"Content-Type: text/plain; charset=ISO-8859-1\nContent-Transfer-Encoding: "
    assert "café au lait\n" == parse(head + b"quoted-printable\n\ncaf=E9 =\nau lait \n").text
    assert "café" == parse(head + b"BASE64\n\nY2Fm\r\n6Q==\n").text
    assert "café" == parse(head + b"8bit (comment)\n\ncaf\xe9").text


def test_unknown_charset_and_encoding_are_read_all_the_same() -> None:
    """What cannot be decoded is shown as far as it can be, and named."""
    message = parse(b"Content-Type: text/plain; charset=punycode\nContent-Transfer-Encoding: rot13\n\nab\xff")
    assert "ab\uf7ff" == message.text
    assert (DefectKind.UNKNOWN_CHARSET, DefectKind.UNKNOWN_ENCODING) == flaws(message)


@pytest.mark.parametrize(
    ("octets", "content"),
    [
        (b"QUJD", b"ABC"),
        (b"Q!U J\r\nD*", b"ABC"),
        (b"QUJDQ", b"ABC"),
        (b"QUI", b"AB"),
        (b"QQ==QUJD", b"A"),
        (b"====", b""),
        (b"", b""),
    ],
)
def test_base64_is_decoded_as_far_as_it_goes(octets: bytes, content: bytes) -> None:
    """Foreign characters are skipped, "=" ends the data, odd bits are dropped (RFC 2045 §6.8)."""
    assert content == parse(b"Content-Transfer-Encoding: base64\n\n" + octets).content


@pytest.mark.parametrize(
    ("octets", "defects"),
    [
        (b"no header at all", {DefectKind.MISSING_BLANK_LINE}),
        (b"Content-Type: multipart/mixed\n\nx", {DefectKind.MISSING_BOUNDARY}),
        (b"Content-Type: multipart/mixed; boundary=b\n\nx", {DefectKind.MISSING_PARTS}),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx", {DefectKind.UNCLOSED_MULTIPART}),
        (b"Content-Type: whatever\n\nx", {DefectKind.INVALID_CONTENT_TYPE}),
        (b"Content-Transfer-Encoding: base64\n\n*", {DefectKind.INVALID_BASE64}),
        (b"A: 1\nno field\n\nx", {DefectKind.MALFORMED_FIELD}),
        (b"A: \xff\n\nx", {DefectKind.EIGHT_BIT_HEADER}),
        (b"A: 1\n\nx", set()),
    ],
)
def test_defects_name_what_is_broken(octets: bytes, defects: set[DefectKind]) -> None:
    """Each breach has its word."""
    assert defects == set(flaws(parse(octets)))


@pytest.mark.parametrize(
    ("octets", "ambiguities"),
    [
        (b"From: a@b\nfrom: c@d\n\n", {AmbiguityKind.DUPLICATE_FIELD}),
        (b"Received: a\nReceived: b\n\n", set()),
        (b"Content-Type: a/b; name=x; name=y\n\n", {AmbiguityKind.DUPLICATE_PARAMETER}),
        (
            b"Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n--b--\n",
            {AmbiguityKind.ENCODED_MULTIPART},
        ),
        (b"A: 1\rB: 2\n\n", {AmbiguityKind.BARE_CARRIAGE_RETURN}),
        (b"A: \0\n\n", {AmbiguityKind.NUL_IN_HEADER}),
        (b"A: 1\nbody", {AmbiguityKind.MISSING_BLANK_LINE}),
        (b"Content-Transfer-Encoding: base64\n\nQQ==\nQUJD", {AmbiguityKind.DATA_AFTER_PADDING}),
    ],
)
def test_ambiguities_name_what_is_read_in_two_ways(octets: bytes, ambiguities: set[AmbiguityKind]) -> None:
    """Each place where readers differ has its word."""
    assert ambiguities == {ambiguity.kind for ambiguity in parse(octets).ambiguities}


@pytest.mark.parametrize("levels", [3, 4])
def test_depth_limit_holds(levels: int) -> None:
    """Levels up to the limit are cut; one more is left as it stands and named."""
    octets = (
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(levels)) + b"\nx"
    )
    entities = list(parse(octets, limits=Limits(depth=3)).walk())
    assert 4 == len(entities)
    assert any(defect.kind == DefectKind.TOO_DEEP for entity in entities for defect in entity.defects) == (levels > 3)


@pytest.mark.parametrize("count", [5, 6])
def test_part_limit_holds(count: int) -> None:
    """Parts up to the limit are cut; the rest stays unread and the defect says so."""
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * count + b"--b--\n"
    message = parse(octets, limits=Limits(parts=5))
    assert 5 == len(message.parts)
    assert any(defect.kind == DefectKind.TOO_MANY_PARTS for defect in message.defects) == (count > 5)


@pytest.mark.parametrize(
    "hostile",
    [
        b"From: " + b"(" * 300_000,
        b"From: " + b'"\\' * 150_000,
        b"To: " + b"a@b," * 75_000,
        b"Subject: " + b"=?a?q?" * 50_000,
        b"Content-Type: text/plain" + b';a="' * 75_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 75_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 6_000,
        b"Content-Transfer-Encoding: base64\n\n" + b"=" * 300_000,
        b"Content-Transfer-Encoding: quoted-printable\n\n" + b" " * 300_000 + b"x \n",
        b"a:\n" * 100_000,
    ],
)
def test_hostile_mail_costs_linear_time(hostile: bytes) -> None:
    """300 kB built to be slow are read within seconds: quadratic work would take minutes."""
    started = time.process_time()
    touch(parse(hostile))
    assert time.process_time() - started < 5


def test_walk_visits_each_entity_before_its_parts() -> None:
    """The order is that of the octets."""
    starts = [entity.span.start for entity in parse(NESTED).walk()]
    assert starts == sorted(starts)
    assert all(isinstance(entity, Entity) for entity in parse(NESTED).walk())
