"""Address ambiguity: one From in which different programs find different authors.

After "Composition Kills" (USENIX Security 2020) §5.2 and figure 8, "Weak Links in Authentication Chains" (USENIX
Security 2021) §4.3 and §4.4, and RFC 9989 §11.5 (floods of authors).
"""

from __future__ import annotations

import contextlib
import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.spoof_world import decision_of, forged, honest
from scop.cells.verifier.verdict import Decision
from scop.dmarc import read_authorship
from scop.mime import parse

ATTACKS = {
    "two authors": "x@evil.test, ann@bank.test",
    "two authors, the bank's first": "ann@bank.test, x@evil.test",
    "a route through the forger": "<@evil.test,@any.test:ann@bank.test>",
    "a route through the bank": "<@bank.test:x@evil.test>",
    "a quoted comma": "<ann@bank.test>\\,<x@evil.test>",
    "a comma without space": "ann@bank.test,<x@evil.test>",
    "a semicolon": "ann@bank.test; x@evil.test",
    "text behind the brackets": "<x@evil.test>ann@bank.test",
    "two pairs of brackets": "<ann@bank.test><x@evil.test>",
    "brackets in brackets": "<ann@bank.test <x@evil.test>>",
    "an address for a name": "ann@bank.test <x@evil.test>",
    "an address in a quoted name": '"Ann <ann@bank.test>" <x@evil.test>',
    "an address in a comment": "x@evil.test (<ann@bank.test>)",
    "a comment without end": "(ann@bank.test <x@evil.test>",
    "a quote without end": '"ann@bank.test <x@evil.test>',
    "a comment that ends twice": "ann@bank.test) (x@evil.test",
    "a quoted address for an author": '"ann@bank.test", <x@evil.test>',
    "a quoted address for the last author": '<x@evil.test>, "ann@bank.test"',
    "a quote behind the address": 'ann@bank.test"" <x@evil.test>',
    "a quote behind the only address": 'ann@bank.test"x"',
    "two at signs": "ann@bank.test@evil.test",
    "two at signs, the forger's first": "x@evil.test@bank.test",
    "a group": "Bank: ann@bank.test;",
    "a group and an author": "Bank: ann@bank.test;, x@evil.test",
    "an empty group": "Bank:;",
    "a domain for an address": "ann@[bank.test]",
    "a dot and a word behind the domain": "ann@bank.test. Ltd <x@evil.test>",
    "a quote in the domain": "ann@bank.test'x.evil.test",
    "a question mark behind the domain": "ann@bank.test?= <x@evil.test>",
    "a final dot": "ann@bank.test.",
    "spaces around the dot": "ann@bank . test",
    "many authors": ", ".join([*(f"x@a{number}.test" for number in range(20)), "ann@bank.test"]),
    "a From without end": "x@evil.test (" + "y" * 20_000 + ") ann@bank.test",
}

HONEST = {
    "a comment": "ann@bank.test (Ann of the bank)",
    "a name with an address": '"ann@elsewhere.test" <ann@bank.test>',
    "two authors of the bank": "ann@bank.test, Bob <bob@bank.test>",
    "a group": "Desk: ann@bank.test, bob@bank.test;",
    "a subdomain": "ann@news.bank.test",
    "another case": "ANN@BANK.TEST",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_reading_of_one_from_gives_a_pass(name: str) -> None:
    """Each domain that some reader could see has to stand behind the mail (RFC 9989 §11.5)."""
    word, decision = decision_of(forged(f"From: {ATTACKS[name]}\r\n".encode()))
    assert word != "pass"
    assert Decision.REFUSE is decision


@pytest.mark.parametrize("name", HONEST)
def test_honest_authors_pass(name: str) -> None:
    """What is only unusual is no forgery (RFC 5322 §3.4, RFC 6854)."""
    assert ("pass", Decision.DELIVER) == decision_of(honest(f"From: {HONEST[name]}\r\n".encode()))


_PIECES = (
    " ann@bank.test ",
    "<ann@bank.test>",
    " x@evil.test ",
    "<x@evil.test>",
    *",;:.<>\\\t\0",
    "=?utf-8?q?",
    "?=",
    "\r\n ",
)


@settings(max_examples=80)
@given(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=8).map("".join).filter(lambda body: "bank" in body))
def test_no_signs_around_an_address_hide_it(body: str) -> None:
    """Outside of quotes and comments an address of the bank is one, whatever stands around it."""
    authorship = read_authorship(parse(f"From: {body}\r\n\r\n".encode()))
    assert "bank.test" in authorship.domains or authorship.misleads


_SIGNS = (
    *("ann@bank.test", "<ann@bank.test>", "x@evil.test", "<x@evil.test>", "<", ">", '"', "\\", "(", ")", ",", ";", ":"),
    *(
        " ",
        "\r\n ",
        "@",
        "Ann",
        "=?utf-8?q?",
        "?=",
        "=?utf-8?b?YW5uQGJhbmsudGVzdA==?=",
        "=?utf-8?q?=3Cann=40bank.test=3E?=",
    ),
    *(
        "=?utf-8?q?ann=40bank.test?=",
        "=40",
        "=3C",
        "_",
        "bank.test",
        "evil.test",
        ".",
        "[",
        "]",
        "\u00e4",
        '\\"',
        "%",
        "!",
    ),
)
_READERS = (BytesParser(EmailMessage, policy=email.policy.default), BytesParser())


def _shown_by_python(octets: bytes) -> set[str]:
    """Return the domains of the authors whom the two readers of the standard library see."""
    found = set()
    for reader in _READERS:
        with contextlib.suppress(Exception):  # they fall over many of these, and show nothing then
            field = reader.parsebytes(octets)["From"]
            seen = [address for _, address in getaddresses([str(field).replace("\r\n", "")])]
            seen += [one.addr_spec for one in getattr(field, "addresses", ())]
            found |= {address.rpartition("@")[2].strip(" .").lower() for address in seen if "@" in address}
    return found


def test_whoever_python_shows_is_an_author() -> None:
    """A reader that nobody here wrote finds no author of the bank who was not judged (RFC 9989 §11.5)."""
    random = Random(9989)
    bodies = ("".join(random.choices(_SIGNS, k=random.randint(2, 9))) for _ in range(1200))
    for body in (body for body in bodies if "@bank" in body or "=?" in body):
        octets = f"From: {body}\r\n\r\nHello\r\n".encode()
        authorship = read_authorship(parse(octets))
        is_judged = authorship.misleads or "bank.test" in authorship.domains
        assert is_judged or "bank.test" not in _shown_by_python(octets), body
