"""Spellings held to readers that are not ours: the standard library's, where it reads such things rightly."""

from __future__ import annotations

import base64
import binascii
import datetime
import email.header
import email.message
import email.utils
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scop.hamlet.draw import Draw
from scop.hamlet.lexicon import SCRIPTS, Script
from scop.hamlet.production import Production
from scop.hamlet.spelling.bodies import spell_content
from scop.hamlet.spelling.dates import spell_date
from scop.hamlet.spelling.parameters import spell_content_type
from scop.hamlet.spelling.pen import Pen
from scop.hamlet.spelling.phrases import spell_quoted
from scop.hamlet.spelling.unstructured import spell_unstructured
from scop.hamlet.spelling.words import spell_words
from scop.hamlet.values.boundaries import draw_boundary, draw_lure, is_delimiter
from scop.hamlet.values.parameters import media
from scop.hamlet.values.trace import draw_date

_INDEXES = st.integers(0, 1 << 40)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_WORD = re.compile(r"=\?[^?\s]+\?[bqBQ]\?[!->@-~]*\?=")

_CODECS = {charset.label.lower(): charset.codec for script in SCRIPTS for charset in script.charsets}


def _pen(index: int, line_end: bytes = b"\r\n") -> tuple[Pen, set[Production]]:
    noted: set[Production] = set()
    return Pen(Draw(100, index, "spelling"), line_end, noted.add), noted


def _unfolded(spelled: str) -> str:
    return spelled.replace("\n", "")


def _without_comments(text: str) -> str:
    """Take out comments, the innermost first; only for texts without quoted strings."""
    text = re.sub(r"\\.", "", text)
    while (shorter := re.sub(r"\([^()]*\)", " ", text)) != text:
        text = shorter
    return text


@given(_INDEXES)
def test_dates_mean_their_moment(index: int) -> None:
    """RFC 5322 §3.3, §4.3: the standard library reads the moment, comments taken out."""
    moment = draw_date(Draw(101, index, "values"))
    pen, noted = _pen(index)
    text = _without_comments(_unfolded(spell_date(pen, moment)))
    text = re.sub(r"\s*([:,])\s*", r"\1", text).replace(",", ", ")
    if noted & {Production.ZONE_MILITARY, Production.ZONE_UNKNOWN, Production.DATE_YEAR_OF_THREE_DIGITS}:
        return  # of these the standard library knows less
    if Production.DATE_YEAR_OF_TWO_DIGITS in noted and 1950 <= moment.year < 1969:
        return  # it goes by POSIX there
    read = email.utils.parsedate_to_datetime(text)
    offset = read.utcoffset() or datetime.timedelta()  # none for "-0000"
    assert moment.replace(tzinfo=None) == read.replace(tzinfo=None)
    assert moment.utcoffset() == offset


@given(_INDEXES, st.sampled_from(SCRIPTS), st.integers(0, 30))
def test_encoded_words_mean_their_text(index: int, script: Script, count: int) -> None:
    """RFC 2047: the standard library decodes them, where each has whole characters."""
    text = " ".join((script.words * 3)[: count + 1])
    pen, noted = _pen(index)
    spelled = spell_words(pen, text)
    words = spelled.split()
    assert all(len(word) <= 75 and _WORD.fullmatch(word) for word in words)
    if Production.WORDS_SPLIT_CHARACTER in noted:
        return
    plain = [re.sub(r"^(=\?[^?*]+)\*[^?]*", r"\1", word) for word in words]  # RFC 2231 §5 is not known there
    pieces = [piece for word in plain for piece in email.header.decode_header(word)]
    assert text == "".join(octets.decode(_CODECS[str(label)]) for octets, label in pieces)


@given(_INDEXES, st.binary(max_size=2_000), st.sampled_from([b"\n", b"\r\n"]))
def test_base64_means_its_octets(index: int, content: bytes, line_end: bytes) -> None:
    """RFC 2045 §6.8: characters outside of the alphabet are ignored."""
    pen, _ = _pen(index, line_end)
    assert content == base64.b64decode(spell_content(pen, content, "base64"), validate=False)


