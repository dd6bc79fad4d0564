"""Encodings: another author comes out where a program decodes, cuts at NUL or folds letters.

After "Composition Kills" (USENIX Security 2020) §5.2 and §5.3, and "Weak Links in Authentication Chains" (USENIX
Security 2021) §4.4 (encoded words, missing characters, right-to-left text, names that look alike).
"""

from __future__ import annotations

from base64 import b64encode

import pytest

from fakes.spoof_world import decision_of, forged, honest
from scop.cells.verifier.verdict import Decision


def _b(text: str) -> str:
    return f"=?utf-8?b?{b64encode(text.encode()).decode()}?="


ATTACKS: dict[str, str | bytes] = {
    "an encoded address and another": f"{_b('<ann@bank.test>')},<x@evil.test>",
    "an encoded address without brackets": f"{_b('ann@bank.test')}, <x@evil.test>",
    "an encoded address alone": _b("ann@bank.test"),
    "an encoded address in brackets": f"<{_b('ann@bank.test')}>",
    "an encoded domain": f"ann@{_b('bank.test')}",
    "an encoded bracket for a name": f"{_b('<ann@bank.test>')} <x@evil.test>",
    "an encoded address that ends with NUL": "=?utf-8?q?=3Cann=40bank.test=3E=00?= <x@evil.test>",
    "an encoded address in two words": "=?utf-8?q?=3Cann=40bank?= =?utf-8?q?.test=3E?= <x@evil.test>",
    "an address behind an encoded word": "x@evil.test=?utf-8?q?=0A?=<ann@bank.test>",
    "NUL behind the address": "ann@bank.test\0 <x@evil.test>",
    "NUL before another domain": "ann@bank.test\0.evil.test",
    "NUL before the bank": "x@evil.test\0.bank.test",
    "other control characters": "ann@bank.test\x01\x02 <x@evil.test>",
    # Haddouche: "Mailsploit" (2017)
    "an address and NUL encoded into a local part": f"{_b('ann@bank.test')}=?utf-8?q?=00?={_b('x')}@evil.test",
    "the same in brackets": f"Bank <{_b('ann@bank.test')}=?utf-8?q?=00?=@evil.test>",
    "an address and a line end encoded into a local part": "=?utf-8?q?ann=40bank.test=0A=00?=@evil.test",
    "an address encoded into a local part": f"{_b('ann@bank.test')}@evil.test",
    "an address and NUL encoded into a name": "=?utf-8?q?ann=40bank.test=00?= <x@evil.test>",
    "the same in quotes": '"=?utf-8?q?ann=40bank.test=00?=" <x@evil.test>',
    "an address and a comma encoded into a name": "=?utf-8?q?ann=40bank.test=2C?= <x@evil.test>",
    "an encoded bracket that opens": "=?utf-8?q?=3Cann=40bank.test?= <x@evil.test>",
    "an encoded bracket that closes": "=?utf-8?q?ann=40bank.test=3E?= <x@evil.test>",
    "an encoded address and a backslash": "=?utf-8?q?ann=40bank.test?=\\ <x@evil.test>",
    "an encoded address and a quote without end": '=?utf-8?q?ann=40bank.test?= "<x@evil.test>',
    "an unknown charset": "=?x-none?q?=3Cann=40bank.test=3E?= <x@evil.test>",
    "no charset": "=??q?=3Cann=40bank.test=3E?= <x@evil.test>",
    "question marks in a word": "=?utf-8?q?=3Cann=40bank.test=3E?a?b?c?d?e?f?= <x@evil.test>",
    "an octet that is no UTF-8 behind the address": b"ann@bank.test\xa0",
    "an octet that is no UTF-8 within the domain": b"ann@ba\xadnk.test",
    "a mark of direction within the domain": "ann@ba\u200enk.test",
    "a line separator behind the address": "ann@bank.test\u2028",
    "a wide at sign": "ann\uff20bank.test <x@evil.test>",
    "wide letters": "ann@\uff42\uff41\uff4e\uff4b.test",
    "an ideographic dot": "ann@bank\u3002test",
    "a letter without width": "ann@ba\u200bnk.test",
    "a soft hyphen": "ann@ba\u00adnk.test",
    "a domain in its own letters": "ann@bänk.test",
    "a domain in A-labels": "ann@XN--BNK-QLA.test",
}

HONEST = {
    "an encoded name": f"{_b('Ann Müller')} <ann@bank.test>",
    "an encoded name with an address in brackets of another kind": f"{_b('Ann (ann@elsewhere.test)')} <ann@bank.test>",
    "an encoded name with a comma": f"{_b('Müller, Ann')} <ann@bank.test>",
    "an encoded name with a question": "=?utf-8?q?Who?_Ann?= <ann@bank.test>",
    "an encoded name with an address": f"{_b('ann@elsewhere.test')} <ann@bank.test>",
    "a name in its own letters": "Ann Müller <ann@bank.test>",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_decoding_gives_a_pass(name: str) -> None:
    """What comes out where somebody decodes is an author too, or the mail is refused (RFC 2047 §5, RFC 9989 §5.3.1)."""
    body = ATTACKS[name]
    word, decision = decision_of(forged(b"From: " + (body if isinstance(body, bytes) else body.encode()) + b"\r\n"))
    assert word != "pass"
    assert Decision.REFUSE is decision


@pytest.mark.parametrize("name", HONEST)
def test_honest_encodings_pass(name: str) -> None:
    """Names in any letters are the bank's own."""
    assert ("pass", Decision.DELIVER) == decision_of(honest(f"From: {HONEST[name]}\r\n".encode()))
