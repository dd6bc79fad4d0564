"""Nothing that a client sends smuggles a second mail past a next server that takes more than CRLF.CRLF for an end."""

import json
from collections.abc import Iterator

import pytest

from fakes.shared import shared_path
from scop.base import LocalProtocolError
from scop.smtp import ClientConnection, DataBegin, ForwardPath, Hello, Mail, Recipient, ReversePath, State
from scop.smtp.data import stuffed

A = ReversePath.parse("<a@b.test>")
C = Recipient(ForwardPath.parse("<c@d.test>"))
STRICT_END = b"\r\n.\r\n"
SMUGGLED = b"MAIL FROM:<evil@b.test>\r\nRCPT TO:<victim@d.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"
TEXT = b"Subject: x\r\n\r\n.hello\r\n"
KEYWORDS = {"data": b"", "bdat": b"250-CHUNKING\r\n", "binary": b"250-CHUNKING\r\n250-BINARYMIME\r\n"}
NUMBERS = range(9)


def _sequences() -> list[bytes]:
    vectors = json.loads(shared_path("vectors", "smtp", "smuggling_eod.json").read_text())
    return [each.encode("latin-1") for each in vectors["end_of_data_candidates"]]


class Lenient:
    """A server that ends DATA at any of the sequences, and keeps what it took for mails."""

    def __init__(self, keywords: bytes) -> None:
        self._ends = [*_sequences(), STRICT_END]
        self._keywords = keywords
        self._heard = b""
        self._in_data = False
        self._left: int | None = None
        self._chunks: list[bytes] = []
        self.mails: list[bytes] = []

    def feed(self, octets: bytes) -> bytes:
        """Take octets and return what is said to them."""
        self._heard += octets
        said = []
        while (reply := self._next()) is not None:
            said.append(reply)
        return b"".join(said)

    def _next(self) -> bytes | None:
        if self._in_data:
            return self._data()
        if self._left is not None:
            return self._chunk(self._left)
        line, has_end, rest = self._heard.partition(b"\n")  # lenient here, too
        if not has_end:
            return None
        self._heard = rest
        return self._command(line.rstrip(b"\r").upper().split())

    def _data(self) -> bytes | None:
        text = b"\r\n" + self._heard  # the line end of the command
        found = [(place, end) for end in self._ends if (place := text.find(end)) >= 0]
        if not found:
            return None
        place, end = min(found)
        self.mails.append(text[2:place])
        self._heard, self._in_data = text[place + len(end) :], False
        return b"250 taken\r\n"

    def _chunk(self, octets: int) -> bytes | None:
        if len(self._heard) < octets:
            return None
        self._chunks.append(self._heard[:octets])
        self._heard, self._left = self._heard[octets:], None
        if self._is_last:
            self.mails.append(b"".join(self._chunks))
        return b"250 taken\r\n"

    def _command(self, words: list[bytes]) -> bytes:
        match words:
            case [b"EHLO", *_]:
                return b"250-x\r\n" + self._keywords + b"250 PIPELINING\r\n"
            case [b"DATA"]:
                self._in_data = True
                return b"354 go on\r\n"
            case [b"BDAT", size, *last]:
                self._left, self._is_last = int(size), bool(last)
                return b""
            case _:
                return b"250 ok\r\n"


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
    for message in _hiding(_sequences()[number]):
        try:
            taken = _mails_at_lenient(message, way, 1_000_000)
        except LocalProtocolError:
            continue
        assert 1 == len(taken), message


@pytest.mark.parametrize("piece_octets", [1, 2, 3, 7, 1_000_000])
@pytest.mark.parametrize("number", NUMBERS)
def test_client_sends_binary_by_its_length(number: int, piece_octets: int) -> None:
    """RFC 3030 §2: any octets arrive as one mail as they are, wherever chunks end."""
    for message in _hiding(_sequences()[number]):
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
