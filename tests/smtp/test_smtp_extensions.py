"""The extensions: all of one shape, their parameters read and written, offered where they are to be had."""

import contextlib
import pkgutil
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.dialogue import Player
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp import (
    DeliverBy,
    Event,
    Extended,
    ForwardPath,
    Hold,
    Mail,
    Mailbox,
    Noop,
    Recipient,
    Reply,
    ReversePath,
    ServerOptions,
    extensions,
    reply,
)
from scop.smtp.commands import read_command, write_command
from scop.smtp.extensions import BUILT_IN, Extension, Verb, built_in
from scop.smtp.extensions.auth import AUTH
from scop.smtp.extensions.extension import ReadVerb
from scop.smtp.offers import Offers, offers_on
from scop.smtp.options import Channel

_ALL = Channel(ServerOptions("mx.test", trusted=True), tls_active=True, extended=True)
_FROM, _TO = ReversePath.parse("<a@b.test>"), ForwardPath.parse("<c@d.test>")
_VISIBLE = st.characters(min_codepoint=0xA1, exclude_categories=["Cs"])
_TEXT = st.text(st.one_of(st.characters(min_codepoint=0x20, max_codepoint=0x7E), _VISIBLE), min_size=1, max_size=20)
_ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=30)
_BY = st.one_of(
    st.builds(DeliverBy, st.integers(1, 999_999_999), st.just("R"), st.booleans()),
    st.builds(DeliverBy, st.integers(-999_999_999, 999_999_999), st.just("N"), st.booleans()),
)
_HOLD = st.one_of(
    st.builds(Hold, st.integers(1, 999_999_999)),
    st.builds(lambda eighths: Hold(None, eighths / 8), st.integers(0, 2_000_000_000_0)),
)
_MAILS = st.builds(
    Mail,
    st.just(_FROM),
    size_octets=st.none() | st.integers(0, 52_428_800),
    body=st.sampled_from(["", "7BIT", "8BITMIME", "BINARYMIME"]),
    smtputf8=st.booleans(),
    auth=st.none() | st.builds(Mailbox, st.sampled_from(["a", "a b", 'a"b']), st.just("b.test")),
    ret=st.sampled_from(["", "FULL", "HDRS"]),
    envid=st.just("") | _ASCII,
    require_tls=st.booleans(),
    deliver_by=st.none() | _BY,
    hold=st.none() | _HOLD,
    priority=st.none() | st.integers(-9, 9),
)
_NOTIFY = st.sets(st.sampled_from(["SUCCESS", "FAILURE", "DELAY"])) | st.just({"NEVER"})
_RECIPIENTS = st.builds(
    Recipient,
    st.just(_TO),
    notify=st.builds(frozenset, _NOTIFY),
    original_recipient=st.just("") | st.builds("rfc822;{}".format, _TEXT) | st.builds("utf-8;{}".format, _TEXT),
)
_NAMES = sorted({name for each in BUILT_IN for name in (*each.mail_parameters, *each.recipient_parameters)})


def _read(line: str) -> Event:
    try:
        return read_command(line.encode("utf-8", "surrogatepass"), _ALL, offers_on(_ALL))
    except RemoteProtocolError as fault:
        Reply.parse(f"{fault.reply_hint}\r\n".encode())  # every fault bears a reply
        raise


@given(_MAILS)
def test_mail_written_and_read_is_the_same(mail: Mail) -> None:
    """What a client asks of a message is what the server learns, by every extension at once."""
    assert mail == _read(write_command(mail, BUILT_IN))


@given(_RECIPIENTS)
def test_recipient_written_and_read_is_the_same(recipient: Recipient) -> None:
    """What a client asks of the reports on a recipient is what the server learns."""
    assert recipient == _read(write_command(recipient, BUILT_IN))


def test_original_recipient_that_is_too_long_is_left_out() -> None:
    """RFC 3461 §4.2: 500 characters at n and n+1; without it the recipient is still served."""
    for count, written in ((493, "RCPT TO:<c@d.test> ORCPT=rfc822;" + "x" * 493), (494, "RCPT TO:<c@d.test>")):
        assert written == write_command(Recipient(_TO, original_recipient="rfc822;" + "x" * count), BUILT_IN)


