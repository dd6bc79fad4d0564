"""The server's machine beyond the dialogues: properties, limits, smuggling, misuse."""

import json
from base64 import b64decode
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.dialogue import Player
from fakes.shared import shared_path
from scop.base import LocalProtocolError
from scop.smtp import NEED_DATA, DataChunk, Hello, SaslStep, ServerConnection, ServerOptions, State, reply
from scop.smtp.commands import write_command
from scop.smtp.extensions import built_in
from scop.smtp.offers import offers_on
from scop.smtp.options import MECHANISMS
from scop.smtp.sasl import ClientExchange

_ENVELOPE = b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n"
_BEGIN = _ENVELOPE + b"DATA\r\n"
_WORDS = st.sampled_from(
    [b"EHLO x\r\n", b"LHLO x\r\n", b"MAIL FROM:<a@b.test>\r\n", b"RCPT TO:<seen@d.test>\r\n", b"DATA\r\n", b"\r\n",
     b"\r", b"\n", b".", b"\r\n.\r\n", b"RSET\r\n", b"AUTH LOGIN", b"AUTH PLAIN AGE=", b"XFORWARD ADDR=1", b"\0",
     b"\xff", b" ", b"MAIL FROM:<> SIZE=9 BODY=BINARYMIME", b"QUIT", b"STARTTLS\r\n", b"x" * 9000, b"BDAT 3\r\n",
     b"BDAT ", b"BDAT 0 LAST\r\n", b"BDAT 9 LAST\r\n", b"BDAT x\r\n", b"AUTH EXTERNAL =\r\n",
     b"XCLIENT ADDR=::1 LOGIN=a\r\n"]
)  # fmt: skip
_STREAMS = st.lists(st.one_of(_WORDS, st.binary(max_size=6)), max_size=30).map(b"".join)
_OPTIONS = st.builds(
    ServerOptions,
    st.just("mx.test"),
    lmtp=st.booleans(),
    trusted=st.booleans(),
    tls_available=st.booleans(),
    tls_active=st.booleans(),
    auth_mechanisms=st.sampled_from([(), ("PLAIN", "LOGIN", "EXTERNAL")]),
    auth_required=st.booleans(),
    external_identity=st.sampled_from(["", "alice"]),
    xclient=st.booleans(),
    max_transactions=st.sampled_from([None, 1]),
    early_talk=st.booleans(),
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


_SMUGGLED = b"MAIL FROM:<evil@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nsmuggled\r\n.\r\n"


def _sequences() -> list[bytes]:
    vectors = json.loads(shared_path("vectors", "smtp", "smuggling_eod.json").read_text())
    return [sequence.encode("latin-1") for sequence in vectors["end_of_data_candidates"]]


def _cuts(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    return ((octets[:cut], octets[cut:]) for cut in range(len(octets) + 1))


def _taken_by(player: Player, *pieces: bytes) -> tuple[list[str], list[bytes]]:
    """Return the codes of what a server says to these pieces, and the messages that it took."""
    said = len(player.said)
    for piece in pieces:
        player.feed(piece)
    return [line[:3] for line in player.said[said:]], [message for _, _, message in player.taken]


@pytest.mark.parametrize("trusted", [False, True])
def test_no_smuggling_sequence_ends_data(trusted: bool) -> None:
    """The known sequences neither end DATA nor get the message through, and nothing after them is a command."""
    for sequence in _sequences():
        for first, second in _cuts(b"text" + sequence + _SMUGGLED):
            player = Player(ServerOptions("mx.test", trusted=trusted))
            player.feed(_BEGIN)
            assert (["550"], []) == _taken_by(player, first, second), (sequence, first)
            assert (["250"], []) == _taken_by(player, b"NOOP\r\n"), (sequence, first)


def test_no_smuggling_sequence_ends_a_chunk() -> None:
    """By BDAT the sequences are content of a size that was told; as text it is refused when it is whole."""
    for sequence in _sequences():
        content = b"text" + sequence + _SMUGGLED
        octets = b"BDAT %d LAST\r\n%sNOOP\r\n" % (len(content), content)
        for first, second in _cuts(octets):
            player = Player(ServerOptions("mx.test"))
            player.feed(_ENVELOPE)
            assert (["550", "250"], []) == _taken_by(player, first, second), (sequence, first)


def test_smuggling_sequence_in_two_chunks_is_refused() -> None:
    """Wherever the chunks meet, bare CR and LF are seen."""
    for sequence in _sequences():
        for first, second in _cuts(b"text" + sequence + _SMUGGLED):
            player = Player(ServerOptions("mx.test"))
            player.feed(_ENVELOPE)
            chunks = b"BDAT %d\r\n%sBDAT %d LAST\r\n%s" % (len(first), first, len(second), second)
            assert (["250", "550", "250"], []) == _taken_by(player, chunks, b"NOOP\r\n"), (sequence, first)


def test_smuggling_sequence_is_content_of_a_binary_mail() -> None:
    """With BINARYMIME any octets are lawful: one message, octet for octet, and nothing after it."""
    for sequence in _sequences():
        content = b"text" + sequence + _SMUGGLED
        octets = b"BDAT %d LAST\r\n%sNOOP\r\n" % (len(content), content)
        for first, second in _cuts(octets):
            player = Player(ServerOptions("mx.test", binary=True))
            player.feed(_ENVELOPE.replace(b">\r\n", b"> BODY=BINARYMIME\r\n", 1))
            assert (["250", "250"], [content]) == _taken_by(player, first, second), (sequence, first)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6), st.integers(1, 9), st.booleans())
