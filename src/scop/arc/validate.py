"""Checking a chain: did everybody who carried the mail on seal it, and does it still say what the last one saw.

A check asks the DNS, so it is a generator. What a sealer says is worth as much as its name: a chain that passes proves
who said it, never that it is true.

Standards: RFC 8617 §5.2, §5.2.1 (all failures are permanent), §9.3 (bounded work).
"""

from __future__ import annotations

import hmac

from scop.arc.chain import ArcSet, read_chain
from scop.arc.fields import ArcField
from scop.arc.result import ArcResult, ArcWord
from scop.base import Check, RemoteProtocolError
from scop.dkim import Algorithm
from scop.dkim.header import MAX_HEADER_OCTETS, header_octets, split_message
from scop.dkim.records import KeyRecord, KeyUnavailable, find_keys
from scop.dkim.verify import SealedMail, check_times
from scop.dns import Answer, Question

__all__ = ["validate"]

_NO_CHAIN = ArcResult(ArcWord.NONE)


def validate(octets: bytes, *, now: float) -> Check[Question, Answer, ArcResult]:
    """Judge the chain of a mail (CRLF line ends) at `now` (Unix seconds)."""
    header_size = header_octets(octets)
    if b"arc-" not in octets[:header_size].lower():
        return _NO_CHAIN  # as of most mail, which need not be taken apart to see it
    if header_size > MAX_HEADER_OCTETS:
        return ArcResult(ArcWord.FAIL, reason=f"a chain in a header of more than {MAX_HEADER_OCTETS} octets")
    header, body = split_message(octets)
    try:
        sets = read_chain(header)
        if not sets:
            return _NO_CHAIN
        _check_claims(sets)
        chain = _Chain(sets, SealedMail(header, body), now)
        yield from chain.check_message(sets[-1])
        yield from chain.check_seals()
        oldest = yield from chain.oldest_pass()
    except RemoteProtocolError as error:
        # RFC 8617 §5.2.1: whatever went wrong, the chain is broken for good
        return ArcResult(ArcWord.FAIL, reason=str(error), is_temporary=isinstance(error, KeyUnavailable))
    sealers = tuple(one.seal.domain for one in sets)
    return ArcResult(ArcWord.PASS, sealers, tuple(one.results for one in sets), oldest)


def _check_claims(sets: tuple[ArcSet, ...]) -> None:
    # RFC 8617 §5.2 (2)
    if sets[-1].seal.chain is ArcWord.FAIL:
        raise RemoteProtocolError("the last seal says that the chain was broken")
    # RFC 8617 §5.2 (3) (c) and (d)
    for one in sets:
        wanted = ArcWord.NONE if one.seal.instance == 1 else ArcWord.PASS
        if one.seal.chain is not wanted:
            raise RemoteProtocolError(f"seal {one.seal.instance} says cv={one.seal.chain}")


class _Chain:
    """A chain under judgement; each key is asked for once."""

    __slots__ = ("_keys", "_mail", "_now", "_sets")

    def __init__(self, sets: tuple[ArcSet, ...], mail: SealedMail, now: float) -> None:
        self._sets = sets
        self._mail = mail
        self._now = now
        self._keys: dict[tuple[str, Algorithm], tuple[KeyRecord, ...]] = {}

    def check_message(self, one: ArcSet) -> Check[Question, Answer, None]:
        """Raise `RemoteProtocolError` where the mail is not what a set's message signature was made over."""
        signature, name = one.signature, f"message signature {one.seal.instance}"
        check_times(signature, self._now)
        body_hash = self._mail.body_hash(signature.body_canonicalization, None)
        # Stricter than RFC 8617 §4.1.2, which lets l= stand: text that was added below is not what a sealer saw
        if signature.body_length not in (None, self._mail.body_octets(signature.body_canonicalization)):
            raise RemoteProtocolError(f"{name} does not cover the whole body")
        if not hmac.compare_digest(body_hash, signature.body_hash):
            raise RemoteProtocolError(f"{name}: body hash did not verify")
        signed = self._mail.signed_octets(signature, ArcField.MESSAGE_SIGNATURE.key, one.place)
        keys = yield from self._find_keys(signature.record_name, signature.algorithm)
        if not any(key.verifies(signature.octets, signed) for key in keys):
            raise RemoteProtocolError(f"{name} did not verify")

    def check_seals(self) -> Check[Question, Answer, None]:
        """Raise `RemoteProtocolError` where a seal is not over the sets up to its own."""
        # RFC 8617 §5.2 (6), from the last to the first
        for count in range(len(self._sets), 0, -1):
            last = self._sets[count - 1]
            covered = b"".join(one.octets for one in self._sets[: count - 1]) + last.own_octets
            keys = yield from self._find_keys(last.seal.record_name, last.seal.algorithm)
            if not any(key.verifies(last.seal.octets, covered) for key in keys):
                raise RemoteProtocolError(f"seal {count} did not verify")

    def oldest_pass(self) -> Check[Question, Answer, int]:
        """Return the first set whose message signature, like all later ones, still verifies; 0 for the very first."""
        # RFC 8617 §5.2 (5)
        for one in reversed(self._sets[:-1]):
            try:
                yield from self.check_message(one)
            except RemoteProtocolError:
                return one.seal.instance + 1
        return 0

    def _find_keys(self, record_name: str, algorithm: Algorithm) -> Check[Question, Answer, tuple[KeyRecord, ...]]:
        place = record_name, algorithm
        if place not in self._keys:
            self._keys[place] = yield from find_keys(record_name, algorithm)
        return self._keys[place]
