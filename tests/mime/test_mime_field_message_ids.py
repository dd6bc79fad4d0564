"""Message identifiers: found among anything, kept as they are written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.mime.defects import DefectKind
from scop.mime.fields.message_ids import MessageId, parse_message_id, parse_message_ids, write_message_ids

_ATOMS = st.text(
    st.characters(exclude_characters='()<>[]:;@\\,."\x7f', exclude_categories=["Cs", "Cc", "Z"]), min_size=1
)
_DOT_ATOMS = st.lists(_ATOMS, min_size=1, max_size=3).map(".".join)
_QUOTED = st.text(st.sampled_from("ab @.(),:;é"), max_size=8).map(lambda text: f'"{text}"')
_LITERALS = st.sampled_from(["[192.0.2.1]", "[IPv6:2001:db8::1]", "[@]", "[]"])
IDS = st.builds(MessageId, st.one_of(_DOT_ATOMS, _QUOTED), st.one_of(_DOT_ATOMS, _LITERALS))


@given(st.lists(IDS, min_size=1, max_size=5).map(tuple))
@example((MessageId('"a@b"', "[@c]"), MessageId("é", "ü.test")))
def test_message_ids_written_and_read_are_the_same(ids: tuple[MessageId, ...]) -> None:
    """RFC 5322 §3.6.4 with the quoted strings of §4.5.4, in UTF-8 too (RFC 6532), octet by octet."""
    defects: list[DefectKind] = []
    assert (ids, []) == (parse_message_ids(" ".join(write_message_ids(ids)), defects=defects), defects)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a@b.test>", (MessageId("a", "b.test"),)),
        ("<a@b> <c@d>\t<e@f>", (MessageId("a", "b"), MessageId("c", "d"), MessageId("e", "f"))),
        ("<a@b><c@d>", (MessageId("a", "b"), MessageId("c", "d"))),
        ("(<x@y>) <a@b> (c)", (MessageId("a", "b"),)),
        ('Your letter of "Monday <x@y>" <a@b> to me', (MessageId("a", "b"),)),  # RFC 5322 §4.5.4
        ('<"a b"@c>', (MessageId('"a b"', "c"),)),
        ("< (c) a . b (d) @ e >", (MessageId("a.b", "e"),)),
        ("<a@[192.0.2.1]>", (MessageId("a", "[192.0.2.1]"),)),
        ("<a@[b@c]>", (MessageId("a", "[b@c]"),)),
        ("<é@ü.test>", (MessageId("é", "ü.test"),)),
    ],
)
def test_message_ids_are_read_without_a_defect(text: str, expected: tuple[MessageId, ...]) -> None:
    """Identifiers with all that the obsolete grammar lets stand in and between them."""
    defects: list[DefectKind] = []
    assert (expected, []) == (parse_message_ids(text, defects=defects), defects)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@b", (MessageId("a", "b"),)),
        ("a@b, c@d", (MessageId("a", "b"), MessageId("c", "d"))),
        ("<a>", (MessageId("a"),)),
        ("<a@>", (MessageId("a@"),)),
        ("<a@b@c>", (MessageId("a@b", "c"),)),
        ("<a@b <c@d>", (MessageId("a", "b"), MessageId("c", "d"))),
        ("<<a@b>>", (MessageId("a", "b"),)),
        ("<a@b", (MessageId("a", "b"),)),
        ("(never closed <a@b>", (MessageId("a", "b"),)),
        ("<a,b@c>", (MessageId("a,b", "c"),)),
        ("<a\0@b>", (MessageId("a\ufffd", "b"),)),
        ("<\udce9@b>", (MessageId("\uf7e9", "b"),)),
        *((text, None) for text in ("", "<>", "< >", "no identifier", "a@b and words", "=?utf-8?q?=3Ca@b=3E?=")),
    ],
)
def test_message_ids_where_the_grammar_is_broken(text: str, expected: tuple[MessageId, ...] | None) -> None:
    """What looks like an identifier is one, and a defect."""
    defects: list[DefectKind] = []
    assert (expected, [DefectKind.INVALID_MESSAGE_ID]) == (parse_message_ids(text, defects=defects), defects)


@pytest.mark.parametrize(
    ("text", "count", "is_valid"),
    [
        ("<a@b>", 1, True),
        ("(c) <a@b> (c)", 1, True),
        ("<a@b> <c@d>", 2, False),
        ("x <a@b>", 1, False),
        ("a@b", 1, False),
    ],
)
def test_message_id_stands_alone(text: str, count: int, *, is_valid: bool) -> None:
    """A Message-ID holds one identifier and no words (RFC 5322 §3.6.4); others are kept all the same."""
    defects: list[DefectKind] = []
    found = parse_message_id(text, defects=defects)
    assert found is not None
    assert (count, [] if is_valid else [DefectKind.INVALID_MESSAGE_ID]) == (len(found), defects)


@pytest.mark.parametrize(
    "one",
    [
        *(MessageId(left, "b") for left in ("a>b", "a<b", "a b", "a(b)", "a\r\nb", "a\0", "\udce9", '"a>"')),
        *(MessageId("a", right) for right in ("b>", "b c", "b@c")),
        *(MessageId(left) for left in ("", "a@b")),
    ],
)
def test_message_id_that_would_be_read_otherwise_is_refused(one: MessageId) -> None:
    """No identifier is written that its reader would not find again."""
    with pytest.raises(ValueError, match=r"identifier|line end|surrogates"):
        write_message_ids([one])
