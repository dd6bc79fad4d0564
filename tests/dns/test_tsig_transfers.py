"""TSIG over many messages and with every algorithm; dnspython signs and checks at the other end."""

from __future__ import annotations

import dns.message
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.dns.tsig import (
    MAX_UNSIGNED_REPLIES,
    OpenedRequest,
    TsigAlgorithm,
    TsigError,
    TsigKey,
    Verifier,
    sign_request,
)
from scop.dns.tsig_keys import read_key_lines
from scop.dns.tsig_record import split_tsig

NOW = 1_800_000_000
KEY = TsigKey("two.harbor.test", b"k" * 32)
QUERY = dns.message.make_query("harbor.test", "AXFR", id=7).to_wire()
REPLIES = [QUERY[:2] + bytes((0x84, flags)) + QUERY[4:] for flags in (0, 0x10, 0x20)]
SENT = sign_request(QUERY, KEY, NOW)


def opened(key: TsigKey = KEY) -> OpenedRequest:
    """Return the transfer's request as the server has it."""
    return Verifier([key]).open(sign_request(QUERY, key, NOW).octets, NOW)


def sealed(replies: list[bytes] = REPLIES) -> list[bytes]:
    """Return the replies as the server signs them."""
    return list(opened().seal_each(replies, lambda: NOW))


@pytest.mark.parametrize("algorithm", TsigAlgorithm)
def test_tsig_algorithms(algorithm: TsigAlgorithm) -> None:
    """Each algorithm signs and is signed by dnspython, and is no other's key (RFC 8945 §6)."""
    key = TsigKey("a.test", b"s" * 64, algorithm)
    theirs = dns.tsig.Key(key.name, key.secret, algorithm.value)
    assert dns.message.from_wire(sign_request(QUERY, key, NOW).octets, keyring=False).had_tsig
    query = dns.message.make_query("harbor.test", "SOA")
    query.use_tsig(theirs)
    octets = query.to_wire()
    assert query.tsig is not None
    found = Verifier([key]).open(octets, query.tsig[0].time_signed)
    assert (key, TsigError.NOERROR) == (found.signer, found.error)
    sealed_reply = found.seal(found.message[:2] + b"\x84\0" + found.message[4:], query.tsig[0].time_signed)
    assert dns.message.from_wire(sealed_reply, keyring=theirs, request_mac=query.mac).had_tsig
    for other in set(TsigAlgorithm) - {algorithm}:
        assert TsigError.BADKEY == Verifier([TsigKey(key.name, key.secret, other)]).open(octets, NOW).error


@pytest.mark.parametrize("algorithm", TsigAlgorithm)
def test_tsig_truncated_mac_of_each_algorithm(algorithm: TsigAlgorithm) -> None:
    """Half a MAC or more is BADTRUNC, less is malformed (RFC 8945 §5.2.2.1, §5.2.4)."""
    key = TsigKey("a.test", b"s" * 64, algorithm)
    message, record = split_tsig(sign_request(QUERY, key, NOW).octets)
    assert record is not None
    half = algorithm.mac_octets // 2
    shortened = record.replaced(mac=record.mac[:half]).append_to(message)
    assert TsigError.BADTRUNC == Verifier([key]).open(shortened, NOW).error
    with pytest.raises(RemoteProtocolError):
        Verifier([key]).open(record.replaced(mac=record.mac[: half - 1]).append_to(message), NOW)


def test_tsig_many_messages_are_read_by_dnspython() -> None:
    """Each message of a transfer is signed over the one before it (RFC 8945 §5.3.1)."""
    theirs = dns.tsig.Key(KEY.name, KEY.secret, "hmac-sha256")
    context = None
    dns_now = pytest.MonkeyPatch()
    dns_now.setattr("time.time", lambda: float(NOW))
    try:
        for octets in sealed():
            message = dns.message.from_wire(octets, keyring=theirs, request_mac=SENT.mac, multi=True, tsig_ctx=context)
            context = message.tsig_ctx
            assert message.had_tsig
    finally:
        dns_now.undo()


