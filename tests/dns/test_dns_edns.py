"""EDNS: options that are kept, and those that have a value of their own."""

import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.dns import Question
from scop.dns.edns import Cookie, Edns, ExtendedError, OptionCode, keepalive_option, read_options, write_options
from scop.dns.message import Flag, Message, build_message, build_query, parse_message
from scop.dns.words import Ede

ASKED = Question("a.test", "A")
OPTIONS = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=6).map(tuple)


@given(OPTIONS)
def test_edns_options_parse_of_write_is_the_identity(options: tuple[tuple[int, bytes], ...]) -> None:
    """RFC 6891 §6.1.2: number, length, octets; unknown ones are kept, in their order."""
    assert options == read_options(write_options(options))


@given(st.binary(max_size=60))
def test_edns_options_of_any_octets_raise_only_remote_protocol_error(octets: bytes) -> None:
    """What is read whole writes the same octets."""
    try:
        options = read_options(octets)
    except RemoteProtocolError:
        return
    assert octets == write_options(options)


@given(st.binary(max_size=50))
def test_edns_accessors_of_any_octets_raise_only_remote_protocol_error(octets: bytes) -> None:
    """A cookie of a wrong length is FORMERR (RFC 7873 §5.2.2); nothing else complains."""
    edns = Edns(options=tuple((code.value, octets) for code in OptionCode))
    assert edns.wants_padding
    assert edns.wants_server_id
    assert edns.speaks_keepalive
    assert (len(octets) == 2) is (edns.keepalive_seconds is not None)
    assert (len(octets) >= 2) is bool(edns.errors)
    if len(octets) == 8 or 16 <= len(octets) <= 40:
        assert Cookie(octets[:8], octets[8:]) == edns.cookie
    else:
        with pytest.raises(RemoteProtocolError):
            _ = edns.cookie


def test_edns_says_nothing_of_options_that_are_not_there() -> None:
    """A plain OPT record wants nothing."""
    edns = Edns()
    assert (None, None, ()) == (edns.cookie, edns.keepalive_seconds, edns.errors)
    assert (False, False, False) == (edns.wants_padding, edns.wants_server_id, edns.speaks_keepalive)


def test_edns_options_written_by_dnspython_are_understood() -> None:
    """Another hand's cookie, reason and server id."""
    peer = dns.message.make_query("a.test", "A", id=7)
    peer.use_edns(
        0,
        0,
        1232,
        options=[
            dns.edns.EDEOption(dns.edns.EDECode.SIGNATURE_EXPIRED, "yesterday"),
            dns.edns.CookieOption(b"12345678", b"abcdefgh"),
            dns.edns.NSIDOption(b"ns1"),
        ],
    )
    edns = parse_message(peer.to_wire()).edns
    assert edns is not None
    assert (ExtendedError(Ede.SIGNATURE_EXPIRED, "yesterday"),) == edns.errors
    assert Cookie(b"12345678", b"abcdefgh") == edns.cookie
    assert b"ns1" == edns.option(OptionCode.NSID)


def test_edns_options_are_read_by_dnspython() -> None:
    """A reason, a cookie and a time to stay, in a response."""
    edns = Edns().with_options(
        ExtendedError(Ede.STALE_ANSWER, "of old").to_option(), Cookie(b"12345678").to_option(), keepalive_option(12.5)
    )
    octets = build_message(Message(7, Flag.RESPONSE, question=ASKED, edns=edns))
    reason, cookie, keepalive = dns.message.from_wire(octets).options
    assert isinstance(reason, dns.edns.EDEOption)
    assert isinstance(cookie, dns.edns.CookieOption)
    assert (Ede.STALE_ANSWER.value, "of old") == (reason.code.value, reason.text)
    assert (b"12345678", b"") == (cookie.client, cookie.server)
    assert (11, b"\0\x7d") == (keepalive.otype, keepalive.to_wire())
    assert edns == parse_message(octets).edns


def test_edns_extended_error_keeps_numbers_without_a_word_and_ends_at_its_nul() -> None:
    """RFC 8914 §2: the text may be closed by a NUL; the registry grows."""
    assert ExtendedError(4711, "x") == ExtendedError.from_octets(b"\x12\x67x\0")
    assert ("reason 4711: x", "dnssec bogus") == (str(ExtendedError(4711, "x")), str(ExtendedError(6)))
    with pytest.raises(RemoteProtocolError):
        ExtendedError.from_octets(b"\0")


@pytest.mark.parametrize(
    ("client", "server"), [(b"1234567", b""), (b"123456789", b""), (b"12345678", b"1234567"), (b"12345678", b"1" * 33)]
)
def test_edns_cookie_lengths_are_bounded(client: bytes, server: bytes) -> None:
    """RFC 7873 §4: eight octets, then eight to thirty-two or none."""
    with pytest.raises(ValueError, match="cookie of"):
        Cookie(client, server)


@pytest.mark.parametrize("name", ["", "a.test", "a-rather-long-name." * 8 + "test"])
def test_edns_padding_fills_a_block(name: str) -> None:
    """RFC 8467 §4.1: a query is a multiple of 128 octets, whatever is asked."""
    octets = build_query(Question(name, "A"), 1, block_octets=128)
    assert 0 == len(octets) % 128
    edns = parse_message(octets).edns
    assert edns is not None
    assert edns.wants_padding


@pytest.mark.parametrize(("room", "size"), [(2000, 468), (300, 300), (39, 39), (38, 35)])
def test_edns_padding_stays_within_the_room(room: int, size: int) -> None:
    """RFC 8467 §4.1: responses in multiples of 468, never larger than the asker takes; an option has four octets."""
    message = Message(1, Flag.RESPONSE, question=ASKED, edns=Edns())
    octets = build_message(message, max_octets=room, block_octets=468)
    assert (size, False) == (len(octets), parse_message(octets).is_truncated)
