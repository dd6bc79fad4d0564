"""Ed25519 signatures on JSON objects: what servers, devices and cross-signing keys say, and that it is they who say it.

A signature covers the canonical JSON of an object without its `signatures` and `unsigned`, and is kept in the object
under the signer's name and the key's id. Keys hold what was loaded once; whoever knows keys by name asks with them.

    key = SigningKey.from_base64("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1", "1")
    signed = sign_json({"one": 1}, "domain", key)
    verify_json(signed, "domain", "ed25519:1", key.verify_key)   # True

The arithmetic is libsodium's, by PyNaCl: it is what other homeservers verify by, so that no crafted signature holds
for one and not for the other, and it is faster at this than OpenSSL.

Standards: Matrix v1.19, Appendices §Signing JSON; RFC 8032 (Ed25519).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from scop.base import RemoteProtocolError
from scop.matrix import canonical_json, unpadded_base64
from scop.matrix.json_values import JsonObject, JsonView

__all__ = ["SigningKey", "VerifyKey", "key_version", "sign_json", "signature_of", "signed_octets", "verify_json"]

_ALGORITHM = "ed25519"
_KEY_OCTETS = 32
_SIGNATURE_OCTETS = 64
_SERVER_KEY_VERSION = re.compile(r"[A-Za-z0-9_]+\Z")
_UNSIGNED = frozenset(["signatures", "unsigned"])

# Stricter than RFC 8032 §5.1.7: points of small order, as which a key or a signature's first half proves nothing: by
# such a key one signature holds for any octets. libsodium, which other homeservers verify by, refuses them, and events
# must not be right for some servers only.
_PRIME = 2**255 - 19
_SMALL_ORDER = frozenset(
    [
        0,
        1,
        _PRIME - 1,
        int("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826", 16),
        int("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16),
    ]
)


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """The public half of a key, as octets; equal to another by them."""

    octets: bytes

    def __post_init__(self) -> None:
        if len(self.octets) != _KEY_OCTETS:
            raise RemoteProtocolError("an Ed25519 key has 32 octets")
        if _is_weak(self.octets):
            raise RemoteProtocolError("an Ed25519 key that proves nothing")

    @classmethod
    def from_base64(cls, text: str) -> VerifyKey:
        """Return the key that unpadded base64 writes; raises `RemoteProtocolError`. Those asked for stay loaded."""
        return _verify_key(text)

    def to_base64(self) -> str:
        """Return it in unpadded base64."""
        return unpadded_base64.encode(self.octets)

    def verifies(self, octets: bytes, signature: bytes) -> bool:
        """Return whether the signature on the octets is by this key."""
        if len(signature) != _SIGNATURE_OCTETS:
            return False
        try:
            crypto_sign_open(signature + octets, self.octets)
        except BadSignatureError:
            return False
        return True


def _is_weak(point: bytes) -> bool:
    """Return whether a point is written in another than its one way, or is of small order."""
    y = int.from_bytes(point, "little") & (2**255 - 1)  # the highest bit is the sign of x
    return y >= _PRIME or y in _SMALL_ORDER


@lru_cache(maxsize=1024)
def _verify_key(text: str) -> VerifyKey:
    return VerifyKey(unpadded_base64.decode(text))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the version its owner gave it: `ed25519:<version>` is its id."""

    seed: bytes = field(repr=False)
    version: str
    key_id: str = field(init=False, compare=False)
    verify_key: VerifyKey = field(init=False, compare=False)
    _loaded: bytes = field(init=False, repr=False, compare=False)  # seed and public half, as libsodium signs by them

    def __post_init__(self) -> None:
        if len(self.seed) != _KEY_OCTETS:
            raise RemoteProtocolError("the seed of an Ed25519 key has 32 octets")
        public, loaded = crypto_sign_seed_keypair(self.seed)
        object.__setattr__(self, "_loaded", loaded)
        object.__setattr__(self, "key_id", f"{_ALGORITHM}:{self.version}")
        object.__setattr__(self, "verify_key", VerifyKey(public))

    @classmethod
    def from_base64(cls, seed: str, version: str) -> SigningKey:
        """Return the key of a seed in unpadded base64; raises `RemoteProtocolError`."""
        return cls(unpadded_base64.decode(seed), version)

    @classmethod
    def generate(cls, chance: bytes, version: str) -> SigningKey:
        """Return a new key from 32 octets that nobody can guess."""
        return cls(chance, version)

    def sign(self, octets: bytes) -> bytes:
        """Return the signature on octets."""
        return crypto_sign(octets, self._loaded)[:_SIGNATURE_OCTETS]


def key_version(key_id: str) -> str:
    """Return what a server calls the key of this id; raises `RemoteProtocolError` for another algorithm or grammar."""
    algorithm, colon, version = key_id.partition(":")
    if not colon or algorithm != _ALGORITHM:
        raise RemoteProtocolError("a key that is not ed25519")
    # Matrix v1.19 SS §Retrieving server keys: the version "MUST have characters matching the regular expression
    # [a-zA-Z0-9_]".
    if not _SERVER_KEY_VERSION.match(version):
        raise RemoteProtocolError("the version of a server's key has letters, digits and _")
    return version


def signed_octets(json: JsonView, *, strict: bool = True) -> bytes:
    """Return what a signature on an object covers: all of it but `signatures` and `unsigned`."""
    return canonical_json.encode({key: json[key] for key in json if key not in _UNSIGNED}, strict=strict)


def sign_json(json: JsonView, signer: str, key: SigningKey, *, strict: bool = True) -> JsonObject:
    """Return an object with a signature of `signer` beside those that are there; the one given is not changed."""
    signature = unpadded_base64.encode(key.sign(signed_octets(json, strict=strict)))
    theirs = json.get("signatures")
    signatures: JsonObject = dict(theirs) if isinstance(theirs, dict) else {}
    ours = signatures.get(signer)
    signatures[signer] = {**(ours if isinstance(ours, dict) else {}), key.key_id: signature}
    return {**json, "signatures": signatures}


def signature_of(json: JsonView, signer: str, key_id: str) -> bytes | None:
    """Return the octets of a signature that stands in an object, or None where there is none or it is broken."""
    signatures = json.get("signatures")
    by_signer = signatures.get(signer) if isinstance(signatures, Mapping) else None
    written = by_signer.get(key_id) if isinstance(by_signer, Mapping) else None
    if not isinstance(written, str):
        return None
    try:
        return unpadded_base64.decode(written)
    except RemoteProtocolError:
        return None


def verify_json(json: JsonView, signer: str, key_id: str, public_key: VerifyKey | str, *, strict: bool = True) -> bool:
    """Return whether an object bears a signature of `signer` by the key of this id, and that one is right.

    The key may be unpadded base64; one that is not a key, and an object without a canonical form, verify nothing.
    """
    # Matrix v1.19 appendices §Checking for a Signature, steps 1, 2, 4: it is there, of a known algorithm, in base64.
    signature = signature_of(json, signer, key_id)
    if signature is None or not key_id.startswith(_ALGORITHM + ":"):
        return False
    try:
        key = _verify_key(public_key) if isinstance(public_key, str) else public_key
        # Steps 5, 6 and 7: without `signatures` and `unsigned`, canonically, by the key.
        return key.verifies(signed_octets(json, strict=strict), signature)
    except RemoteProtocolError:
        return False