@given(st.sampled_from(["MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>"]), st.sampled_from(_NAMES), st.text(max_size=20))
def test_any_parameter_is_taken_or_the_clients_fault(command: str, name: str, value: str) -> None:
    """Only `RemoteProtocolError` escapes, and bears the reply; what was read is written as one clean line."""
    for line in (f"{command} {name}", f"{command} {name}={value}"):
        with contextlib.suppress(RemoteProtocolError):
            written = write_command(_read(line), BUILT_IN)
            assert written.isprintable()


@given(st.sampled_from(sorted(offers_on(_ALL).verbs)), st.text(max_size=30))
def test_any_argument_of_a_verb_is_taken_or_the_clients_fault(verb: str, argument: str) -> None:
    """The same holds for what stands behind the verbs of extensions."""
    with contextlib.suppress(RemoteProtocolError):
        _read(f"{verb} {argument}")


def test_every_extension_is_a_file_of_one_shape() -> None:
    """A module each, which shows one `Extension`; all of them are built in, each keyword once."""
    shown: list[Extension] = []
    for module in pkgutil.iter_modules(extensions.__path__):
        if module.name != "extension":
            names = vars(import_module(f"{extensions.__name__}.{module.name}"))
            (own,) = [names[name] for name in names["__all__"] if isinstance(names[name], Extension)]
            shown.append(own)
    assert {each.keyword: each for each in BUILT_IN} == {each.keyword: each for each in shown}
    assert len(BUILT_IN) == len(shown)


def test_built_in_extensions_are_had_by_keyword() -> None:
    """An unknown keyword is told."""
    assert (AUTH,) == built_in("AUTH")
    with pytest.raises(ValueError, match="no built-in extension NONE, NOTHING"):
        built_in("NOTHING", "AUTH", "NONE")


def test_nothing_is_offered_without_an_extended_hello() -> None:
    """RFC 5321 §4.1.1.1: a client that said HELO, or nothing yet, knows of no extension."""
    before = offers_on(replace(_ALL, extended=False))
    assert Offers(before.command_octets, withheld=before.withheld) == before
    assert {"STARTTLS", "AUTH", "BDAT", "XFORWARD", "XCLIENT"} == set(before.withheld)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"min_by_seconds": 0}, "DELIVERBY"),
        ({"min_by_seconds": 1}, "DELIVERBY 1"),
        ({"max_hold_seconds": 9}, "FUTURERELEASE 9 9999-12-31T23:59:59Z"),
        ({"priorities": True}, "MT-PRIORITY"),
        ({"binary": True}, "BINARYMIME"),
        ({"max_transactions": 5}, "LIMITS MAILMAX=5 RCPTMAX=100"),
        ({"xclient": True}, "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"),
        ({"tls_available": True}, "STARTTLS"),
    ],
)
def test_options_let_extensions_be_offered(options: dict[str, object], told: str) -> None:
    """What needs somebody to keep a promise is offered only by who says so."""
    without = Channel(ServerOptions("mx.test"), tls_active=False, extended=True)
    having = replace(without, options=ServerOptions("mx.test", **options))  # type: ignore[arg-type]  # as the options say
    assert (False, True) == (told in offers_on(without).lines, told in offers_on(having).lines)


def test_trusted_pipes_offer_all_that_travels_inside_the_mesh() -> None:
    """All but what a pipe has no use for: TLS is there, nobody speaks for others by XCLIENT."""
    keywords = {line.split(" ")[0] for line in offers_on(_ALL).lines}
    assert {each.keyword for each in BUILT_IN} - {"STARTTLS", "XCLIENT"} == keywords


def _limit(options: ServerOptions) -> int:
    return offers_on(Channel(options, tls_active=False)).command_octets


def test_command_limit_follows_from_the_extensions() -> None:
    """RFC 5321 §4.5.3.1.4 and §4.5.3.1.9: 512 octets, and what each extension adds."""
    mine = Extension("MINE", lambda _channel: "MINE", extra_command_octets=7)
    for given_, expected in (((), 512), (built_in("SIZE"), 538), ((*built_in("SIZE"), mine), 545)):
        assert expected == _limit(ServerOptions("mx.test", extensions=given_))
    assert _limit(ServerOptions("mx.test")) == _limit(ServerOptions("mx.test", extensions=BUILT_IN))


def _verb(_argument: str, _channel: Channel) -> Event:
    return Noop()


