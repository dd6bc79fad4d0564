"""Signatures over RRsets: made and checked by every algorithm, and what makes one worthless."""

from __future__ import annotations

import base64
from dataclasses import replace

import dns.name
import dns.rdata
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP521R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

import dns.dnssec
from scop.dns import MX, TXT, A
from scop.dns.dnssec.algorithms import MODERN, WITH_SHA1, Algorithm, Digest
from scop.dns.dnssec.digests import cds_of, digest_length, ds_of, names_key
from scop.dns.dnssec.keys import COMBINED_FLAGS, ZONE_FLAGS, SigningKey
from scop.dns.dnssec.public_keys import fits
from scop.dns.dnssec.signatures import Validity, Verdict, sign, trusted_ttl, verify, wildcard_encloser
from scop.dns.rdata import DNSKEY, NSEC, RRSIG, Rdata, read_rdata
from scop.dns.rrset import RRset

NOW = 1_800_000_000
VALIDITY = Validity(NOW - 3600, NOW + 86_400)
KEYS = {algorithm: SigningKey.generate(algorithm) for algorithm in Algorithm if algorithm in MODERN.algorithms}
KEY = KEYS[Algorithm.ECDSAP256SHA256]
MAIL = RRset("mail.zone.test", "A", 300, (A("192.0.2.2"), A("192.0.2.1")))

algorithms = pytest.mark.parametrize("algorithm", KEYS, ids=lambda algorithm: algorithm.name)


def _rdata(type_: str, text: str) -> Rdata:
    found = dns.rrset.from_text("x.", 0, "IN", type_, text)[0]
    return read_rdata(type_, found.to_wire() or b"")


@algorithms
def test_dnssec_signature_fits_what_it_was_made_over(algorithm: Algorithm) -> None:
    """RFC 4034 §3.1.8.1: who has the key can tell that the RRset is the zone's, in whatever order it came."""
    key = KEYS[algorithm]
    signature = sign(MAIL, key, "zone.test", VALIDITY)
    turned = replace(MAIL, rdatas=MAIL.rdatas[::-1])
    assert Verdict.GOOD is verify(turned, signature, key.dnskey, NOW)
    changed = replace(MAIL, rdatas=MAIL.rdatas[:1])
    assert Verdict.FORGED is verify(changed, signature, key.dnskey, NOW)


@algorithms
def test_dnssec_signature_is_what_dnspython_takes(algorithm: Algorithm) -> None:
    """The octets are those of the standard, not only of ours."""
    key = KEYS[algorithm]
    theirs = dns.rrset.from_text("Mail.Zone.test.", 300, "IN", "A", "192.0.2.1", "192.0.2.2")
    signature = _their("mail.zone.test", sign(MAIL, key, "zone.test", VALIDITY))
    keys = _their("zone.test", key.dnskey)
    dns.dnssec.validate(theirs, signature, {keys.name: keys}, now=NOW)


@pytest.mark.parametrize(
    "algorithm", [a for a in KEYS if a not in {Algorithm.RSASHA512}], ids=lambda algorithm: algorithm.name
)
def test_dnssec_key_is_the_same_after_its_file(algorithm: Algorithm) -> None:
    """A key that was saved and loaded shows the same DNSKEY, and signs for it."""
    key = KEYS[algorithm]
    loaded = SigningKey.from_pem(key.to_pem(), flags=COMBINED_FLAGS)
    assert key == loaded
    assert Verdict.GOOD is verify(MAIL, sign(MAIL, loaded, "zone.test", VALIDITY), key.dnskey, NOW)


def test_dnssec_key_has_a_role_that_can_change() -> None:
    """RFC 4034 §2.1.1, RFC 5011 §2.1: flags say the role, and a revoked key has another tag."""
    assert ZONE_FLAGS == KEY.with_flags(ZONE_FLAGS).dnskey.flags
    assert KEY.revoked().dnskey.is_revoked
    assert (KEY.key_tag + 128) & 0xFFFF == KEY.revoked().key_tag


