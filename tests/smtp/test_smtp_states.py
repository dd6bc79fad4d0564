"""One table for both ends: client and server stand in the same place, whatever is said."""

from hypothesis import given
from hypothesis import strategies as st

from fakes.dialogue import Player
from scop.base import LocalProtocolError
from scop.smtp import (
    NEED_DATA,
    Authenticate,
    ClientConnection,
    DataBegin,
    Event,
    Forwarded,
    ForwardPath,
    Hello,
    Mail,
    Noop,
    Origin,
    Quit,
    Recipient,
    Reply,
    Reset,
    ReversePath,
    SaslStep,
    ServerOptions,
    StartTls,
    State,
)
from scop.smtp.states import allows, state_after

_MAIL, _TO = Mail(ReversePath.parse("<a@b.test>")), Recipient(ForwardPath.parse("<c@d.test>"))
_COMMANDS = st.sampled_from(
    [
        Hello("EHLO", "x"),
        Hello("LHLO", "x"),
        Hello("HELO", "x"),
        _MAIL,
        Mail(ReversePath(None), body="BINARYMIME"),
        _TO,
        Recipient(ForwardPath.parse("<nobody@d.test>")),
        DataBegin(),
        Reset(),
        Noop(),
        Quit(),
        StartTls(),
        Forwarded(Origin("192.0.2.1")),
        Authenticate("PLAIN", "alice", "secret"),
        Authenticate("PLAIN", "alice", "guess"),
        SaslStep("LOGIN", b"", is_first=True),
        SaslStep("LOGIN", b"alice"),
        SaslStep("LOGIN", b"secret"),
        b"a message\r\n",  # by BDAT, or by DATA where that was said
        b"",
    ]
)
_OPTIONS = st.builds(
    ServerOptions,
    st.just("mx.test"),
    lmtp=st.booleans(),
    trusted=st.booleans(),
    tls_available=st.booleans(),
    tls_active=st.booleans(),
    auth_mechanisms=st.sampled_from([(), ("PLAIN", "LOGIN")]),
    max_transactions=st.sampled_from([None, 2]),
)


def _say(client: ClientConnection, command: Event | bytes) -> bytes:
    """Return what the client sends, b'' where it knows that it must not."""
    try:
        if isinstance(command, bytes):
            in_data = client.state is State.DATA
            return client.send_message(command) if in_data else b"".join(client.message_chunks(command))
        return client.send(command)
    except LocalProtocolError:
        return b""


def _hear(client: ClientConnection, player: Player) -> None:
    client.receive_data("".join(f"{line}\r\n" for line in player.said).encode())
    player.said.clear()
    while client.next_event() is not NEED_DATA:
        pass


@given(_OPTIONS, st.lists(_COMMANDS, max_size=25))
def test_client_and_server_stand_in_the_same_state(options: ServerOptions, commands: list[Event | bytes]) -> None:
    """After every reply both ends know where they are, and nothing that the client says is out of sequence."""
    player, client = Player(options), ClientConnection(lmtp=options.lmtp)
    _hear(client, player)
    for command in (Hello("LHLO" if options.lmtp else "EHLO", "x"), *commands):
        player.feed(_say(client, command))
        assert not any(line.startswith("503 5.5.1 Bad") for line in player.said), player.said
        _hear(client, player)
        if client.state is State.HANDSHAKE:
            player.server.start_tls_done()
            client.start_tls_done()
        assert player.server.state is client.state, command


def test_every_state_lets_the_client_leave_or_is_left_by_itself() -> None:
    """QUIT is lawful wherever a command is (RFC 5321 §4.1.1.10), and 421 ends everything (§3.8)."""
    closing = Reply(421, "4.3.2", ("Closing",))
    for state in State:
        events = [event for event in Event.__args__ if allows(state, event)]
        assert (Noop in events) is (Quit in events), state
        assert {State.CLOSED} >= {state_after(state, event, closing) for event in events}, state
