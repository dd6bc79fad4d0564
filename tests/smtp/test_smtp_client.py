"""The client's machine, against replies by hand and against the server's machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.dialogue import Player
from fakes.smtp_values import MAILBOXES, STRICT_MESSAGES
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp import (
    NEED_DATA,
    Authenticate,
    ClientConnection,
    DataBegin,
    Event,
    Farewell,
    Forwarded,
    ForwardPath,
    Greeting,
    Hello,
    Mail,
    Mailbox,
    NeedData,
    Origin,
    Quit,
    Recipient,
    Reply,
    ReplyReceived,
    Reset,
    ReversePath,
    ServerOptions,
    StartTls,
    State,
    reply,
)

A = ReversePath.parse("<a@b.test>")
C = ForwardPath.parse("<c@d.test>")
_EHLO = b"250-mx.test\r\n250-PIPELINING\r\n250 SIZE 1000\r\n"


def _greeted(*, lmtp: bool = False, extensions: bytes = _EHLO) -> ClientConnection:
    client = ClientConnection(lmtp=lmtp)
    client.receive_data(b"220 mx.test\r\n")
    assert Greeting(reply(220, "", "mx.test")) == client.next_event()
    assert b"HLO me.test\r\n" == client.send(Hello("LHLO" if lmtp else "EHLO", "me.test"))[1:]
    client.receive_data(extensions)
    client.next_event()
    return client


def _answers(client: ClientConnection, octets: bytes) -> list[tuple[type, int]]:
    client.receive_data(octets)
    found = []
    while isinstance(event := client.next_event(), ReplyReceived):
        found.append((type(event.command), event.reply.code))
    return found


def test_pipelined_replies_belong_to_their_commands() -> None:
    """RFC 2920: a group in one write; each reply is for the oldest open command."""
    client = _greeted()
    octets = client.send(Mail(A, size_octets=7)) + client.send(Recipient(C)) + client.send(DataBegin())
    assert b"MAIL FROM:<a@b.test> SIZE=7\r\nRCPT TO:<c@d.test>\r\nDATA\r\n" == octets
    assert [(Mail, 250), (Recipient, 250), (DataBegin, 354)] == _answers(client, b"250 ok\r\n250 ok\r\n354 go\r\n")
    assert b"x\r\n.\r\n" == client.send_message(b"x\r\n")
    assert (1, State.DATA) == (client.open_commands, client.state)
    client.receive_data(b"250 2.0.0 done\r\n")
    assert isinstance(client.next_event(), ReplyReceived)
    assert (0, State.IDLE) == (client.open_commands, client.state)


def test_refused_mail_leaves_a_usable_client() -> None:
    """What follows a refused command in its group is refused too, and the next transaction can begin."""
    client = _greeted()
    client.send(Mail(A))
    client.send(Recipient(C))
    assert [(Mail, 550), (Recipient, 503)] == _answers(client, b"550 no\r\n503 no\r\n")
    assert State.IDLE is client.state
    client.send(Mail(A))


def test_without_pipelining_each_command_waits() -> None:
    """RFC 5321 §4.1.4: only a server that offers it gets several commands at once."""
    client = _greeted(extensions=b"250 mx.test\r\n")
    assert b"MAIL FROM:<a@b.test>\r\n" == client.send(Mail(A, size_octets=7))
    with pytest.raises(LocalProtocolError):
        client.send(Recipient(C))


def test_lmtp_waits_for_one_reply_for_each_accepted_recipient() -> None:
    """RFC 2033 §4.2."""
    client = _greeted(lmtp=True)
    client.send(Mail(A))
    client.send(Recipient(C))
    client.send(Recipient(C))
    client.send(Recipient(C))
    client.send(DataBegin())
    _answers(client, b"250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n")
    client.send_message(b"x\r\n")
    assert 2 == client.open_commands


@pytest.mark.parametrize(
    "command",
    [Recipient(C), DataBegin(), StartTls(), Mail(A, smtputf8=True), Forwarded(Origin()), Hello("LHLO", "x"),
     Authenticate("PLAIN", "a", "b")],
)  # fmt: skip
def test_client_says_nothing_out_of_sequence_or_not_offered(command: Event) -> None:
    """Our own mistakes are found before they are sent."""
    with pytest.raises(LocalProtocolError):
        _greeted().send(command)


def test_client_does_not_speak_before_the_greeting_nor_after_the_end() -> None:
    """RFC 5321 §3.1."""
    with pytest.raises(LocalProtocolError):
        ClientConnection().send(Hello("EHLO", "x"))
    client = _greeted()
    client.send(Quit())
    client.receive_data(b"221 bye\r\n")
    client.next_event()
    with pytest.raises(LocalProtocolError):
        client.send(Reset())


def test_reply_to_nothing_is_the_servers_fault() -> None:
    """A reply without a command would be taken for the answer to the next one."""
    client = _greeted()
    client.receive_data(b"250 surprise\r\n")
    with pytest.raises(RemoteProtocolError):
        client.next_event()


def test_octets_behind_the_reply_to_starttls_are_the_servers_fault() -> None:
    """RFC 3207 §4.2: replies injected in the clear never count as said under TLS."""
    client = _greeted(extensions=b"250-mx.test\r\n250 STARTTLS\r\n")
    client.send(StartTls())
    client.receive_data(b"220 go\r\n250-mx.te")
    client.next_event()
    client.next_event()
    with pytest.raises(RemoteProtocolError):
        client.start_tls_done()


def test_after_starttls_all_begins_anew() -> None:
    """What was offered in the clear is forgotten."""
    client = _greeted(extensions=b"250-mx.test\r\n250 STARTTLS\r\n")
    client.send(StartTls())
    client.receive_data(b"220 go\r\n")
    client.next_event()
    client.start_tls_done()
    assert ({}, State.GREETED) == (client.extensions, client.state)
    client.send(Hello("EHLO", "x"))


@given(st.binary(max_size=100))
def test_client_raises_nothing_but_remote_protocol_error(octets: bytes) -> None:
    """Any octets of a server are an event or its fault."""
    client = ClientConnection()
    client.receive_data(octets)
    try:
        while client.next_event() is not NEED_DATA:
            pass
    except RemoteProtocolError:
        return


_REPLIES = st.lists(
    st.sampled_from([b"250 ok\r\n", b"250-a\r\n250 b\r\n", b"550 5.1.1 no\r\n", b"421 bye\r\n", b"x\r\n"])
)


def _heard(octets: bytes, piece_octets: int) -> list[object]:
    """Return what a client with three open commands makes of octets in pieces of this length."""
    client = _greeted()
    for command in (Mail(A), Recipient(C), Recipient(C)):
        client.send(command)
    events: list[object] = []
    for start in range(0, len(octets), piece_octets):
        client.receive_data(octets[start : start + piece_octets])
        try:
            while (event := client.next_event()) is not NEED_DATA:
                events.append(event)
        except RemoteProtocolError as fault:
            return [*events, str(fault)]
    return [*events, client.state]


@given(_REPLIES.map(b"".join), st.integers(1, 9))
def test_client_hears_the_same_however_replies_are_cut(octets: bytes, piece_octets: int) -> None:
    """Chunk by chunk the same: whole, or octet by octet."""
    assert _heard(octets, len(octets) + 1) == _heard(octets, piece_octets)


def test_client_takes_421_at_any_time() -> None:
    """RFC 5321 §3.8: it answers all that is open; where nothing is, it is a farewell."""
    client = _greeted()
    client.send(Mail(A))
    client.send(Recipient(C))
    assert [(Mail, 421), (Recipient, 421)] == _answers(client, b"421 4.3.2 bye\r\n")
    idle = _greeted()
    idle.receive_data(b"421 4.4.2 you are slow\r\n")
    assert Farewell(reply(421, "4.4.2", "you are slow")) == idle.next_event()
    assert [State.CLOSED] * 2 == [client.state, idle.state]


class _Pair:
    """Both machines with nothing between them."""

    def __init__(self, options: ServerOptions) -> None:
        self.player = Player(options)
        self.client = ClientConnection(lmtp=options.lmtp)
        self._heard()
        self.say(Hello("LHLO" if options.lmtp else "EHLO", "me.test"))

    def say(self, *commands: Event) -> list[Reply]:
        self.player.feed(b"".join([self.client.send(command) for command in commands]))
        return self._heard()

    def message(self, octets: bytes) -> list[Reply]:
        self.player.feed(self.client.send_message(octets))
        return self._heard()

    def _heard(self) -> list[Reply]:
        self.client.receive_data("".join(f"{line}\r\n" for line in self.player.said).encode())
        self.player.said.clear()
        replies = []
        while not isinstance(event := self.client.next_event(), NeedData):
            replies.append(event.reply)
        return replies


@given(MAILBOXES, MAILBOXES, STRICT_MESSAGES, st.booleans())
def test_what_the_client_sends_the_server_takes(sender: Mailbox, recipient: Mailbox, octets: bytes, lmtp: bool) -> None:
    """Paths, parameters and every message come over unchanged."""
    pair = _Pair(ServerOptions("mx.test", lmtp=lmtp, trusted=True))
    paths = ReversePath(sender), ForwardPath(recipient)
    origin = Origin("192.0.2.1", 25, "a.test", "b c".replace(" ", "+"), "ESMTPS", "id")
    mail = Mail(paths[0], size_octets=len(octets), body="8BITMIME", smtputf8=True, auth=sender, origin=origin)
    pair.say(Forwarded(origin), mail, Recipient(paths[1]), DataBegin())
    answers = pair.message(octets)
    taken = pair.player.taken
    if recipient.local_part != "nobody":
        assert [(str(paths[0]), str(paths[1]), octets)] == taken
        assert [250] == [answer.code for answer in answers]


def test_client_authenticates_by_plain() -> None:
    """RFC 4616: one line, no exchange."""
    pair = _Pair(ServerOptions("mx.test", tls_active=True, auth_mechanisms=("PLAIN", "LOGIN")))
    assert [535, 235] == [
        answer.code for password in ("wrong", "secret") for answer in pair.say(Authenticate("PLAIN", "alice", password))
    ]