def test_dnssec_key_of_an_old_algorithm_is_not_made() -> None:
    """RFC 9905 §4: nothing new is signed with SHA-1."""
    with pytest.raises(ValueError, match="RSASHA1"):
        SigningKey.generate(Algorithm.RSASHA1)


def test_dnssec_key_of_no_algorithm_is_refused() -> None:
    """A private key that no zone can sign with is told by its kind."""
    pem = generate_private_key(SECP521R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="no algorithm"):
        SigningKey.from_pem(pem)


SIGNED = sign(MAIL, KEY, "zone.test", VALIDITY)


@pytest.mark.parametrize(
    ("verdict", "rrset", "signature", "now"),
    [
        (Verdict.GOOD, MAIL, SIGNED, VALIDITY.inception_unix),
        (Verdict.GOOD, MAIL, SIGNED, VALIDITY.expiration_unix),
        (Verdict.EARLY, MAIL, SIGNED, VALIDITY.inception_unix - 1),
        (Verdict.EXPIRED, MAIL, SIGNED, VALIDITY.expiration_unix + 1),
        (Verdict.BACKWARDS, MAIL, replace(SIGNED, expiration=VALIDITY.inception_unix - 1), NOW),
        (Verdict.MISPLACED, replace(MAIL, type="AAAA"), SIGNED, NOW),
        (Verdict.MISPLACED, MAIL, replace(SIGNED, signer="other.test"), NOW),
        (Verdict.MISPLACED, replace(MAIL, owner="zone.test"), SIGNED, NOW),
        (Verdict.MISPLACED, MAIL, replace(SIGNED, labels=1), NOW),
        (Verdict.WRONG_KEY, MAIL, replace(SIGNED, key_tag=SIGNED.key_tag ^ 1), NOW),
        (Verdict.WRONG_KEY, MAIL, replace(SIGNED, algorithm=15), NOW),
        (Verdict.FORGED, replace(MAIL, owner="mall.zone.test"), SIGNED, NOW),
        (Verdict.FORGED, MAIL, replace(SIGNED, original_ttl_seconds=301), NOW),
        (Verdict.FORGED, MAIL, replace(SIGNED, signature=SIGNED.signature[:-1]), NOW),
        (Verdict.FORGED, MAIL, replace(SIGNED, signature=bytes(64)), NOW),
        (Verdict.GOOD, replace(MAIL, ttl_seconds=17), SIGNED, NOW),
    ],
)
def test_dnssec_signature_holds_for_its_rrset_and_time(
    verdict: Verdict, rrset: RRset, signature: RRSIG, now: int
) -> None:
    """RFC 4035 §5.3.1: what is checked of a signature, and the bounds of its time included."""
    assert verdict is verify(rrset, signature, KEY.dnskey, now)


@pytest.mark.parametrize(
    "key",
    [
        DNSKEY(COMBINED_FLAGS & ~ZONE_FLAGS, 3, 13, KEY.dnskey.key),
        DNSKEY(COMBINED_FLAGS, 2, 13, KEY.dnskey.key),
    ],
)
def test_dnssec_key_that_may_not_sign_signs_nothing(key: DNSKEY) -> None:
    """RFC 4034 §2.1.1 and §2.1.2: without the zone flag or with another protocol it is no key of a zone."""
    assert Verdict.WRONG_KEY is verify(MAIL, replace(SIGNED, key_tag=key.key_tag), key, NOW)


def test_dnssec_signature_time_goes_round() -> None:
    """RFC 4034 §3.1.5: times are modulo 2**32, so a signature may hold over the year 2106."""
    edge = 1 << 32
    signature = sign(MAIL, KEY, "zone.test", Validity(edge - 10, edge + 10))
    verdicts = [verify(MAIL, signature, KEY.dnskey, edge + shift) for shift in (-11, -10, 10, 11)]
    assert [Verdict.EARLY, Verdict.GOOD, Verdict.GOOD, Verdict.EXPIRED] == verdicts


