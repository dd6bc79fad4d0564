"""Replies (RFC 5321 §4.2, RFC 2034)."""

import contextlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.smtp import Reply, reply
from scop.smtp.reply import MAX_REPLY_LINE_OCTETS, MAX_REPLY_LINES, ReplyReader

_TEXT = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Any reply that exists."""
    code = draw(st.integers(2, 5)) * 100 + draw(st.integers(0, 5)) * 10 + draw(st.integers(0, 9))
    detail = draw(st.sampled_from(["", ".0.0", ".7.1", ".1.10"])) if code // 100 != 3 else ""
    lines = tuple(draw(st.lists(_TEXT, min_size=1, max_size=4)))
    enhanced = f"{code // 100}{detail}" if detail else ""
    try:
        return Reply(code, enhanced, lines)
    except ValueError:
        assume(False)
        raise


@given(replies())
def test_reply_written_and_read_is_the_same(answer: Reply) -> None:
    """Parse undoes to_octets."""
    assert answer == Reply.parse(answer.to_octets())


@given(st.lists(replies(), max_size=4))
def test_replies_read_octet_by_octet_are_the_same(answers: list[Reply]) -> None:
    """How the stream is cut does not matter."""
    octets = b"".join(each.to_octets() for each in answers)
    reader = ReplyReader()
    found = []
    for octet in octets:
        reader.receive_data(bytes([octet]))
        if (answer := reader.next_reply()) is not None:
            found.append(answer)
    assert answers == found


@given(st.binary(max_size=120))
def test_reply_parse_raises_nothing_but_remote_protocol_error(octets: bytes) -> None:
    """Any octets are a reply or the server's fault."""
    with contextlib.suppress(RemoteProtocolError):
        Reply.parse(octets + b"\r\n")


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"250 2.1.0 Ok\r\n", reply(250, "2.1.0", "Ok")),
        (b"250\r\n", reply(250, "", "")),
        (b"250 Ok\r\n", reply(250, "", "Ok")),
        (b"550 2.1.0 odd\r\n", reply(550, "", "2.1.0 odd")),
        (b"550-5.7.1 a\r\n550 5.7.1 b\r\n", reply(550, "5.7.1", "a", "b")),
        (b"550-5.7.1 a\r\n550 b\r\n", reply(550, "5.7.1", "a", "b")),
        (b"250-mx.test\r\n250-SIZE 10\r\n250 HELP\r\n", reply(250, "", "mx.test", "SIZE 10", "HELP")),
    ],
)
def test_reply_parse_finds_the_parts(octets: bytes, expected: Reply) -> None:
    """An enhanced code counts where its class is that of the reply (RFC 2034 §4)."""
    assert expected == Reply.parse(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"250 Ok\n",
        b"25 Ok\r\n",
        b"650 Ok\r\n",
        b"250_Ok\r\n",
        b"250-a\r\n550 b\r\n",
        b"250-a\r\n",
        b"250 a\rb\r\n",
    ],
)
def test_reply_parse_refuses_what_is_none(octets: bytes) -> None:
    """A broken server is not guessed at."""
    with pytest.raises(RemoteProtocolError):
        Reply.parse(octets)


def test_reply_limits_hold_at_n_and_n_plus_1() -> None:
    """Lines and their number are bounded."""
    Reply.parse(b"250 " + b"a" * (MAX_REPLY_LINE_OCTETS - 4) + b"\r\n")
    with pytest.raises(LimitExceeded):
        Reply.parse(b"250 " + b"a" * (MAX_REPLY_LINE_OCTETS - 3) + b"\r\n")
    Reply.parse(b"250-a\r\n" * (MAX_REPLY_LINES - 1) + b"250 a\r\n")
    with pytest.raises(LimitExceeded):
        Reply.parse(b"250-a\r\n" * MAX_REPLY_LINES + b"250 a\r\n")


def test_endless_line_is_not_kept() -> None:
    """A line without an end is given up at the limit, not at the end of memory."""
    reader = ReplyReader()
    reader.receive_data(b"2" * (MAX_REPLY_LINE_OCTETS + 2))
    with pytest.raises(LimitExceeded):
        reader.next_reply()


@pytest.mark.parametrize(
    ("code", "enhanced", "text"),
    [(199, "", ("a",)), (600, "", ("a",)), (250, "5.0.0", ("a",)), (250, "", ()), (250, "", ("a\r\nb",)),
     (250, "2.0", ("a",)), (250, "", ("2.0.0 a",))],
)  # fmt: skip
def test_reply_that_cannot_be_said_does_not_exist(code: int, enhanced: str, text: tuple[str, ...]) -> None:
    """The constructor validates."""
    with pytest.raises(ValueError, match=r"."):
        Reply(code, enhanced, text)


def test_reply_classes() -> None:
    """2yz and 3yz are positive, 4yz temporary, 5yz permanent."""
    assert (True, False, False) == _classes(reply(354, "", "go"))
    assert (False, True, False) == _classes(reply(451, "4.3.0", "later"))
    assert (False, False, True) == _classes(reply(550, "5.1.1", "no"))


def _classes(answer: Reply) -> tuple[bool, bool, bool]:
    return answer.is_positive, answer.is_temporary, answer.is_permanent


@pytest.mark.parametrize("octets", [b"\n", b"220 x\n", b"220 x\n220 y\r\n", b"220-x\n220 y\r\n"])
def test_reply_lines_end_with_crlf(octets: bytes) -> None:
    """RFC 5321 §2.3.8: a bare LF ends no line, and is told at once instead of being waited on."""
    reader = ReplyReader()
    reader.receive_data(octets)
    with pytest.raises(RemoteProtocolError, match="bare LF"):
        list(iter(reader.next_reply, None))
