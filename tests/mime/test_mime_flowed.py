"""format=flowed: paragraphs that lines were made of (RFC 3676)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime.flowed import SIGNATURE, Paragraph, flow, flow_paragraphs, read_paragraphs, unflow

_WORDS = st.lists(
    st.sampled_from(["a", "word", "--", "-- ", "From ", ">", " ", "  ", "x" * 30, "語" * 50, "long " * 30]), max_size=12
)
_TEXTS = (st.text(st.characters(exclude_characters="\r\n"), max_size=200) | _WORDS.map("".join)).map(
    lambda text: text if text == SIGNATURE else text.rstrip(" ")
)
_PARAGRAPHS = st.lists(st.builds(Paragraph, st.integers(0, 30), _TEXTS), max_size=6)


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("", []),
        ("one \r\nline\r\ntwo\r\n", [(0, "one line"), (0, "two")]),
        ("one \nline\ntwo", [(0, "one line"), (0, "two")]),
        ("\r\n\r\n", [(0, ""), (0, "")]),
        (">> deep \r\n>> er\r\n> less\r\nmine\r\n", [(2, "deep er"), (1, "less"), (0, "mine")]),
        ("> open \r\n>> deeper\r\n", [(1, "open "), (2, "deeper")]),  # §4.5: improper, another depth ends it
        (
            " From me\r\n > no quote\r\n  two spaces\r\n",
            [(0, "From me"), (0, "> no quote"), (0, " two spaces")],
        ),  # §4.4
        (">no space\r\n> > one quote\r\n", [(1, "no space"), (1, "> one quote")]),
        ("open \r\n-- \r\nBo \r\nname\r\n", [(0, "open "), (0, "-- "), (0, "Bo name")]),  # §4.3
        ("> -- \r\n> Bo\r\n", [(1, "-- "), (1, "Bo")]),
        ("last \r\n", [(0, "last ")]),
        ("bare\rCR\r\n", [(0, "bare\rCR")]),
    ],
)
def test_flowed_text_is_read_in_paragraphs(text: str, paragraphs: list[tuple[int, str]]) -> None:
    """Quotation, stuffing, signatures and what was not ended as it should be (RFC 3676 §4)."""
    assert tuple(Paragraph(*paragraph) for paragraph in paragraphs) == unflow(text)


def test_flowed_text_may_have_joints_that_are_no_spaces() -> None:
    """DelSp=yes: the last space of a line that goes on is no part of the text (RFC 3676 §4.1)."""
    assert (Paragraph(0, "日本語 x"), Paragraph(0, "-- ")) == unflow("日本 \r\n語  \r\nx\r\n-- \r\n", delete_space=True)


@pytest.mark.parametrize(
    ("parameters", "paragraphs"),
    [
        ({"format": "Flowed"}, ["a b", "c"]),
        ({"format": "flowed", "delsp": "YES"}, ["ab", "c"]),
        ({"format": "flowed", "delsp": "no"}, ["a b", "c"]),
        ({"format": "fixed"}, ["a ", "b", "c"]),
        ({}, ["a ", "b", "c"]),
    ],
)
def test_text_is_read_as_its_type_says(parameters: dict[str, str], paragraphs: list[str]) -> None:
    """Only what is stated to be flowed is joined (RFC 3676 §4.1)."""
    found = read_paragraphs("a \r\nb\r\nc\r\n", parameters)
    assert paragraphs == [paragraph.text for paragraph in found]


@given(_PARAGRAPHS, st.integers(0, 80), st.booleans())
def test_paragraphs_are_flowed_and_read_again(paragraphs: list[Paragraph], width: int, delete_space: bool) -> None:
    """Whatever paragraphs are written come back, those that look like quotations or signatures too."""
    text = flow_paragraphs(paragraphs, width=width, delete_space=delete_space)
    assert tuple(paragraphs) == unflow(text, delete_space=delete_space)


@given(_PARAGRAPHS, st.integers(60, 80))
def test_flowed_lines_are_as_long_as_asked(paragraphs: list[Paragraph], width: int) -> None:
    """Lines break where there are spaces, and anywhere with DelSp=yes (RFC 3676 §4.2)."""
    for line in flow_paragraphs(paragraphs, width=width).split("\r\n"):
        assert len(line) <= width or " " not in line.lstrip(">").strip(" ") or SIGNATURE in line
    for line in flow_paragraphs(paragraphs, width=width, delete_space=True).split("\r\n"):
        assert len(line) <= width


@given(st.text(max_size=100))
def test_flowed_text_keeps_its_lines(text: str) -> None:
    """A text survives but for spaces at its lines' ends and the kind of its line ends."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [line if line == SIGNATURE else line.rstrip(" ") for line in (lines if lines[-1] else lines[:-1])]
    assert kept == [paragraph.text for paragraph in unflow(flow(text, width=30))]


@given(st.text("> -\r\nF", max_size=60), st.booleans())
def test_any_text_is_read_as_flowed(text: str, delete_space: bool) -> None:
    """No text fails, and no line end stays in a paragraph."""
    assert all("\n" not in paragraph.text for paragraph in unflow(text, delete_space=delete_space))


def test_paragraph_with_a_line_end_is_refused() -> None:
    """A paragraph that ends early would be two."""
    with pytest.raises(ValueError, match="line end"):
        flow_paragraphs([Paragraph(0, "a\nb")])
