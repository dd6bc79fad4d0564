"""SCRAM: both ends prove that they know the password, and neither tells it to the other or to who listens.

Theory of operation: four messages. The client names itself and a nonce; the server answers with its own nonce, the
salt and the work; the client proves that it knows the password; the server proves that it holds a verifier of it.
Every proof covers all messages before it, and with -PLUS the certificate of the TLS connection, so that nobody in
between can use it elsewhere. The server's database holds `ScramVerifier`s, which are no passwords: one who reads
them can't log in, though he can guess.

Standards: RFC 5802 §3 (algorithm), §5 (messages), §6 (channel binding), §7 (syntax); RFC 7677 (SHA-256);
RFC 5929 §4 (tls-server-end-point).
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from scop.base import LimitExceeded, LocalProtocolError, RemoteProtocolError
from scop.smtp.sasl.opaque_string import opaque_string

__all__ = ["SCRAM_SHA_256", "SCRAM_SHA_256_PLUS", "ClientExchange", "ScramVerifier", "ServerExchange"]

SCRAM_SHA_256 = "SCRAM-SHA-256"
SCRAM_SHA_256_PLUS = "SCRAM-SHA-256-PLUS"

MIN_ITERATIONS = 4096  # RFC 7677 §4
MAX_ITERATIONS = 1_000_000  # about half a second; a server that wants more only wants us to work
MAX_MESSAGE_OCTETS = 4096  # a login, two nonces and a proof fit many times
_KEY_OCTETS = 32

_FAILED = "535 5.7.8 Authentication failed"
_MALFORMED = "501 5.5.2 Cannot decode response"

_PRINTABLE = r"[!-+\--~]+"  # RFC 5802 §7: printable ASCII without the comma
_NONCE = re.compile(_PRINTABLE)
_BASE64 = r"[A-Za-z0-9+/]*={0,2}"
_EXTENSIONS = r"(?:,[A-Za-z]=[^,]+)*"
_CLIENT_FIRST = re.compile(rf"((n|y|p=([A-Za-z0-9.-]+)),(?:a=([^,]+))?,)(n=([^,]+),r=({_PRINTABLE}){_EXTENSIONS})")
_SERVER_FIRST = re.compile(rf"r=({_PRINTABLE}),s=({_BASE64}),i=([1-9][0-9]{{0,9}}){_EXTENSIONS}")
_CLIENT_FINAL = re.compile(rf"(c=({_BASE64}),r=({_PRINTABLE}){_EXTENSIONS}),p=({_BASE64})")
_SERVER_FINAL = re.compile(rf"(?:v=({_BASE64})|e=([^,]+)){_EXTENSIONS}")
_SASLNAME = re.compile(r"(?:[^=,\0]|=2C|=3D)+")
_END_POINT = "tls-server-end-point"  # Python's ssl has no tls-exporter yet


@dataclass(frozen=True, slots=True)
class ScramVerifier:
    """What a server keeps of a password."""

    salt: bytes
    iterations: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.salt:
            raise ValueError("a SCRAM verifier has a salt")
        if not MIN_ITERATIONS <= self.iterations <= MAX_ITERATIONS:
            raise ValueError(f"a SCRAM verifier has {MIN_ITERATIONS} to {MAX_ITERATIONS} iterations")
        if {len(self.stored_key), len(self.server_key)} != {_KEY_OCTETS}:
            raise ValueError(f"the keys of a SCRAM-SHA-256 verifier have {_KEY_OCTETS} octets")

    @classmethod
    def of(cls, password: str, salt: bytes, iterations: int) -> ScramVerifier:
        """Make the verifier of a password; takes as long as one login (a few ms)."""
        salted = _salted(password, salt, iterations)
        return cls(salt, iterations, _hash(_hmac(salted, b"Client Key")), _hmac(salted, b"Server Key"))


class ServerExchange:
    """One login, seen from the server; `read_first`, `challenge` and `finish` are called in this order, once.

    `nonce` is new for every exchange: 18 random octets in base64 will do. `channel_binding` is the
    `tls_server_end_point` of our own certificate, empty where -PLUS was not offered.
    """

    def __init__(self, mechanism: str, *, nonce: str, channel_binding: bytes) -> None:
        _check_mechanism(mechanism, nonce)
        if mechanism == SCRAM_SHA_256_PLUS and not channel_binding:
            raise LocalProtocolError("-PLUS without a channel binding")
        self._mechanism = mechanism
        self._nonce = nonce
        self._channel_binding = channel_binding
        self._first_bare = self._bound = b""
        self._server_first = b""
        self._verifier: ScramVerifier | None = None

    def read_first(self, octets: bytes) -> str:
        """Read the client's first message and return its login; raises `RemoteProtocolError`."""
        found = _match(_CLIENT_FIRST, octets, "client-first-message")
        header, flag, kind, authorization, bare, name, nonce = found.groups()
        self._check_flag(flag, kind)
        login = _from_saslname(name)
        if authorization is not None and _from_saslname(authorization) != login:  # nobody acts for another
            raise RemoteProtocolError("SCRAM for another user", reply_hint=_FAILED)
        self._nonce = nonce + self._nonce
        self._first_bare = bare.encode()
        self._bound = header.encode() + (self._channel_binding if kind else b"")
        return login

    def challenge(self, verifier: ScramVerifier) -> bytes:
        """Return the server's first message: the nonces, the salt, the work."""
        if not self._first_bare:
            raise LocalProtocolError("the client's first message was not read")
        self._verifier = verifier
        self._server_first = f"r={self._nonce},s={_base64(verifier.salt)},i={verifier.iterations}".encode()
        return self._server_first

    def finish(self, client_final: bytes) -> bytes | None:
        """Return the server's last message, None where the proof is wrong; raises `RemoteProtocolError`."""
        verifier, self._verifier = self._verifier, None  # one guess for each exchange
        if verifier is None:
            raise LocalProtocolError("no challenge is open")
        found = _match(_CLIENT_FINAL, client_final, "client-final-message")
        without_proof, bound, nonce, proof = found.groups()
        # RFC 5802 §5.1 (c, r): what the client saw is what we sent, and the certificate that it saw is ours.
        if not hmac.compare_digest(nonce.encode(), self._nonce.encode()):
            raise RemoteProtocolError("the nonce of another exchange", reply_hint=_FAILED)
        if not hmac.compare_digest(_from_base64(bound), self._bound):
            raise RemoteProtocolError("channel bindings don't match", reply_hint=_FAILED)
        spoken = b",".join((self._first_bare, self._server_first, without_proof.encode()))
        client_key = _xor(_hmac(verifier.stored_key, spoken), _from_base64(proof))
        if not hmac.compare_digest(_hash(client_key), verifier.stored_key):
            return None
        return f"v={_base64(_hmac(verifier.server_key, spoken))}".encode()

    def _check_flag(self, flag: str, kind: str | None) -> None:
        """Hold the client to what it knows of channel bindings."""
        if self._mechanism == SCRAM_SHA_256_PLUS:
            if kind != _END_POINT:
                raise RemoteProtocolError("-PLUS without tls-server-end-point", reply_hint=_FAILED)
        elif kind is not None:
            raise RemoteProtocolError("a channel binding without -PLUS", reply_hint=_MALFORMED)
        elif flag == "y" and self._channel_binding:
            # RFC 5802 §6: we offered -PLUS and the client did not see it: somebody took it out of our reply.
            raise RemoteProtocolError("the offer of -PLUS was lost on its way", reply_hint=_FAILED)


