"""dkimpy and mailauth beside us: each verifies what the other signed, and none what was altered on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import pytest

from fakes.corpus import corpus_sample
from fakes.dkim_keys import ed25519_key, published, rsa_key
from fakes.other_signers import Names, Task, ask_dkimpy, ask_mailauth, task
from fakes.sealed_corpus import fresh_mails
from scop.dkim import Algorithm, DkimWord, SigningKey, key_to_pem, public_record, sign, verify
from scop.dns import run

pytestmark = pytest.mark.interop

Ask: TypeAlias = Callable[[Names, Sequence[Task]], list[dict[str, object]]]

NOW = int(time.time())
EVERY = 150  # of the corpus: some forty mails
CANONICAL = [(header, body) for header in ("simple", "relaxed") for body in ("simple", "relaxed")]


def _names() -> Names:
    return {f"{key.record_name} TXT": [public_record(key)] for key in (rsa_key(), ed25519_key())}


def _mails() -> Iterator[bytes]:
    for _, octets in corpus_sample(EVERY):
        octets = octets.split(b"\n", 1)[1] if octets.startswith(b"From ") else octets
        yield octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    for sent in fresh_mails(20, now=NOW):
        yield sent.octets[sent.octets.index(b"\r\nFrom:") + 2 :]


def _altered(mail: bytes) -> bytes:
    header, _, body = mail.partition(b"\r\n\r\n")
    return header + b"\r\n\r\nPay here\r\n" + body


@pytest.mark.parametrize("key", [rsa_key, ed25519_key], ids=["rsa", "ed25519"])
def test_real_dkimpy_verifies_what_we_sign(key: Callable[[], SigningKey]) -> None:
    """Whole mails pass, and none whose body was altered."""
    sealed = [sign(mail, (key(),), now=NOW) + mail for mail in _mails()]
    found = ask_dkimpy(_names(), [task("verify", mail) for mail in (*sealed, *map(_altered, sealed))])
    assert [True] * len(sealed) + [False] * len(sealed) == [one["dkim"] for one in found]


def test_real_mailauth_verifies_what_we_sign() -> None:
    """Both signatures of a mail pass, and neither where the body was altered."""
    sealed = [sign(mail, (rsa_key(), ed25519_key()), now=NOW) + mail for mail in _mails()]
    found = ask_mailauth(_names(), [task("verify", mail) for mail in (*sealed, *map(_altered, sealed))])
    words = [[str(word) for word in _list(one["dkim"])][:2] for one in found]
    passed, failed = ["lagoon.test pass"] * 2, ["lagoon.test neutral"] * 2  # its word for a body that is another
    assert [passed] * len(sealed) + [failed] * len(sealed) == words


@pytest.mark.parametrize("header", ["simple", "relaxed"])
@pytest.mark.parametrize("body", ["simple", "relaxed"])
@pytest.mark.parametrize("key", [rsa_key, ed25519_key], ids=["rsa", "ed25519"])
def test_real_dkimpy_signs_what_we_verify(header: str, body: str, key: Callable[[], SigningKey]) -> None:
    """Under each canonicalization and by each algorithm."""
    mails = list(_mails())[::4]
    tasks = [task("sign", mail, canonicalization=(header, body), **_dkimpy_key(key())) for mail in mails]
    _check_by_us(mails, [str(one["field"]) for one in ask_dkimpy(_names(), tasks)])


@pytest.mark.parametrize("key", [rsa_key, ed25519_key], ids=["rsa", "ed25519"])
def test_real_mailauth_signs_what_we_verify(key: Callable[[], SigningKey]) -> None:
    """Under each canonicalization and by each algorithm."""
    mails = list(_mails())[::4]
    for header, body in CANONICAL:
        keys = [{**_mailauth_key(key()), "canonicalization": f"{header}/{body}"}]
        found = ask_mailauth(_names(), [task("sign", mail, unix=NOW, keys=keys) for mail in mails])
        _check_by_us(mails, [str(one["field"]) for one in found])


def _check_by_us(mails: Sequence[bytes], fields: Sequence[str]) -> None:
    names = published((rsa_key(), ed25519_key()))
    sealed = [_lines(field) + mail for field, mail in zip(fields, mails, strict=True)]
    for mail in sealed:
        assert DkimWord.PASS is run(verify(mail, now=NOW), names)[0].result
        assert DkimWord.FAIL is run(verify(_altered(mail), now=NOW), names)[0].result


def _lines(field: str) -> bytes:
    """Return a field with CRLF at its end and in its folds."""
    return field.replace("\r\n", "\n").rstrip("\n").replace("\n", "\r\n").encode() + b"\r\n"


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _dkimpy_key(key: SigningKey) -> dict[str, object]:
    # dkimpy reads Ed25519 keys as their 32 octets in base64, RSA keys as PEM
    import base64

    from cryptography.hazmat.primitives.asymmetric import ed25519

    pem = key_to_pem(key).decode()
    if isinstance(key.private_key, ed25519.Ed25519PrivateKey):
        pem = base64.b64encode(key.private_key.private_bytes_raw()).decode()
    return {"domain": key.domain, "selector": key.selector, "key": pem, "algorithm": str(key.algorithm)}


def _mailauth_key(key: SigningKey) -> dict[str, object]:
    algorithm = "rsa-sha256" if key.algorithm is Algorithm.RSA_SHA256 else "ed25519-sha256"
    return {
        "signingDomain": key.domain,
        "selector": key.selector,
        "privateKey": key_to_pem(key).decode(),
        "algorithm": algorithm,
    }
