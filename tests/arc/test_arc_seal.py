"""What a set says, and when none is added."""

from __future__ import annotations

import pytest

from fakes.arc_chains import MAIL, NAMES, NOW, carried, chain_of, judged
from fakes.dkim_keys import ed25519_key, published, rsa_key
from scop.arc import ArcWord, seal, validate
from scop.arc.fields import parse_message_signature, parse_seal
from scop.base import LocalProtocolError
from scop.dkim import PrivateKey, SigningKey, key_to_pem
from scop.dkim.header import split_message
from scop.dns import run


def sealed(mail: bytes, authserv_id: str = "mx.lagoon.test") -> bytes:
    """Return what is prepended to a mail."""
    return seal(mail, key=ed25519_key(), authserv_id=authserv_id, now=NOW)


def results_of(fields: bytes) -> str:
    """Return the body of the ARC-Authentication-Results field, unfolded."""
    (field,) = split_message(fields)[0].named(b"arc-authentication-results")
    return " ".join(field.partition(b":")[2].decode().split())


RESULTS = {
    "none": ("", "none"),
    "ours": ("mx.lagoon.test; dkim=pass header.d=a.test", "dkim=pass header.d=a.test"),
    "ours, with a version and comments": ("(x) MX.lagoon.test 1 (;) ; dkim=pass (it; is)", "dkim=pass (it; is)"),
    "ours, quoted": ('"mx.lagoon.test"; dkim=fail reason="a;b"', 'dkim=fail reason="a;b"'),
    "ours, without results": ("mx.lagoon.test; none", "none"),
    "another server's": ("mx.harbor.test; dkim=pass", "none"),
    "ours, unreadable": ("mx.lagoon.test; dkim=pass (", "none"),
}


@pytest.mark.parametrize("kind", RESULTS)
def test_arc_seal_says_what_our_own_results_say(kind: str) -> None:
    """RFC 8617 §4.1.1: word for word, and of nobody else; a mail without any says none."""
    body, expected = RESULTS[kind]
    head = f"Authentication-Results: {body}\r\n".encode() if body else b""
    assert f"i=1; mx.lagoon.test; {expected}" == results_of(sealed(head + MAIL))


def test_arc_seal_gathers_several_fields_in_their_order() -> None:
    """RFC 8617 §4.1.1: one field for all results, from the top."""
    head = b"".join(b"Authentication-Results: mx.lagoon.test; " + one + b"=pass\r\n" for one in (b"spf", b"dkim"))
    assert "i=1; mx.lagoon.test; spf=pass; dkim=pass" == results_of(sealed(head + MAIL))


def test_arc_seal_quotes_a_name_that_needs_it() -> None:
    """RFC 8601 §2.2: an authserv-id is a value."""
    fields = sealed(MAIL, "our host")
    assert 'i=1; "our host"; none' == results_of(fields)
    assert ArcWord.PASS is judged(fields + MAIL).result


@pytest.mark.parametrize("form", ["signing key", "private key", "pem", "text"])
@pytest.mark.parametrize("key", [rsa_key(), ed25519_key()], ids=["rsa", "ed25519"])
def test_arc_seal_takes_a_key_in_any_form(key: SigningKey, form: str) -> None:
    """A loaded key that has its names, one without, or PEM octets or text."""
    pem = key_to_pem(key)
    forms: dict[str, SigningKey | PrivateKey | bytes | str] = {
        "signing key": key,
        "private key": key.private_key,
        "pem": pem,
        "text": pem.decode(),
    }
    names = ("", "") if form == "signing key" else (key.domain, key.selector)
    fields = seal(MAIL, key=forms[form], domain=names[0], selector=names[1], authserv_id="x", now=NOW)
    assert ArcWord.PASS is run(validate(fields + MAIL, now=NOW), published([key])).result


def test_arc_seal_covers_what_dkim_covers_and_its_signatures() -> None:
    """RFC 8617 §4.1.2: the fields of our seals, over-signed, and each DKIM-Signature; no results, no seals."""
    (field,) = split_message(sealed(b"DKIM-Signature: a\r\n" * 2 + MAIL))[0].named(b"arc-message-signature")
    names = parse_message_signature(field)[1].signed_fields
    assert (2, 2, 1) == tuple(map(names.count, (b"from", b"dkim-signature", b"sender")))
    assert {b"authentication-results", b"arc-seal"}.isdisjoint(names)


def test_arc_seal_lines_are_lines_of_mail() -> None:
    """RFC 5322 §2.1.1: none has more than 998 octets, for a long list of fields too."""
    names = [f"X-{number}" for number in range(400)]
    fields = seal(MAIL, key=rsa_key(), authserv_id="x", headers=["From", *names], now=NOW)
    assert 998 > max(map(len, fields.split(b"\r\n")))
    assert ArcWord.PASS is judged(fields + MAIL).result


def test_arc_seal_needs_to_know_how_the_chain_is() -> None:
    """RFC 8617 §5.1.1: cv= is what our own check found; to seal without one would be to make it up."""
    with pytest.raises(LocalProtocolError, match="whether it is whole"):
        sealed(b"Authentication-Results: mx.lagoon.test; dkim=pass\r\n" + chain_of(1))


@pytest.mark.parametrize("word", ["fail", "none", "pass; arc=fail"])
def test_arc_seal_of_a_broken_chain_says_so_once(word: str) -> None:
    """RFC 8617 §5.1.2: one set with cv=fail, which covers itself alone; above it there is none."""
    broken = chain_of(2).replace(b"tide", b"tied")
    once = carried(broken, word)
    (seal_field, *_) = split_message(once)[0].named(b"arc-seal")
    assert (3, ArcWord.FAIL) == (parse_seal(seal_field).instance, parse_seal(seal_field).chain)
    assert once == carried(once, "fail")


def test_arc_seal_of_what_is_no_chain_says_so_once() -> None:
    """RFC 8617 §5.1.2: fields that make no sets are sealed as broken, above the highest instance there is."""
    torn = b"ARC-Seal: i=7; a=rsa-sha256; b=AAAA; cv=pass; d=a.test; s=s\r\nARC-Seal: nonsense\r\n" + MAIL
    once = carried(torn, "pass")
    (seal_field, *_) = split_message(once)[0].named(b"arc-seal")
    assert (8, ArcWord.FAIL) == (parse_seal(seal_field).instance, parse_seal(seal_field).chain)
    assert once == carried(once, "fail")


def test_arc_seal_of_a_mail_without_author_is_refused() -> None:
    """RFC 6376 §5.4: From must be signed, so it must be there."""
    with pytest.raises(ValueError, match="without From"):
        sealed(b"Subject: x\r\n\r\n")


def test_arc_seal_is_broken_by_a_field_that_is_added() -> None:
    """RFC 6376 §8.15: the message signature over-signs as our seals do."""
    mail = carried(MAIL, "none")
    assert [ArcWord.FAIL] * 2 == [judged(name + b": x\r\n" + mail, NAMES).result for name in (b"Sender", b"Subject")]
