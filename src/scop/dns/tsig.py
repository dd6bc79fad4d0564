"""TSIG: a shared secret shows that a DNS message comes whole from who holds it, and when.

A `Verifier` opens requests, judges them in the order of the standard and remembers what it took, so
that a message works once; `OpenedRequest.seal` signs the reply. A client signs by `sign_request` and
reads the answer by `SignedRequest.open_reply`. All octets and times are handed in: no dnspython, no
clock. Only hmac-sha256, never truncated; after a restart a Verifier has forgotten what it took, so
for the fudge's five minutes a replay is held off only by the channel.

Standards: RFC 8945; the key file is BIND's.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from scop.base import RemoteProtocolError
from scop.dns.names import normal_name
from scop.dns.tsig_record import TsigRecord, split_tsig

__all__ = [
    "FUDGE_SECONDS",
    "OpenedRequest",
    "SignedRequest",
    "TsigError",
    "TsigKey",
    "Verifier",
    "new_tsig_key",
    "sign_request",
]

FUDGE_SECONDS = 300  # RFC 8945 §10: the recommended value
MAC_OCTETS = 32  # of SHA-256
SECRET_OCTETS = 32  # RFC 8945 §8: at least as long as the hash's output
_ALGORITHM = "hmac-sha256"
_KEY_FILE = re.compile(
    r'\s*key\s+"?(?P<name>[\w.-]+)"?\s*\{\s*algorithm\s+"?hmac-sha256"?\s*;\s*secret\s+"(?P<secret>[^"]+)"\s*;\s*\}\s*;\s*',
    re.ASCII | re.IGNORECASE,
)


class TsigError(IntEnum):
    """What was wrong with a signature (RFC 8945 §3)."""

    NOERROR = 0
    BADSIG = 16
    BADKEY = 17
    BADTIME = 18
    BADTRUNC = 22


@dataclass(frozen=True, slots=True)
class TsigKey:
    """A named secret for hmac-sha256; the name is in normal form."""

    name: str
    secret: bytes

    def __post_init__(self) -> None:
        if self.name != normal_name(self.name):
            raise ValueError(f"not the normal form of a key's name: {self.name!r}")
        if not self.secret:
            raise ValueError("a TSIG key needs a secret")

    def __repr__(self) -> str:
        return f"TsigKey({self.name!r})"  # a secret does not belong in a log

    @classmethod
    def parse(cls, text: str) -> TsigKey:
        """Read BIND's key file; raises `ValueError` without showing the secret."""
        match = _KEY_FILE.fullmatch(text)
        if match is None:
            raise ValueError('not a TSIG key file: key "name" { algorithm hmac-sha256; secret "base64"; };')
        try:
            secret = base64.b64decode(match["secret"], validate=True)
        except binascii.Error as error:
            raise ValueError("the secret in the TSIG key file is not base64") from error
        return cls(normal_name(match["name"]), secret)

    def to_text(self) -> str:
        """Write BIND's key file, as `nsupdate -k` and `dig -k` read it."""
        secret = base64.b64encode(self.secret).decode("ascii")
        return f'key "{self.name}" {{\n\talgorithm {_ALGORITHM};\n\tsecret "{secret}";\n}};\n'


def new_tsig_key(name: str, random_octets: bytes) -> TsigKey:
    """Make a key from 32 fresh random octets."""
    if len(random_octets) != SECRET_OCTETS:
        raise ValueError(f"a TSIG secret is made of {SECRET_OCTETS} random octets, not {len(random_octets)}")
    return TsigKey(normal_name(name), random_octets)


@dataclass(frozen=True, slots=True)
class OpenedRequest:
    """A request without its TSIG, and what the TSIG was worth."""

    message: bytes
    key: TsigKey | None = None  # whose signature it is; None: unsigned, or by a key we do not have
    error: TsigError = TsigError.NOERROR
    record: TsigRecord | None = None

    @property
    def signer(self) -> TsigKey | None:
        """The key that vouches for the message, if one does."""
        return self.key if self.error is TsigError.NOERROR else None

    def seal(self, reply: bytes, now_unix: int) -> bytes:
        """Sign a reply as the request deserves; an unsigned request gets it as it is."""
        if self.record is None:
            return reply
        if self.key is None or self.error is TsigError.BADSIG:
            # RFC 8945 §5.3.2: to a key or signature that is not good, the reply is not signed
            unsigned = _record(self.record.key_name, now_unix, reply, self.error, algorithm=self.record.algorithm)
            return unsigned.append_to(reply)
        record = _record(self.record.key_name, now_unix, reply, self.error)
        if self.error is TsigError.BADTIME:
            # RFC 8945 §5.2.3: the client's own time, so that it can check the MAC; ours as Other Data
            server_time = now_unix.to_bytes(6, "big")
            record = record.replaced(time_signed=self.record.time_signed, other=server_time)
        mac = _mac(self.key, self.record.mac, reply, record)
        return record.replaced(mac=mac).append_to(reply)