def test_dnssec_signature_of_a_wildcard_fits_the_names_made_of_it() -> None:
    """RFC 4035 §5.3.2: fewer labels in the signature than in the owner tell what was signed."""
    wildcard = RRset("*.zone.test", "MX", 60, (MX(10, "mail.zone.test"),))
    signature = sign(wildcard, KEY, "zone.test", VALIDITY)
    made = replace(wildcard, owner="a.b.zone.test")
    assert (2, 2, None) == (
        signature.labels,
        wildcard_encloser(made.owner, signature),
        wildcard_encloser(wildcard.owner, signature),
    )
    assert [Verdict.GOOD] * 2 == [verify(rrset, signature, KEY.dnskey, NOW) for rrset in (wildcard, made)]


def test_dnssec_ttl_is_bounded_by_the_signature() -> None:
    """RFC 4035 §5.3.3: neither the original TTL nor the end of the signature is passed."""
    assert 300 == trusted_ttl(replace(MAIL, ttl_seconds=9999), SIGNED, NOW)
    assert 7 == trusted_ttl(MAIL, SIGNED, VALIDITY.expiration_unix - 7)
    assert 5 == trusted_ttl(replace(MAIL, ttl_seconds=5), SIGNED, NOW)
    assert 0 == trusted_ttl(MAIL, SIGNED, VALIDITY.expiration_unix + 1)


@given(st.sampled_from(sorted(WITH_SHA1.algorithms | {0, 1, 3, 12, 253})), st.binary(max_size=600), st.binary())
def test_dnssec_any_octets_for_key_and_signature_are_no_fault(algorithm: int, key: bytes, signature: bytes) -> None:
    """What peers call a key is no reason to fail, and nothing fits it."""
    assert not fits(algorithm, key, signature, b"signed")


