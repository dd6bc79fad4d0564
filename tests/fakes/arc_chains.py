"""Chains of ARC that are sealed here, with the keys of `fakes.dkim_keys`, and some that say what no honest one does."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import cache

from fakes.dkim_keys import ed25519_key, published, rsa_key
from scop.arc import ArcResult, seal, validate
from scop.arc.chain import canonical_set
from scop.arc.fields import parse_message_signature
from scop.dkim import SigningKey, canonical_header
from scop.dkim.header import split_message
from scop.dns import StaticNames, run

__all__ = ["MAIL", "NAMES", "NOW", "carried", "chain_of", "judged", "resealed"]

NOW = 1_800_000_000
MAIL = b"From: ann@harbor.test\r\nTo: list@lagoon.test\r\nSubject: tide\r\n\r\nHigh water at nine.\r\n"
NAMES = published([rsa_key(), ed25519_key()])


def carried(
    mail: bytes, arc: str, *, key: SigningKey | None = None, says: str = "dkim=pass header.d=harbor.test"
) -> bytes:
    """Return a mail as one who carries it on sends it: sealed with what he found out."""
    results = f"Authentication-Results: mx.lagoon.test; arc={arc}; {says}\r\n".encode() + mail
    return seal(results, key=key or ed25519_key(), authserv_id="mx.lagoon.test", now=NOW) + mail


@cache
def chain_of(count: int) -> bytes:
    """Return a mail with a chain of so many sets."""
    mail = MAIL
    for number in range(count):
        mail = carried(mail, "pass" if number else "none")
    return mail


def judged(mail: bytes, names: StaticNames = NAMES) -> ArcResult:
    """Return what comes of a mail."""
    return run(validate(mail, now=NOW), names)


def resealed(mail: bytes, change: Callable[[bytes], bytes], change_seal: Callable[[bytes], bytes] = bytes) -> bytes:
    """Return a mail of one set whose message signature or seal says something else, and is signed again."""
    header, _ = split_message(mail)
    (results,) = header.named(b"arc-authentication-results")
    empty = [
        re.sub(rb"b=[^;]*;", b"b=;", header.named(name)[0], count=1) for name in (b"arc-message-signature", b"arc-seal")
    ]
    signature, end = change(empty[0]), change_seal(empty[1])
    names = parse_message_signature(signature.replace(b"b=;", b"b=AA==;", 1))[1].signed_fields
    covered = header.covered(names, "relaxed") + canonical_header(signature, "relaxed").removesuffix(b"\r\n")
    signature = signature.replace(b"b=;", b"b=" + base64.b64encode(ed25519_key().sign(covered)) + b";", 1)
    own = canonical_set(results, signature, end)[1]
    end = end.replace(b"b=;", b"b=" + base64.b64encode(ed25519_key().sign(own)) + b";", 1)
    return end + signature + results + MAIL