class Verifier:
    """Opens the requests of one server, each signed message once."""

    def __init__(self, keys: Iterable[TsigKey]) -> None:
        self._keys = {key.name: key for key in keys}
        self._newest: dict[str, int] = {}  # by key: the latest Time Signed taken
        self._taken: dict[str, set[bytes]] = {}  # by key: the MACs of that second

    def open(self, request: bytes, now_unix: int) -> OpenedRequest:
        """Judge a request; raises `RemoteProtocolError` where the answer is FORMERR."""
        message, record = split_tsig(request)
        if record is None:
            return OpenedRequest(message)
        # RFC 8945 §5.2.1
        key = self._keys.get(record.key_name)
        if key is None or record.algorithm != _ALGORITHM:
            return OpenedRequest(message, None, TsigError.BADKEY, record)
        return OpenedRequest(message, key, self._judge(key, message, record, now_unix), record)

    def _judge(self, key: TsigKey, message: bytes, record: TsigRecord, now_unix: int) -> TsigError:
        # RFC 8945 §5.2.2.1: shorter than half of the hash is no MAC at all
        if not MAC_OCTETS // 2 <= len(record.mac) <= MAC_OCTETS:
            raise RemoteProtocolError(f"TSIG with a MAC of {len(record.mac)} octets")
        expected = _mac(key, b"", message, record)[: len(record.mac)]
        if not hmac.compare_digest(expected, record.mac):  # §5.2.2
            return TsigError.BADSIG
        if abs(now_unix - record.time_signed) > record.fudge or not self._is_new(key, record):  # §5.2.3
            return TsigError.BADTIME
        if len(record.mac) < MAC_OCTETS:  # §5.2.4: our policy is the whole MAC
            return TsigError.BADTRUNC
        self._note(key, record)
        return TsigError.NOERROR

    def _is_new(self, key: TsigKey, record: TsigRecord) -> bool:
        """RFC 8945 §5.2.3: not older than the newest. Stricter than RFC 8945: nor the same once more."""
        newest = self._newest.get(key.name, 0)
        return record.time_signed > newest or (
            record.time_signed == newest and record.mac not in self._taken.get(key.name, ())
        )

    def _note(self, key: TsigKey, record: TsigRecord) -> None:
        if record.time_signed != self._newest.get(key.name):
            self._newest[key.name] = record.time_signed
            self._taken[key.name] = set()
        self._taken[key.name].add(record.mac)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it goes out, and what its answer is checked against."""

    octets: bytes
    key: TsigKey
    mac: bytes

    def open_reply(self, reply: bytes, now_unix: int) -> bytes:
        """Return the reply without its TSIG; raises `RemoteProtocolError` unless our key vouches for it."""
        message, record = split_tsig(reply)
        if record is None:
            raise RemoteProtocolError("the reply is not signed")
        if record.error in (TsigError.BADKEY, TsigError.BADSIG):  # RFC 8945 §5.3.2: such a reply bears no MAC
            raise RemoteProtocolError(f"the server refused our signature: {TsigError(record.error).name}")
        if record.key_name != self.key.name or record.algorithm != _ALGORITHM:
            raise RemoteProtocolError("the reply is signed by another key")
        if not hmac.compare_digest(_mac(self.key, self.mac, message, record), record.mac):
            raise RemoteProtocolError("the signature of the reply is wrong")
        if record.error != TsigError.NOERROR:
            raise RemoteProtocolError(f"the server refused our signature: {_error_name(record.error)}")
        if abs(now_unix - record.time_signed) > record.fudge:
            raise RemoteProtocolError("the reply was signed too long ago, or a clock is wrong")
        if message[:2] != self.octets[:2]:
            raise RemoteProtocolError("the reply is to another request")
        return message


def sign_request(message: bytes, key: TsigKey, now_unix: int) -> SignedRequest:
    """Sign a whole DNS message."""
    record = _record(key.name, now_unix, message, TsigError.NOERROR)
    mac = _mac(key, b"", message, record)
    return SignedRequest(record.replaced(mac=mac).append_to(message), key, mac)


def _record(
    key_name: str, now_unix: int, message: bytes, error: TsigError, *, algorithm: str = _ALGORITHM
) -> TsigRecord:
    original_id = int.from_bytes(message[:2], "big")
    return TsigRecord(key_name, algorithm, now_unix, FUDGE_SECONDS, b"", original_id, error, b"")


def _mac(key: TsigKey, request_mac: bytes, message: bytes, record: TsigRecord) -> bytes:
    """Compute RFC 8945 §4.3.3: the request's MAC (in a reply), the message with its first id, the variables."""
    before = struct.pack("!H", len(request_mac)) + request_mac if request_mac else b""
    whole = before + struct.pack("!H", record.original_id) + message[2:] + record.variables()
    return hmac.digest(key.secret, whole, "sha256")


def _error_name(error: int) -> str:
    return TsigError(error).name if error in TsigError._value2member_map_ else str(error)