@given(
    _INDEXES,
    st.lists(st.sampled_from([b"a", b"=", b" ", b"\t", b"\r", b"\n", b"\r\n", b"-", b"--b", b".", b"\0", b"\xff"])),
    st.sampled_from([b"\n", b"\r\n"]),
)
def test_quoted_printable_means_its_octets(index: int, pieces: list[bytes], line_end: bytes) -> None:
    """RFC 2045 §6.7: line ends are the mail's, blanks at a line's end are none, and no line can be a delimiter."""
    content = b"".join(pieces * 5)
    pen, _ = _pen(index, line_end)
    body = spell_content(pen, content, "quoted-printable")
    lines = body.split(line_end)
    assert all(len(line) <= 80 and not line.startswith(b"--") for line in lines)
    assert not any(b"\n" in line for line in lines)
    ends = [b"" if line.rstrip(b" \t").endswith(b"=") else line_end for line in lines[:-1]]
    joined = b"".join(
        [line.rstrip(b" \t").removesuffix(b"=") + end for line, end in zip(lines, [*ends, b""], strict=True)]
    )
    assert content == re.sub(rb"=([0-9A-Fa-f]{2})", lambda escape: bytes.fromhex(escape[1].decode()), joined)


@given(_INDEXES, st.binary(max_size=400))
def test_uuencode_means_its_octets(index: int, content: bytes) -> None:
    """Each line says how many octets it holds."""
    pen, _ = _pen(index, b"\n")
    first, *lines = spell_content(pen, content, "x-uuencode").split(b"\n")
    assert first.startswith(b"begin 644 ")
    assert [b"end", b""] == lines[-2:]
    assert content == b"".join(map(binascii.a2b_uu, lines[:-2]))


@given(_INDEXES, st.text('ab"\\ ;(ü', max_size=20))
def test_quoted_strings_mean_their_text(index: int, text: str) -> None:
    """RFC 5322 §3.2.4: a backslash means what follows it."""
    pen, _ = _pen(index)
    spelled = _unfolded(spell_quoted(pen, text))
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', spelled)
    assert text == re.sub(r"\\(.)", r"\1", spelled[1:-1])


@given(_INDEXES, st.lists(st.sampled_from(["owl", "a=b", " ", "\t", "x" * 70]), max_size=30))
def test_plain_text_is_only_folded(index: int, pieces: list[str]) -> None:
    """RFC 5322 §2.2.3: unfolding takes out line ends and nothing else; each new line begins with white space."""
    text = "".join(pieces).strip()
    pen, noted = _pen(index)
    spelled = spell_unstructured(pen, text)
    assert all(line[:1] in (" ", "\t") for line in spelled.split("\n")[1:])
    if Production.TEXT_ASCII in noted:
        assert text == _unfolded(spelled).strip(" \t")


@given(_INDEXES, st.text(st.sampled_from("aü☂ '%*;=\"\\"), min_size=1, max_size=40))
def test_extended_parameters_mean_their_text(index: int, text: str) -> None:
    """RFC 2231: the standard library joins sections and undoes percents, where the charset is UTF-8."""
    pen, noted = _pen(index)
    spelled = _unfolded(spell_content_type(pen, media("text", "plain", {"title": text})))
    extended = {Production.PARAMETER_EXTENDED, Production.PARAMETER_EXTENDED_CONTINUED}
    unknown_there = {Production.COMMENT, Production.COMMENT_EMPTY, Production.QUOTED_STRING}
    if not extended & noted or unknown_there & noted or "utf-8'" not in spelled.lower():
        return
    message = email.message.Message()
    message["Content-Type"] = spelled
    found = message.get_param("title")
    assert text == email.utils.collapse_rfc2231_value(found)  # type: ignore[arg-type]  # None would fail, too


@settings(max_examples=300)
@given(_INDEXES, st.integers(0, 5))
def test_boundaries_are_valid_and_apart(index: int, depth: int) -> None:
    """RFC 2046 §5.1.1, §5.1.2: characters and length, and no delimiter is that of a multipart around it."""
    draw = Draw(102, index, "boundaries")
    outer: list[str] = []
    for _ in range(depth + 1):
        boundary = draw_boundary(draw, outer)
        assert _BOUNDARY.fullmatch(boundary)
        assert not is_delimiter(f"--{boundary}", outer)
        assert not is_delimiter(f"--{boundary}--", outer)
        assert not any(is_delimiter(f"--{other}{close}", [boundary]) for other in outer for close in ("", "--"))
        outer.append(boundary)
    assert not is_delimiter(draw_lure(draw, outer), outer)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("--b", True),
        ("--b--", True),
        ("--b \t", True),
        ("--bc", False),
        (" --b", False),
        ("--b x", False),
        ("-b", False),
    ],
)
def test_delimiters_are_known(line: str, verdict: bool) -> None:
    """RFC 2046 §5.1.1: two hyphens, the boundary, perhaps two more, and blanks."""
    assert verdict == is_delimiter(line, ["a", "b"])
