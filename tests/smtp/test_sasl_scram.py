"""Laws of SCRAM-SHA-256, from both ends."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import LimitExceeded, LocalProtocolError, RemoteProtocolError
from scop.smtp.sasl import SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ClientExchange, ScramVerifier, ServerExchange

# RFC 7677 §3
CLIENT_FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_FINAL = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
PENCIL = ScramVerifier.of("pencil", SALT, 4096)


def _client(mechanism: str = SCRAM_SHA_256, password: str = "pencil", *, binding: bytes = b"") -> ClientExchange:
    return ClientExchange(mechanism, "user", password, nonce="rOprNGfwEbeRWgbNEkqO", channel_binding=binding)


def _server(mechanism: str = SCRAM_SHA_256, *, binding: bytes = b"") -> ServerExchange:
    return ServerExchange(mechanism, nonce=SERVER_NONCE, channel_binding=binding)


def test_scram_client_says_the_vector() -> None:
    """RFC 7677 §3: the client's messages are the ones of the example, and it believes the server's."""
    client = _client()
    assert CLIENT_FIRST == client.first()
    assert CLIENT_FINAL == client.final(SERVER_FIRST)
    client.check(SERVER_FINAL)


def test_scram_server_says_the_vector() -> None:
    """RFC 7677 §3: the server's messages are the ones of the example."""
    server = _server()
    assert "user" == server.read_first(CLIENT_FIRST)
    assert SERVER_FIRST == server.challenge(PENCIL)
    assert SERVER_FINAL == server.finish(CLIENT_FINAL)


@pytest.mark.parametrize("binding", [b"", b"a certificate's hash"])
@pytest.mark.parametrize("password", ["pencil", "", "grüße, = und \u3000Leerzeichen"])
def test_scram_both_ends_agree(password: str, binding: bytes) -> None:
    """RFC 5802 §3: who knows the password is let in, with and without a channel binding."""
    mechanism = SCRAM_SHA_256_PLUS if binding else SCRAM_SHA_256
    client, server = _client(mechanism, password, binding=binding), _server(mechanism, binding=binding)
    server.read_first(client.first())
    final = server.finish(client.final(server.challenge(ScramVerifier.of(password, b"salt", 4096))))
    assert final is not None
    client.check(final)


def test_scram_refuses_a_wrong_password() -> None:
    """RFC 5802 §3: a wrong proof is an outcome, and the exchange is over."""
    client, server = _client(password="pencils"), _server()
    server.read_first(client.first())
    final = client.final(server.challenge(PENCIL))
    assert server.finish(final) is None
    with pytest.raises(LocalProtocolError):
        server.finish(final)


def test_scram_same_password_in_other_octets_is_the_same() -> None:
    """RFC 8265 §4.2.2: composed and decomposed letters and all kinds of spaces are one."""
    assert ScramVerifier.of("u\u0308 x", SALT, 4096) == ScramVerifier.of("ü\u00a0x", SALT, 4096)


def test_scram_binds_to_the_certificate() -> None:
    """RFC 5802 §6: the proof for one certificate is of no use under another."""
    client = _client(SCRAM_SHA_256_PLUS, binding=b"theirs")
    server = _server(SCRAM_SHA_256_PLUS, binding=b"ours")
    server.read_first(client.first())
    final = client.final(server.challenge(PENCIL))
    with pytest.raises(RemoteProtocolError, match="channel bindings don't match") as caught:
        server.finish(final)
    assert "535 5.7.8 Authentication failed" == caught.value.reply_hint


def test_scram_notices_a_downgrade() -> None:
    """RFC 5802 §6: a client that was shown no -PLUS where we offered it is refused."""
    client = _client(binding=b"seen")
    assert client.first().startswith(b"y,,")
    with pytest.raises(RemoteProtocolError, match="lost on its way"):
        _server(binding=b"ours").read_first(client.first())
    assert "user" == _server().read_first(client.first())


@pytest.mark.parametrize(
    ("mechanism", "first"),
    [
        (SCRAM_SHA_256, b"p=tls-server-end-point,,n=user,r=x"),
        (SCRAM_SHA_256_PLUS, b"n,,n=user,r=x"),
        (SCRAM_SHA_256_PLUS, b"y,,n=user,r=x"),
        (SCRAM_SHA_256_PLUS, b"p=tls-unique,,n=user,r=x"),
    ],
)
def test_scram_mechanism_and_channel_binding_go_together(mechanism: str, first: bytes) -> None:
    """RFC 5802 §6: -PLUS has a channel binding that we know, the other mechanism has none."""
    with pytest.raises(RemoteProtocolError):
        _server(mechanism, binding=b"ours").read_first(first)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"n,,n=user",
        b"n,,n=,r=x",
        b"n,,r=x,n=user",
        b"n,n=user,r=x",
        b"n,,m=new,n=user,r=x",  # RFC 5802 §5.1 (m): an extension that must be understood
        b"n,,n=us=er,r=x",
        b"n,,n=us=2cer,r=x",
        b"n,,n=us\0er,r=x",
        b"n,,n=user,r=",
        b"n,,n=user,r=x\n",
        b"n,,n=us\xffer,r=x",
        b"n,a=other,n=user,r=x",
        b"n,,n=user,r=" + b"x" * 4096,
    ],
)
def test_scram_refuses_a_malformed_first_message(first: bytes) -> None:
    """RFC 5802 §7: only what the grammar allows is read, and there is a reply to the rest."""
    with pytest.raises(RemoteProtocolError) as caught:
        _server().read_first(first)
    assert caught.value.reply_hint[:3] in {"501", "535"}


