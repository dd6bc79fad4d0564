"""Charsets: every label that the web and mail know, and text of any octets."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.flaws import flaws
from scop.mime import load_charsets, parse
from scop.mime.charset_labels import MAIL, SELDOM, WHATWG, common_codecs, find_codec
from scop.mime.charsets import (
    MAX_CHARSET_NAME,
    MAX_REMEMBERED_NAMES,
    decode_text,
    is_cleanly_decodable,
    is_known_charset,
    undecoded,
    without_surrogates,
)
from scop.mime.japanese import decode_euc_jp, decode_iso_2022_jp

_ROWS = [line.split() for line in WHATWG.strip().split("\n")]
_OF_MAIL = [line.split() for line in (MAIL + SELDOM).split("\n") if line]
_LABELS = sorted(
    {*(label for _, _, *labels in _ROWS for label in labels), *(one for row in _OF_MAIL for one in row[1:])}
)


def test_charset_labels_are_those_of_the_encoding_standard() -> None:
    """The standard lists 228 labels of 40 encodings, none twice (WHATWG Encoding Standard §4.2)."""
    labels = [label for _, _, *labels in _ROWS for label in labels]
    assert (228, 228) == (len(labels), len(set(labels)))
    assert 40 == len({name for name, *_ in _ROWS})
    assert all(label == label.lower() for label in labels)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("utf-8", "unicode20utf8"),
        ("ibm866", "csibm866"),
        ("iso-8859-8-i", "logical"),
        ("iso-8859-8", "visual"),
        ("windows-874", "tis-620"),
        ("windows-1252", "us-ascii"),
        ("windows-1252", "iso-8859-1"),
        ("windows-1254", "iso-8859-9"),
        ("gbk", "gb_2312-80"),
        ("shift_jis", "windows-31j"),
        ("euc-kr", "ks_c_5601-1987"),
        ("replacement", "iso-2022-cn-ext"),
        ("utf-16le", "ucs-2"),
    ],
)
def test_charset_label_is_in_its_row(name: str, label: str) -> None:
    """Rows of the standard that are easily got wrong (WHATWG Encoding Standard §4.2)."""
    assert [name] == [row[0] for row in _ROWS if label in row[2:]]


def test_every_charset_label_has_a_codec_that_python_has() -> None:
    """Each label is read by the codec of its row, and none stands in two rows."""
    rows = [row[1:] for row in _ROWS] + _OF_MAIL
    labels = [label for _, *labels in rows for label in labels]
    assert len(labels) == len(set(labels))
    for codec, *labels in rows:
        assert {None if codec == "-" else codec} == {find_codec(label) for label in labels}
        if codec not in ("-", "x-user-defined"):
            codecs.lookup(codec)


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        ("iso-8859-1", b"\x80 \xe9", "€ é"),  # the web's reading: in mail, too, Windows wrote it
        ("latin1", b"\x93x\x94", "“x”"),
        ("windows-1252", b"\x81", "\x81"),  # a hole of Python's
        ("iso-8859-9", b"\xfd\x85", "ı…"),
        ("tis-620", b"\xa1\x85", "ก…"),
        ("us-ascii", "ü".encode(), "ü"),
        ("gb2312", b"\x81\x30\x81\x30 \xd6\xd0", "\x80 中"),
        ("big5", b"\xa4\xa4", "中"),
        ("big5-hkscs", b"\x87\x40", "䏰"),
        ("x-sjis", b"\x87\x40", "①"),
        ("ks_c_5601-1987", b"\xb0\xa1\x81\x41", "가갂"),
        ("iso-2022-jp", b"\x1b$BF|K\\\x1b(B", "日本"),
        ("iso-2022-jp", b"a\x1b$B-!|b\x1b(I1\x1b(J\\\x1b(Bb", "a①髙ｱ¥b"),  # what Windows has besides
        ("iso-2022-jp", b"\x1b$B-!\x1b$(D0!\x1b(B", "①丂"),
        ("euc-jp", b"a\xad\xa1\x8e\xb1\x8f\xb0\xa1\xb0\xa1", "a①ｱ丂亜"),
        ("iso-2022-kr", b"\x1b$)C\x0e0!\x0f", "가"),
        ("hz-gb-2312", b"~{VP~}", "中"),
        ("johab", b"\x88\x61", "가"),
        ("unicode-1-1-utf-7", b"+AOk-", "é"),
        ("utf7", b"a+2D3eAA-b", "a\U0001f600b"),
        ("utf-16", b"\xff\xfea\0", "a"),
        ("utf-16", b"\xfe\xff\0a", "a"),
        ("utf-16", b"a\0", "a"),
        ("utf-16be", b"\0a", "a"),
        ("utf-32", b"a\0\0\0", "a"),
        ("iso-8859-8-i", b"\xe0", "א"),
        ("iso-8859-6-e", b"\xc7", "ا"),
        ("x-mac-cyrillic", b"\x80", "А"),
        ("x-mac-ce", b"\x8a", "ä"),
        ("macintosh", b"\x8a", "ä"),
        ("cp-850", b"\x94", "ö"),
        ("ibm437", b"\x94", "ö"),
        ("koi8-ru", b"\xc1", "а"),
        ("x-user-defined", b"a\xff", "a\uf7ff"),
        ("ansi_x3.4-1968", b"a", "a"),
        (' "UTF-8"\t', "ü".encode(), "ü"),
    ],
)
def test_charset_is_read_with_the_meaning_of_its_label(charset: str, octets: bytes, text: str) -> None:
    """What senders mean by a label is what the web found out about it."""
    assert text == decode_text(octets, charset)
    assert is_known_charset(charset)


@pytest.mark.parametrize(
    "charset", ["iso_8859_1", "ISO 8859-1", "utf_8", "win1251", "Windows_1251", "x-utf8", "cp_850"]
)
def test_charset_label_is_known_without_regard_to_punctuation(charset: str) -> None:
    """UTS #22 §1.4."""
    assert is_known_charset(charset)


