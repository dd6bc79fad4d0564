"""scop.smtp.milter: what is agreed on, what follows what, and what may be said when."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.milter_talk import ALL_ACTIONS, heard, macros, offer, packet, written
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp import NEED_DATA, reply
from scop.smtp.milter import (
    ACCEPT,
    CONTINUE,
    SKIP,
    Abort,
    Action,
    BodyChunk,
    ChangeField,
    Connect,
    DataBegin,
    Event,
    Field,
    HeaderEnd,
    Helo,
    InsertField,
    Mail,
    MessageEnd,
    MilterConnection,
    Negotiation,
    Quarantine,
    Quit,
    Recipient,
    Refusal,
    Step,
    Unknown,
    Wishes,
)
from scop.smtp.milter.packets import MAX_PACKET_OCTETS

ACTIONS = Action.ADD_FIELDS | Action.CHANGE_FIELDS | Action.QUARANTINE
STEPS = Step.SILENT_FIELD | Step.SKIP | Step.SILENT_BODY | Step.LEADING_SPACE | Step.NO_RECIPIENT
REFUSAL = Refusal(reply(550, "5.7.1", "This mail is not wanted here"))

WORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_characters="\x7f"), min_size=1, max_size=9
)
ADDRESSES = st.sampled_from(["192.0.2.7", "2001:db8::7"])
EVENTS = st.one_of(
    st.builds(Connect, WORDS, ADDRESSES, st.integers(0, 65535)),
    st.builds(Connect, WORDS),
    st.builds(Helo, WORDS),
    st.builds(Mail, WORDS, st.lists(WORDS, max_size=2).map(tuple)),
    st.builds(Recipient, WORDS, st.lists(WORDS, max_size=2).map(tuple)),
    st.builds(Field, st.sampled_from([b"Subject", b"To"]), st.sampled_from([b" tide", b"", b" a\r\n\tb"])),
    st.builds(BodyChunk, st.binary(max_size=9)),
    st.builds(MessageEnd, st.binary(max_size=9)),
    st.builds(Unknown, WORDS),
    st.builds(Quit, st.booleans()),
    st.sampled_from([DataBegin(), HeaderEnd(), Abort()]),
)


def agreed(version: int = 6, steps: int = 0x1FFFFF) -> MilterConnection:
    """Return a connection past its negotiation."""
    connection = MilterConnection(Wishes(ACTIONS, STEPS))
    connection.receive_data(offer(version, steps=steps))
    assert isinstance(connection.next_event(), Negotiation)
    connection.send(CONTINUE)
    return connection


def told(connection: MilterConnection, *events: Event) -> bytes:
    """Tell events and answer each by going on; return what was said."""
    said = b""
    for event in events:
        connection.receive_data(written(event))
        assert event == connection.next_event()
        said += connection.send(CONTINUE)
    return said


def everything(connection: MilterConnection, pieces: list[bytes]) -> list[Event | str]:
    """Return all events of what comes in pieces, the fault that ends it as a word."""
    found: list[Event | str] = []
    try:
        for piece in pieces:
            connection.receive_data(piece)
            while (event := connection.next_event()) is not NEED_DATA:
                assert not isinstance(event, type(NEED_DATA))
                found.append(event)
                connection.send(CONTINUE)
    except RemoteProtocolError as fault:
        found.append(str(fault))
    return found


def test_milter_negotiates_what_both_know() -> None:
    """Our answer has the older version, the actions we need, and of the steps those that both know."""
    connection = MilterConnection(Wishes(ACTIONS, STEPS))
    connection.receive_data(offer(6, ALL_ACTIONS, Step.SILENT_FIELD | Step.LEADING_SPACE | Step.NO_HELO))
    assert Negotiation(6, ACTIONS, Step.SILENT_FIELD | Step.LEADING_SPACE) == connection.next_event()
    assert (6, 0x31, 0x100080) == heard(connection.send(CONTINUE)).terms


def test_milter_a_later_version_is_answered_by_ours() -> None:
    """A mail server that knows more is told the newest that we know."""
    connection = MilterConnection(Wishes(ACTIONS, STEPS))
    connection.receive_data(offer(7))
    connection.next_event()
    assert 6 == heard(connection.send(CONTINUE)).terms[0]


def test_milter_version_2_knows_no_later_steps() -> None:
    """To a mail server of version 2 no bit is sent that it could not know, whatever it says."""
    assert b"" == agreed(2).send(CONTINUE)
    connection = MilterConnection(Wishes(ACTIONS, STEPS))
    connection.receive_data(offer(2))
    connection.next_event()
    assert (2, 0x31, Step.NO_RECIPIENT) == heard(connection.send(CONTINUE)).terms


def test_milter_skipping_needs_answers_to_the_body() -> None:
    """Where the rest of a body can be skipped its chunks are answered; elsewhere they are not."""
    assert "s" == heard(chunk_answered(agreed())).letters
    assert "c" == heard(chunk_answered(agreed(steps=0))).letters
    assert b"" == told(agreed(steps=Step.SILENT_BODY), Mail("<a@b>"), BodyChunk(b"x")).removeprefix(packet(b"c"))


def chunk_answered(connection: MilterConnection) -> bytes:
    """Return how the first chunk of a body is answered by SKIP."""
    told(connection, Mail("<a@b>"))
    connection.receive_data(written(BodyChunk(b"x")))
    connection.next_event()
    return connection.send(SKIP)


@pytest.mark.parametrize(
    "octets",
    [
        offer(1),
        offer(6, actions=Action.ADD_FIELDS),
        packet(b"O", b"\0\0\0\6"),
        offer() + offer(),
        written(Mail("<a@b>")),
        packet(b"x"),
        b"\0\0\0\0",
        (MAX_PACKET_OCTETS + 1).to_bytes(4, "big"),
        offer() + packet(b"C", b"name\0"),
        offer() + packet(b"C", b"name\0004\0"),
        offer() + packet(b"C", b"name\0009\0\0001.2.3.4\0"),
        offer() + packet(b"M", b""),
        offer() + packet(b"M", b"<a@b>"),
        offer() + packet(b"H", b"a\0b\0"),
        offer() + packet(b"D", b""),
        offer() + packet(b"D", b"Cj\0"),
        offer() + packet(b"A", b"x"),
        offer() + written(Field(b"Subject", b" x")),
        offer() + written(Mail("<a@b>")) + packet(b"L", b"\0x\0"),
        offer() + written(Mail("<a@b>")) + packet(b"L", b"Subject\0"),
        offer() + written(Quit()) + written(Mail("<a@b>")),
    ],
)
def test_milter_refuses_what_is_no_protocol(octets: bytes) -> None:
    """What does not keep to the protocol ends it, with a fault of the peer."""
    found = everything(MilterConnection(Wishes(ACTIONS, STEPS)), [octets])
    assert isinstance(found[-1], str)


def test_milter_a_whole_message_is_told_in_order() -> None:
    """Connection, envelope, header and body come as they were sent; fields want no answer, all else does."""
    message = (
        Connect("mail.example", "192.0.2.7", 4242),
        Helo("mail.example"),
        Mail("<ann@example>", ("SIZE=7",)),
        Recipient("<bob@harbor.test>"),
        DataBegin(),
        Field(b"Subject", b" tide"),
        Field(b"To", b" a,\r\n b"),
        HeaderEnd(),
        BodyChunk(b"Ahoy.\r\n"),
        MessageEnd(),
        Abort(),
        Quit(is_followed=True),
        Connect("unknown", "2001:db8::7", 1),
        Quit(),
    )
    assert "c" * 9 == heard(told(agreed(), *message)).letters


def test_milter_an_answer_is_owed_before_the_next_event() -> None:
    """Nothing more is looked at until an answer is sent."""
    connection = agreed()
    connection.receive_data(written(Mail("<a@b>")) + written(Abort()))
    connection.next_event()
    with pytest.raises(LocalProtocolError):
        connection.next_event()
    connection.send(ACCEPT)
    assert Abort() == connection.next_event()


def test_milter_changes_stand_before_the_last_answer() -> None:
    """At the end of a message fields are put on top and taken away, with the spaces that were agreed on."""
    connection = agreed()
    told(connection, Mail("<a@b>"), HeaderEnd())
    connection.receive_data(written(MessageEnd()))
    connection.next_event()
    changed = connection.send(InsertField(0, b"X-SCoP-Spam", b"ham;\r\n\tx"))
    changed += connection.send(ChangeField(2, b"X-SCoP-Spam")) + connection.send(Quarantine("a reason"))
    said = heard(changed + connection.send(CONTINUE))
    assert ("imqc", b"a reason") == (said.letters, said.quarantine)
    assert [(0, b"X-SCoP-Spam", b" ham;\n\tx")] == said.inserted
    assert [(2, b"X-SCoP-Spam", b"")] == said.changed


def test_milter_without_leading_space_the_mail_server_adds_it() -> None:
    """Where the space behind the colon was not agreed on, a body is sent without one."""
    connection = agreed(steps=0)
    told(connection, Mail("<a@b>"))
    connection.receive_data(written(MessageEnd()))
    connection.next_event()
    assert [(0, b"X", b"y")] == heard(connection.send(InsertField(0, b"X", b"y"))).inserted


def test_milter_nothing_is_changed_before_the_end_or_without_leave() -> None:
    """A change is for the end of a message, and for what was agreed on."""
    connection = agreed()
    connection.receive_data(written(Mail("<a@b>")))
    connection.next_event()
    with pytest.raises(LocalProtocolError):
        connection.send(InsertField(0, b"X", b"y"))
    with pytest.raises(LocalProtocolError):
        connection.send(SKIP)
    connection.send(CONTINUE)
    with pytest.raises(LocalProtocolError):
        connection.send(ACCEPT)
    narrow = MilterConnection(Wishes(Action.ADD_FIELDS, Step(0)))
    narrow.receive_data(offer())
    narrow.next_event()
    with pytest.raises(LocalProtocolError):
        narrow.send(ACCEPT)
    narrow.send(CONTINUE)
    told(narrow, Mail("<a@b>"))
    narrow.receive_data(written(MessageEnd()))
    narrow.next_event()
    with pytest.raises(LocalProtocolError):
        narrow.send(Quarantine("why"))


def test_milter_a_refusal_bears_its_reply_and_ends_the_message() -> None:
    """The client reads our reply; after it no more of the message is expected, and the next may begin."""
    connection = agreed()
    told(connection, Mail("<a@b>"))
    connection.receive_data(written(MessageEnd()))
    connection.next_event()
    assert b"550 5.7.1 This mail is not wanted here" == heard(connection.send(REFUSAL)).refusal
    told(connection, Mail("<c@d>"))


def test_milter_a_refused_recipient_leaves_the_message_open() -> None:
    """A refusal of one recipient does not end the message for the others."""
    connection = agreed()
    told(connection, Mail("<a@b>"))
    connection.receive_data(written(Recipient("<x@y>")))
    connection.next_event()
    connection.send(REFUSAL)
    told(connection, Recipient("<z@y>"), Field(b"A", b" b"), MessageEnd())


def test_milter_macros_last_as_long_as_what_they_tell_of() -> None:
    """Macros of the client hold for the connection, those of a message until it is over."""
    connection = agreed()
    connection.receive_data(macros(b"C", j="mx.harbor.test", daemon_name="smtpd"))
    told(connection, Connect("x", "192.0.2.7", 1))
    connection.receive_data(macros(b"M", i="4ABC", auth_authen="ann"))
    told(connection, Mail("<a@b>"))
    assert ["mx.harbor.test", "ann", "4ABC", ""] == [connection.macro(name) for name in ("j", "auth_authen", "i", "z")]
    told(connection, Abort())
    assert ["mx.harbor.test", ""] == [connection.macro(name) for name in ("j", "auth_authen")]
    connection.receive_data(macros(b"M", i="4DEF"))
    told(connection, Mail("<a@b>"))
    assert "4DEF" == connection.macro("i")
    told(connection, MessageEnd())
    assert "" == connection.macro("i")
    told(connection, Quit(is_followed=True))
    assert "" == connection.macro("j")


@pytest.mark.parametrize("body", [b"a\rb", b"a\nb", b"a\r\nb", b"a\r\n", b"a\r\n \r\n b", b"a\0b"])
def test_milter_one_field_stays_one(body: bytes) -> None:
    """No body can become a second field or the end of the header."""
    for build in (lambda: InsertField(0, b"X", body), lambda: ChangeField(1, b"X", body)):
        with pytest.raises(ValueError, match="one field"):
            build()


@pytest.mark.parametrize("text", ["50 % off", "é", "a\tb"])
def test_milter_words_to_the_client_are_plain(text: str) -> None:
    """A refusal and a reason hold nothing that a mail server would read otherwise."""
    with pytest.raises(ValueError, match="visible ASCII"):
        Refusal(reply(550, "5.7.1", text))
    with pytest.raises(ValueError, match="visible ASCII"):
        Quarantine(text)
    with pytest.raises(ValueError, match="from 400 on"):
        Refusal(reply(250, "2.0.0", "Ok"))


@given(EVENTS)
def test_milter_reads_what_a_mail_server_writes(event: Event) -> None:
    """Each event is read as it was written."""
    connection = MilterConnection(Wishes(ACTIONS, STEPS))
    octets = offer() + written(Mail("<a@b>")) + written(event)
    found = everything(connection, [octets])
    assert event == found[-1]


@given(
    st.one_of(st.binary(max_size=60), st.lists(EVENTS, max_size=6).map(lambda e: offer() + b"".join(map(written, e))))
)
def test_milter_chunking_changes_nothing(octets: bytes) -> None:
    """Any octets end in events or in the peer's fault, the same ones octet by octet."""
    whole = everything(MilterConnection(Wishes(ACTIONS, STEPS)), [octets])
    by_one = everything(MilterConnection(Wishes(ACTIONS, STEPS)), [bytes([octet]) for octet in octets])
    assert whole == by_one