class ClientExchange:
    """One login, seen from the client; `first`, `final` and `check` are called in this order.

    `channel_binding` is the `tls_server_end_point` of the server's certificate. Without -PLUS it says that we could
    have done -PLUS and were not offered it, and a server that did offer it ends the exchange; it is empty where we
    can't, or don't want to though it was offered.
    """

    def __init__(self, mechanism: str, login: str, password: str, *, nonce: str, channel_binding: bytes = b"") -> None:
        _check_mechanism(mechanism, nonce)
        if mechanism == SCRAM_SHA_256_PLUS and not channel_binding:
            raise LocalProtocolError("-PLUS without a channel binding")
        plus = mechanism == SCRAM_SHA_256_PLUS
        flag = f"p={_END_POINT}" if plus else "y" if channel_binding else "n"
        self._header = f"{flag},,"
        self._bound = self._header.encode() + (channel_binding if plus else b"")
        self._password = password
        self._nonce = nonce
        self._first_bare = f"n={_to_saslname(login)},r={nonce}"
        self._server_signature = b""

    def first(self) -> bytes:
        """Return the client's first message."""
        return (self._header + self._first_bare).encode()

    def final(self, server_first: bytes) -> bytes:
        """Return the client's last message; raises `RemoteProtocolError` where the server is not to be answered."""
        found = _match(_SERVER_FIRST, server_first, "server-first-message")
        nonce, salt, iterations = found[1], _from_base64(found[2]), int(found[3])
        # RFC 5802 §5.1 (r): the nonce is ours and goes on with the server's.
        if not nonce.startswith(self._nonce) or nonce == self._nonce or not salt:
            raise RemoteProtocolError("the server's nonce is not of this exchange")
        if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:  # RFC 7677 §4
            raise LimitExceeded(f"{iterations} iterations where {MIN_ITERATIONS} to {MAX_ITERATIONS} are taken")
        salted = _salted(self._password, salt, iterations)
        without_proof = f"c={_base64(self._bound)},r={nonce}".encode()
        spoken = b",".join((self._first_bare.encode(), server_first, without_proof))
        client_key = _hmac(salted, b"Client Key")
        proof = _xor(client_key, _hmac(_hash(client_key), spoken))
        self._server_signature = _hmac(_hmac(salted, b"Server Key"), spoken)
        return without_proof + b",p=" + _base64(proof).encode()

    def check(self, server_final: bytes) -> None:
        """Believe the server, or raise `RemoteProtocolError`: it refuses us, or it does not know the password."""
        if not self._server_signature:
            raise LocalProtocolError("the server's first message was not answered")
        found = _match(_SERVER_FINAL, server_final, "server-final-message")
        if found[1] is None:
            raise RemoteProtocolError(f"the server says: {found[2]}")
        if not hmac.compare_digest(_from_base64(found[1]), self._server_signature):
            raise RemoteProtocolError("the server does not know the password")


