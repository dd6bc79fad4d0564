"""Nothing that a client sends smuggles a second mail past a next server that takes more than CRLF.CRLF for an end."""

from collections.abc import Iterator

import pytest

from fakes.lenient_server import SMUGGLED, STRICT_END, Lenient, smuggling_sequences
from scop.base import LocalProtocolError
from scop.smtp import ClientConnection, DataBegin, ForwardPath, Hello, Mail, Recipient, ReversePath, State
from scop.smtp.data import stuffed

A = ReversePath.parse("<a@b.test>")
C = Recipient(ForwardPath.parse("<c@d.test>"))
TEXT = b"Subject: x\r\n\r\n.hello\r\n"
KEYWORDS = {"data": b"", "bdat": b"250-CHUNKING\r\n", "binary": b"250-CHUNKING\r\n250-BINARYMIME\r\n"}
NUMBERS = range(9)


def _mails_at_lenient(message: bytes, way: str, piece_octets: int) -> list[bytes]:
    """Send a message that way; return what the server took for mails."""
    server = Lenient(KEYWORDS[way])
    client = ClientConnection(piece_octets=piece_octets)

    def say(octets: bytes) -> None:
        client.receive_data(server.feed(octets))
        while client.open_commands:
            client.next_event()

    client.receive_data(b"220 x\r\n")
    client.next_event()
    say(client.send(Hello("EHLO", "me.test")))
    say(client.send(Mail(A, body="BINARYMIME" if way == "binary" else "")) + client.send(C))
    if way == "data":
        say(client.send(DataBegin()))
        say(b"".join(client.message_pieces(message)))
    else:
        say(b"".join(client.message_chunks(message)))
    assert State.IDLE is client.state
    return server.mails


def _hiding(sequence: bytes) -> Iterator[bytes]:
    """Yield messages with a second mail behind the sequence, which stands at each place of a text."""
    for place in range(len(TEXT) + 1):
        yield TEXT[:place] + sequence + SMUGGLED + TEXT[place:]


@pytest.mark.parametrize("way", ["data", "bdat"])
@pytest.mark.parametrize("number", NUMBERS)
def test_client_never_sends_what_could_smuggle(number: int, way: str) -> None:
    """RFC 5321 §2.3.8: text with a bare CR, LF or NUL is not sent, by DATA or by BDAT, wherever the sequence stands.

    What holds the sequence and is strict all the same (its CR or LF fell in with one of the text) is one mail.
    """
    for message in _hiding(smuggling_sequences()[number]):
        try:
            taken = _mails_at_lenient(message, way, 1_000_000)
        except LocalProtocolError:
            continue
        assert 1 == len(taken), message


@pytest.mark.parametrize("piece_octets", [1, 2, 3, 7, 1_000_000])
@pytest.mark.parametrize("number", NUMBERS)
def test_client_sends_binary_by_its_length(number: int, piece_octets: int) -> None:
    """RFC 3030 §2: any octets arrive as one mail as they are, wherever chunks end."""
    for message in _hiding(smuggling_sequences()[number]):
        assert [message] == _mails_at_lenient(message, "binary", piece_octets)


@pytest.mark.parametrize("way", ["data", "bdat"])
@pytest.mark.parametrize("piece_octets", [*range(1, 30), 1_000_000])
def test_client_sends_an_end_within_a_message_as_text(way: str, piece_octets: int) -> None:
    """RFC 5321 §4.5.2: a message that holds CRLF.CRLF arrives as one mail, wherever its pieces end."""
    message = TEXT + b".\r\n" + SMUGGLED
    expected = stuffed(message).removesuffix(STRICT_END) if way == "data" else message
    assert [expected] == _mails_at_lenient(message, way, piece_octets)


@pytest.mark.parametrize("octets", [b"", b".", b"x", b".\r\n", b"\r\n", b"a\r\n..\r\n.b\r\n\r\n.", b"x\r\n" * 9])
def test_client_hands_out_the_same_in_any_pieces(octets: bytes) -> None:
    """Dots are stuffed alike wherever a piece ends."""
    for piece_octets in range(1, len(octets) + 2):
        client = _waiting_for_data(piece_octets)
        assert stuffed(octets) == b"".join(client.message_pieces(octets))


def _waiting_for_data(piece_octets: int) -> ClientConnection:
    client = ClientConnection(piece_octets=piece_octets)
    client.receive_data(b"220 x\r\n")
    client.next_event()
    for command in (Hello("EHLO", "me.test"), Mail(A), C, DataBegin()):
        client.send(command)
        client.receive_data(b"354 go\r\n" if isinstance(command, DataBegin) else b"250 ok\r\n")
        client.next_event()
    return client
