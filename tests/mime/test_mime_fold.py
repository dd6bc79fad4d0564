"""Fields folded: within the lengths of a line, and never more than one field."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.mime import parse
from scop.mime.fold import fold_field

_WORDS = st.lists(
    st.text(st.characters(exclude_characters="\r\n\0 ", exclude_categories=["Cs"]), max_size=120), max_size=30
)


@given(_WORDS)
@example(["", "", "x" * 80, "", "y" * 80])
def test_fold_field_and_unfolding_join_the_words_by_spaces(words: list[str]) -> None:
    """RFC 5322 §2.2.3: unfolding gives the words back, white space around them apart."""
    octets = fold_field("X-Name", [*words, "end"])
    (field,) = parse(octets + b"\r\n").header.fields
    assert ("X-Name", " ".join([*words, "end"]).strip(" \t")) == (field.name, field.unfolded)


@given(_WORDS)
def test_fold_field_keeps_to_78_characters_where_words_allow(words: list[str]) -> None:
    """RFC 5322 §2.1.1: a longer line is one word, or spaces that cannot begin a line; none is all white space."""
    for line in fold_field("X-Name", ["begin", *words]).decode().split("\r\n")[:-1]:
        assert line.strip(" ")
        assert len(line.rstrip(" ")) <= 78 or " " not in line.strip(" ")


@pytest.mark.parametrize(("name", "length"), [("A", 997), ("Content-Description", 997)])
def test_fold_field_holds_the_hard_limit(name: str, length: int) -> None:
    """RFC 5322 §2.1.1: 998 octets a line; a word that needs more is refused by the name of its field."""
    lines = fold_field(name, ["x" * length]).split(b"\r\n")
    assert 998 == max(map(len, lines))
    with pytest.raises(ValueError, match=name):
        fold_field(name, ["x" * (length + 1)])


def test_fold_field_counts_octets_at_the_hard_limit() -> None:
    """RFC 6532 §3.4: 998 are octets, however few characters they make."""
    with pytest.raises(ValueError, match="998 octets"):
        fold_field("A", ["ü" * 600])


@pytest.mark.parametrize("word", ["a\rb", "a\nb", "a\0b", "\r\nBcc: x@y.test", "a\r\n b"])
def test_fold_field_writes_one_field_only(word: str) -> None:
    """No line end or NUL in a word reaches the mail: nothing can be smuggled in."""
    with pytest.raises(ValueError, match="Subject"):
        fold_field("Subject", ["fine", word])


@pytest.mark.parametrize("name", ["", "A B", "A:", "Ä", "A\r\nB", "A\t"])
def test_fold_field_refuses_a_name_that_is_none(name: str) -> None:
    """RFC 5322 §2.2: printable ASCII but the colon."""
    with pytest.raises(ValueError, match="not a field name"):
        fold_field(name, ["x"])
