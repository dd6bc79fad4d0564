"""The server's machine beyond the dialogues: properties, limits, smuggling, misuse."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.dialogue import Player
from fakes.shared import shared_path
from scop.base import LocalProtocolError
from scop.smtp import NEED_DATA, DataChunk, ServerConnection, ServerOptions, State, reply
from scop.smtp.extensions import built_in
from scop.smtp.offers import command_limit

_BEGIN = b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"
_WORDS = st.sampled_from(
    [b"EHLO x", b"MAIL FROM:<a@b.test>", b"RCPT TO:<c@d.test>", b"DATA", b"\r\n", b"\r", b"\n", b".", b"\r\n.\r\n",
     b"RSET", b"AUTH LOGIN", b"AUTH PLAIN AGE=", b"XFORWARD ADDR=1", b"\0", b"\xff", b" ", b"SIZE=9", b"QUIT",
     b"STARTTLS", b"x" * 5000]
)  # fmt: skip
_STREAMS = st.lists(st.one_of(_WORDS, st.binary(max_size=6)), max_size=30).map(b"".join)
_OPTIONS = st.builds(
    ServerOptions,
    st.just("mx.test"),
    lmtp=st.booleans(),
    trusted=st.booleans(),
    tls_available=st.booleans(),
    tls_active=st.booleans(),
    auth_mechanisms=st.sampled_from([(), ("PLAIN", "LOGIN")]),
    auth_required=st.booleans(),
)


@given(_OPTIONS, _STREAMS, st.integers(1, 7))
def test_any_octets_are_answered_and_how_they_are_cut_does_not_matter(
    options: ServerOptions, octets: bytes, size: int
) -> None:
    """No octets raise, and the replies and messages are the same for one chunk and for many."""
    whole, cut = Player(options), Player(options)
    whole.feed(octets)
    for start in range(0, len(octets), size):
        cut.feed(octets[start : start + size])
    assert (whole.said, whole.taken) == (cut.said, cut.taken)


def test_no_smuggling_sequence_ends_a_message() -> None:
    """The known sequences neither end DATA nor get the message through, and nothing after them is a command."""
    vectors = json.loads(shared_path("vectors", "smtp", "smuggling_eod.json").read_text())
    for sequence in vectors["end_of_data_candidates"]:
        for trusted in (False, True):
            player = Player(ServerOptions("mx.test", trusted=trusted))
            player.feed(_BEGIN)
            said = len(player.said)
            player.feed(b"text" + sequence.encode("latin-1") + b"MAIL FROM:<evil@b.test>\r\nRCPT TO:<c@d.test>\r\n")
            assert State.DATA is player.server.state, sequence
            player.feed(b"DATA\r\nsmuggled\r\n.\r\n")
            assert ["550"] == [line[:3] for line in player.said[said:]], sequence
            assert [] == player.taken, sequence


def test_command_line_limit_holds_at_n_and_n_plus_1() -> None:
    """RFC 5321 §4.5.3.1.4, and what the extensions add; the octets of a longer line are not kept."""
    for extra, expected in ((0, "250"), (1, "500")):
        player = Player(ServerOptions("mx.test"))
        limit = command_limit(player.options)
        player.feed(b"EHLO x\r\nNOOP " + b"x" * (limit - 7 + extra) + b"\r\n")
        assert expected == player.said[-1][:3]
    endless = Player(ServerOptions("mx.test"))
    for _ in range(20):
        endless.feed(b"x" * 5000)
    assert 1 == endless.server.pending_octets
    endless.feed(b"\r\nEHLO x\r\n")
    assert "500 5.5.2 Line too long" == endless.said[1]
    assert "250-mx.test" == endless.said[2]


def test_message_limit_holds_at_n_and_n_plus_1() -> None:
    """A larger message than promised is read to its end, dropped and refused (RFC 1870 §6.3)."""
    for extra, expected in ((0, "250"), (1, "552")):
        player = Player(ServerOptions("mx.test", max_message_octets=65536))
        player.feed(_BEGIN + b"x" * (65536 - 2 + extra))
        player.feed(b"\r\n.\r\nNOOP\r\n")
        assert [expected, "250"] == [line[:3] for line in player.said[-2:]]
        assert (1 if expected == "250" else 0) == len(player.taken)


def test_recipient_limit_holds_at_n_and_n_plus_1() -> None:
    """RFC 5321 §4.5.3.1.10: 452 for one too many; a new transaction counts anew."""
    player = Player(ServerOptions("mx.test", max_recipients=2))
    player.feed(b"HELO x\r\nMAIL FROM:<a@b.test>\r\n" + b"RCPT TO:<c@d.test>\r\n" * 3)
    assert ["250", "250", "452"] == [line[:3] for line in player.said[-3:]]
    player.feed(b"RSET\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n")
    assert "250" == player.said[-1][:3]


def test_long_text_lines_pass_unless_a_limit_is_asked_for() -> None:
    """Lenient by default; strict by an option (RFC 5321 §4.5.3.1.6)."""
    message = b"x" * 5000 + b"\r\n.\r\n"
    for limit, expected in ((None, "250"), (998, "554")):
        player = Player(ServerOptions("mx.test", max_text_line_octets=limit))
        player.feed(_BEGIN + message)
        assert expected == player.said[-1][:3]


def test_only_chosen_extensions_are_offered() -> None:
    """`extensions` names what may be offered, and what is not offered is not taken."""
    player = Player(ServerOptions("mx.test", extensions=built_in("SIZE")))
    player.feed(b"EHLO x\r\nMAIL FROM:<a@b.test> BODY=7BIT\r\nMAIL FROM:<a@b.test> SIZE=1\r\n")
    assert ["250-mx.test", "250 SIZE 52428800"] == player.said[1:3]
    assert ["555", "250"] == [line[:3] for line in player.said[3:]]


def test_server_cannot_be_misused() -> None:
    """No event before the last reply, no reply to nothing, no TLS that was not asked for."""
    server = ServerConnection(ServerOptions("mx.test"))
    with pytest.raises(LocalProtocolError):
        server.next_event()
    server.send(reply(220, "", "hi"))
    with pytest.raises(LocalProtocolError):
        server.send(reply(250, "2.0.0", "Ok"))
    with pytest.raises(LocalProtocolError):
        server.hello_reply()
    with pytest.raises(LocalProtocolError):
        server.start_tls_done()
    server.receive_data(b"NOOP\r\n")
    server.next_event()
    with pytest.raises(LocalProtocolError):
        server.next_event()


def test_refused_greeting_closes() -> None:
    """Who is greeted by 554 is not heard."""
    server = ServerConnection(ServerOptions("mx.test"))
    assert b"554 5.7.1 no\r\n" == server.send(reply(554, "5.7.1", "no"))
    server.receive_data(b"EHLO x\r\n")
    assert (NEED_DATA, State.CLOSED) == (server.next_event(), server.state)


def test_reply_421_closes_from_anywhere() -> None:
    """RFC 5321 §3.8."""
    server = ServerConnection(ServerOptions("mx.test"))
    server.send(reply(220, "", "hi"))
    server.receive_data(b"HELO x\r\nMAIL FROM:<>\r\n")
    server.next_event()
    server.send(reply(421, "4.3.2", "closing"))
    assert (NEED_DATA, State.CLOSED) == (server.next_event(), server.state)


def test_message_is_handed_out_as_it_comes() -> None:
    """Memory is the caller's choice: chunks come before the end is known."""
    server = ServerConnection(ServerOptions("mx.test"))
    server.send(reply(220, "", "hi"))
    server.receive_data(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\nfirst\r\nsec")
    for answer in (server.hello_reply, None, None, None):
        assert not isinstance(server.next_event(), DataChunk)
        server.send(answer() if answer else reply(250, "2.0.0", "Ok"))
    assert DataChunk(b"first\r\nsec") == server.next_event()
    assert NEED_DATA is server.next_event()


@pytest.mark.parametrize("wrong", [{"max_message_octets": 65535}, {"max_recipients": 0}])
def test_options_below_the_standards_minimum_do_not_exist(wrong: dict[str, int]) -> None:
    """RFC 5321 §4.5.3.1: minimums."""
    with pytest.raises(ValueError, match="at least"):
        ServerOptions("mx.test", **wrong)  # type: ignore[arg-type]  # numbers only
