"""TSIG: dnspython signs and checks at the other end; wrong keys, times and octets are told apart."""

from __future__ import annotations

import struct

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.dns.names import name_to_wire
from scop.dns.tsig import FUDGE_SECONDS, OpenedRequest, TsigError, TsigKey, Verifier, new_tsig_key, sign_request
from scop.dns.tsig_record import split_tsig

NOW = 1_800_000_000
KEY = TsigKey("signer.harbor.test", b"k" * 32)
MESSAGE = dns.message.make_query("harbor.test", "SOA", id=7).to_wire()
REPLY = MESSAGE[:2] + b"\x84\0" + MESSAGE[4:]


def verifier() -> Verifier:
    """Return a fresh verifier that knows one key."""
    return Verifier([KEY])


def open_signed(octets: bytes, now_unix: int = NOW) -> OpenedRequest:
    """Open a request at a verifier that has seen none."""
    return verifier().open(octets, now_unix)


def their_key(key: TsigKey = KEY) -> dns.tsig.Key:
    """Return our key as dnspython holds it."""
    return dns.tsig.Key(key.name, key.secret, dns.tsig.HMAC_SHA256)


def test_tsig_request_is_opened() -> None:
    """What a client signs, the server opens to the very octets, and knows by whom."""
    opened = open_signed(sign_request(MESSAGE, KEY, NOW).octets)
    assert (MESSAGE, KEY, TsigError.NOERROR) == (opened.message, opened.signer, opened.error)


def test_tsig_unsigned_request_has_no_signer() -> None:
    """No TSIG, nobody vouches; and the reply goes out as it is."""
    opened = open_signed(MESSAGE)
    assert (None, MESSAGE, REPLY) == (opened.signer, opened.message, opened.seal(REPLY, NOW))


def test_tsig_dnspython_takes_our_signature() -> None:
    """Another implementation of RFC 8945 computes the same MAC."""
    octets = sign_request(MESSAGE, KEY, NOW).octets
    raw = dns.message.from_wire(octets, keyring=False)
    assert raw.tsig is not None
    start = octets.rindex(name_to_wire(KEY.name))
    validate = getattr(dns.tsig, "validate")  # noqa: B009 - it has no types, and so mypy does not follow it
    validate(octets, their_key(), raw.tsig.name, raw.tsig[0], NOW, b"", start)


def test_tsig_we_take_dnspythons_signature_and_it_takes_our_reply() -> None:
    """A request signed by dnspython is opened, and it believes the reply (its clock is the machine's)."""
    query = dns.message.make_query("harbor.test", "SOA")
    query.use_tsig(their_key())
    octets = query.to_wire()
    _, record = split_tsig(octets)
    assert record is not None
    opened = open_signed(octets, record.time_signed)
    assert KEY == opened.signer
    reply = octets[:2] + b"\x84\0" + opened.message[4:]
    sealed = opened.seal(reply, record.time_signed)
    response = dns.message.from_wire(sealed, keyring=their_key(), request_mac=query.mac)
    assert response.had_tsig


def test_tsig_reply_round_trip() -> None:
    """The client gets back the reply's own octets."""
    sent = sign_request(MESSAGE, KEY, NOW)
    assert REPLY == sent.open_reply(open_signed(sent.octets).seal(REPLY, NOW + 1), NOW + 2)


@pytest.mark.parametrize(
    "key",
    [TsigKey("other.harbor.test", KEY.secret), TsigKey("harbor.test", KEY.secret)],
)
def test_tsig_unknown_key(key: TsigKey) -> None:
    """A name we hold no secret for is BADKEY, and the reply bears no MAC (RFC 8945 §5.2.1)."""
    opened = open_signed(sign_request(MESSAGE, key, NOW).octets)
    assert (TsigError.BADKEY, None) == (opened.error, opened.signer)
    _, record = split_tsig(opened.seal(REPLY, NOW))
    assert record is not None
    assert (TsigError.BADKEY, b"") == (record.error, record.mac)


def test_tsig_wrong_secret() -> None:
    """The right name with another secret is BADSIG, and the reply bears no MAC (RFC 8945 §5.2.2)."""
    sent = sign_request(MESSAGE, TsigKey(KEY.name, b"x" * 32), NOW)
    opened = open_signed(sent.octets)
    assert (TsigError.BADSIG, None) == (opened.error, opened.signer)
    _, record = split_tsig(opened.seal(REPLY, NOW))
    assert record is not None
    assert (TsigError.BADSIG, b"") == (record.error, record.mac)
    with pytest.raises(RemoteProtocolError, match="BADSIG"):
        sent.open_reply(opened.seal(REPLY, NOW), NOW)


