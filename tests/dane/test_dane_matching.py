"""Certificates held against TLSA records: usages, selectors, digests and what is left out."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from fakes.private_ca import Leaf, authority
from scop.base import LimitExceeded, RemoteProtocolError
from scop.dane import Match, is_named, match, usable
from scop.dane.certificate import public_key_info
from scop.dns import TLSA

LEAF = authority().leaf("mx.sea.test")
OTHER = authority("another").leaf("mx.sea.test")
ANCHOR = authority().der


def _selected(leaf: Leaf, position: int, selector: int) -> bytes:
    certificate = (leaf.certificate, *leaf.above)[position]
    if selector:
        return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.public_bytes(Encoding.DER)


def _record(usage: int, selector: int, matching_type: int, leaf: Leaf = LEAF) -> TLSA:
    octets = _selected(leaf, 0 if usage in (1, 3) else 1, selector)
    return TLSA(
        usage,
        selector,
        matching_type,
        (lambda: octets, hashlib.sha256(octets).digest, hashlib.sha512(octets).digest)[matching_type](),
    )


@pytest.mark.parametrize("leaf", [LEAF, OTHER])
def test_dane_reads_the_key_of_a_certificate(leaf: Leaf) -> None:
    """RFC 6698 §2.1.2: the SPKI is what another library finds there."""
    for position, der in enumerate(leaf.chain):
        assert _selected(leaf, position, 1) == public_key_info(der)


@given(st.integers(0, 600), st.integers(0, 255))
def test_dane_walks_broken_certificates_safely(position: int, octet: int) -> None:
    """Whatever a server shows, only `RemoteProtocolError` escapes."""
    der = bytearray(LEAF.chain[0])
    der[position % len(der)] = octet
    for octets in (bytes(der), bytes(der[:position])):
        with contextlib.suppress(RemoteProtocolError):
            public_key_info(octets)


def test_dane_bounds_a_certificate() -> None:
    """A certificate of 65,537 octets is refused unread, and one that is followed by more is none."""
    with pytest.raises(LimitExceeded):
        public_key_info(bytes(65_537))
    with pytest.raises(RemoteProtocolError):
        public_key_info(LEAF.chain[0] + b"\0")


@pytest.mark.parametrize("matching_type", [0, 1, 2])
@pytest.mark.parametrize("selector", [0, 1])
def test_dane_matches_every_form(selector: int, matching_type: int) -> None:
    """RFC 6698 §2.1: both usages of SMTP, both selectors, all matching types."""
    assert Match(is_end_entity=True) == match((_record(3, selector, matching_type),), LEAF.chain)
    assert Match(anchors=(ANCHOR,)) == match((_record(2, selector, matching_type),), LEAF.chain)
    assert Match() == match((_record(3, selector, matching_type),), OTHER.chain)


def test_dane_tells_the_anchor_in_the_dns() -> None:
    """RFC 7672 §3.1.2: an anchor that stands in the DNS in full needs not be sent; it is never by chance the leaf."""
    assert Match(anchors=(ANCHOR,)) == match((_record(2, 0, 0),), OTHER.chain)
    assert Match() == match((_record(2, 0, 1),), LEAF.chain[:1])
    assert Match() == match((TLSA(2, 0, 1, hashlib.sha256(LEAF.chain[0]).digest()),), LEAF.chain[:1])


@pytest.mark.parametrize("usage", [0, 1, 4, 255])
def test_dane_uses_no_other_usage(usage: int) -> None:
    """RFC 7672 §3.1.3: PKIX-TA and PKIX-EE, and what is not assigned, are unusable."""
    record = TLSA(usage, 0, 1, hashlib.sha256(LEAF.chain[0]).digest())
    assert () == usable((record,))
    assert Match() == match((record,), LEAF.chain)


@pytest.mark.parametrize(
    "record",
    [
        TLSA(3, 2, 1, bytes(32)),
        TLSA(3, 1, 3, bytes(32)),
        TLSA(3, 1, 1, bytes(31)),
        TLSA(3, 1, 2, bytes(32)),
        TLSA(3, 1, 0, b""),
        TLSA(2, 0, 0, b"0"),
    ],
)
def test_dane_uses_no_malformed_record(record: TLSA) -> None:
    """Unknown selectors and matching types, and digests of another length, are unusable."""
    assert () == usable((record,))


def test_dane_counts_the_strongest_digest_only() -> None:
    """RFC 7671 §9: a SHA2-256 record beside a SHA2-512 one of the same usage and selector does not count."""
    wrong = TLSA(3, 1, 2, bytes(64))
    assert Match() == match((_record(3, 1, 1), wrong), LEAF.chain)
    assert match((_record(3, 0, 1), wrong), LEAF.chain).is_end_entity
    assert match((_record(3, 1, 0), wrong), LEAF.chain).is_end_entity
    assert match((_record(3, 1, 2), _record(3, 1, 1, OTHER)), LEAF.chain).is_end_entity


def test_dane_bounds_the_records() -> None:
    """The 64th record counts and the 65th does not."""
    others = tuple(TLSA(3, 1, 1, bytes(30) + number.to_bytes(2, "big")) for number in range(64))
    assert match((*others[:63], _record(3, 1, 1)), LEAF.chain).is_end_entity
    assert not match((*others, _record(3, 1, 1)), LEAF.chain).is_end_entity


def test_dane_of_no_chain_matches_nothing() -> None:
    """A server that shows no certificate is not the one that is meant."""
    assert Match() == match((_record(3, 1, 1),), ())


@pytest.mark.parametrize(
    ("presented", "wanted", "is_covered"),
    [
        ("mx.sea.test", "mx.sea.test", True),
        ("MX.Sea.Test.", "mx.sea.test", True),
        ("*.sea.test", "mx.sea.test", True),
        ("*.sea.test", "a.mx.sea.test", False),
        ("*.sea.test", "sea.test", False),
        ("*.test", "sea.test", False),
        ("m*.sea.test", "mx.sea.test", False),
        ("mx.*.test", "mx.sea.test", False),
        ("sea.test", "mx.sea.test", False),
        ("", "", False),
    ],
)
def test_dane_compares_names(presented: str, wanted: str, is_covered: bool) -> None:
    """RFC 9525 §6.3: a wildcard stands for one whole label, the first."""
    assert is_covered == is_named((presented,), (wanted,))
