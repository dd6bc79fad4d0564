"""Header ambiguity: fields that one program takes for From and another does not.

After Chen, Paxson, Jiang: "Composition Kills" (USENIX Security 2020) §5.1, the espoofer cases of the authors, and Shen
and others: "Weak Links in Authentication Chains" (USENIX Security 2021) §4.3.
"""

from __future__ import annotations

import pytest

from fakes.spoof_world import Spoof, decision_of, forged, honest
from scop.cells.verifier.verdict import Decision

US = b"From: x@evil.test\r\n"
BANK = b"From: ann@bank.test\r\n"

ATTACKS = {
    "two fields, the forger's first": forged(US + BANK),
    "two fields, the forger's last": forged(BANK + US),
    "names in two cases": forged(b"FROM: ann@bank.test\r\nfrom: x@evil.test\r\n"),
    "space before the colon": forged(US + b"From : ann@bank.test\r\n"),
    "tab before the colon": forged(b"From\t: ann@bank.test\r\n" + US),
    "space before the first name": forged(b" From: ann@bank.test\r\n" + US, keys=()),
    "a name folded from its colon": forged(b"From\r\n : ann@bank.test\r\n" + US),
    "a name folded from its colon, and Sender": forged(b"From\r\n : x@evil.test\r\nSender: ann@bank.test\r\n"),
    "NUL in the name": forged(b"From\0: ann@bank.test\r\n" + US),
    "a byte order mark before the name": forged(b"\xef\xbb\xbfFrom: ann@bank.test\r\n" + US),
    "behind a bare CR": forged(b"X-A: y\r" + BANK + US),
    "behind a vertical tab": forged(b"X-A: y\v" + BANK + US),
    "behind a form feed": forged(b"X-A: y\f" + BANK + US),
    "behind a separator of records": forged(b"X-A: y\x1e" + BANK + US),
    "behind a bare LF": forged(b"X-A: y\n" + BANK + US),
    "an encoded address behind a bare LF": forged(US[:-2] + b"\n=?utf-8?b?PGFubkBiYW5rLnRlc3Q+?=\r\n"),
    "below a line that is no field": Spoof(US + b"no field\r\n" + BANK + b"Subject: x\r\n"),
    "below LF LF": forged(US + b"\n\n" + BANK + b"X: y\r\n"),
    "below 2,000 fields": forged(US + b"X: y\r\n" * 2_000 + BANK),
    "below a header of 1 MiB": Spoof(US + (b"X: " + b"y" * 990 + b"\r\n") * 1_060 + BANK + b"\r\nHello\r\n"),
    "Sender without From": forged(b"Sender: ann@bank.test\r\n"),
    "Resent-From without From": forged(b"Resent-From: ann@bank.test\r\n"),
    "an empty From, and Sender": forged(b"From:\r\nSender: ann@bank.test\r\n"),
    "a From of a name alone": forged(b"From: Bank\r\nReply-To: ann@bank.test\r\n"),
}

HONEST = {
    "one From": honest(),
    "a folded From": honest(b"From: Ann\r\n <ann@bank.test>\r\n"),
    "h= with from in a folded line": honest(b"X-Signature: h=\r\n\tfrom:to\r\nFrom: ann@bank.test\r\n"),
    "Sender beside From": honest(b"From: ann@bank.test\r\nSender: bob@bank.test\r\n"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_second_from_gives_a_pass(name: str) -> None:
    """A mail that some reader shows as the bank's is refused, whoever signed it (RFC 9989 §4.4, §11.5)."""
    word, decision = decision_of(ATTACKS[name])
    assert word != "pass"
    assert Decision.REFUSE is decision


@pytest.mark.parametrize("name", HONEST)
def test_honest_headers_pass(name: str) -> None:
    """The same shapes without a trick are the bank's."""
    assert ("pass", Decision.DELIVER) == decision_of(HONEST[name])
