"""Sealing: one who carries a mail on says how it came, so that a DKIM broken on the way need not be taken for forgery.

What it says is taken, word for word, from the `Authentication-Results` of its own authserv-id that stand in the mail.
Whether the chain so far is whole is among these results, since sealing asks nobody.

Standards: RFC 8617 §5.1, §4.1; RFC 8601 §2.2 (results).
"""

from __future__ import annotations

import binascii
import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scop.arc.chain import ArcSet, canonical_set, read_chain
from scop.arc.fields import MAX_INSTANCE, ArcField, parse_message_signature, parse_seal, split_results
from scop.arc.result import ArcWord
from scop.authres import AuthenticationResults, claims_authserv, parse
from scop.authres.parser import read_authserv_id
from scop.authres.scanner import Scanner
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.dkim import Canonicalization, PrivateKey, SigningKey, canonical_body, canonical_header, key_from_pem
from scop.dkim.header import Header, split_message
from scop.dkim.sign import folded_base64, folded_names, names_to_sign

__all__ = ["seal"]

_RELAXED = Canonicalization.RELAXED
_RESULTS = b"authentication-results"


def seal(
    octets: bytes,
    *,
    key: SigningKey | PrivateKey | bytes | str,
    authserv_id: str,
    now: float,
    domain: str = "",
    selector: str = "",
    headers: Sequence[str] = (),
) -> bytes:
    """Return the three fields of the next set to prepend to the mail (CRLF line ends); nothing where none may follow.

    `key` is a private key or its PEM, found by the world under `domain` and `selector`, or one that has its names.
    `headers` are the fields that the message signature covers, as h= lists them; by default those that DKIM seals
    cover, and the DKIM signatures. Raises `LocalProtocolError` where there is a chain and no result of ours about it.
    """
    header, body = split_message(octets)
    ours = tuple(_results_of(header, authserv_id))
    place = _next_place(header, ours)
    if place is None:
        return b""
    signer = _signer(key, domain, selector)
    results = _results_field(place.instance, authserv_id, [text for text, _ in ours])
    (signatures,) = header.counts((b"dkim-signature",))
    names = tuple(headers) or (*names_to_sign(header).names, *["DKIM-Signature"] * signatures)
    covered = header.covered([name.lower().encode("ascii") for name in names], _RELAXED)
    body_hash = hashlib.sha256(canonical_body(body, _RELAXED)).digest()
    common = {"a": signer.algorithm.value, "d": signer.domain, "i": str(place.instance), "s": signer.selector}
    common["t"] = str(int(now))
    signature = _Unsigned(
        ArcField.MESSAGE_SIGNATURE,
        common
        | {"bh": folded_base64(body_hash), "c": "relaxed/relaxed", "h": folded_names([name.lower() for name in names])},
    )
    message_signature = signature.signed(signer, covered)
    end = _Unsigned(ArcField.SEAL, common | {"cv": place.chain.value})
    before = place.sealed + canonical_set(results, message_signature, b"")[0]
    return end.signed(signer, before) + message_signature + results


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the next set stands, and what its seal covers of those before."""

    instance: int
    chain: ArcWord
    sealed: bytes = b""


@dataclass(frozen=True, slots=True)
class _Unsigned:
    """A field whose b= is still empty; its tags stand in the order of their names."""

    name: ArcField
    tags: dict[str, str]

    def signed(self, signer: SigningKey, before: bytes) -> bytes:
        """Return the whole field, signed over `before` and itself."""
        own = canonical_header(self._with(""), _RELAXED).removesuffix(b"\r\n")
        # In one piece: seals cover the b= of message signatures, and the suite of the draft expects it without folding.
        return self._with(binascii.b2a_base64(signer.sign(before + own), newline=False).decode("ascii"))

    def _with(self, octets: str) -> bytes:
        tags = [f"{tag}={value}" for tag, value in sorted((self.tags | {"b": octets}).items())]
        # dkimpy finds a set by `i=` behind a space, and sees no tab
        return f"{self.name}: ".encode() + ";\r\n ".join(tags).encode() + b"\r\n"


def _signer(key: SigningKey | PrivateKey | bytes | str, domain: str, selector: str) -> SigningKey:
    if isinstance(key, SigningKey):
        return SigningKey(domain or key.domain, selector or key.selector, key.private_key)
    if isinstance(key, bytes | str):
        return key_from_pem(domain, selector, key.encode("ascii") if isinstance(key, str) else key)
    return SigningKey(domain, selector, key)


def _next_place(header: Header, ours: tuple[tuple[str, AuthenticationResults], ...]) -> _Place | None:
    highest = max(_instances(header), default=0)
    try:
        sets = read_chain(header)
    except RemoteProtocolError:
        # RFC 8617 §5.1.2: what is no chain is sealed as broken, once
        says_so = any(_says_broken(field) for field in header.named(ArcField.SEAL.key))
        return None if says_so or highest >= MAX_INSTANCE else _Place(highest + 1, ArcWord.FAIL)
    if not sets:
        return _Place(1, ArcWord.NONE)
    if sets[-1].seal.chain is ArcWord.FAIL or len(sets) == MAX_INSTANCE:
        return None
    return _after(sets, {result.result for _, field in ours for result in field.results if result.method == "arc"})


def _after(sets: tuple[ArcSet, ...], words: set[str]) -> _Place:
    if not words:
        raise LocalProtocolError("a chain, and no result of ours that says whether it is whole")
    if words != {ArcWord.PASS.value}:
        # RFC 8617 §5.1.2: the seal of a broken chain covers its own set alone
        return _Place(len(sets) + 1, ArcWord.FAIL)
    return _Place(len(sets) + 1, ArcWord.PASS, b"".join(one.octets for one in sets))


def _instances(header: Header) -> Iterator[int]:
    """Yield the instances of all fields that have one."""
    for field in header.named(ArcField.SEAL.key):
        with contextlib.suppress(RemoteProtocolError):
            yield parse_seal(field).instance
    for field in header.named(ArcField.MESSAGE_SIGNATURE.key):
        with contextlib.suppress(RemoteProtocolError):
            yield parse_message_signature(field)[0]
    for field in header.named(ArcField.RESULTS.key):
        with contextlib.suppress(RemoteProtocolError):
            yield split_results(field)[0]


def _says_broken(field: bytes) -> bool:
    try:
        return parse_seal(field).chain is ArcWord.FAIL
    except RemoteProtocolError:
        return False


def _results_of(header: Header, authserv_id: str) -> Iterator[tuple[str, AuthenticationResults]]:
    """Yield what our own fields say, as text and as values; what cannot be read is not passed on."""
    for field in header.named(_RESULTS):
        body = field.partition(b":")[2].decode("utf-8", "replace").removesuffix("\r\n")
        with contextlib.suppress(ValueError):
            results = parse(body, lenient=True)
            if claims_authserv(body, authserv_id) and results.results:
                scanner = Scanner(body)
                read_authserv_id(scanner)
                yield body[scanner.position + 1 :].strip(" \t\r\n").rstrip("; \t\r\n"), results


def _results_field(instance: int, authserv_id: str, texts: list[str]) -> bytes:
    # Written as in a field without results, where only `none` follows the name.
    name = AuthenticationResults(authserv_id).to_field().partition(b":")[2].rpartition(b";")[0].decode().strip()
    payload = ";\r\n\t".join([name, *(texts or ["none"])])
    return f"{ArcField.RESULTS}: i={instance}; {payload}\r\n".encode()
