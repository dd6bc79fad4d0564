"""Checking the seals of a mail: who takes responsibility for it, and did it arrive as it was sealed.

A check asks the DNS, so it is a generator: it yields the question for each key and is sent the
answer. It says nothing about whether the signer is trustworthy; DMARC compares it with the author.

Standards: RFC 6376 §6, RFC 8301, RFC 8463, RFC 8601 §2.7.1 (the words of the results).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from enum import StrEnum

from scop.base import Check, RemoteProtocolError
from scop.dkim.canonical import canonical_body, canonical_header
from scop.dkim.header import Header, split_message
from scop.dkim.records import KeyRecord, parse_key_record
from scop.dkim.signature import Signature, parse_signature, without_signature_octets
from scop.dns import TXT, Answer, Question

__all__ = ["MAX_SIGNATURES", "DkimResult", "DkimWord", "verify"]

MAX_SIGNATURES = 8  # RFC 6376 §8.4 advises a limit; each costs a DNS question and an RSA operation
MAX_CLOCK_SKEW_SECONDS = 3600  # how far in the future t= may lie
_MAX_KEY_RECORDS = 4  # RFC 6376 §6.1.2 (4): of several records we try the first few


class DkimWord(StrEnum):
    """RFC 8601 §2.7.1."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - the registry's word, no secret
    FAIL = "fail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class DkimResult:
    """What came of one signature; only `result` decides, `reason` explains and is private."""

    result: DkimWord
    domain: str = ""
    selector: str = ""
    reason: str = ""
    identity: str = ""
    algorithm: str = ""
    unsigned_octets: int = 0  # of the body, left open by l=: anyone may have added them
    is_testing: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "result", DkimWord(self.result))


def verify(octets: bytes, *, now: float) -> Check[Question, Answer, tuple[DkimResult, ...]]:
    """Judge the topmost signatures of a mail (CRLF line ends) at `now` (Unix seconds); none give an empty tuple."""
    header, body = split_message(octets)
    mail = _Mail(header, body)
    results = []
    for field in header.named(b"dkim-signature")[:MAX_SIGNATURES]:
        result = yield from _judge(field, mail, now)
        results.append(result)
    return tuple(results)


class _Mail:
    """The mail under judgement; hashes of its body are made once for all signatures."""

    __slots__ = ("_bodies", "_body", "_hashes", "header")

    def __init__(self, header: Header, body: bytes) -> None:
        self.header = header
        self._body = body
        self._bodies: dict[str, bytes] = {}
        self._hashes: dict[tuple[str, int | None], bytes] = {}

    def canonical_body(self, algorithm: str) -> bytes:
        if algorithm not in self._bodies:
            self._bodies[algorithm] = canonical_body(self._body, algorithm)
        return self._bodies[algorithm]

    def body_hash(self, algorithm: str, length: int | None) -> bytes:
        known = self._hashes.get((algorithm, length))
        if known is None:
            covered = memoryview(self.canonical_body(algorithm))[:length]
            known = self._hashes[algorithm, length] = hashlib.sha256(covered).digest()
        return known


def _judge(field: bytes, mail: _Mail, now: float) -> Check[Question, Answer, DkimResult]:
    # RFC 6376 §6.1.1: the field
    try:
        signature = parse_signature(field)
        _check_times(signature, now)
        question = Question(signature.record_name, "TXT")
    except ValueError as error:
        return DkimResult(DkimWord.PERMERROR, reason=str(error))
    # RFC 6376 §6.1.2: the key
    answer = yield question
    if answer.is_temporary:
        return _result(signature, DkimWord.TEMPERROR, "the key could not be asked for")
    try:
        record = _key_record(answer)
        _check_key(signature, record)
    except RemoteProtocolError as error:
        return _result(signature, DkimWord.PERMERROR, str(error))
    # RFC 6376 §6.1.3: the arithmetic
    return replace(_verified(signature, record, field, mail), is_testing=record.is_testing)


def _check_times(signature: Signature, now: float) -> None:
    if signature.expires_unix is not None and signature.expires_unix < now:
        raise RemoteProtocolError("signature expired")
    # Stricter than RFC 6376 §3.5 (t=), which allows verifiers to ignore such signatures
    if signature.signed_unix is not None and signature.signed_unix > now + MAX_CLOCK_SKEW_SECONDS:
        raise RemoteProtocolError("signature of the future")


def _key_record(answer: Answer) -> KeyRecord:
    reason = RemoteProtocolError("no key for signature")
    for record in answer.records[:_MAX_KEY_RECORDS]:
        if isinstance(record, TXT):
            try:
                return parse_key_record(record.joined)
            except RemoteProtocolError as error:
                reason = error
    raise reason


def _check_key(signature: Signature, record: KeyRecord) -> None:
    if record.algorithm is not signature.algorithm:
        raise RemoteProtocolError(f"the key is not for {signature.algorithm}")
    # RFC 6376 §3.6.1, t=s
    if record.forbids_subdomains and signature.identity.rpartition("@")[2] != signature.domain:
        raise RemoteProtocolError("i= names a subdomain and the key forbids it")


def _verified(signature: Signature, record: KeyRecord, field: bytes, mail: _Mail) -> DkimResult:
    body_octets = len(mail.canonical_body(signature.body_canonicalization))
    length = signature.body_length
    if length is not None and length > body_octets:
        return _result(signature, DkimWord.PERMERROR, "l= is more than the body has")
    body_hash = mail.body_hash(signature.body_canonicalization, length)
    if not hmac.compare_digest(body_hash, signature.body_hash):
        return _result(signature, DkimWord.FAIL, "body hash did not verify")
    algorithm = signature.header_canonicalization
    # RFC 6376 §3.7: the field itself comes last, without b= and without its CRLF
    own = canonical_header(without_signature_octets(field), algorithm).removesuffix(b"\r\n")
    if not record.verifies(signature.octets, mail.header.covered(signature.signed_fields, algorithm) + own):
        return _result(signature, DkimWord.FAIL, "signature did not verify")
    unsigned = 0 if length is None else body_octets - length
    reason = f"{unsigned} octets of the body are not signed" if unsigned else ""
    return replace(_result(signature, DkimWord.PASS, reason), unsigned_octets=unsigned)


def _result(signature: Signature, word: DkimWord, reason: str) -> DkimResult:
    return DkimResult(
        word,
        domain=signature.domain,
        selector=signature.selector,
        reason=reason,
        identity=signature.identity,
        algorithm=signature.algorithm.value,
    )
