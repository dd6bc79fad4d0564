"""Encoded words, read as senders write them and written as RFC 2047 wants them."""

from __future__ import annotations

import email.header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime import DefectKind, Limits, parse
from scop.mime.words import MAX_WORD_CHARACTERS, decode_words, encode_words

_ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=80)
_AWKWARD = st.lists(
    st.sampled_from(["=?", "?=", "=?utf-8?q?x?=", "?q?", " ", "\t", "_", "=", "\x00", "ü", "€", "😀", "a", "(", '"'])
).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?ISO-8859-1?Q?a?=", "a"),  # RFC 2047 §8
        ("=?ISO-8859-1?Q?a?= b", "a b"),
        ("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        ("=?ISO-8859-1?Q?a?=   \t =?ISO-8859-1?Q?b?=", "ab"),
        ("=?ISO-8859-1?Q?a_b?=", "a b"),
        ("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("=?utf-8?b?w7zDtg==?=", "üö"),
        ("=?utf-8*en?q?x?=", "x"),  # RFC 2231 §5
        ("=?utf-8*de-AT?b?eA==?=", "x"),
        ("=?utf-8?q??=", ""),
        ("=?utf-8?q?=3D=3Fa?b=3F=3D?=", "=?a?b?="),
        ("=?utf-8?q?x?x?", "=?utf-8?q?x?x?"),
        ("=?no-such?q?x?=", "=?no-such?q?x?="),
        ("=?utf-8?q?a?= =?no-such?q?x?= =?utf-8?q?b?=", "a =?no-such?q?x?= b"),
        ("=?utf-8?x?x?=", "=?utf-8?x?x?="),
        ("=?utf-8?q?open", "=?utf-8?q?open"),
        ("=?utf-8?q?open =?utf-8?q?x?=", "=?utf-8?q?open x"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_decode_words_reads_words(text: str, expected: str) -> None:
    """Encoded words are decoded where they are some, white space between them vanishes (RFC 2047 §6.2)."""
    assert expected == decode_words(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
        ("=?utf-8?b?4oI=?= =?UTF-8?Q?=AC?=", "€"),  # in two encodings
        ("=?utf-8?q?=F0=9F?= =?utf-8?q?=98?= =?utf-8?b?gA==?=", "😀"),
        ("=?gb2312?b?1g==?= =?gb2312?b?0A==?=", "中"),
        ("=?utf-8?q?=C3?= =?iso-8859-1?q?=A4?=", "\ufffd¤"),  # nothing joins two charsets
        ("=?iso-2022-jp?b?GyRCRnwbKEI=?= =?iso-2022-jp?b?GyRCS1wbKEI=?=", "日本"),
        ("=?iso-2022-jp?b?GyRCRnw=?= =?iso-2022-jp?q?x?=", "日x"),  # each word begins in ASCII
        ("=?utf-7?q?+AOk?= =?utf-7?q?x?=", "éx"),
    ],
)
def test_decode_words_joins_split_characters(text: str, expected: str) -> None:
    """A character may be split between adjacent words of one charset, unless the charset has states."""
    assert expected == decode_words(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?utf-8?q?with blanks?=", "with blanks"),
        ("=?utf-8?q?really?_yes??=", "really? yes?"),
        ("a=?utf-8?q?x?=b", "axb"),
        ("=?utf-8?q?x?==?utf-8?q?y?=", "xy"),
        ("=?utf-8?q?=zz=4?=", "=zz=4"),
        ("=?utf-8?q?a==41?=", "a=A"),
        ("=?utf-8?q?a==?=", "a=="),
        ("=?utf-8?q?a=?=", "a="),
        ("=?utf-8?b?w7w?=", "ü"),  # padding left out
        ("=?utf-8?b?w7w=*?=", "ü"),
        ("=?utf-8?q?" + "x" * 100 + "?=", "x" * 100),
        ("=?utf-8?q?ü?=", "ü"),
    ],
)
def test_decode_words_takes_and_names_bad_words(text: str, expected: str) -> None:
    """What RFC 2047 forbids and senders do is read, and is a defect."""
    defects: list[DefectKind] = []
    assert expected == decode_words(text, defects=defects)
    assert [DefectKind.INVALID_ENCODED_WORD] == defects


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("=?utf-8?q?x?= (=?utf-8*de?b?w7w=?=) y", []),
        ("=?no-such?q?x?= =?no-such?q?x?=", ["unknown_charset"]),
        ("=?utf-8?q?=ff?=", ["undecodable_text"]),
        ("=?us-ascii?q?=C3=BC?=", ["undecodable_text"]),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", []),
        ("=?utf-8?x?x?= =? ?=", []),
    ],
)
def test_decode_words_names_defects_once(text: str, kinds: list[str]) -> None:
    """Each kind is named once."""
    defects: list[DefectKind] = []
    decode_words(text, defects=defects)
    assert kinds == defects


