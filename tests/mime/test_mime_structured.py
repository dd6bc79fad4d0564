"""Comments and quoted strings, which every structured field has."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime import DefectKind, Limits
from scop.mime.structured import comment_end, comments_of, open_comment, quote, unquote, without_comments, write_comment

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=30)
_SIGNS = st.lists(st.sampled_from([*'()"\\a \0', "(c)", '"q"']), max_size=20).map("".join)


@pytest.mark.parametrize(
    ("text", "without", "comments"),
    [
        ("a", "a", ()),
        ("a(b)c", "a c", ("b",)),
        ("(a (b) c)d( e )", "  d ", ("a (b) c", "e")),
        ('"(a)"(b)', '"(a)" ', ("b",)),
        ('("a)b"', ' b"', ('"a',)),  # RFC 5322 §3.2.2: a quote means nothing in a comment
        ("(a\\)b)c", " c", ("a)b",)),
        ("(a\\\\)b", " b", ("a\\",)),
        ("a(b", "a ", ("b",)),
        ("a(b\\)", "a ", ("b)",)),
        ("a(b\\", "a ", ("b\\",)),
        ('"a(b)', '"a(b)', ()),
        ("a)b", "a)b", ()),
        ("()", " ", ("",)),
    ],
)
def test_comments_are_taken_out_and_read(text: str, without: str, comments: tuple[str, ...]) -> None:
    """A comment is a space to those who do not read it; brackets nest, quoted strings hold none (RFC 5322 §3.2.2)."""
    assert without.split() == without_comments(text).split()
    assert comments == comments_of(text)


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_comments_nest_up_to_the_limit(limit: int) -> None:
    """Deeper ones take the rest of the text and are a defect."""
    limits, defects = Limits(comment_depth=limit), list[DefectKind]()
    text = f"a{'(' * limit}{')' * limit}b"
    assert "ab" == "".join(without_comments(text, limits=limits, defects=defects).split())
    assert [] == defects
    text = f"a{'(' * (limit + 1)}{')' * (limit + 1)}b"
    assert "a" == without_comments(text, limits=limits, defects=defects).strip()
    assert [DefectKind.COMMENT_TOO_DEEP] == defects
    assert len(text) == comment_end(text, 2, limits=limits)


@given(_TEXT)
def test_quoted_strings_and_comments_read_as_they_were_written(text: str) -> None:
    """`unquote` undoes `quote`, `open_comment` undoes `write_comment` but for the white space around."""
    assert text == unquote(quote(text))
    assert text.strip(" \t") == open_comment(write_comment(text))
    assert (text.strip(" \t"),) == comments_of(f'"(" {write_comment(text)}x')
    assert "x" == without_comments(f"{write_comment(text)}x").strip()


@pytest.mark.parametrize("bad", ["\r", "\n", "\0"])
def test_line_ends_are_refused(bad: str) -> None:
    """Nothing written can begin a field of its own."""
    for write in (quote, write_comment):
        with pytest.raises(ValueError, match="line end"):
            write(f"a{bad}b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a"', "a"),
        ('"a', "a"),
        ('"a\\"', 'a"'),
        ('"a\\\\"', "a\\"),
        ('"a\\', "a"),
        ('""', ""),
        ('"', ""),
        ('"a"b', "a"),
    ],
)
def test_unquote_opens_what_is_never_closed(text: str, expected: str) -> None:
    """Lenient: the closing quote may be missing."""
    assert expected == unquote(text)


@given(_SIGNS)
def test_comments_of_anything_never_raise(text: str) -> None:
    """Any text has comments, and a rest in which none is left open."""
    comments_of(text)
    assert without_comments(without_comments(text)).split() == without_comments(text).split()


@pytest.mark.parametrize("flood", ["(", ")", "()", '"\\', "(\\)", '"', '("', "\\", "(()", "a("])
def test_comments_of_a_flood_take_linear_time(flood: str) -> None:
    """No text makes the scanner look at a stretch again and again."""

    def seconds(octets: int) -> float:
        text = flood * (octets // len(flood))
        start = time.process_time()
        without_comments(text)
        return time.process_time() - start

    assert seconds(320_000) < 16 * max(min(seconds(20_000) for _ in range(3)), 0.001) * 5
