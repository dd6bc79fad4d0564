"""DKIM: mails that the bank did seal, changed where the seal does not hold, and seals that are not the bank's.

After RFC 6376 §8 (l=, added fields, replay), "Composition Kills" (USENIX Security 2020) §4 (A3, A4) and §6.1 (replay),
and "Weak Links in Authentication Chains" (USENIX Security 2021) §4.2.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.spoof_world import (
    BANK,
    REST,
    Spoof,
    bank_key,
    decision_of,
    evil_key,
    forged,
    honest,
    sign_loosely,
    signed_by,
)
from fakes.verifier_world import NOW
from scop.cells.verifier.verdict import Decision
from scop.dkim import SigningKey

ANN = b"From: Ann <ann@bank.test>\r\n"
MAIL = ANN + REST + b"\r\nHello\r\n"
HONEST_MAIL = honest().octets
# As careless signers do it: each field once, as it stands
CARELESS = sign_loosely(MAIL, bank_key(), ("From", "To", "Subject", "Date", "Message-ID"))
SHORT = sign_loosely(MAIL, bank_key(), ("From", "To", "Subject"), "l=7")


def _sealed_as(domain: str, selector: str = "evil", *tags: str) -> bytes:
    key = SigningKey.__new__(SigningKey)  # the forger writes names that no key of ours can have
    for name, value in (("domain", domain), ("selector", selector), ("private_key", evil_key().private_key)):
        object.__setattr__(key, name, value)
    return sign_loosely(MAIL, key, ("From", "To", "Subject"), *tags)


ATTACKS = {
    "a second From above": b"From: Boss <boss@bank.test>\r\n" + CARELESS,
    "a second From below": CARELESS.replace(b"\r\n\r\n", b"\r\nFrom: Boss <boss@bank.test>\r\n\r\n", 1),
    "a second From above a seal that covers two": b"From: Boss <boss@bank.test>\r\n" + HONEST_MAIL,
    "a second Subject": b"Subject: Send money\r\n" + CARELESS,
    "a second To": b"To: all@harbor.test\r\n" + CARELESS,
    "a second Date": b"Date: Tue, 14 Nov 2023 09:00:00 +0000\r\n" + CARELESS,
    "another Subject": CARELESS.replace(b"Subject: Hello", b"Subject: Send money"),
    "text behind l=": SHORT + b"Send money\r\n",
    "text behind l=0": sign_loosely(ANN + REST + b"\r\n", bank_key(), ("From", "To"), "l=0") + b"Send money\r\n",
    "a second body behind l=": sign_loosely(
        ANN + b'Content-Type: multipart/mixed; boundary="b"\r\n' + REST + b"\r\n--b\r\n\r\nHello\r\n",
        bank_key(),
        ("From", "Content-Type"),
        "l=16",
    )
    + b"--c\r\n\r\nSend money\r\n--c--\r\n",
    "l= longer than the body": sign_loosely(MAIL, bank_key(), ("From",), "l=7").replace(b"l=7", b"l=700"),
    "another body": HONEST_MAIL.replace(b"Hello\r\n", b"Send money\r\n"),
    "another author": HONEST_MAIL.replace(b"ann@bank.test", b"boss@bank.test"),
    "h= without From": sign_loosely(MAIL, bank_key(), ("To", "Subject", "Date")),
    "h= that is empty": sign_loosely(MAIL, bank_key(), ()),
    "a seal that has expired": sign_loosely(MAIL, bank_key(), ("From",), f"t={NOW - 9}", f"x={NOW - 1}"),
    "a seal of the future": sign_loosely(MAIL, bank_key(), ("From",), f"t={NOW + 90_000}"),
    "a seal of another domain": _sealed_as("evil.test"),
    "i= of the bank": _sealed_as("evil.test", "evil", "i=ann@bank.test"),
    "NUL in the selector": _sealed_as("bank.test", "evil._domainkey.evil.test.\0.any"),
    "a selector that leads elsewhere": _sealed_as("bank.test", "evil._domainkey.evil.test"),
    "NUL in the domain": _sealed_as("bank.test\0.evil.test"),
    "a quote in the domain": _sealed_as("bank.test'a.evil.test"),
    "a comment in the domain": _sealed_as("bank.test(.evil.test"),
    "two d=": _sealed_as("evil.test", "evil", "d=bank.test"),
    "a key that was revoked": _sealed_as("bank.test", "revoked"),
    "a key that never was": _sealed_as("bank.test", "nowhere"),
    "a canonicalization that nobody knows": CARELESS.replace(b"c=relaxed/relaxed", b"c=nothing/nothing"),
    "an algorithm that counts no more": CARELESS.replace(b"a=rsa-sha256", b"a=rsa-sha1"),
    "a signature of nothing": CARELESS.replace(CARELESS[CARELESS.index(b" b=") : CARELESS.index(b"\r\n")], b" b="),
    "a crowd of seals": signed_by(CARELESS.replace(b"Hello", b"Money"), (evil_key(),) * 30),
    "no seal": MAIL,
}

HONEST = {
    "over-signed": HONEST_MAIL,
    "careless": CARELESS,
    "l= that covers all": SHORT,
    "beside a seal that is broken": _sealed_as("evil.test", "nowhere").partition(b"\r\n")[0] + b"\r\n" + HONEST_MAIL,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_seal_carries_what_it_does_not_cover(name: str) -> None:
    """What was added, changed or sealed by somebody else is not the bank's (RFC 6376 §8, RFC 8301)."""
    word, decision = decision_of(Spoof(ATTACKS[name]))
    assert word != "pass"
    assert Decision.REFUSE is decision


@pytest.mark.parametrize("name", HONEST)
def test_honest_seals_pass(name: str) -> None:
    """A seal holds wherever the mail comes from (RFC 9989 §4.4.1)."""
    assert ("pass", Decision.DELIVER) == decision_of(Spoof(HONEST[name]))


def test_what_the_bank_sends_itself_needs_no_seal() -> None:
    """Two Subjects from the bank's own server are the bank's, however it came to them (RFC 9989 §5.3.5)."""
    own = replace(honest(), octets=b"Subject: More\r\n" + HONEST_MAIL)
    assert ("pass", Decision.DELIVER) == decision_of(own)
    assert ("fail", Decision.REFUSE) == decision_of(replace(own, address="203.0.113.66"))
    assert BANK == own.address
    assert forged(ANN).address != BANK