@pytest.mark.parametrize(
    "charset",
    [
        *("", "punycode", "idna", "unicode_escape", "hex", "rot13", "undefined", "a\0b", "-", "_", "iso-2022-cn"),
        *("ascii us-ascii", "latin1 latin2", "l1\ncp1252", "\ud800", "cp" + "1" * MAX_CHARSET_NAME),
    ],
)
def test_charset_that_is_none_is_not_known(charset: str) -> None:
    """Python's other codecs are slow or mean something else, and two labels are none."""
    assert not is_known_charset(charset)
    assert "abc" == decode_text(b"abc", charset)


@given(st.binary(max_size=60) | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_text_in_an_unknown_charset_keeps_every_octet(octets: bytes) -> None:
    """Reading without a charset is lossless."""
    for charset in ("x-nonsense", "", "us-ascii"):
        assert octets == undecoded(decode_text(octets, charset))


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"a\xff", "a\uf7ff"),
        ("ü".encode(), "ü"),
        (b"\xc3\xbc\xff", "\uf7c3\uf7bc\uf7ff"),
        (b"\xef\x9f\xbf", "\uf7ef\uf79f\uf7bf"),
    ],
)
def test_text_in_an_unknown_charset_is_utf_8_or_octets(octets: bytes, text: str) -> None:
    """Octets stand for themselves where they are not UTF-8, or are the very characters that stand for octets."""
    assert text == decode_text(octets, "x-nonsense")


@given(st.binary(max_size=60), st.sampled_from(_LABELS))
def test_text_never_holds_half_a_character(octets: bytes, charset: str) -> None:
    """Text of any octets in any charset can be written again."""
    decode_text(octets, charset).encode()


@given(st.text(max_size=20))
def test_text_without_surrogates_can_be_written(text: str) -> None:
    """What is no half of a character stays."""
    found = without_surrogates(text)
    found.encode()
    assert len(text) == len(found)
    assert all(one == other for one, other in zip(text, found, strict=True) if not "\ud800" <= one <= "\udfff")


def test_octets_that_stood_for_themselves_stay_distinct() -> None:
    """The octets of a header that is not UTF-8 can be had back, too."""
    octets = b"Fr\xf6sche \xc3\xbc"
    text = without_surrogates(octets.decode("utf-8", "surrogateescape"))
    assert "Fr\uf7f6sche ü" == text
    assert octets == undecoded(text)