def test_message_in_chunks_is_taken_as_it_is(chunks: list[bytes], size: int, lmtp: bool) -> None:
    """However a message is cut into chunks, and the chunks into reads, its octets are the same."""
    commands = [b"BDAT %d\r\n%s" % (len(chunk), chunk) for chunk in chunks[:-1]]
    commands.append(b"BDAT %d LAST\r\n%s" % (len(chunks[-1]), chunks[-1]))
    player = Player(ServerOptions("mx.test", binary=True, lmtp=lmtp))
    begin = _ENVELOPE.replace(b">\r\n", b"> BODY=BINARYMIME\r\n", 1)
    player.feed(begin.replace(b"EHLO", b"LHLO") if lmtp else begin)
    octets = b"".join(commands) + b"NOOP\r\n"
    pieces = [octets[start : start + size] for start in range(0, len(octets), size)]
    assert (["250"] * (len(chunks) + 1), [b"".join(chunks)]) == _taken_by(player, *pieces)


@pytest.mark.parametrize(
    "size", [b"", b"x", b"-1", b"+1", b"1.0", b"0x10", b"1 FIRST", b"1 LAST LAST", b"1,LAST", b"\xff"]
)
def test_chunk_of_unreadable_size_closes(size: bytes) -> None:
    """Nobody knows which octets are its content: none of them is taken for a command."""
    player = Player(ServerOptions("mx.test"))
    player.feed(_ENVELOPE)
    codes, taken = _taken_by(player, b"BDAT " + size + b"\r\nQUIT\r\n")
    assert (1, "5", [], State.CLOSED) == (len(codes), codes[0][0], taken, player.server.state)


@pytest.mark.parametrize("line", [b"BDAT", b"bdat", b"BDAT 1\rx", b"BDAT 1\nx", b"BDAT 1\0"])
def test_chunk_in_a_line_that_is_none_closes(line: bytes) -> None:
    """What is meant for a BDAT is never passed over as another bad command."""
    player = Player(ServerOptions("mx.test"))
    player.feed(_ENVELOPE + line + b"\r\nQUIT\r\n")
    assert State.CLOSED is player.server.state
    assert "5" == player.said[-1][0]


def test_chunk_limit_holds_at_n_and_n_plus_1_digits() -> None:
    """A size has twenty digits at most (as RFC 1870 §3 has it)."""
    for digits, expected in ((20, "250"), (21, "501")):
        player = Player(ServerOptions("mx.test"))
        player.feed(_ENVELOPE + b"BDAT " + b"1".rjust(digits, b"0") + b" LAST\r\nx")
        assert expected == player.said[-1][:3]


def test_octets_of_a_refused_chunk_are_not_kept() -> None:
    """Who announces much and is refused costs no memory."""
    player = Player(ServerOptions("mx.test"))
    player.feed(b"EHLO x\r\nBDAT 1000000\r\n")
    for _ in range(10):
        player.feed(b"x" * 99_999)
        assert 0 == player.server.pending_octets
    player.feed(b"x" * 10 + b"NOOP\r\n")
    assert ["503", "250"] == [line[:3] for line in player.said[-2:]]


