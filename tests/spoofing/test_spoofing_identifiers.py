"""Identifier ambiguity: tricks between MAIL FROM, HELO and From, and with names above and below each other.

After "Composition Kills" (USENIX Security 2020) §4 (A1, A2, A5 to A7), "Weak Links in Authentication Chains" (USENIX
Security 2021) §4.2, "BreakSPF" (NDSS 2024, networks shared with others), and RFC 9989 §11.8 (relaxed alignment).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.spoof_world import BANK, EVIL, Spoof, decision_of, evil_key, forged, honest, judged
from scop.cells.verifier.verdict import Decision

MAIL = forged(b"From: ann@bank.test\r\n")


def _from(author: str, *, key: str = "evil.test", mail_from: str = "x@evil.test") -> Spoof:
    return replace(forged(f"From: {author}\r\n".encode(), keys=(evil_key(key),)), mail_from=mail_from)


ATTACKS = {
    "the forger's own MAIL FROM": MAIL,
    "MAIL FROM of the bank": replace(MAIL, mail_from="ann@bank.test"),
    "MAIL FROM below the bank that does not exist": replace(MAIL, mail_from="ann@nowhere.bank.test"),
    "MAIL FROM below the bank without SPF": replace(MAIL, mail_from="ann@news.bank.test"),
    "an empty MAIL FROM": replace(MAIL, mail_from=""),
    "an empty MAIL FROM, HELO of the bank": replace(MAIL, mail_from="", helo="bank.test"),
    "HELO of the bank": replace(MAIL, helo="bank.test"),
    "HELO with a comment": replace(MAIL, mail_from="", helo="bank.test(.evil.test"),
    "HELO with NUL": replace(MAIL, mail_from="", helo="bank.test\0.evil.test"),
    "an open comment in MAIL FROM": replace(MAIL, mail_from="(any@bank.test"),
    "a comment in the domain": replace(MAIL, mail_from="any@bank.test(a.evil.test"),
    "a quote in the local part": replace(MAIL, mail_from="any@bank.test'@any.evil.test"),
    "an at sign in the local part": replace(MAIL, mail_from='"any@bank.test"@any.evil.test'),
    "a route in MAIL FROM": replace(MAIL, mail_from="@bank.test,@any.test:'any@evil.test"),
    "NUL in MAIL FROM": replace(MAIL, mail_from="any@bank.test\0.evil.test"),
    "a domain behind the bank's": _from("ann@bank.test", key="bank.test.evil.test", mail_from="x@bank.test.evil.test"),
    "a domain that ends like the bank's": _from("ann@bank.test", key="evilbank.test", mail_from="x@evilbank.test"),
    "the domain above the bank": _from("ann@bank.test", key="test", mail_from="x@test"),
    "a subdomain of the bank": _from("ann@news.bank.test"),
    "a subdomain that does not exist": _from("ann@nowhere.bank.test"),
    "a very deep subdomain": _from("ann@a.b.c.d.e.f.g.h.i.j.bank.test"),
    "a sister below a public suffix": _from(
        "ann@bank.suffix.test", key="evil.suffix.test", mail_from="x@evil.suffix.test"
    ),
    "a name below a public suffix that does not exist": _from(
        "ann@nowhere.suffix.test", key="evil.suffix.test", mail_from="x@evil.suffix.test"
    ),
    "the public suffix itself": _from("ann@suffix.test", key="evil.suffix.test", mail_from="x@evil.suffix.test"),
    "a subdomain that others run, under strict alignment": _from(
        "ann@strict.test", key="shop.strict.test", mail_from="x@shop.strict.test"
    ),
    "a network that the bank only tolerates": _from("ann@open.test", mail_from="ann@open.test"),
    "a policy of SPF that is broken": _from("ann@broken.test", mail_from="ann@broken.test"),
    "no address of the client": replace(MAIL, mail_from="ann@bank.test", address="unknown"),
    "an address in another form": replace(MAIL, mail_from="ann@bank.test", address="::ffff:203.0.113.66"),
}

HONEST = {
    "both": honest(),
    "SPF alone": replace(honest(), octets=honest().octets.partition(b"\r\nFrom:")[2].join([b"From:", b""])),
    "a seal alone, forwarded": replace(honest(), mail_from="list@evil.test", address=EVIL),
    "a seal alone, an empty MAIL FROM": replace(honest(), mail_from="", helo="mx.evil.test", address=EVIL),
    "an IPv4 address in IPv6": replace(honest(), address=f"::ffff:{BANK}"),
    "a subdomain under relaxed alignment": honest(b"From: ann@news.bank.test\r\n"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_other_identifier_stands_in_for_the_author(name: str) -> None:
    """Only an identifier that is the author's own, or of the same organization, is aligned (RFC 9989 §4.4)."""
    word, decision = decision_of(ATTACKS[name])
    assert word != "pass"
    assert Decision.REFUSE is decision


SILENT = {
    "a silent policy of the forger": (_from("ann@soft.test", key="quiet.test", mail_from="x@quiet.test"), "quarantine"),
    "the same, against the bank": (_from("ann@bank.test", key="quiet.test", mail_from="x@quiet.test"), "refuse"),
    "MAIL FROM below the author, where none answers": (_from("a@soft.test", mail_from="x@lame.soft.test"), "defer"),
    "a seal of a name below the author, where none answers": (_from("ann@soft.test", key="lame.soft.test"), "defer"),
    "MAIL FROM below the bank, where none answers": (_from("ann@bank.test", mail_from="x@lame.bank.test"), "defer"),
}


@pytest.mark.parametrize("name", SILENT)
def test_no_silent_name_opens_the_inbox(name: str) -> None:
    """A forger finds or makes names whose servers are silent; what is left open is not delivered (RFC 9989 §5.3.6)."""
    spoof, expected = SILENT[name]
    assert expected == decision_of(spoof)[1]


@pytest.mark.parametrize("name", HONEST)
def test_honest_identifiers_pass(name: str) -> None:
    """One aligned identifier suffices (RFC 9989 §5.3.5)."""
    assert ("pass", Decision.DELIVER) == decision_of(HONEST[name])


def test_the_forger_passes_as_himself_only() -> None:
    """A name and an address in quotes make nobody the bank: it is the forger's domain that passes (RFC 9989 §11.4)."""
    judgement = judged(forged(b'From: "ann@bank.test" <x@evil.test>\r\n'))
    assert ("pass", "evil.test") == (judgement.dmarc.result, judgement.dmarc.author_domain)