@pytest.mark.parametrize(
    ("charset", "octets", "clean"),
    [
        ("utf-8", "ü".encode(), True),
        ("utf-8", b"\xff", False),
        ("", b"a", True),
        ("", "ü".encode(), False),  # RFC 2045 §5.2: nothing said means US-ASCII
        ("us-ascii", b"\xff", False),
        ("x-nonsense", b"a", True),
        ("x-nonsense", b"\xff", False),
        ("iso-8859-1", bytes(range(256)), True),
        ("windows-1253", b"\xd2", False),
        ("windows-1253", b"\x81", True),
        ("iso-8859-8", b"\xa1", False),
        ("utf-7", b"+2AA-", False),
        ("utf-7", b"+AOk-", True),
        ("utf-16", b"\0", False),
        ("iso-2022-jp", b"\x1b$B\x21", False),
        ("iso-2022-jp", b"\x1b$B-!\x1b(B", True),
        ("iso-2022-jp", b"\x1b$B-!\x1b(B\xff", False),
        ("iso-2022-jp", b"\x1b$B-!\x1b(I\x7f", False),
        ("euc-jp", b"\xad\xa1\xff", False),
        ("euc-jp", b"\xad\xa1\xa1", False),
        ("iso-2022-kr", b"\x0e", True),
        ("gb2312", b"\xff", False),
        ("x-user-defined", b"\xff", True),
    ],
)
def test_text_is_cleanly_decodable_or_not(charset: str, octets: bytes, clean: bool) -> None:
    """Octets that are no text in the charset that is stated are a defect; they are shown as U+FFFD if it is known."""
    assert clean == is_cleanly_decodable(octets, charset)
    if not clean and is_known_charset(charset) and charset != "us-ascii":
        assert "\ufffd" in decode_text(octets, charset)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.sampled_from(_LABELS))
def test_text_written_in_a_charset_is_read(text: str, charset: str) -> None:
    """What Python writes in a charset comes back."""
    codec = find_codec(charset)
    if codec is None or codec in ("x-user-defined", "utf_7"):
        return
    try:
        octets = text.encode(codec)
        if octets.decode(codec) != text:  # some charsets cannot
            return
    except UnicodeError:
        return
    assert text == decode_text(octets, charset)
    assert is_cleanly_decodable(octets, charset)


@given(st.lists(st.tuples(st.integers(0x21, 0x7E), st.integers(0x21, 0x7E)), max_size=20))
def test_japanese_charsets_agree_on_every_cell(cells: list[tuple[int, int]]) -> None:
    """A row and a cell are the same character in ISO-2022-JP, EUC-JP and Shift_JIS (WHATWG Encoding Standard §12)."""
    pairs = b"".join([bytes(cell) for cell in cells])
    try:
        text = decode_iso_2022_jp(b"\x1b$B" + pairs + b"\x1b(B")
    except UnicodeError:
        return
    assert text == decode_euc_jp(bytes([octet | 0x80 for octet in pairs]))
    assert len(cells) == len(text)
    standard = (b"\x1b$B" + pairs + b"\x1b(B").decode("iso2022_jp", "replace")
    same = sum(one == other for one, other in zip(text, standard, strict=False))
    assert "\ufffd" in standard or same >= len(text) - sum(text.count(sign) for sign in "～∥－￠￡￢")


def test_charset_names_without_end_are_not_remembered() -> None:
    """Mail may name a new charset in every word."""
    for number in range(MAX_REMEMBERED_NAMES + 50):
        assert "x" == decode_text(b"x", f"x-{number}")
    assert "é" == decode_text(b"\xe9", "csISOLatin1")


@pytest.mark.parametrize(
    "charset", ["gb2312", "ks_c_5601-1987", "shift_jis", "koi8-r", "windows-1252", "UTF8", "latin1"]
)
def test_charsets_of_real_mail_are_known(charset: str) -> None:
    """No defect for a charset that mail uses."""
    load_charsets()
    assert () == flaws(parse(f"Content-Type: text/plain; charset={charset}\n\nx".encode()))


def test_charsets_seldom_seen_are_not_loaded_beforehand() -> None:
    """What costs memory and is hardly used stays out of the confined cells."""
    assert {"utf_8", "cp1252", "iso2022_jp", "utf_7"} < common_codecs()
    assert common_codecs().isdisjoint({"cp437", "cp850", "mac_greek", "-", ""})


@pytest.mark.parametrize(("charset", "octets"), [("cp437", b"\x94"), ("cp850", b"\x94"), ("ibm852", b"\x94")])
def test_charsets_seldom_seen_are_loaded_at_need(charset: str, octets: bytes) -> None:
    """What is not loaded beforehand is read all the same where Python can be reached."""
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n".encode()
    assert "ö" == parse(head + octets).text


def test_charset_that_is_unknown_is_a_defect() -> None:
    """Nothing is guessed silently."""
    message = parse(b'Content-Type: text/plain; charset="punycode"\n\nabc')
    assert "abc" == message.text
    assert ("unknown_charset",) == flaws(message)