def test_nothing_chunked_is_taken_where_chunking_is_not_offered() -> None:
    """A server that does not know BDAT drops its content all the same."""
    player = Player(ServerOptions("mx.test", extensions=()))
    player.feed(_ENVELOPE + b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
    assert ["500", "250"] == [line[:3] for line in player.said[-2:]]


@pytest.mark.parametrize("options", [{}, {"lmtp": True}, {"trusted": True, "tls_active": True}])
def test_early_talker_is_refused(options: dict[str, bool]) -> None:
    """RFC 5321 §3.1: whoever speaks before the greeting is not heard, whatever we wanted to say."""
    server = ServerConnection(ServerOptions("mx.test", **options))  # type: ignore[arg-type]  # flags only
    assert False is server.early_talker
    server.receive_data(b"E")
    assert server.send(reply(220, "", "hi")).startswith(b"554 ")
    server.receive_data(b"HLO x\r\n")
    assert (NEED_DATA, State.CLOSED) == (server.next_event(), server.state)


def test_early_talker_is_heard_by_an_option() -> None:
    """Lenient, for who has to."""
    server = ServerConnection(ServerOptions("mx.test", early_talk=True))
    server.receive_data(b"HELO x\r\n")
    assert (False, b"220 hi\r\n") == (server.early_talker, server.send(reply(220, "", "hi")))
    assert Hello("HELO", "x") == server.next_event()


def test_certificate_shown_after_starttls_counts() -> None:
    """EXTERNAL is offered to whom the handshake proved, and to nobody before."""
    options = ServerOptions("mx.test", tls_available=True, auth_mechanisms=("EXTERNAL",))
    player = Player(options)
    player.feed(b"EHLO x\r\nSTARTTLS\r\n")
    player.server.start_tls_done(external_identity="alice")
    player.said.clear()
    player.feed(b"EHLO x\r\nAUTH EXTERNAL =\r\n")
    assert "250-AUTH EXTERNAL" in player.said
    assert "235" == player.said[-1][:3]


def test_scram_with_channel_binding_goes_through() -> None:
    """-PLUS ties the exchange to the certificate, end to end over both machines' words (RFC 5802 §6)."""
    client = ClientExchange("SCRAM-SHA-256-PLUS", "user", "pencil", nonce="abc", channel_binding=b"the certificate")
    player = Player(ServerOptions("mx.test", tls_active=True, auth_mechanisms=("SCRAM-SHA-256-PLUS",)))
    player.feed(b"EHLO x\r\n")
    _say(player, SaslStep("SCRAM-SHA-256-PLUS", client.first(), is_first=True))
    final = client.final(b64decode(player.said[-1].removeprefix("334 ")))
    _say(player, SaslStep("SCRAM-SHA-256-PLUS", final))
    client.check(b64decode(player.said[-1].removeprefix("334 ")))
    _say(player, SaslStep("SCRAM-SHA-256-PLUS", b""))
    assert "235" == player.said[-1][:3]
    assert player.server.channel.authenticated


def _say(player: Player, step: SaslStep) -> None:
    player.feed(f"{write_command(step, ())}\r\n".encode())


def test_command_line_limit_holds_at_n_and_n_plus_1() -> None:
    """RFC 5321 §4.5.3.1.4, and what the extensions add; the octets of a longer line are not kept."""
    for extra, expected in ((0, "250"), (1, "500")):
        player = Player(ServerOptions("mx.test"))
        limit = offers_on(player.server.channel).command_octets
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


@pytest.mark.parametrize(
    ("name", "lawful", "wrong"),
    [
        ("max_message_octets", 65536, 65535),
        ("max_recipients", 1, 0),
        ("max_recipients", 999_999, 1_000_000),
        ("max_transactions", 1, 0),
        ("max_transactions", 999_999, 1_000_000),
        ("min_by_seconds", 0, -1),
        ("min_by_seconds", 999_999_999, 1_000_000_000),
        ("max_hold_seconds", 0, -1),
        ("max_hold_seconds", 999_999_999, 1_000_000_000),
    ],
)
def test_options_hold_to_their_bounds(name: str, lawful: int, wrong: int) -> None:
    """What can't be said in the standard's digits, or is less than it wants, does not exist."""
    ServerOptions("mx.test", **{name: lawful})  # type: ignore[arg-type]  # numbers only
    with pytest.raises(ValueError, match=r"takes|digits"):
        ServerOptions("mx.test", **{name: wrong})  # type: ignore[arg-type]  # numbers only


def test_options_know_their_mechanisms() -> None:
    """What could not be answered is not offered."""
    with pytest.raises(ValueError, match="no such mechanism: CRAM-MD5"):
        ServerOptions("mx.test", auth_mechanisms=("PLAIN", "CRAM-MD5"))
    assert len(MECHANISMS) == len(ServerOptions("mx.test", auth_mechanisms=MECHANISMS).auth_mechanisms)


def test_octets_that_nobody_will_read_are_not_kept() -> None:
    """Before the greeting and after the end a client fills no memory."""
    server = ServerConnection(ServerOptions("mx.test"))
    for _ in range(3):
        server.receive_data(b"x" * 100_000)
    assert 1 == server.pending_octets
    server.send(reply(220, "", "hi"))
    before = server.pending_octets
    server.receive_data(b"x" * 100_000)
    assert before == server.pending_octets
