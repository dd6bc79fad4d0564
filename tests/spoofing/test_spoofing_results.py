"""Results injection: what is to be read as the verdict of a server that never gave it.

After "Composition Kills" (USENIX Security 2020) §4.2 (A4 to A6), RFC 8601 §7.1 (forged fields), RFC 8617 §9 and
"Forwarding Pass" (EuroS&P 2023): chains of seals that vouch for what their sealers did not see.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.spoof_world import HOST, REST, Spoof, decision_of, evil_key, forged, honest, list_key, written_results
from fakes.verifier_world import NOW
from scop.arc import seal
from scop.authres import parse
from scop.cells.verifier.verdict import Decision
from scop.dkim import SigningKey

ANN = b"From: ann@bank.test\r\n"
SAID = b"; dmarc=pass header.from=bank.test\r\n"
MAIL = ANN + REST + b"\r\nSend money\r\n"

FIELDS = {
    "our name": b"Authentication-Results: mx.harbor.test" + SAID,
    "our name in another case": b"AUTHENTICATION-RESULTS: MX.HARBOR.TEST" + SAID,
    "our name in quotes": b'Authentication-Results: "mx.harbor\\.test" 1' + SAID,
    "our name behind a comment": b"Authentication-Results: (x) mx.harbor.test(y)" + SAID,
    "our name folded": b"Authentication-Results :\r\n mx.harbor.test\r\n" + b" " + SAID,
    "our own words": b"X-SCoP-Disposition: none\r\nX-SCoP-Spam: ham\r\n",
}
OTHERS = {
    "another server": b"Authentication-Results: mx.other.test" + SAID,
    "no server": b"Authentication-Results: dmarc=pass header.from=bank.test\r\n",
    "Received-SPF": b"Received-SPF: pass (mx.harbor.test: domain of ann@bank.test)\r\n",
    "a chain without seals": b"ARC-Authentication-Results: i=1; mx.harbor.test" + SAID,
}


@pytest.mark.parametrize("name", [*FIELDS, *OTHERS])
def test_no_field_in_a_mail_is_a_verdict(name: str) -> None:
    """The verifier believes nothing that a mail brings along, and takes out what has our name (RFC 8601 §5)."""
    field = {**FIELDS, **OTHERS}[name]
    spoof = replace(forged(ANN), octets=field + MAIL)
    word, decision = decision_of(spoof)
    assert word != "pass"
    assert Decision.REFUSE is decision
    assert (MAIL if name in FIELDS else field + MAIL) == written_results(spoof)[1]


INJECTIONS = {
    "in MAIL FROM": replace(forged(ANN), mail_from='"x; dmarc=pass header.from=bank.test"@evil.test'),
    "in HELO": replace(forged(ANN), helo="evil.test; dmarc=pass header.from=bank.test"),
    "in HELO, with a line end": replace(forged(ANN), helo="evil.test\r\nAuthentication-Results: mx.harbor.test; none"),
    "in HELO, with an open comment": replace(forged(ANN), helo="bank.test(.evil.test"),
    "in HELO, with quotes": replace(forged(ANN), helo='evil.test" dmarc=pass ("'),
}


@pytest.mark.parametrize("name", INJECTIONS)
def test_what_we_write_is_read_as_it_was_meant(name: str) -> None:
    """A value from outside stays one value in our field, whatever stands in it (RFC 8601 §2.2)."""
    spoof = INJECTIONS[name]
    field, _ = written_results(spoof)
    found = parse(field)
    assert HOST == found.authserv_id
    assert [("dmarc", "fail")] == [(one.method, one.result) for one in found.results if one.method == "dmarc"]
    assert "bank.test" == found.results[-1].properties["header.from"]
    assert decision_of(spoof)[0] != "pass"


SEALED_DOMAINS = {
    "a comment in d=": b"bank.test(.evil.test",
    "a quote in d=": b"bank.test'a.evil.test",
    "a result in d=": b"evil.test dmarc=pass header.from=bank.test",
    "a result in s=": b"evil.test; s=x dmarc=pass (",
}


@pytest.mark.parametrize("name", SEALED_DOMAINS)
def test_no_tag_of_a_seal_is_a_verdict(name: str) -> None:
    """The names in a signature are written as values, if at all (RFC 8601 §2.2)."""
    signature = b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; h=from; bh=AAAA; b=AAAA; s=x; d="
    spoof = Spoof(signature + SEALED_DOMAINS[name] + b"\r\n" + MAIL)
    found = parse(written_results(spoof)[0])
    assert ["fail"] == [one.result for one in found.results if one.method == "dmarc"]
    assert ("fail", Decision.REFUSE) == decision_of(spoof)


def _sealed(octets: bytes, key: SigningKey, host: str, said: bytes = SAID) -> bytes:
    results = b"Authentication-Results: " + host.encode() + said
    return seal(results + octets, key=key, authserv_id=host, now=NOW) + results + octets


LISTED = _sealed(MAIL, list_key(), "list.test")

CHAINS = {
    "a sealer that nobody trusts": _sealed(MAIL, evil_key(), "evil.test"),
    "a sealer with the name of a trusted host": _sealed(MAIL, evil_key(), "list.test"),
    "changed below the seal": LISTED.replace(b"Send money", b"Send more!"),
    "another verdict below the seal": _sealed(
        MAIL, list_key(), "list.test", b"; dmarc=fail header.from=bank.test\r\n"
    ).replace(b"dmarc=fail", b"dmarc=pass"),
    "a verdict about another author": _sealed(MAIL, list_key(), "list.test", b"; dmarc=pass header.from=evil.test\r\n"),
    "a verdict in a reason": _sealed(
        MAIL, list_key(), "list.test", b'; dmarc=fail reason="dmarc=pass header.from=bank.test"\r\n'
    ),
    "a forger's seal above the list's": _sealed(
        LISTED, evil_key(), "evil.test", b"; arc=pass; dmarc=pass header.from=bank.test\r\n"
    ),
    "two authors below the seal": _sealed(b"From: x@evil.test\r\n" + MAIL, list_key(), "list.test"),
}


@pytest.mark.parametrize("name", CHAINS)
def test_no_chain_vouches_for_a_forger(name: str) -> None:
    """Only a whole chain of trusted sealers counts, and only for the author it names (RFC 8617 §9.3)."""
    word, decision = decision_of(Spoof(CHAINS[name]))
    assert word != "pass"
    assert Decision.REFUSE is decision


def test_no_chain_vouches_for_the_second_author() -> None:
    """A sealer that looked at the first author says nothing of the others who are shown (RFC 9989 §11.5)."""
    mail = b"From: x@evil.test, ann@bank.test\r\n" + REST + b"\r\nSend money\r\n"
    octets = _sealed(mail, list_key(), "list.test", b"; dmarc=pass header.from=evil.test\r\n")
    assert ("fail", Decision.REFUSE) == decision_of(Spoof(octets, "list@list.test", "list.test", "192.0.2.50"))


def test_a_list_that_we_trust_may_pass_on_the_bank() -> None:
    """A mail that passed when it came to the list goes on, and it still says that it fails (RFC 8617 §7.2.2)."""
    assert ("fail", Decision.DELIVER) == decision_of(Spoof(LISTED))
    assert ("pass", Decision.DELIVER) == decision_of(honest())
