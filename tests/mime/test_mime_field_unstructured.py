"""Unstructured text: any of it can be written, and comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.mime import Limits, parse
from scop.mime.defects import DefectKind
from scop.mime.fields.unstructured import parse_unstructured, write_unstructured
from scop.mime.fold import fold_field

_TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=200),
    st.lists(st.sampled_from([" ", "  ", "\t", "word", "=?", "=?utf-8?q?x?=", "x" * 901, "é", "\uf7e9", "\x7f"])).map(
        "".join
    ),
)


@given(_TEXTS, st.sampled_from(["Subject", "X-Some-Rather-Long-Name-That-Leaves-Little-Room-For-The-First-Word"]))
@example("", "Subject")
@example(" ", "Subject")
@example("a  b", "Subject")
def test_unstructured_written_and_read_is_the_same(text: str, name: str) -> None:
    """Every text but one with a line end or NUL comes back, folded or not, without a defect."""
    words = write_unstructured(text, name=name)
    defects: list[DefectKind] = []
    assert text == parse_unstructured(" ".join(words), defects=defects)
    (field,) = parse(fold_field(name, words) + b"\r\n").header.fields
    assert (text, []) == (parse_unstructured(field.unfolded), defects)


@given(_TEXTS)
def test_unstructured_keeps_lines_with_encoded_words_short(text: str) -> None:
    """RFC 2047 §2: such a line has at most 76 characters."""
    for line in fold_field("Subject", write_unstructured(f"é{text}", name="Subject")).split(b"\r\n"):
        assert len(line) <= 76


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plain words", ["plain", "words"]),
        ("Überraschung am Sonntag", ["=?utf-8?q?=C3=9Cberraschung_am_Sonntag?="]),
        ("Ωδή", ["=?utf-8?b?zqnOtM6u?="]),
        ("two  blanks", ["=?utf-8?q?two__blanks?="]),  # a folding reader could make one of them
        ("a\tb", ["=?utf-8?b?YQli?="]),
        ("what =?is?= this", ["=?utf-8?q?what_=3D=3Fis=3F=3D_this?="]),
    ],
)
def test_unstructured_is_encoded_only_where_it_must(text: str, words: list[str]) -> None:
    """RFC 2047 §5: plain ASCII is readable without a decoder."""
    assert words == write_unstructured(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" \t text \t\r", "text"),
        ("=?utf-8?q?_a_?= =?utf-8?q?b?=", " a b"),
        ("a \t b", "a \t b"),
        ("=?utf-8?q?a=0D=0ABcc:_b=00?=", "a  Bcc: b\ufffd"),
        ("a\rb\nc\0", "a b c\ufffd"),
    ],
)
def test_unstructured_is_read(text: str, expected: str) -> None:
    """Blanks around it are none of it, and nothing in it can end a line when it is written again."""
    assert expected == parse_unstructured(text)


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\0", "\udce9"])
def test_unstructured_refuses_what_is_no_text(text: str) -> None:
    """No line end, no NUL, no half character is written."""
    with pytest.raises(ValueError, match=r"line end|surrogates"):
        write_unstructured(text)


@pytest.mark.parametrize("limit", [1, 2])
def test_unstructured_bounds_encoded_words(limit: int) -> None:
    """The words beyond the limit stay as they are written."""
    defects: list[DefectKind] = []
    found = parse_unstructured("=?utf-8?q?a?= x =?utf-8?q?b?=", limits=Limits(encoded_words=limit), defects=defects)
    expected = ("a x b", []) if limit == 2 else ("a x =?utf-8?q?b?=", [DefectKind.TOO_MANY_ENCODED_WORDS])
    assert expected == (found, defects)