@pytest.mark.parametrize("name", ["", "size", "SI ZE", "-SIZE", "SIZE\n", "GRÖSSE"])
def test_extension_of_no_lawful_name_does_not_exist(name: str) -> None:
    """RFC 5321 §4.1.1.1 and §4.1.2: keywords; in capitals, as they are looked up."""
    fields: list[dict[str, Any]] = [
        {"keyword": name},
        {"verbs": {name: Verb(_verb)}},
        {"mail_parameters": {name: lambda mail, _value, _channel: mail}},
        {"recipient_parameters": {name: lambda recipient, _value, _channel: recipient}},
    ]
    for wrong in fields:
        with pytest.raises(ValueError, match="no name in capitals"):
            Extension(**{"keyword": "X", "offer": lambda _channel: None, **wrong})


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "DATA", "QUIT"])
def test_extension_takes_no_verb_of_smtp(verb: str) -> None:
    """What RFC 5321 says of its verbs holds with every extension."""
    with pytest.raises(ValueError, match=f"{verb} belongs to SMTP itself"):
        Extension("X", lambda _channel: None, verbs={verb: Verb(_verb)})


def test_command_limit_does_not_shrink() -> None:
    """An extension adds to the limit."""
    with pytest.raises(ValueError, match="does not become shorter"):
        Extension("X", lambda _channel: None, extra_command_octets=-1)


def test_two_extensions_of_one_name_are_not_offered() -> None:
    """Neither the keyword nor a verb may be there twice."""
    again = Extension("AGAIN", lambda _channel: "AGAIN", verbs=AUTH.verbs)
    for wrong in ((AUTH, AUTH), (AUTH, again)):
        with pytest.raises(ValueError, match="two extensions of one name"):
            ServerOptions("mx.test", extensions=wrong)


def test_notes_of_extensions_are_kept_by_name() -> None:
    """A later note takes the place of the earlier one."""
    noted = _ALL.with_note("desk", "sales").with_note("other", "x").with_note("desk", "care")
    assert ("care", "x", "") == (noted.note("desk"), noted.note("other"), noted.note("none"))
    assert (("other", "x"), ("desk", "care")) == noted.notes


def _extension(keyword: str, read: ReadVerb, *, in_transaction: bool = False) -> Extension:
    return Extension(keyword, lambda _channel: keyword, verbs={keyword: Verb(read, in_transaction)})


def _play(extension: Extension, octets: bytes) -> list[str]:
    player = Player(ServerOptions("mx.test", extensions=(extension,)))
    player.feed(b"EHLO x\r\n" + octets)
    return player.said[3:]


@pytest.mark.parametrize(("in_transaction", "expected"), [(False, "503"), (True, "250")])
def test_verb_is_said_in_a_transaction_only_where_it_says_so(in_transaction: bool, expected: str) -> None:
    """Before MAIL always, after MAIL and RCPT and between chunks by its own word."""
    mine = _extension("MINE", lambda argument, _channel: Extended("MINE", argument), in_transaction=in_transaction)
    octets = b"MINE\r\nMAIL FROM:<a@b.test>\r\nMINE\r\nRCPT TO:<c@d.test>\r\nMINE x\r\n"
    codes = [line[:3] for line in _play(mine, octets)]
    assert ["250", "250", expected, "250", expected] == codes


def test_fault_of_an_extension_without_a_reply_is_a_bad_parameter() -> None:
    """The client always hears something."""

    def read(_argument: str, _channel: Channel) -> Event:
        raise RemoteProtocolError("a secret of the log")

    assert ["501 5.5.4 Syntax error in parameters"] == _play(_extension("MINE", read), b"MINE\r\n")


def test_extension_that_returns_the_command_of_another_is_a_bug() -> None:
    """The rules for a verb are found by its name."""
    with pytest.raises(LocalProtocolError, match="that reads MINE returns a command OTHER"):
        _play(_extension("MINE", lambda argument, _channel: Extended("OTHER", argument)), b"MINE\r\n")


def test_refused_command_of_an_extension_has_no_effect() -> None:
    """`after` counts replies of 2yz alone."""

    def read(argument: str, _channel: Channel) -> Event:
        return Extended("MINE", argument, reply(int(argument), "", "as you say"))

    noting = replace(_extension("MINE", read), after={Extended: lambda channel, _event: channel.with_note("x", "y")})
    for code, note in ((250, "y"), (354, ""), (450, ""), (550, "")):
        player = Player(ServerOptions("mx.test", extensions=(noting,)))
        player.feed(b"EHLO x\r\nMINE %d\r\n" % code)
        assert note == player.server.channel.note("x")
