"""The sets of a chain, gathered from a header and brought into order.

Standards: RFC 8617 §5.2 (steps 1 to 3), §4.2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from scop.arc.fields import MAX_INSTANCE, ArcField, ArcSeal, parse_message_signature, parse_seal, split_results
from scop.base import LimitExceeded, RemoteProtocolError
from scop.dkim import Canonicalization, Signature, canonical_header
from scop.dkim.header import Header
from scop.dkim.signature import without_signature_octets

__all__ = ["ArcSet", "canonical_set", "read_chain"]

_FIELDS = tuple(ArcField)
_RELAXED = Canonicalization.RELAXED  # RFC 8617 §4.1.3: seals know no other form

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ArcSet:
    """What one who carried the mail on added."""

    seal: ArcSeal
    signature: Signature
    results: str
    place: int  # of its message signature among its like, from the top
    octets: bytes  # as later seals cover it
    own_octets: bytes  # as its own seal covers it


def read_chain(header: Header) -> tuple[ArcSet, ...]:
    """Return the sets from the first to the last, none where nobody sealed; raise `RemoteProtocolError` otherwise."""
    results, signatures, seals = (header.named(kind.key) for kind in _FIELDS)
    counts = len(results), len(signatures), len(seals)
    # RFC 8617 §5.2 (1)
    if max(counts) > MAX_INSTANCE:
        raise LimitExceeded(f"more than {MAX_INSTANCE} sets")
    # RFC 8617 §5.2 (3): each set has one of each field, and their instances are 1 to n
    if len(set(counts)) > 1:
        raise RemoteProtocolError("a set lacks one of its fields")
    read_results = _in_order([(*split_results(field), field) for field in results])
    read_signatures = _in_order(
        [(*parse_message_signature(field), place) for place, field in enumerate(signatures)],
    )
    read_seals = _in_order([(seal.instance, seal, field) for field in seals for seal in [parse_seal(field)]])
    sets = []
    for (_, text, head), (_, signature, place), (_, seal, end) in zip(
        read_results, read_signatures, read_seals, strict=True
    ):
        whole, own = canonical_set(head, signatures[place], end)
        sets.append(ArcSet(seal, signature, text, place, whole, own))
    return tuple(sets)


def canonical_set(results: bytes, signature: bytes, seal: bytes) -> tuple[bytes, bytes]:
    """Return a set of whole fields as later seals cover it, and as its own seal does: without b= and the last CRLF."""
    before = canonical_header(results, _RELAXED) + canonical_header(signature, _RELAXED)
    bare = canonical_header(without_signature_octets(seal), _RELAXED)
    return before + canonical_header(seal, _RELAXED), before + bare.removesuffix(b"\r\n")


def _in_order(found: list[tuple[int, T, S]]) -> list[tuple[int, T, S]]:
    ordered = sorted(found, key=lambda one: one[0])
    if [one[0] for one in ordered] != list(range(1, len(ordered) + 1)):
        raise RemoteProtocolError("the instances of its sets are not 1 to n")
    return ordered
