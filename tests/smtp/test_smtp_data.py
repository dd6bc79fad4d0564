"""The end of a message, and dots (RFC 5321 §4.1.1.4, §4.5.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.smtp_values import STRICT_MESSAGES
from scop.base import LocalProtocolError
from scop.smtp.data import DataReader, TextRules, is_strict, stuffed

_ANY = st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\0", b"\r\n", b"\r\n.\r\n", b"\r\n.\r"]), max_size=16).map(
    b"".join
)


def _read(chunks: list[bytes]) -> tuple[bytes, bytes | None, bool]:
    rules = TextRules()
    reader = DataReader(rules)
    text = b""
    for place, chunk in enumerate(chunks):
        piece, rest = reader.feed(chunk)
        text += piece
        if rest is not None:
            return text, rest + b"".join(chunks[place + 1 :]), rules.strict
    return text, None, rules.strict


@given(STRICT_MESSAGES)
def test_message_stuffed_and_read_is_the_same(octets: bytes) -> None:
    """Reading undoes stuffing, and nothing is left over."""
    assert (octets, b"", True) == _read([stuffed(octets)])


@given(_ANY, st.data())
def test_how_a_message_is_cut_does_not_matter(octets: bytes, data: st.DataObject) -> None:
    """One chunk, any chunks and octet by octet give the same text, end and verdict."""
    whole = _read([octets])
    cut = data.draw(st.integers(0, len(octets)))
    for chunks in ([octets[:cut], octets[cut:]], [bytes([octet]) for octet in octets]):
        text, rest, strict = _read(chunks)
        assert whole[1] == rest
        if rest is not None:
            assert (whole[0], whole[2]) == (text, strict)


@given(_ANY)
def test_only_crlf_dot_crlf_ends_a_message(octets: bytes) -> None:
    """The end is where the standard has it, also right at the start."""
    expected = (b"\r\n" + octets).find(b"\r\n.\r\n")
    _, rest, _ = _read([octets])
    assert (None if expected < 0 else octets[expected + 3 :]) == rest


def test_empty_message_is_a_lone_dot() -> None:
    """The CRLF of the DATA command is the line end before the dot."""
    assert b".\r\n" == stuffed(b"")
    assert (b"", b"QUIT\r\n", True) == _read([b".\r\nQUIT\r\n"])


def test_every_leading_dot_is_deleted() -> None:
    """RFC 5321 §4.5.2: also where the client did not stuff it."""
    assert (b"a\r\n.b\r\n..\r\n", b"", True) == _read([b".a\r\n..b\r\n...\r\n.\r\n"])


@pytest.mark.parametrize("octets", [b"a\nb\r\n", b"a\rb\r\n", b"\r\r\n", b"\n", b"\0\r\n", b"a\r"])
def test_bare_line_ends_and_nul_are_never_sent(octets: bytes) -> None:
    """What another server could read as an end does not leave us."""
    assert not is_strict(octets)
    with pytest.raises(LocalProtocolError):
        stuffed(octets)


@given(_ANY)
def test_strict_text_has_line_ends_of_crlf_alone(octets: bytes) -> None:
    """RFC 5321 §2.3.8: without its CRLFs it holds no CR, LF or NUL, nor do two of its parts make one."""
    assert is_strict(octets) is not any(octet in part for part in octets.split(b"\r\n") for octet in b"\r\n\0")


def test_missing_last_line_end_is_added() -> None:
    """The end of data needs a line end before it."""
    assert b"a\r\n.\r\n" == stuffed(b"a")


@given(st.integers(1, 7))
def test_line_limit_holds_at_n_and_n_plus_1(chunk: int) -> None:
    """A limit on text lines counts across chunks, without the line end."""
    for length, expected in ((10, False), (11, True)):
        rules = TextRules(10)
        reader = DataReader(rules)
        octets = b"ab\r\n" + b"x" * length + b"\r\ncd\r\n.\r\n"
        for start in range(0, len(octets), chunk):
            reader.feed(octets[start : start + chunk])
        assert expected == rules.too_long_lines