@pytest.mark.parametrize("between", [(), (Connect("y", "192.0.2.8", 1),), (Helo("y"),)])
def test_milter_who_logged_in_is_told_of_each_mail(between: tuple[Event, ...]) -> None:
    """What was told of one mail, and of one client, is not believed of the next one that nothing is told of."""
    connection = agreed()
    connection.receive_data(macros(b"H", tls_version="TLSv1.3"))
    told(connection, Helo("x"))
    connection.receive_data(macros(b"M", auth_authen="ann"))
    told(connection, Mail("<a@b>"))
    told(connection, *(between or (MessageEnd(),)), Mail("<a@b>"))
    assert "" == connection.macro("auth_authen")
    is_other = any(isinstance(each, Connect) for each in between)
    assert ("" if is_other else "TLSv1.3") == connection.macro("tls_version")


def test_milter_keeps_macros_of_packets_that_there_are() -> None:
    """Those for a letter that no packet has are dropped: what is kept stays bounded."""
    connection = agreed()
    connection.receive_data(macros(b"x", i="1") + macros(b"D", i="1") + written(Helo("x")))
    assert Helo("x") == connection.next_event()
    assert "" == connection.macro("i")


@given(st.lists(st.tuples(st.sampled_from(b"ABCDEHKLMNOQRTU"), st.binary(max_size=12)), max_size=8))
def test_milter_any_packets_break_nothing(packets: list[tuple[int, bytes]]) -> None:
    """Whatever packets come after the negotiation, only the peer's fault ends the connection."""
    octets = offer() + b"".join(itertools.starmap(packet, ((bytes([letter]), content) for letter, content in packets)))
    everything(MilterConnection(Wishes(ACTIONS, STEPS)), [octets])


def test_milter_limits_hold_at_n_and_above() -> None:
    """A packet of the most octets is taken, one of one more is not; the same for macros."""
    connection = agreed()
    told(connection, Mail("<a@b>"), BodyChunk(bytes(MAX_PACKET_OCTETS - 1)))
    connection.receive_data((MAX_PACKET_OCTETS + 1).to_bytes(4, "big"))
    with pytest.raises(RemoteProtocolError):
        connection.next_event()
    many = agreed()
    many.receive_data(packet(b"D", b"C" + b"a\0b\0" * 256) + written(Helo("x")))
    assert Helo("x") == many.next_event()
    many.send(CONTINUE)
    many.receive_data(packet(b"D", b"C" + b"a\0b\0" * 257))
    with pytest.raises(RemoteProtocolError):
        many.next_event()