def test_tsig_many_messages_are_opened() -> None:
    """What the server signs, the client opens, and it is vouched for at every message."""
    replies = SENT.replies()
    assert REPLIES == [replies.open(octets, NOW) for octets in sealed()]
    assert replies.is_vouched_for


@given(st.integers(0, 2), st.data())
def test_tsig_one_changed_octet_of_many_messages_is_never_believed(which: int, draw: st.DataObject) -> None:
    """A change in any message of a transfer is seen at that message."""
    octets = [bytearray(one) for one in sealed()]
    place = draw.draw(st.integers(0, len(octets[which]) - 1))
    octets[which][place] ^= draw.draw(st.integers(1, 255))
    replies = SENT.replies()
    found = []
    try:
        found = [replies.open(bytes(one), NOW) for one in octets]
    except RemoteProtocolError:
        return
    assert REPLIES == found or not replies.is_vouched_for


def _signed_last(count: int) -> list[bytes]:
    """Sign the first and the last of so many messages only."""
    first, *_ = sealed([REPLIES[0]])
    _, record = split_tsig(first)
    assert record is not None
    between = [REPLIES[1]] * count
    signed = len(record.mac).to_bytes(2, "big") + record.mac + b"".join(between) + REPLIES[2] + record.timers()
    return [first, *between, record.replaced(mac=KEY.mac(signed)).append_to(REPLIES[2])]


@pytest.mark.parametrize("count", [0, 1, MAX_UNSIGNED_REPLIES])
def test_tsig_messages_between_signed_ones(count: int) -> None:
    """Up to 99 messages may go unsigned, and the next signature covers them (RFC 8945 §5.3.1)."""
    replies = SENT.replies()
    for octets in _signed_last(count):
        replies.open(octets, NOW)
    assert replies.is_vouched_for


def test_tsig_one_unsigned_message_too_many() -> None:
    """The hundredth unsigned message ends the transfer; and the first must be signed."""
    replies = SENT.replies()
    *allowed, beyond, _last = _signed_last(MAX_UNSIGNED_REPLIES + 1)
    for octets in allowed:
        replies.open(octets, NOW)
    with pytest.raises(RemoteProtocolError, match="too much"):
        replies.open(beyond, NOW)
    with pytest.raises(RemoteProtocolError, match="not signed"):
        SENT.replies().open(REPLIES[0], NOW)


def test_tsig_last_message_unsigned_is_told() -> None:
    """A transfer whose end is not signed is not vouched for."""
    replies = SENT.replies()
    replies.open(sealed()[0], NOW)
    replies.open(REPLIES[1], NOW)
    assert not replies.is_vouched_for


def test_tsig_key_lines() -> None:
    """`name algorithm base64`, one a line; comments and BIND's own files are read too."""
    text = "# ours\nTwo.Harbor.Test. hmac-sha512 a2tra2s=\n\none HMAC-SHA256. a2tra2s=\n"
    two, one = read_key_lines(text)
    assert ("two.harbor.test", TsigAlgorithm.HMAC_SHA512, b"kkkkk") == (two.name, two.algorithm, two.secret)
    assert (two, one) == read_key_lines(two.to_text() + one.to_text())
    assert () == read_key_lines("")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a hmac-sha256", "line 1: 2 words"),
        ("a hmac-md5 a2tr", "line 1: .*algorithm"),
        ("\na hmac-sha256 geheim!", "line 2: .*base64"),
        ("a..b hmac-sha256 a2tr", "line 1: .*label"),
        ("a hmac-sha256 a2tr\nA. hmac-sha512 a2tr", "two TSIG keys of one name"),
        ('key "a" { algorithm hmac-sha256; secret "a2tr"; }; key', "breaks off"),
    ],
)
def test_tsig_key_lines_complain_without_the_secret(text: str, complaint: str) -> None:
    """What is wrong is named with its line, and no secret is shown."""
    with pytest.raises(ValueError, match=complaint) as caught:
        read_key_lines(text)
    assert "geheim" not in str(caught.value)
