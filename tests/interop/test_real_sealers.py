"""dkimpy and mailauth beside us: chains of ARC in which each sealed in turn, validated by all three."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from itertools import permutations, product
from typing import cast

import pytest

from fakes.dkim_keys import published, rsa_key
from fakes.other_signers import Names, ask_dkimpy, ask_mailauth, task
from fakes.sealed_corpus import fresh_mails
from scop.arc import ArcWord, seal, validate
from scop.dkim import key_to_pem, public_record
from scop.dns import run

pytestmark = pytest.mark.interop

NOW = int(time.time())
MAIL = next(fresh_mails(1, now=NOW)).octets
NAMES: Names = {f"{rsa_key().record_name} TXT": [public_record(rsa_key())]}


def _by_us(mail: bytes) -> bytes:
    found = run(validate(mail, now=NOW), published((rsa_key(),)))
    stamped = f"Authentication-Results: ours.test; arc={found.result}\r\n".encode() + mail
    return seal(stamped, key=rsa_key(), authserv_id="ours.test", now=NOW) + mail


def _by_dkimpy(mail: bytes) -> bytes:
    found = ask_dkimpy(NAMES, [task("verify", mail)])[0]["arc"]
    stamped = f"Authentication-Results: dkimpy.test; arc={found}\r\n".encode() + mail
    key = {"domain": rsa_key().domain, "selector": rsa_key().selector, "key": key_to_pem(rsa_key()).decode()}
    (answer,) = ask_dkimpy(NAMES, [task("seal", stamped, authserv_id="dkimpy.test", **key)])
    return _lines(answer["field"]) + mail


def _by_mailauth(mail: bytes) -> bytes:
    found = ask_mailauth(NAMES, [task("verify", mail)])[0]["arc"]
    more = {
        "signingDomain": rsa_key().domain,
        "selector": rsa_key().selector,
        "privateKey": key_to_pem(rsa_key()).decode(),
        "authResults": f"mailauth.test; arc={found}",
        "cv": found,
    }
    (answer,) = ask_mailauth(NAMES, [task("seal", mail, **more)])
    return _lines(answer["field"]) + mail


SEALERS: dict[str, Callable[[bytes], bytes]] = {"us": _by_us, "dkimpy": _by_dkimpy, "mailauth": _by_mailauth}


def _lines(field: object) -> bytes:
    text = cast(str, field).replace("\r\n", "\n").rstrip("\n")
    return text.replace("\n", "\r\n").encode() + b"\r\n"


def _words(mail: bytes) -> tuple[str, ...]:
    """Return what each of the three says of the chain."""
    ours = run(validate(mail, now=NOW), published((rsa_key(),))).result
    return (str(ours), str(ask_dkimpy(NAMES, [task("verify", mail)])[0]["arc"]), _mailauth(mail))


def _mailauth(mail: bytes) -> str:
    return str(ask_mailauth(NAMES, [task("verify", mail)])[0]["arc"])


@pytest.mark.parametrize("sealers", list(permutations(SEALERS)), ids=" ".join)
def test_real_chain_that_all_three_sealed_is_whole_to_each(sealers: tuple[str, ...]) -> None:
    """In whatever order they sealed, all say pass of the whole, and fail where the body was altered (RFC 8617 §5.2)."""
    mail = MAIL
    for name in sealers:
        mail = SEALERS[name](mail)
        assert (ArcWord.PASS,) * 3 == _words(mail), name
    assert ("fail",) * 3 == _words(mail + b"one more line\r\n")


@pytest.mark.parametrize(("first", "last"), list(product(SEALERS, repeat=2)), ids=str)
def test_real_chain_broken_in_its_middle_is_whole_to_nobody(first: str, last: str) -> None:
    """A seal of the first set that was altered breaks the chain, whoever sealed (RFC 8617 §5.2 step 5)."""
    mail = SEALERS[last](SEALERS[first](MAIL))
    at = mail.rindex(b"ARC-Seal:")
    start = mail.index(b"b=", at) + 2
    altered = mail[:start] + bytes(base64.b64encode(b"\0" * 3)) + mail[start + 4 :]
    assert ("fail",) * 3 == _words(altered)
