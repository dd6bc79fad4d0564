"""DomainKeys Identified Mail: a domain seals a mail with its private key, and anyone can check the seal by DNS.

`sign` returns the fields to prepend, `verify` is a generator that asks for public keys and returns one
result a signature. Nothing here touches the network, files or the clock.

Standards: RFC 6376, RFC 8301, RFC 8463, RFC 8616.
"""

from scop.dkim.canonical import Canonicalization, canonical_body, canonical_header
from scop.dkim.keys import PrivateKey, SigningKey, generate_key, key_from_pem, key_to_pem, public_record
from scop.dkim.sign import OVERSIGNED_FIELDS, SIGNED_FIELDS, sign
from scop.dkim.signature import Algorithm, Signature, parse_signature
from scop.dkim.verify import DkimResult, DkimWord, verify

__all__ = [
    "OVERSIGNED_FIELDS",
    "SIGNED_FIELDS",
    "Algorithm",
    "Canonicalization",
    "DkimResult",
    "DkimWord",
    "PrivateKey",
    "Signature",
    "SigningKey",
    "canonical_body",
    "canonical_header",
    "generate_key",
    "key_from_pem",
    "key_to_pem",
    "parse_signature",
    "public_record",
    "sign",
    "verify",
]
