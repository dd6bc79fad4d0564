"""The client's machine and BDAT: lengths, pipelining, refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.dialogue import Player
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp import (
    ClientConnection,
    DataBegin,
    ForwardPath,
    Hello,
    Mail,
    NeedData,
    Recipient,
    ReplyReceived,
    Reset,
    ReversePath,
    ServerOptions,
    State,
)

A = ReversePath.parse("<a@b.test>")
PLAIN = Mail(A)
C = Recipient(ForwardPath.parse("<c@d.test>"))
OFFERS = b"250-mx\r\n250-PIPELINING\r\n250-BINARYMIME\r\n250 CHUNKING\r\n"


def _begun(mail: Mail = PLAIN, *, offers: bytes = OFFERS, piece_octets: int = 4) -> ClientConnection:
    """Return a client with one recipient in a transaction."""
    client = ClientConnection(piece_octets=piece_octets)
    client.receive_data(b"220 mx\r\n" + offers)
    client.next_event()
    client.send(Hello("EHLO", "me.test"))
    client.next_event()
    for command in (mail, C):
        client.send(command)
        client.receive_data(b"250 ok\r\n")
        client.next_event()
    return client


def _codes(client: ClientConnection, octets: bytes) -> list[int]:
    client.receive_data(octets)
    found = []
    while isinstance(event := client.next_event(), ReplyReceived):
        found.append(event.reply.code)
    return found


def test_chunks_say_their_length() -> None:
    """RFC 3030 §2: a message in chunks, the last of which says so; each is answered."""
    client = _begun()
    assert [b"BDAT 4\r\nab\r\n", b"BDAT 4\r\n.c\r\n", b"BDAT 3 LAST\r\nd\r\n"] == list(
        client.message_chunks(b"ab\r\n.c\r\nd\r\n")
    )
    assert State.IDLE is client.ahead


def test_chunks_of_text_end_with_a_line_end() -> None:
    """RFC 5321 §2.3.8: text is lines; a last line without its end gets one."""
    chunks = list(_begun().message_chunks(b"ab\r\nc"))
    assert [b"BDAT 4\r\nab\r\n", b"BDAT 3 LAST\r\nc\r\n"] == chunks
    assert [b"BDAT 1 LAST\r\nc"] == list(_begun(Mail(A, body="BINARYMIME")).message_chunks(b"c"))
    assert [b"BDAT 0 LAST\r\n"] == list(_begun().message_chunks(b""))


def test_chunks_may_be_in_flight_together() -> None:
    """RFC 3030 §4.2, RFC 2920: where the server pipelines, replies come later and in order."""
    client = _begun()
    chunks = list(client.message_chunks(b"abcdefgh\r\n"))
    assert (3, 3) == (len(chunks), client.open_commands)
    assert [250, 250, 250] == _codes(client, b"250 ok\r\n250 ok\r\n250 taken\r\n")
    assert State.IDLE is client.state


def test_chunks_wait_without_pipelining() -> None:
    """RFC 2920: one at a time else."""
    client = _begun(offers=b"250-mx\r\n250 CHUNKING\r\n")
    chunks = client.message_chunks(b"abcdef\r\n")
    next(chunks)
    with pytest.raises(LocalProtocolError):
        next(chunks)


def test_refused_chunk_leaves_a_transaction_to_take_back() -> None:
    """RFC 3030 §2: after a refusal nothing more is sent but RSET."""
    client = _begun()
    next(client.message_chunks(b"abcdefgh\r\n"))
    assert [452] == _codes(client, b"452 disk full\r\n")
    states = [client.state]
    with pytest.raises(LocalProtocolError):
        client.send(DataBegin())
    client.send(Reset())
    assert [250] == _codes(client, b"250 ok\r\n")
    assert [State.CHUNKED, State.IDLE] == [*states, client.state]


@pytest.mark.parametrize("octets", [b"a\nb", b"a\rb", b"a\0b", b"a\r"])
def test_chunks_of_text_are_strict(octets: bytes) -> None:
    """RFC 5321 §2.3.8: what is no text goes as BINARYMIME only, and then by BDAT only."""
    with pytest.raises(LocalProtocolError):
        _begun().message_chunks(octets)
    assert octets in b"".join(_begun(Mail(A, body="BINARYMIME"), piece_octets=9).message_chunks(octets))


def test_binary_never_goes_by_data() -> None:
    """RFC 3030 §3."""
    client = _begun(Mail(A, body="BINARYMIME"))
    with pytest.raises(LocalProtocolError, match="by BDAT only"):
        client.send(DataBegin())


def test_chunks_need_an_offer() -> None:
    """RFC 3030 §2: only a server that offers CHUNKING hears BDAT."""
    with pytest.raises(LocalProtocolError):
        _begun(offers=b"250 mx\r\n").message_chunks(b"x\r\n")


def test_data_answered_by_2yz_is_the_servers_fault() -> None:
    """RFC 5321 §3.3: "done" before the message was sent is neither refusal nor leave."""
    client = _begun()
    client.send(DataBegin())
    client.receive_data(b"250 ok\r\n")
    with pytest.raises(RemoteProtocolError):
        client.next_event()


@given(st.binary(max_size=40), st.integers(1, 45), st.booleans())
def test_chunks_arrive_octet_for_octet(octets: bytes, piece_octets: int, lmtp: bool) -> None:
    """RFC 3030 §2: any octets, however they are cut, are what the server's machine takes."""
    player = Player(ServerOptions("mx.test", lmtp=lmtp, binary=True))
    client = ClientConnection(lmtp=lmtp, piece_octets=piece_octets)

    def say(*lines: bytes) -> None:
        player.feed(b"".join(lines))
        client.receive_data("".join(f"{line}\r\n" for line in player.said).encode())
        player.said.clear()
        while not isinstance(client.next_event(), NeedData):
            pass

    say()
    say(client.send(Hello("LHLO" if lmtp else "EHLO", "me.test")))
    say(client.send(Mail(A, body="BINARYMIME")), client.send(C), client.send(C), *client.message_chunks(octets))
    assert [("<a@b.test>", "<c@d.test>,<c@d.test>", octets)] == player.taken
    assert (State.IDLE, 0) == (client.state, client.open_commands)