def test_decode_words_stops_at_the_limit() -> None:
    """As many words as the limit are read, the next stays as it is written."""
    words = " ".join(["=?utf-8?q?a?="] * 3)
    defects: list[DefectKind] = []
    assert "aaa" == decode_words(words, limits=Limits(encoded_words=3), defects=defects)
    assert [] == defects
    assert "aa =?utf-8?q?a?=" == decode_words(words, limits=Limits(encoded_words=2), defects=defects)
    assert [DefectKind.TOO_MANY_ENCODED_WORDS] == defects


def test_decode_words_takes_octets_left_unescaped() -> None:
    """A raw octet inside of a word is in the word's charset."""
    assert "Frösche" == parse(b"Subject: =?iso-8859-1?q?Fr\xf6sche?=\n\n").header.get("subject")


@given(st.text(max_size=40) | _AWKWARD)
def test_decode_words_never_fails(text: str) -> None:
    """Any text is read, half characters too, and what comes out can be written; asking for defects changes nothing."""
    found = decode_words(text)
    found.encode()
    assert found == decode_words(text, defects=[])


@given(_ANY_TEXT | _AWKWARD, st.integers(0, MAX_WORD_CHARACTERS))
def test_encode_words_and_back_is_the_identity(text: str, room: int) -> None:
    """Any text survives, in words without defect of at most 75 characters (RFC 2047 §2)."""
    words = encode_words(text, room=room)
    defects: list[DefectKind] = []
    assert all(len(word) <= MAX_WORD_CHARACTERS for word in words)
    assert text == decode_words(" ".join(words), defects=defects)
    assert [] == defects


@given(_ANY_TEXT.filter(bool))
def test_encode_words_is_read_by_the_standard_library(text: str) -> None:
    """A second reader sees the same text."""
    assert text == str(email.header.make_header(email.header.decode_header(" ".join(encode_words(text)))))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Ein Grüßchen an alle Leser_", ["=?utf-8?q?Ein_Gr=C3=BC=C3=9Fchen_an_alle_Leser=5F?="]),
        ("ünö", ["=?utf-8?b?w7xuw7Y=?="]),
        ("日本語", ["=?utf-8?b?5pel5pys6Kqe?="]),
        (' "a"', ["=?utf-8?q?_=22a=22?="]),
    ],
)
def test_encode_words_takes_the_shorter_encoding(text: str, words: list[str]) -> None:
    """Q where it is no longer than B, with what a phrase may hold (RFC 2047 §5)."""
    assert words == encode_words(text)


@given(st.text("aü€😀", min_size=30, max_size=60), st.integers(24, MAX_WORD_CHARACTERS))
def test_encode_words_leaves_room_for_the_name(text: str, room: int) -> None:
    """The first word fits behind the field's name; the others have lines of their own."""
    first, *others = encode_words(text, room=room)
    assert len(first) <= room
    assert all(len(word) > MAX_WORD_CHARACTERS - 16 for word in others[:-1])


@pytest.mark.parametrize("text", ["a\rb", "a\n", "\ud800"])
def test_encode_words_refuses_what_no_field_holds(text: str) -> None:
    """A line end would be a field of its own to somebody, half a character cannot be written."""
    with pytest.raises(ValueError, match=r"line end|surrogates"):
        encode_words(text)
