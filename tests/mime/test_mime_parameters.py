"""Content-Type and Content-Disposition with their parameters, in every form and out of every shape."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.mime import ContentType, Limits, parse
from scop.mime.defects import DefectKind
from scop.mime.fields.content_type import parse_content_type, write_content_type
from scop.mime.fields.disposition import Disposition, parse_disposition, write_disposition
from scop.mime.fields.parameters import find_boundary, parse_parameters, split_parameters, write_parameters
from scop.mime.fold import fold_field

_TOKENS = st.text(st.sampled_from("abz019!#$&+-.^_`|~{}'%é"), min_size=1, max_size=12)
_TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=120),
    st.lists(
        st.sampled_from([*"\"\\;= ()'%*\t", "=?utf-8?q?x?=", "é", "€", "x" * 60, "%41", "utf-8''"]), max_size=8
    ).map("".join),
)
PARAMETERS = st.dictionaries(st.one_of(_TOKENS, st.sampled_from(["name", "filename", "boundary"])), _TEXTS, max_size=5)
CONTENT_TYPES = st.builds(ContentType, _TOKENS, _TOKENS, PARAMETERS)
DISPOSITIONS = st.builds(Disposition, _TOKENS, PARAMETERS)


@pytest.mark.parametrize(
    ("text", "media_type", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        ('Text/HTML; Charset="utf-8"', "text/html", {"charset": "utf-8"}),
        ("text/plain;charset=UTF-8;Format=flowed;", "text/plain", {"charset": "UTF-8", "format": "flowed"}),
        ("(c) text (c) / (c) plain (a comment); charset (c) = us-ascii", "text/plain", {"charset": "us-ascii"}),
        ('a/b; name="with \\"quotes\\"; and (more)"', "a/b", {"name": 'with "quotes"; and (more)'}),
        ('a/b; name=""', "a/b", {"name": ""}),
        ("a/b; name*=utf-8'en'%C3%BC%20x", "a/b", {"name": "ü x"}),
        ("a/b; name*=iso-8859-1''%FC", "a/b", {"name": "ü"}),
        ("a/b; n*1*=%bc; n*0*=utf-8''%c3; n*2=\" %20end\"", "a/b", {"n": "ü %20end"}),  # RFC 2231 §4.1
        ("a/b; n*0=one; n*1=two; x=y", "a/b", {"n": "onetwo", "x": "y"}),
        ("a/b; x=1; n=plain; n*=utf-8''better", "a/b", {"x": "1", "n": "better"}),  # RFC 6266 §4.3
    ],
)
def test_content_type_is_read_without_a_defect(text: str, media_type: str, parameters: dict[str, str]) -> None:
    """Types and parameters in every form of RFC 2045 §5.1 and RFC 2231, in their order."""
    defects: list[DefectKind] = []
    found = parse_content_type(text, defects=defects)
    assert found is not None
    assert (media_type, list(parameters.items()), []) == (found.media_type, list(found.parameters.items()), defects)


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("a/b; name=unquoted value with blanks; x=y", {"name": "unquoted value with blanks", "x": "y"}),
        ("a/b; url=http://x.test/?a=b", {"url": "http://x.test/?a=b"}),
        ('a/b; name="never closed', {"name": "never closed"}),
        ("a/b; name=first; NAME=second", {"name": "first"}),
        ("a/b charset=utf-8", {"charset": "utf-8"}),
        ('a/b; name="x" charset=utf-8', {"name": "x", "charset": "utf-8"}),
        ('a/b; name="x" junk; charset=utf-8', {"name": "x", "charset": "utf-8"}),
        ("a/b; junk; charset=utf-8; more junk", {"charset": "utf-8"}),
        ("a/b; name==?utf-8?q?=C3=BC?=", {"name": "ü"}),
        ('a/b; name="=?utf-8?b?w7w=?= =?utf-8?q?_x?="', {"name": "ü x"}),
        ("a/b; n*0=one; n*2=three", {"n": "one"}),  # a gap ends it
        ("a/b; n*1=two", {}),
        ("a/b; n=plain; n*1=two", {"n": "plain"}),
        ("a/b; n*0=a; n*0=b; n*01=c", {"n": "ac"}),
        ("a/b; n*=no-such''%FC", {"n": "\uf7fc"}),
        ("a/b; n*=utf-8''%FC%zz", {"n": "\ufffd%zz"}),
        ("a/b; n*=without%20quotes", {"n": "without quotes"}),
        ("a/b; n*=utf-8''%0D%0ABcc:%00", {"n": "  Bcc:\ufffd"}),
        ("a/b; [y]=z; n**=w; \\(=x", {}),
    ],
)
def test_content_type_with_odd_parameters(text: str, parameters: dict[str, str]) -> None:
    """What senders write against RFC 2045 and RFC 2231 is read where its meaning shows."""
    defects: list[DefectKind] = []
    found = parse_content_type(text, defects=defects)
    assert found is not None
    assert parameters == found.parameters
    assert [DefectKind.INVALID_PARAMETER] == defects


@pytest.mark.parametrize("text", ["", "nonsense", "/", "text/", "/plain", "; charset=utf-8", "=?utf-8?q?a/b?="])
def test_content_type_that_is_none(text: str) -> None:
    """Without a type and a subtype there is no content type (RFC 2045 §5.2 says what is assumed then)."""
    defects: list[DefectKind] = []
    assert parse_content_type(text, defects=defects) is None
    assert [DefectKind.INVALID_CONTENT_TYPE] == defects


def test_content_type_of_a_mail_is_plain_text_where_none_is_stated() -> None:
    """RFC 2045 §5.2."""
    assert ContentType("text", "plain") == parse(b"").content_type == parse(b"Content-Type: nonsense\n\n").content_type


def test_content_type_is_a_value() -> None:
    """It can be a key, and it cannot be changed through what it was made from."""
    stated = {"x": "y"}
    one = ContentType("a", "b", stated)
    stated["x"] = "z"
    assert {ContentType("a", "b", {"x": "y"})} == {one}
    assert {Disposition("inline", {"x": "y"})} == {Disposition("inline", {"x": "y"})}


@given(st.text(st.sampled_from('ab/;= "\\*?()=utf-8'), max_size=30))
def test_content_type_is_read_alike_on_both_ways(text: str) -> None:
    """The short way for plain bodies gives what the long one gives; a comment leads to the long one."""
    assert parse_content_type(text) == parse_content_type(f"(){text}")


@given(CONTENT_TYPES)
@example(ContentType("a", "b", {"boundary": "x" * 80, "name": "x" * 80}))
@example(ContentType("a", "b", {"name": "é" * 5_000}))
@example(ContentType("a", "b", {"n": "=?x?q?y?=", "name": "=?x?q?y?="}))
def test_content_type_written_and_read_is_the_same(value: ContentType) -> None:
    """Any text can be a parameter, and the order of parameters stays."""
    defects: list[DefectKind] = []
    assert repr(value) == repr(parse_content_type(" ".join(write_content_type(value)), defects=defects))
    assert [] == defects


@given(DISPOSITIONS)
def test_disposition_written_and_read_is_the_same(value: Disposition) -> None:
    """Any text can be a parameter, and the order of parameters stays."""
    defects: list[DefectKind] = []
    assert repr(value) == repr(parse_disposition(" ".join(write_disposition(value)), defects=defects))
    assert [] == defects


@given(
    st.dictionaries(_TOKENS.filter(lambda name: name != "boundary"), _TEXTS.map(lambda text: text[:200]), max_size=3)
)
def test_parameters_keep_lines_short(parameters: dict[str, str]) -> None:
    """RFC 5322 §2.1.1: a parameter takes more than 78 columns only where its sections would be too many."""
    for line in fold_field("Content-Type", write_parameters("a/b", parameters)).split(b"\r\n"):
        assert len(line.decode()) <= 78


def test_parameters_are_written_as_readers_know_them() -> None:
    """A token, a quoted string, RFC 2231 in one piece and in sections; a boundary is never cut."""
    parameters = {"a": "token", "b": "quo ted", "c": "ü", "boundary": "=" * 80, "d": "ü" * 20}
    assert [
        "x;",
        "a=token;",
        'b="quo ted";',
        "c*=utf-8''%C3%BC;",
        f'boundary="{"=" * 80}";',
        f"d*0*=utf-8''{'%C3%BC' * 10};",
        f"d*1*={'%C3%BC' * 10}",
    ] == write_parameters("x", parameters)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (ContentType("", "b"), "media type"),
        (ContentType("a", "B"), "media type"),
        (ContentType("a/b", "c"), "media type"),
        (ContentType("a", "b;c"), "media type"),
        (ContentType("a", "b", {"": "x"}), "parameter name"),
        (ContentType("a", "b", {"n*": "x"}), "parameter name"),
        (ContentType("a", "b", {"N": "x"}), "parameter name"),
        (ContentType("a", "b", {"n": "x\r\ny"}), "line end"),
        (ContentType("a", "b", {"n": "\0"}), "line end or NUL"),
        (ContentType("a", "b", {"n": "\udce9"}), "surrogates"),
        (ContentType("a", "b", {f"n{number}": "" for number in range(201)}), "201 parameters"),
    ],
)
def test_content_type_that_would_be_read_otherwise_is_refused(value: ContentType, reason: str) -> None:
    """Names have one form, values no line end."""
    with pytest.raises(ValueError, match=reason):
        write_content_type(value)


@pytest.mark.parametrize("kind", ["", "Inline", "a b", "a;b", "inline\r\nBcc: x"])
def test_disposition_that_would_be_read_otherwise_is_refused(kind: str) -> None:
    """A disposition is a token in lower case (RFC 2183 §2)."""
    with pytest.raises(ValueError, match="disposition"):
        write_disposition(Disposition(kind))


@pytest.mark.parametrize(
    ("text", "expected", "is_valid"),
    [
        ('ATTACHMENT; filename="a b.txt"', Disposition("attachment", {"filename": "a b.txt"}), True),
        ("(c) inline (c)", Disposition("inline"), True),
        ("attachment; filename*=utf-8''%E2%82%AC.txt", Disposition("attachment", {"filename": "€.txt"}), True),
        ("; filename=x", Disposition("attachment", {"filename": "x"}), False),  # RFC 2183 §2.8
        ("filename=x", Disposition("attachment", {"filename": "x"}), False),
        ("inline filename=x", Disposition("inline", {"filename": "x"}), True),
        ("", None, False),
        ("=?utf-8?q?inline?=", None, False),
    ],
)
def test_disposition_is_read(text: str, expected: Disposition | None, *, is_valid: bool) -> None:
    """RFC 2183 §2, and what is seen beside it."""
    defects: list[DefectKind] = []
    assert expected == parse_disposition(text, defects=defects)
    assert is_valid == (DefectKind.INVALID_DISPOSITION not in defects)


@pytest.mark.parametrize(
    ("octets", "filename", "disposition"),
    [
        (b'Content-Disposition: ATTACHMENT; filename="a b.txt"', "a b.txt", "attachment"),
        (b"Content-Type: a/b; name=n\nContent-Disposition: inline", "n", "inline"),
        (b"Content-Type: a/b; name=n\nContent-Disposition: inline; filename=f", "f", "inline"),
        (b"Subject: none", None, None),
    ],
)
def test_filename_of_a_mail(octets: bytes, filename: str | None, disposition: str | None) -> None:
    """The disposition's name goes before the type's (RFC 2183 §2.3)."""
    message = parse(octets + b"\n\n")
    assert (filename, disposition) == (message.filename, message.disposition)


@pytest.mark.parametrize(
    ("text", "boundary"),
    [
        ("multipart/mixed; boundary=b", b"b"),
        ('multipart/mixed; boundary="b "; boundary=c', b"b"),
        ("multipart/mixed; boundary*0=b; boundary*1=c", b"bc"),
        ("multipart/mixed; boundary=\udce9", b"\xe9"),
        ("multipart/mixed", b""),
    ],
)
def test_boundary_is_found(text: str, boundary: bytes) -> None:
    """The first one counts, octet for octet, without the blanks at its end (RFC 2046 §5.1.1)."""
    assert boundary == find_boundary(text)


def test_split_parameters_gives_each_as_it_is_written() -> None:
    """Repeated parameters and sections come one by one: whoever looks for ambiguities sees them all."""
    text = "a/b; X=1; x=\"2\"; x*0*=a'b'c; ; =; y"
    assert [("x", "1"), ("x", "2"), ("x*0*", "a'b'c")] == list(split_parameters(text.partition("b")[2]))


@pytest.mark.parametrize("count", [3, 4])
def test_parameters_are_bounded(count: int) -> None:
    """RFC 2231 sections count one each; what lies beyond the limit is not read."""
    defects: list[DefectKind] = []
    found = parse_parameters("; x=y; n*0=0; n*1=1; n*2=2", limits=Limits(parameters=count), defects=defects)
    assert ({"x": "y", "n": "012"[: count - 1]}, count < 4) == (found, DefectKind.TOO_MANY_PARAMETERS in defects)


def test_parameters_of_a_plain_body_are_bounded() -> None:
    """The short way knows the limit too."""
    defects: list[DefectKind] = []
    found = parse_content_type("a/b; x=1; y=2", limits=Limits(parameters=1), defects=defects)
    assert (ContentType("a", "b", {"x": "1"}), [DefectKind.TOO_MANY_PARAMETERS]) == (found, defects)
