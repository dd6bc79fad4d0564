"""One order of names and one form of an RRset, so that both ends sign the same octets.

Standards: RFC 4034 §3.1.8.1, §6; RFC 6840 §5.1.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from scop.dns.names import name_from_labels, name_labels, name_to_wire
from scop.dns.rdata import RRSIG, type_number
from scop.dns.rrset import RRset

__all__ = ["label_count", "name_key", "rightmost", "signed_octets", "signed_owner"]

NAMES_REMEMBERED = 8192  # keys of order; bounded, since peers choose the names
_CLASS_IN = 1
_WILDCARD = "*"
_RECORD_HEAD = struct.Struct("!HHL")


@lru_cache(NAMES_REMEMBERED)
def name_key(name: str) -> tuple[bytes, ...]:
    """Return what sorts names into the canonical order (RFC 4034 §6.1): the labels, from the root down."""
    if "\\" in name:
        return name_labels(name)[::-1]
    return tuple(name.encode("ascii").split(b".")[::-1]) if name else ()


def label_count(name: str) -> int:
    """Return how many labels a name has, the root's not counted."""
    return len(name_key(name))


def rightmost(name: str, labels: int) -> str:
    """Return the ancestor of `name`, or the name itself, that has this many labels."""
    if "\\" in name:
        own = name_labels(name)
        return name_from_labels(own[len(own) - labels :])
    return ".".join(name.split(".")[label_count(name) - labels :]) if labels else ""


def signed_owner(owner: str, labels: int) -> str:
    """Return the name under which an RRset was signed: a wildcard if the signature has fewer labels than the owner.

    RFC 4035 §5.3.2.
    """
    if labels >= label_count(owner):
        return owner
    encloser = rightmost(owner, labels)
    return f"{_WILDCARD}.{encloser}" if encloser else _WILDCARD


def signed_octets(rrset: RRset, signature: RRSIG) -> bytes:
    """Return what `signature` signs: its own head, and the RRset in canonical form (RFC 4034 §3.1.8.1)."""
    owner = name_to_wire(signed_owner(rrset.owner, signature.labels))
    head = owner + _RECORD_HEAD.pack(type_number(rrset.type), _CLASS_IN, signature.original_ttl_seconds)
    # RFC 4034 §6.3: in the order of their octets, none twice.
    rdatas = sorted({rdata.to_wire() for rdata in rrset.rdatas})
    return signature.signed_head() + b"".join(head + len(octets).to_bytes(2, "big") + octets for octets in rdatas)
