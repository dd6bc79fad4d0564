"""What a forward gets where ARC is on: a seal over what our verifier found when the mail came in.

A forward leaves from another host than its author's, and a mailing list on the way may have broken its DKIM: who trusts
us may believe the seal that both were right here. It says nothing more; nobody has to trust us.

Standards: RFC 8617 §5.1, §9.2 (what a seal does not say).
"""

from __future__ import annotations

from collections.abc import Sequence

from scop.arc import seal
from scop.authres import remove_forged
from scop.base import ProtocolError
from scop.dkim import Algorithm, SigningKey
from scop.smtp.stamps import header_of, prepend, split_stamps

__all__ = ["chained"]

MAX_HEADER_OCTETS = 131_072  # that is sealed: it comes from strangers, and its fields cost more than all of a body


def chained(octets: bytes, hostname: str, keys: Sequence[SigningKey], now_unix: float) -> bytes:
    """Return a forward with one more ARC set above it, and without the results that were told for it alone.

    Where no set can follow it goes on without: the chain is broken, is 50 sets long, or no results were told; or the
    header is very long.
    """
    stamps, below = split_stamps(octets, hostname)
    bare = remove_forged(stamps, hostname)
    if bare is stamps:
        return octets  # the verifier saw nothing of it: it was written here
    # Only the stamps are ours; results in our name below them are not.
    below = remove_forged(below, hostname)
    # RFC 8617 §4.1.2 has every algorithm of DKIM, but a set that somebody cannot read breaks a chain: few read Ed25519.
    key = next((key for key in keys if key.algorithm is Algorithm.RSA_SHA256), None)
    is_long = len(header_of(octets)) > MAX_HEADER_OCTETS
    fields = b"" if key is None or is_long else _fields(prepend(below, stamps), hostname, key, now_unix)
    return prepend(below, fields, bare)


def _fields(octets: bytes, hostname: str, key: SigningKey, now_unix: float) -> bytes:
    try:
        return seal(octets, key=key, authserv_id=hostname, now=now_unix)
    except (ProtocolError, ValueError):  # a chain of which the verifier told nothing; a mail without From
        return b""
