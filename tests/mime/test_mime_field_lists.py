"""The fields of mailing lists and Return-Path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime import Address
from scop.mime.defects import DefectKind
from scop.mime.fields.lists import (
    ListActions,
    ListId,
    parse_list_actions,
    parse_list_id,
    write_list_actions,
    write_list_id,
)
from scop.mime.fields.return_path import ReturnPath, parse_return_path, write_return_path

_TEXTS = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=60)
_URIS = st.text(st.sampled_from("ab:/?=%,;.(){}\"'@é"), min_size=1, max_size=30)
_LABELS = st.text(st.characters(categories=["Ll", "Nd"]), min_size=1, max_size=9)


@given(st.builds(ListId, st.lists(_LABELS, min_size=1, max_size=4).map(".".join), _TEXTS))
def test_list_id_written_and_read_is_the_same(value: ListId) -> None:
    """Any name for people, any identifier of labels (RFC 2919 §3)."""
    defects: list[DefectKind] = []
    assert (value, []) == (parse_list_id(" ".join(write_list_id(value)), defects=defects), defects)


@given(
    st.one_of(
        st.lists(_URIS, min_size=1, max_size=4).map(tuple).map(ListActions), st.just(ListActions((), is_refused=True))
    )
)
def test_list_actions_written_and_read_are_the_same(value: ListActions) -> None:
    """Any URIs, in their order, commas and brackets in them too (RFC 2369 §2)."""
    defects: list[DefectKind] = []
    assert (value, []) == (parse_list_actions(" ".join(write_list_actions(value)), defects=defects), defects)


@pytest.mark.parametrize(
    ("text", "expected", "is_valid"),
    [
        ("<talk.harbor.test>", ListId("talk.harbor.test"), True),
        ('"Talk, of the town" <talk.harbor.test>', ListId("talk.harbor.test", "Talk, of the town"), True),
        ("Talk (a comment) of <talk.harbor.test> (more)", ListId("talk.harbor.test", "Talk of"), True),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= <x.test>", ListId("x.test", "Grüße"), True),
        ('"a <b" <x.test>', ListId("x.test", "a <b"), True),
        ("talk.harbor.test", ListId("talk.harbor.test"), False),
        ("<talk . harbor>", ListId("talk.harbor"), True),
        ("Talk <talk.test", ListId("talk.test", "Talk"), False),
        ("<talk.test> more", ListId("talk.test"), False),
        ("<a,b>", ListId("a,b"), False),
        *((text, None, False) for text in ("", "Talk of the town", "<>", "word", "=?utf-8?q?a.b?=")),
    ],
)
def test_list_id_is_read(text: str, expected: ListId | None, *, is_valid: bool) -> None:
    """RFC 2919 §3, and lists whose software forgets the brackets."""
    defects: list[DefectKind] = []
    assert (expected, is_valid) == (parse_list_id(text, defects=defects), not defects)


@pytest.mark.parametrize(
    ("text", "uris", "is_refused", "is_valid"),
    [
        ("<mailto:a@b>", ("mailto:a@b",), False, True),
        (
            "<mailto:a@b?subject=(x),y>, (c, <d:e>) <http://x.test/>",
            ("mailto:a@b?subject=(x),y", "http://x.test/"),
            False,
            True,
        ),
        ("<http://x.test/\t long>", ("http://x.test/long",), False, True),
        ("NO (posting not allowed)", (), True, True),
        ("no", (), True, False),
        ("NO, <mailto:a@b>", ("mailto:a@b",), False, True),
        ("mailto:a@b, http://x.test", ("mailto:a@b", "http://x.test"), False, False),
        ("write to <mailto:a@b>", ("mailto:a@b",), False, False),
        ("<mailto:a@b", ("mailto:a@b",), False, True),
    ],
)
def test_list_actions_are_read(text: str, uris: tuple[str, ...], *, is_refused: bool, is_valid: bool) -> None:
    """RFC 2369 §2 and §3.4."""
    defects: list[DefectKind] = []
    found = parse_list_actions(text, defects=defects)
    assert (ListActions(uris, is_refused=is_refused), is_valid) == (found, not defects)


@pytest.mark.parametrize("text", ["", "<>", "nothing", "(only)"])
def test_list_actions_that_are_none(text: str) -> None:
    """A field that names no URI says nothing."""
    defects: list[DefectKind] = []
    assert (None, [DefectKind.INVALID_LIST_FIELD]) == (parse_list_actions(text, defects=defects), defects)


@pytest.mark.parametrize("identifier", ["", "a b", "a>b", "a<b", "a(b)", "a\r\nb", "\udce9"])
def test_list_id_that_would_be_read_otherwise_is_refused(identifier: str) -> None:
    """No identifier is written that its reader would not find again."""
    with pytest.raises(ValueError, match=r"list|line end|surrogates"):
        write_list_id(ListId(identifier, "name"))


@pytest.mark.parametrize(
    "value",
    [
        ListActions(()),
        *(ListActions((uri,)) for uri in ("", "a b", "a>", "a\r\n", "\udce9")),
        ListActions(("a",), is_refused=True),
    ],
)
def test_list_actions_that_would_be_read_otherwise_are_refused(value: ListActions) -> None:
    """No URI is written that its reader would not find again, and a refusal has none."""
    with pytest.raises(ValueError, match=r"list|line end|surrogates"):
        write_list_actions(value)


@pytest.mark.parametrize(
    ("text", "expected", "is_valid"),
    [
        ("<>", ReturnPath(), True),
        ("< (nobody) >", ReturnPath(), True),
        ("<a@b.test>", ReturnPath("a@b.test"), True),
        ('<"a b"@c>', ReturnPath('"a b"@c'), True),
        ('<"plain"@c>', ReturnPath("plain@c"), True),
        ("<@x,@y:a@b>", ReturnPath("a@b"), True),  # RFC 5322 §4.4
        ("<ü@ö.test>", ReturnPath("ü@ö.test"), True),
        ("<postmaster>", ReturnPath("postmaster"), False),
        ("a@b", ReturnPath("a@b"), False),
        ('"quoted"@x', ReturnPath("quoted@x"), False),
        ("Name <a@b>", ReturnPath("a@b"), False),
        ("<a@b>, <c@d>", ReturnPath("a@b"), False),
        *((text, None, False) for text in ("", "nobody", "group:;", "=?utf-8?q?x?=")),
    ],
)
def test_return_path_is_read(text: str, expected: ReturnPath | None, *, is_valid: bool) -> None:
    """RFC 5322 §3.6.7: brackets, and an addr-spec or nothing in them."""
    defects: list[DefectKind] = []
    assert (expected, is_valid) == (parse_return_path(text, defects=defects), not defects)


_LOCAL_PARTS = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(_LOCAL_PARTS, st.lists(_LABELS, min_size=1, max_size=3).map(".".join))
def test_return_path_written_and_read_is_the_same(local_part: str, domain: str) -> None:
    """Any path in its shortest form comes back."""
    spec = Address(local_part=local_part, domain=domain).addr_spec
    assert [ReturnPath(spec), ReturnPath()] == [
        parse_return_path(" ".join(write_return_path(path))) for path in (ReturnPath(spec), ReturnPath())
    ]


@pytest.mark.parametrize("spec", ["a b@c", '"a"@c', "a@b>", "a@b\r\n", "\udce9@x", "a@b, c@d"])
def test_return_path_that_would_be_read_otherwise_is_refused(spec: str) -> None:
    """No path is written that its reader would not find again."""
    with pytest.raises(ValueError, match=r"not an address|line end|surrogates"):
        write_return_path(ReturnPath(spec))