def _check_mechanism(mechanism: str, nonce: str) -> None:
    if mechanism not in {SCRAM_SHA_256, SCRAM_SHA_256_PLUS}:
        raise LocalProtocolError(f"{mechanism} is not a SCRAM-SHA-256 mechanism")
    if not _NONCE.fullmatch(nonce):
        raise LocalProtocolError("a nonce is printable ASCII without comma")


def _match(form: re.Pattern[str], octets: bytes, name: str) -> re.Match[str]:
    if len(octets) > MAX_MESSAGE_OCTETS:
        raise LimitExceeded(f"a {name} of more than {MAX_MESSAGE_OCTETS} octets", reply_hint=_MALFORMED)
    try:
        found = form.fullmatch(octets.decode("utf-8"))
    except UnicodeDecodeError as fault:
        raise RemoteProtocolError(f"a {name} of no UTF-8", reply_hint=_MALFORMED) from fault
    if found is None:
        raise RemoteProtocolError(f"not a {name}", reply_hint=_MALFORMED)
    return found


def _from_saslname(text: str) -> str:
    # RFC 5802 §5.1 (n): = begins =2C or =3D and nothing else.
    if not _SASLNAME.fullmatch(text):
        raise RemoteProtocolError("not a saslname", reply_hint=_MALFORMED)
    return text.replace("=2C", ",").replace("=3D", "=")


def _to_saslname(text: str) -> str:
    if not text or not re.fullmatch(r"[^\0\ud800-\udfff]+", text):
        raise LocalProtocolError("a login has characters, and no NUL")
    return text.replace("=", "=3D").replace(",", "=2C")


def _base64(octets: bytes) -> str:
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True) if text else b""
    except ValueError as fault:
        raise RemoteProtocolError("not base64", reply_hint=_MALFORMED) from fault


def _salted(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", opaque_string(password), salt, iterations)


def _hmac(key: bytes, octets: bytes) -> bytes:
    return hmac.digest(key, octets, "sha256")


def _hash(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def _xor(left: bytes, right: bytes) -> bytes:
    if len(left) != len(right):
        raise RemoteProtocolError("a proof of another length", reply_hint=_MALFORMED)
    return bytes(one ^ other for one, other in zip(left, right, strict=True))