def test_tsig_other_algorithm_is_badkey() -> None:
    """A known name under another algorithm is not our key (RFC 8945 §5.2.1)."""
    query = dns.message.make_query("harbor.test", "SOA")
    query.use_tsig(dns.tsig.Key(KEY.name, KEY.secret, dns.tsig.HMAC_SHA512))
    assert TsigError.BADKEY == open_signed(query.to_wire()).error


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (FUDGE_SECONDS, TsigError.NOERROR),
        (-FUDGE_SECONDS, TsigError.NOERROR),
        (FUDGE_SECONDS + 1, TsigError.BADTIME),
        (-FUDGE_SECONDS - 1, TsigError.BADTIME),
    ],
)
def test_tsig_time(seconds: int, error: TsigError) -> None:
    """A message counts within its fudge, at n and not at n + 1 (RFC 8945 §5.2.3)."""
    assert error == open_signed(sign_request(MESSAGE, KEY, NOW).octets, NOW + seconds).error


def test_tsig_bad_time_reply_tells_our_time() -> None:
    """BADTIME is signed with the client's time, and our own stands beside it (RFC 8945 §5.2.3)."""
    sent = sign_request(MESSAGE, KEY, NOW)
    sealed = open_signed(sent.octets, NOW + 999).seal(REPLY, NOW + 999)
    _, record = split_tsig(sealed)
    assert record is not None
    assert (NOW, NOW + 999) == (record.time_signed, int.from_bytes(record.other, "big"))
    with pytest.raises(RemoteProtocolError, match="BADTIME"):
        sent.open_reply(sealed, NOW)


def test_tsig_same_message_again_is_good_again() -> None:
    """A datagram may come twice, and late: signatures say who and when, not how often."""
    server = verifier()
    older, first = sign_request(MESSAGE, KEY, NOW - 1), sign_request(MESSAGE, KEY, NOW)
    assert [TsigError.NOERROR] * 3 == [server.open(sent.octets, NOW).error for sent in (first, first, older)]


@given(st.integers(0, len(sign_request(MESSAGE, KEY, NOW).octets) - 1), st.integers(1, 255))
def test_tsig_one_changed_octet_is_never_believed(place: int, change: int) -> None:
    """Whatever octet is changed on the way, the key does not vouch for the message; only its id may differ."""
    octets = bytearray(sign_request(MESSAGE, KEY, NOW).octets)
    octets[place] ^= change
    try:
        opened = open_signed(bytes(octets))
    except RemoteProtocolError:
        return
    # RFC 8945 §5.2.2: forwarders may change the id; the case of the names in the TSIG and its TTL are not signed
    believed = opened.signer is not None and opened.message[2:] != MESSAGE[2:]
    assert not believed


@given(st.integers(0, len(sign_request(REPLY, KEY, NOW).octets) - 1), st.integers(1, 255))
def test_tsig_one_changed_octet_of_a_reply_is_never_believed(place: int, change: int) -> None:
    """The same on the way back, and there the id counts."""
    sent = sign_request(MESSAGE, KEY, NOW)
    octets = bytearray(open_signed(sent.octets).seal(REPLY, NOW))
    octets[place % len(octets)] ^= change
    try:
        opened = sent.open_reply(bytes(octets), NOW)
    except RemoteProtocolError:
        return
    assert REPLY == opened


@pytest.mark.parametrize(("length", "error"), [(31, TsigError.BADTRUNC), (16, TsigError.BADTRUNC)])
def test_tsig_truncated_mac(length: int, error: TsigError) -> None:
    """A right but shortened MAC is BADTRUNC by policy (RFC 8945 §5.2.4)."""
    message, record = split_tsig(sign_request(MESSAGE, KEY, NOW).octets)
    assert record is not None
    opened = open_signed(record.replaced(mac=record.mac[:length]).append_to(message))
    assert (error, None) == (opened.error, opened.signer)


