"""Sealing, and that every change of a sealed octet shows."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.dkim_keys import ed25519_key, published, rsa_key
from scop.dkim import (
    OVERSIGNED_FIELDS,
    SIGNED_FIELDS,
    Algorithm,
    SigningKey,
    canonical_body,
    key_from_pem,
    key_to_pem,
    parse_signature,
    public_record,
    sign,
    verify,
)
from scop.dns import run

NOW = 1_800_000_000
MAIL = (
    b"From: Ann <ann@lagoon.test>\r\nTo: bob@harbor.test\r\nSubject: tide\r\n  tables\r\n"
    b"Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <1@lagoon.test>\r\n\r\nHigh water at nine.\r\n"
)

field_text = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40).map(str.encode)
bodies = st.lists(st.binary(max_size=30), max_size=5).map(b"\r\n".join)


def results(octets: bytes, *keys: SigningKey) -> list[str]:
    """Return the result words of all signatures."""
    return [result.result.value for result in run(verify(octets, now=NOW), published(keys))]


@given(st.lists(st.tuples(st.sampled_from([b"Subject", b"To", b"X-Note", b"From"]), field_text), max_size=6), bodies)
def test_sign_then_verify_passes(fields: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Whatever the mail, both fresh seals verify."""
    header = b"".join(name + b": " + text + b"\r\n" for name, text in fields)
    mail = b"From: a@lagoon.test\r\n" + header + b"\r\n" + body
    keys = (rsa_key(), ed25519_key())
    assert ["pass", "pass"] == results(sign(mail, keys, now=NOW) + mail, *keys)


@given(st.integers(0, len(MAIL) - 1), st.sampled_from([b"%", b"7"]))
def test_sign_any_changed_octet_fails(place: int, octet: bytes) -> None:
    """No printable octet of a mail can be put in another's place; all its fields are signed."""
    changed = MAIL[:place] + octet + MAIL[place + 1 :]
    keys = (ed25519_key(),)
    if MAIL[place] not in octet:
        assert ["fail"] == results(sign(MAIL, keys, now=NOW) + changed, *keys)


@pytest.mark.parametrize("name", OVERSIGNED_FIELDS)
def test_sign_a_field_added_on_the_way_fails(name: str) -> None:
    """RFC 6376 §8.15: over-signed fields cannot be given to the reader twice."""
    keys = (ed25519_key(),)
    added = f"{name}: forged\r\n".encode()
    seal = sign(MAIL, keys, now=NOW)
    assert [["fail"], ["fail"]] == [results(seal + added + MAIL, *keys), results(added + seal + MAIL, *keys)]


def test_sign_a_field_of_another_kind_may_be_added() -> None:
    """Trace fields and those of mailing lists are added on the way and break nothing."""
    keys = (rsa_key(), ed25519_key())
    seal = sign(MAIL, keys, now=NOW)
    assert ["pass", "pass"] == results(b"Received: by x\r\nList-Id: <l.test>\r\n" + seal + MAIL, *keys)


def test_sign_fields_are_lines_of_mail() -> None:
    """RFC 5322 §2.1.1: lines stay within 78 octets and every seal is one folded field."""
    seal = sign(MAIL, (rsa_key(), ed25519_key()), now=NOW, lifetime_seconds=3600)
    assert 78 >= max(map(len, seal.split(b"\r\n")))
    assert 2 == sum(not line.startswith(b"\t") for line in seal.removesuffix(b"\r\n").split(b"\r\n"))
    first = seal.partition(b"\r\nDKIM-")[0]
    assert NOW + 3600 == parse_signature(first).expires_unix


def test_sign_a_mail_without_from_is_refused() -> None:
    """RFC 6376 §5.4: From must be signed, so it must be there."""
    with pytest.raises(ValueError, match="without From"):
        sign(b"Subject: x\r\n\r\n", (ed25519_key(),), now=NOW)


@pytest.mark.parametrize("key", [rsa_key(), ed25519_key()], ids=["rsa", "ed25519"])
def test_sign_keys_survive_their_pem(key: SigningKey) -> None:
    """A stored key is the same key."""
    loaded = key_from_pem(key.domain, key.selector, key_to_pem(key))
    assert (public_record(key), key.algorithm) == (public_record(loaded), loaded.algorithm)


def test_sign_public_records() -> None:
    """RFC 6376 §3.6.1 and RFC 8463 §4.2: 270 octets of key for RSA-2048, 32 for Ed25519."""
    assert public_record(rsa_key()).startswith("v=DKIM1; k=rsa; h=sha256; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")
    assert len("v=DKIM1; k=ed25519; h=sha256; p=") + 44 == len(public_record(ed25519_key()))
    assert Algorithm.ED25519_SHA256 is ed25519_key().algorithm
    assert "ed._domainkey.lagoon.test" == ed25519_key().record_name


@given(bodies)
def test_sign_covers_the_whole_body(body: bytes) -> None:
    """No l=: an octet more is a broken seal unless it only makes empty lines."""
    keys = (ed25519_key(),)
    mail = b"From: a@lagoon.test\r\n\r\n" + body
    same = canonical_body(body, "relaxed") == canonical_body(body + b"x", "relaxed")
    assert ["pass" if same else "fail"] == results(sign(mail, keys, now=NOW) + mail + b"x", *keys)


def test_the_page_for_people_names_the_fields_that_are_sealed() -> None:
    """docs/sealed-fields.md says what is covered, in the order of h=."""
    page = (Path(__file__).parents[2] / "docs" / "sealed-fields.md").read_text()
    lists = [" ".join(found.split()) for found in re.findall(r"\n\n([A-Z][^.`*]*)\.\n\n", page)]
    assert [", ".join(OVERSIGNED_FIELDS), ", ".join(SIGNED_FIELDS)] == lists
