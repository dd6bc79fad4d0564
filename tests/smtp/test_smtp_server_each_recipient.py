"""scop.smtp.ServerConnection: what a passage to another server needs of it."""

from __future__ import annotations

import pytest

from scop.smtp import DataEnd, DataRefused, Reply, ServerConnection, ServerOptions, reply

OK = reply(250, "2.0.0", "Ok")
NO = reply(550, "5.2.2", "Mailbox full")


def at_the_end(octets: bytes, *, stray_octets: bool = False) -> ServerConnection:
    """Return an LMTP conversation with two recipients, whose message is whole."""
    server = ServerConnection(ServerOptions("mx.harbor.test", lmtp=True, stray_octets=stray_octets))
    server.send(reply(220, "", "hello"))
    for line in (b"LHLO x", b"MAIL FROM:<a@b.test>", b"RCPT TO:<c@d.test>", b"RCPT TO:<e@d.test>", b"DATA"):
        server.receive_data(line + b"\r\n")
        server.next_event()
        server.send(reply(354, "", "go on") if line == b"DATA" else OK)
    server.receive_data(octets + b"\r\n.\r\n")
    return server


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((OK,), b"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n"),
        ((OK, NO), b"250 2.0.0 Ok\r\n550 5.2.2 Mailbox full\r\n"),
    ],
)
def test_lmtp_server_answers_for_each_recipient(answers: tuple[Reply, ...], said: bytes) -> None:
    """RFC 2033 §4.2: a reply for each recipient, the same for all where one was given."""
    server = at_the_end(b"Ahoy")
    server.next_event()
    assert isinstance(server.next_event(), DataEnd)
    assert said == server.send(*answers)


@pytest.mark.parametrize("octets", [b"a\rb", b"a\nb", b"a\0b"])
def test_stray_octets_are_taken_by_who_mends_them(octets: bytes) -> None:
    """Bare CR, bare LF and NUL are refused, unless whoever takes the message has said that it mends them."""
    assert isinstance(at_the_end(octets).next_event(), DataRefused)
    lenient = at_the_end(octets, stray_octets=True)
    lenient.next_event()
    assert isinstance(lenient.next_event(), DataEnd)
