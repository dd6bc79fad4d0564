"""Checking the seals of a mail: who takes responsibility for it, and did it arrive as it was sealed.

A check asks the DNS, so it is a generator: it yields the question for each key and is sent the
answer. It says nothing about whether the signer is trustworthy; DMARC compares it with the author.

Standards: RFC 6376 §6, RFC 8301, RFC 8463, RFC 8601 §2.7.1 (the words of the results), RFC 6008 §3.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from scop.base import Check, RemoteProtocolError
from scop.dkim.canonical import Canonicalization, canonical_body
from scop.dkim.header import MAX_HEADER_OCTETS, Header, header_octets, split_message
from scop.dkim.records import KeyRecord, KeyUnavailable, find_keys
from scop.dkim.signature import Signature, parse_signature, without_signature_octets
from scop.dns import Answer, Question

__all__ = ["MAX_SIGNATURES", "DkimResult", "DkimWord", "SealedMail", "check_times", "verify"]

MAX_SIGNATURES = 8  # RFC 6376 §8.4 advises a limit; each costs a DNS question and an RSA operation
MAX_CLOCK_SKEW_SECONDS = 3600  # how far in the future t= may lie
_START_OCTETS = 6  # eight characters of base64, the least that RFC 6008 §3 asks for
_FIELD = b"dkim-signature"


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
    # Lenient: t=y asks to be treated as if nothing were signed (RFC 6376 §3.6.1). A signature that holds is told as one
    # that passes nevertheless, as large receivers do, since many keys say t=y for ever; who wants the letter has it.
    is_testing: bool = False
    signature_start: str = ""  # of b=, by which a reader tells signatures apart: header.b (RFC 6008 §3)

    def __post_init__(self) -> None:
        if type(self.result) is not DkimWord:
            object.__setattr__(self, "result", DkimWord(self.result))


def verify(octets: bytes, *, now: float) -> Check[Question, Answer, tuple[DkimResult, ...]]:
    """Judge the topmost signatures of a mail (CRLF line ends) at `now` (Unix seconds); none give an empty tuple."""
    if (header_size := header_octets(octets)) > MAX_HEADER_OCTETS:
        return _of_huge_header(octets[:header_size])
    mail = SealedMail(*split_message(octets))
    results = []
    for index, field in enumerate(mail.header.named(_FIELD)[:MAX_SIGNATURES]):
        result = yield from _judge(field, index, mail, now)
        results.append(result)
    return tuple(results)


def _of_huge_header(header: bytes) -> tuple[DkimResult, ...]:
    """Judge nothing, since cutting and covering it would cost seconds; no honest mail has such a header."""
    reason = f"seals in a header of more than {MAX_HEADER_OCTETS} octets"
    return (DkimResult(DkimWord.PERMERROR, reason=reason),) if _FIELD in header.lower() else ()


class SealedMail:
    """A mail under judgement; hashes of its body are made once for all signatures."""

    __slots__ = ("_bodies", "_body", "_hashes", "header")

    def __init__(self, header: Header, body: bytes) -> None:
        self.header = header
        self._body = body
        # By whether the form is simple: an enumeration's member would be hashed by Python each time.
        self._bodies: dict[bool, bytes] = {}
        self._hashes: dict[tuple[bool, int | None], bytes] = {}

    def body_octets(self, algorithm: str) -> int:
        """Return how long the canonical body is."""
        return len(self._canonical_body(algorithm))

    def body_hash(self, algorithm: str, length: int | None) -> bytes:
        """Return SHA-256 of the canonical body, or of its beginning."""
        place = algorithm == Canonicalization.SIMPLE, length
        known = self._hashes.get(place)
        if known is None:
            covered = memoryview(self._canonical_body(algorithm))[:length]
            known = self._hashes[place] = hashlib.sha256(covered).digest()
        return known

    def signed_octets(self, signature: Signature, name: bytes, index: int) -> bytes:
        """Return what a signature is made over; its own field is the `index`-th of its name."""
        algorithm, names = signature.header_canonicalization, signature.signed_fields
        # RFC 6376 §3.5, h=: others of its name may be signed, it itself stands for nothing there
        header = self.header.without(name, index) if name in names else self.header
        # RFC 6376 §3.7: the field itself comes last, without b= and without its CRLF
        own = without_signature_octets(self.header.named(name)[index]).removesuffix(b"\r\n") + b"\r\n"
        return header.covered(names, algorithm, own).removesuffix(b"\r\n")

    def _canonical_body(self, algorithm: str) -> bytes:
        is_simple = algorithm == Canonicalization.SIMPLE
        known = self._bodies.get(is_simple)
        if known is None:
            known = self._bodies[is_simple] = canonical_body(self._body, algorithm)
        return known


def _judge(field: bytes, index: int, mail: SealedMail, now: float) -> Check[Question, Answer, DkimResult]:
    try:
        signature = parse_signature(field)  # RFC 6376 §6.1.1
    except RemoteProtocolError as error:
        return DkimResult(DkimWord.PERMERROR, reason=str(error))
    try:
        check_times(signature, now)
        # RFC 6376 §6.1.2: the key
        keys = yield from find_keys(signature.record_name, signature.algorithm)
        keys = _fitting(keys, signature)
    except KeyUnavailable as error:
        return _result(signature, DkimWord.TEMPERROR, str(error))
    except RemoteProtocolError as error:
        return _result(signature, DkimWord.PERMERROR, str(error))
    # RFC 6376 §6.1.3: the arithmetic
    return _verified(signature, keys, index, mail)


def check_times(signature: Signature, now: float) -> None:
    """Raise `RemoteProtocolError` where a signature is over, or not yet."""
    if signature.expires_unix is not None and signature.expires_unix < now:
        raise RemoteProtocolError("signature expired")
    # Stricter than RFC 6376 §3.5 (t=), which allows verifiers to ignore such signatures
    if signature.signed_unix is not None and signature.signed_unix > now + MAX_CLOCK_SKEW_SECONDS:
        raise RemoteProtocolError("signature of the future")


def _fitting(keys: tuple[KeyRecord, ...], signature: Signature) -> tuple[KeyRecord, ...]:
    # RFC 6376 §3.6.1, t=s
    if signature.identity.rpartition("@")[2] == signature.domain:
        return keys
    fitting = tuple(key for key in keys if not key.forbids_subdomains)
    if not fitting:
        raise RemoteProtocolError("i= names a subdomain and the key forbids it")
    return fitting


def _verified(signature: Signature, keys: tuple[KeyRecord, ...], index: int, mail: SealedMail) -> DkimResult:
    algorithm, length = signature.body_canonicalization, signature.body_length
    body_octets = mail.body_octets(algorithm)
    is_testing = all(key.is_testing for key in keys)
    if length is not None and length > body_octets:
        return _result(signature, DkimWord.PERMERROR, "l= is more than the body has", is_testing=is_testing)
    if not hmac.compare_digest(mail.body_hash(algorithm, length), signature.body_hash):
        return _result(signature, DkimWord.FAIL, "body hash did not verify", is_testing=is_testing)
    signed = mail.signed_octets(signature, _FIELD, index)
    key = next((key for key in keys if key.verifies(signature.octets, signed)), None)
    if key is None:
        return _result(signature, DkimWord.FAIL, "signature did not verify", is_testing=is_testing)
    unsigned = 0 if length is None else body_octets - length
    reason = f"{unsigned} octets of the body are not signed" if unsigned else ""
    return _result(signature, DkimWord.PASS, reason, is_testing=key.is_testing, unsigned_octets=unsigned)


def _result(
    signature: Signature, word: DkimWord, reason: str, *, is_testing: bool = False, unsigned_octets: int = 0
) -> DkimResult:
    return DkimResult(
        word,
        domain=signature.domain,
        selector=signature.selector,
        reason=reason,
        identity=signature.identity,
        algorithm=signature.algorithm.value,
        unsigned_octets=unsigned_octets,
        is_testing=is_testing,
        signature_start=binascii.b2a_base64(signature.octets[:_START_OCTETS], newline=False).decode("ascii"),
    )
