"""TSIG: a shared secret shows that a DNS message comes whole from who holds it, and when.

A `Verifier` opens requests and judges them in the order of the standard; `OpenedRequest.seal` signs the reply, and
`OpenedRequest.seal_each` the many messages of a zone transfer. A client signs by `sign_request` and reads the answer
by `SignedRequest.open_reply` or, message by message, by `SignedRequest.replies`. All octets and times are handed in:
no dnspython, no clock. MACs are never truncated. Nothing is remembered here: who must not do a thing twice compares
MACs itself.

Standards: RFC 8945.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from scop.base import RemoteProtocolError
from scop.dns.names import name_to_wire
from scop.dns.tsig_keys import TsigAlgorithm, TsigKey, new_tsig_key
from scop.dns.tsig_record import TsigRecord, split_tsig

__all__ = [
    "FUDGE_SECONDS",
    "OpenedRequest",
    "SignedReplies",
    "SignedRequest",
    "TsigAlgorithm",
    "TsigError",
    "TsigKey",
    "Verifier",
    "new_tsig_key",
    "sign_request",
]

FUDGE_SECONDS = 300  # RFC 8945 §10: the recommended value
MAX_UNSIGNED_REPLIES = 99  # RFC 8945 §5.3.1: at least every hundredth message of a transfer is signed
MAX_UNSIGNED_OCTETS = 4 * 2**20  # what is kept of them until their signature comes
_SEAL_OCTETS = 10 + 16 + 6  # of a TSIG beside names and MAC; BADTIME has our time in it
_LEAST_MAC_OCTETS = 10  # RFC 8945 §5.2.2.1


class TsigError(IntEnum):
    """What was wrong with a signature (RFC 8945 §3)."""

    NOERROR = 0
    BADSIG = 16
    BADKEY = 17
    BADTIME = 18
    BADTRUNC = 22


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

    @property
    def seal_octets(self) -> int:
        """How much longer a seal makes a reply, at most."""
        if self.record is None:
            return 0
        mac = self.key.algorithm.mac_octets if self.key is not None else 0
        names = len(name_to_wire(self.record.key_name)) + len(name_to_wire(self.record.algorithm))
        return names + mac + _SEAL_OCTETS

    def seal(self, reply: bytes, now_unix: int) -> bytes:
        """Sign a reply as the request deserves; an unsigned request gets it as it is."""
        if self.record is None:
            return reply
        if self.key is None or self.error is TsigError.BADSIG:
            # RFC 8945 §5.3.2: to a key or signature that is not good, the reply is not signed
            unsigned = _record(self.record.key_name, self.record.algorithm, now_unix, reply, self.error)
            return unsigned.append_to(reply)
        record = _record(self.key.name, self.key.algorithm, now_unix, reply, self.error)
        if self.error is TsigError.BADTIME:
            # RFC 8945 §5.2.3: the client's own time, so that it can check the MAC; ours as Other Data
            server_time = now_unix.to_bytes(6, "big")
            record = record.replaced(time_signed=self.record.time_signed, other=server_time)
        mac = _mac(self.key, self.record.mac, reply, record)
        return record.replaced(mac=mac).append_to(reply)

    def seal_each(self, replies: Iterable[bytes], now_unix: Callable[[], int]) -> Iterator[bytes]:
        """Sign every message of a reply of many, as it is taken: each over the one before (RFC 8945 §5.3.1)."""
        if self.record is None or self.signer is None:
            yield from replies
            return
        prior = self.record.mac
        for number, reply in enumerate(replies):
            record = _record(self.signer.name, self.signer.algorithm, now_unix(), reply, TsigError.NOERROR)
            variables = record.timers() if number else record.variables()
            prior = self.signer.mac(_prefixed(prior) + _with_id(reply, record.original_id) + variables)
            yield record.replaced(mac=prior).append_to(reply)


class Verifier:
    """Opens the requests of one server."""

    def __init__(self, keys: Iterable[TsigKey]) -> None:
        self._keys = {key.name: key for key in keys}

    def open(self, request: bytes, now_unix: int) -> OpenedRequest:
        """Judge a request; raises `RemoteProtocolError` where the answer is FORMERR."""
        message, record = split_tsig(request)
        if record is None:
            return OpenedRequest(message)
        # RFC 8945 §5.2.1
        key = self._keys.get(record.key_name)
        if key is None or record.algorithm != key.algorithm:
            return OpenedRequest(message, None, TsigError.BADKEY, record)
        return OpenedRequest(message, key, _judged(key, message, record, now_unix), record)


def _judged(key: TsigKey, message: bytes, record: TsigRecord, now_unix: int) -> TsigError:
    # RFC 8945 §5.2.2.1: shorter than half of the hash is no MAC at all
    whole = key.algorithm.mac_octets
    if not max(_LEAST_MAC_OCTETS, whole // 2) <= len(record.mac) <= whole:
        raise RemoteProtocolError(f"TSIG with a MAC of {len(record.mac)} octets")
    expected = _mac(key, b"", message, record)[: len(record.mac)]
    if not hmac.compare_digest(expected, record.mac):  # §5.2.2
        return TsigError.BADSIG
    if abs(now_unix - record.time_signed) > record.fudge:  # §5.2.3
        return TsigError.BADTIME
    # §5.2.4: our policy is the whole MAC
    return TsigError.BADTRUNC if len(record.mac) < whole else TsigError.NOERROR


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
        _check_reply(self, record, lambda: _mac(self.key, self.mac, message, record), now_unix)
        if message[:2] != self.octets[:2]:
            raise RemoteProtocolError("the reply is to another request")
        return message

    def replies(self) -> SignedReplies:
        """Return what opens a reply of many messages."""
        return SignedReplies(self)


class SignedReplies:
    """Opens a reply of many messages: the first is signed, and the last, and at least every hundredth between."""

    def __init__(self, request: SignedRequest) -> None:
        self._request = request
        self._prior = request.mac
        self._is_first = True
        self._unsigned: list[bytes] = []
        self._unsigned_octets = 0

    @property
    def is_vouched_for(self) -> bool:
        """Whether everything so far is under a signature; the last message must leave it so."""
        return not self._unsigned and not self._is_first

    def open(self, reply: bytes, now_unix: int) -> bytes:
        """Return a message without its TSIG; raises `RemoteProtocolError` unless our key vouches for it."""
        message, record = split_tsig(reply)
        if message[:2] != self._request.octets[:2]:
            raise RemoteProtocolError("the reply is to another request")
        if record is None:
            self._keep(reply)
            return reply

        def expected() -> bytes:
            assert record is not None
            variables = record.variables() if self._is_first else record.timers()
            signed = b"".join((*self._unsigned, _with_id(message, record.original_id)))
            return self._request.key.mac(_prefixed(self._prior) + signed + variables)

        _check_reply(self._request, record, expected, now_unix)
        self._prior, self._is_first = record.mac, False
        self._unsigned.clear()
        self._unsigned_octets = 0
        return message

    def _keep(self, reply: bytes) -> None:
        self._unsigned_octets += len(reply)
        if self._is_first:
            raise RemoteProtocolError("the reply is not signed")
        if len(self._unsigned) >= MAX_UNSIGNED_REPLIES or self._unsigned_octets > MAX_UNSIGNED_OCTETS:
            raise RemoteProtocolError("too much of the reply is not signed")
        self._unsigned.append(reply)


def sign_request(message: bytes, key: TsigKey, now_unix: int) -> SignedRequest:
    """Sign a whole DNS message."""
    record = _record(key.name, key.algorithm, now_unix, message, TsigError.NOERROR)
    mac = _mac(key, b"", message, record)
    return SignedRequest(record.replaced(mac=mac).append_to(message), key, mac)


def _check_reply(request: SignedRequest, record: TsigRecord, expected: Callable[[], bytes], now_unix: int) -> None:
    """Raise `RemoteProtocolError` unless a reply's TSIG is good."""
    if record.error in (TsigError.BADKEY, TsigError.BADSIG):  # RFC 8945 §5.3.2: such a reply bears no MAC
        raise RemoteProtocolError(f"the server refused our signature: {TsigError(record.error).name}")
    if record.key_name != request.key.name or record.algorithm != request.key.algorithm:
        raise RemoteProtocolError("the reply is signed by another key")
    if not hmac.compare_digest(expected(), record.mac):
        raise RemoteProtocolError("the signature of the reply is wrong")
    if record.error != TsigError.NOERROR:
        raise RemoteProtocolError(f"the server refused our signature: {_error_name(record.error)}")
    if abs(now_unix - record.time_signed) > record.fudge:
        raise RemoteProtocolError("the reply was signed too long ago, or a clock is wrong")


def _record(key_name: str, algorithm: str, now_unix: int, message: bytes, error: TsigError) -> TsigRecord:
    original_id = int.from_bytes(message[:2], "big")
    return TsigRecord(key_name, algorithm, now_unix, FUDGE_SECONDS, b"", original_id, error, b"")


def _mac(key: TsigKey, request_mac: bytes, message: bytes, record: TsigRecord) -> bytes:
    """Compute RFC 8945 §4.3.3: the request's MAC (in a reply), the message with its first id, the variables."""
    before = _prefixed(request_mac) if request_mac else b""
    return key.mac(before + _with_id(message, record.original_id) + record.variables())


def _prefixed(mac: bytes) -> bytes:
    return struct.pack("!H", len(mac)) + mac


def _with_id(message: bytes, id_: int) -> bytes:
    return struct.pack("!H", id_) + message[2:]


def _error_name(error: int) -> str:
    return TsigError(error).name if error in TsigError._value2member_map_ else str(error)