@pytest.mark.parametrize(
    ("first", "login"),
    [
        (b"n,,n=a=2Cb=3Dc,r=x", "a,b=c"),
        (b"n,a=user,n=user,r=x", "user"),
        ("n,,n=grün,r=x".encode(), "grün"),
        (b"n,,n=user,r=x,t=later", "user"),
    ],
)
def test_scram_reads_logins(first: bytes, login: str) -> None:
    """RFC 5802 §5.1: comma and equals sign are escaped, one's own name may be said twice, extensions are ignored."""
    assert login == _server().read_first(first)


@given(st.text(min_size=1).filter(lambda text: "\0" not in text and text.isprintable()))
def test_scram_login_comes_over_as_it_is(login: str) -> None:
    """RFC 5802 §5.1 (n): what the client writes the server reads."""
    client = ClientExchange(SCRAM_SHA_256, login, "", nonce="x")
    assert login == _server().read_first(client.first())


@pytest.mark.parametrize(
    "final",
    [
        b"",
        CLIENT_FINAL + b",x=y",
        CLIENT_FINAL.replace(b"c=biws", b"c=eSws"),  # the header of another first message
        CLIENT_FINAL.replace(b"rOpr", b"rOpR"),
        CLIENT_FINAL.replace(b"dHzb", b"dHz"),
        CLIENT_FINAL.replace(b"p=dHzbZap", b"p="),
        CLIENT_FINAL.replace(b"c=biws", b"c=biw"),
    ],
)
def test_scram_refuses_a_changed_final_message(final: bytes) -> None:
    """RFC 5802 §5.1: the last message fits the ones before it."""
    server = _server()
    server.read_first(CLIENT_FIRST)
    server.challenge(PENCIL)
    with pytest.raises(RemoteProtocolError):
        server.finish(final)


@pytest.mark.parametrize(
    "first",
    [
        b"",
        SERVER_FIRST.replace(b"rOpr", b"rOpR"),
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        SERVER_FIRST.replace(b"W22ZaJ0SNY7soEsUEjb6gQ==", b""),
        SERVER_FIRST.replace(b"W22", b"W2"),
        SERVER_FIRST.replace(b"4096", b"04096"),
        b"m=new," + SERVER_FIRST,
    ],
)
def test_scram_client_refuses_a_malformed_challenge(first: bytes) -> None:
    """RFC 5802 §5.1: the server's nonce begins with ours and goes on; salt and work are there."""
    with pytest.raises(RemoteProtocolError):
        _client().final(first)


@pytest.mark.parametrize("iterations", [b"4095", b"1", b"1000001", b"9999999999"])
def test_scram_client_bounds_the_work(iterations: bytes) -> None:
    """RFC 7677 §4: too little work gives the password away, too much costs only us."""
    with pytest.raises(LimitExceeded):
        _client().final(SERVER_FIRST.replace(b"4096", iterations))


@pytest.mark.parametrize("final", [b"", b"e=invalid-proof", b"v=AAAA", b"v=" + SERVER_FINAL[3:], b"v=#"])
def test_scram_client_believes_only_who_knows_the_password(final: bytes) -> None:
    """RFC 5802 §3: a server that can't prove itself is none of ours."""
    client = _client()
    client.final(SERVER_FIRST)
    with pytest.raises(RemoteProtocolError):
        client.check(final)


def test_scram_is_asked_in_order() -> None:
    """What is asked before its turn is our own fault."""
    with pytest.raises(LocalProtocolError):
        _client().check(SERVER_FINAL)
    with pytest.raises(LocalProtocolError):
        _server().challenge(PENCIL)
    with pytest.raises(LocalProtocolError):
        _server(SCRAM_SHA_256_PLUS)
    with pytest.raises(LocalProtocolError):
        _client(SCRAM_SHA_256_PLUS)
    with pytest.raises(LocalProtocolError):
        _server("SCRAM-SHA-1")
    with pytest.raises(LocalProtocolError):
        ServerExchange(SCRAM_SHA_256, nonce="a,b", channel_binding=b"")


@pytest.mark.parametrize(
    ("salt", "iterations", "key"), [(b"", 4096, b"k" * 32), (b"s", 4095, b"k" * 32), (b"s", 4096, b"k" * 31)]
)
def test_scram_verifier_is_valid_by_construction(salt: bytes, iterations: int, key: bytes) -> None:
    """RFC 7677 §4: what exists has a salt, enough work and keys of SHA-256."""
    with pytest.raises(ValueError, match="verifier"):
        ScramVerifier(salt, iterations, key, key)


@given(st.binary(max_size=200))
def test_scram_lets_only_protocol_errors_escape(octets: bytes) -> None:
    """Any octets of a peer end in a value or in `RemoteProtocolError`."""
    server, client = _server(), _client()
    for read in (server.read_first, client.final):
        with contextlib.suppress(RemoteProtocolError):
            read(octets)
    server.read_first(CLIENT_FIRST)
    server.challenge(PENCIL)
    client.final(SERVER_FIRST)
    for finish in (server.finish, client.check):
        with contextlib.suppress(RemoteProtocolError):
            finish(octets)


def test_scram_shows_no_keys() -> None:
    """A verifier in a log gives nothing away."""
    assert "key" not in repr(PENCIL)