@pytest.mark.parametrize("length", [0, 15, 33])
def test_tsig_impossible_mac(length: int) -> None:
    """Less than half of the hash, or more than all of it, is malformed (RFC 8945 §5.2.2.1)."""
    message, record = split_tsig(sign_request(MESSAGE, KEY, NOW).octets)
    assert record is not None
    with pytest.raises(RemoteProtocolError):
        open_signed(record.replaced(mac=(record.mac * 2)[:length]).append_to(message))


def test_tsig_reply_of_another_exchange_or_unsigned() -> None:
    """A reply is bound to its request by the request's MAC, and an unsigned one is worth nothing."""
    sent, other = sign_request(MESSAGE, KEY, NOW), sign_request(MESSAGE, KEY, NOW + 1)
    sealed = open_signed(other.octets).seal(REPLY, NOW)
    with pytest.raises(RemoteProtocolError, match="signature of the reply"):
        sent.open_reply(sealed, NOW)
    with pytest.raises(RemoteProtocolError, match="not signed"):
        sent.open_reply(REPLY, NOW)
    with pytest.raises(RemoteProtocolError, match="too long ago"):
        sent.open_reply(open_signed(sent.octets).seal(REPLY, NOW), NOW + FUDGE_SECONDS + 1)


def test_tsig_must_stand_last() -> None:
    """A TSIG before another record is malformed (RFC 8945 §5.1)."""
    signed = sign_request(MESSAGE, KEY, NOW).octets
    more = b"\0" + struct.pack("!HHIH", 1, 1, 0, 4) + b"\x7f\0\0\1"
    behind = signed[:10] + b"\0\2" + signed[12:] + more
    for octets in (behind, signed + b"x", signed[:-1]):
        with pytest.raises(RemoteProtocolError):
            split_tsig(octets)


def test_tsig_reads_compressed_key_name_and_no_loop() -> None:
    """A pointer must lead back, so a name cannot run in circles (RFC 1035 §4.1.4)."""
    start = len(MESSAGE)
    signed = sign_request(MESSAGE, TsigKey("harbor.test", b"k" * 32), NOW).octets
    rest = signed[start + len(name_to_wire("harbor.test")) :]
    _, record = split_tsig(signed[:start] + b"\xc0\x0c" + rest)
    assert record is not None
    assert "harbor.test" == record.key_name
    for pointer in (start, start + 1):
        with pytest.raises(RemoteProtocolError):
            split_tsig(signed[:start] + struct.pack("!H", 0xC000 | pointer) + rest)


@given(st.binary(max_size=100))
def test_tsig_split_raises_only_remote_protocol_error(octets: bytes) -> None:
    """Noise is malformed or unsigned, nothing else."""
    try:
        assert (octets, None) == split_tsig(octets)
    except RemoteProtocolError:
        return


@given(st.binary(min_size=32, max_size=32))
def test_tsig_key_file_round_trip(secret: bytes) -> None:
    """The key file says what the key is, in BIND's words."""
    key = new_tsig_key("signer.harbor.test", secret)
    assert key == TsigKey.parse(key.to_text())


def test_tsig_key_file_as_bind_writes_it() -> None:
    """What `tsig-keygen` prints is read."""
    text = 'key "Signer." {\n\talgorithm hmac-sha256;\n\tsecret "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";\n};\n'
    assert TsigKey("signer", b"k" * 32) == TsigKey.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", 'key "a" { algorithm hmac-md5; secret "YQ=="; };', 'key "a" { algorithm hmac-sha256; secret "geheim!"; };'],
)
def test_tsig_key_file_complaint_shows_no_secret(text: str) -> None:
    """A file that is none is refused, and what it holds stays out of the complaint."""
    with pytest.raises(ValueError, match="TSIG key file") as caught:
        TsigKey.parse(text)
    assert "geheim" not in str(caught.value)
    assert "geheim" not in repr(TsigKey("a", b"geheim"))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_tsig_new_key_wants_32_octets(length: int) -> None:
    """A secret is as long as the hash, at n and not at n ± 1."""
    with pytest.raises(ValueError, match="32 random octets"):
        new_tsig_key("a", b"x" * length)


@pytest.mark.parametrize("name", ["a..b", ".a", "x" * 64, ".".join(["x" * 63] * 4), "ä.test", "Signer", "signer."])
def test_tsig_bad_names(name: str) -> None:
    """What is no domain name, or one in another spelling, is no name of a key."""
    with pytest.raises(ValueError, match=r"label|name"):
        TsigKey(name, b"x")