@pytest.mark.parametrize("bits", [511, 4097])
def test_dnssec_rsa_key_beyond_the_bounds_fits_nothing(bits: int) -> None:
    """RFC 3110 §2, RFC 5702 §2.1: a modulus has 512 to 4096 bits."""
    modulus = (1 << bits - 1 | 1).to_bytes((bits + 7) // 8, "big")
    assert not fits(Algorithm.RSASHA256, b"\1\3" + modulus, b"\0" * len(modulus), b"signed")


# RFC 6605 §6.1 and §6.2, RFC 8080 §6.1
_EXAMPLES = [
    (
        "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
        "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
        "www.example.net",
        "A",
        "192.0.2.1",
        (
            "A 13 3 3600 20100909100439 20100812100439 55648 example.net. qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXA"
            "yGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw=="
        ),
    ),
    (
        (
            "257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBw"
            "Y8rp65F6Glur8I/mlVNgF6W/qTI37m40"
        ),
        "10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6",
        "www.example.net",
        "A",
        "192.0.2.1",
        (
            "A 14 3 3600 20100909102025 20100812102025 10771 example.net. /L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP"
            "95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm"
        ),
    ),
    (
        "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
        "3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b",
        "example.com",
        "MX",
        "10 mail.example.com.",
        (
            "MX 15 2 3600 1440021600 1438207200 3613 example.com. oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaP"
            "D+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg=="
        ),
    ),
]


@pytest.mark.parametrize(("key", "ds", "owner", "type_", "record", "signature"), _EXAMPLES)
def test_dnssec_examples_of_the_rfcs_verify(
    key: str, ds: str, owner: str, type_: str, record: str, signature: str
) -> None:
    """RFC 6605 §6, RFC 8080 §6.1: the key's DS, and its signature over the record."""
    public, signed, vouching = _rdata("DNSKEY", key), _rdata("RRSIG", signature), _rdata("DS", ds)
    assert isinstance(public, DNSKEY)
    assert isinstance(signed, RRSIG)
    assert vouching == ds_of(signed.signer, public, Digest(int(ds.split()[2])))
    rrset = RRset(owner, type_, 3600, (_rdata(type_, record),))
    assert Verdict.GOOD is verify(rrset, signed, public, signed.inception)


def test_dnssec_ds_names_one_key() -> None:
    """RFC 4034 §5.2: tag, algorithm, digest and owner must all be the key's, and it must be a zone key."""
    ds = ds_of("zone.test", KEY.dnskey)
    assert names_key(ds, "zone.test", KEY.dnskey)
    assert names_key(ds_of("zone.test", KEY.dnskey, Digest.SHA384), "zone.test", KEY.dnskey)
    assert ds.digest == cds_of("zone.test", KEY.dnskey).digest
    for wrong in (
        replace(ds, key_tag=ds.key_tag ^ 1),
        replace(ds, algorithm=8),
        replace(ds, digest_type=3),
        replace(ds, digest=ds.digest[:-1]),
    ):
        assert not names_key(wrong, "zone.test", KEY.dnskey)
    assert not names_key(ds, "other.test", KEY.dnskey)
    no_zone_key = replace(KEY.dnskey, flags=1)
    assert not names_key(ds_of("zone.test", no_zone_key), "zone.test", no_zone_key)
    assert [20, 32, None, 48] == [digest_length(number) for number in (1, 2, 3, 4)]


def test_dnssec_nsec_is_signed_in_the_case_of_its_next_name() -> None:
    """RFC 6840 §5.1: a next name in capitals is signed so; lowering it would break the signature."""
    written = read_rdata("NSEC", b"\4Next\4Zone\4test\0" + NSEC.of("", ["A"]).bitmap)
    rrset = RRset("zone.test", "NSEC", 60, (written,))
    signature = sign(rrset, KEY, "zone.test", VALIDITY)
    assert isinstance(written, NSEC)
    lowered = replace(rrset, rdatas=(replace(written, written=b""),))
    assert [Verdict.GOOD, Verdict.FORGED] == [verify(r, signature, KEY.dnskey, NOW) for r in (rrset, lowered)]


_LABELS = st.binary(min_size=1, max_size=6).map(lambda octets: base64.b32encode(octets).decode().rstrip("="))
_RDATAS = st.one_of(
    st.lists(st.builds(A, st.ip_addresses(v=4).map(str)), min_size=1, max_size=4),
    st.lists(st.builds(TXT.of, st.binary(max_size=300)), min_size=1, max_size=4),
    st.lists(st.builds(MX, st.integers(0, 0xFFFF), _LABELS), min_size=1, max_size=4),
)


@settings(max_examples=60)
@given(st.lists(_LABELS, max_size=4), _RDATAS, st.integers(0, 0x7FFF_FFFF))
def test_dnssec_signatures_over_any_rrset_are_what_dnspython_takes(
    labels: list[str], rdatas: list[A] | list[TXT] | list[MX], ttl: int
) -> None:
    """RFC 4034 §6: our canonical form is that of others, for any owner, order and doubled records."""
    owner = ".".join([*labels, "zone.test"]).lower()
    rrset = RRset(owner, rdatas[0].type, ttl, tuple(rdatas))
    signature = sign(rrset, KEYS[Algorithm.ED25519], "zone.test", VALIDITY)
    keys = _their("zone.test", KEYS[Algorithm.ED25519].dnskey)
    dns.dnssec.validate(_their(owner, *rdatas, ttl=ttl), _their(owner, signature), {keys.name: keys}, now=NOW)
    assert Verdict.GOOD is verify(rrset, signature, KEYS[Algorithm.ED25519].dnskey, NOW)


def _their(owner: str, *rdatas: Rdata, ttl: int = 300) -> dns.rrset.RRset:
    made = [dns.rdata.from_wire("IN", rdata.type, rdata.to_wire(), 0, len(rdata.to_wire())) for rdata in rdatas]
    return dns.rrset.from_rdata_list(dns.name.from_text(owner), ttl, made)
