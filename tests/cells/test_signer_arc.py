"""Seals of ARC over what is forwarded: what the verifier found, and nothing that others say it found."""

from __future__ import annotations

import pytest

from fakes.dkim_keys import ed25519_key, published, rsa_key
from fakes.running_signer import ENVELOPE, running_signer
from scop.arc import ArcResult, ArcWord, validate
from scop.cells.signer.chains import MAX_HEADER_OCTETS, chained
from scop.dns import run
from scop.net.dns_client import drive
from scop.smtp.stamps import header_of, split_stamps

NOW = 1_800_000_000
HOST = "mx.lagoon.test"
KEYS = (rsa_key(), ed25519_key())
NAMES = published(KEYS)
FOUND = b"Authentication-Results: mx.lagoon.test;\r\n\tdkim=pass header.d=island.test\r\n"
RECEIVED = b"Received: from x (y [192.0.2.9])\r\n\tby mx.lagoon.test with ESMTPS\r\n\tid t; now\r\n"
ABOVE = b"Delivered-To: ann@lagoon.test\r\n"
BELOW = b"From: eve@island.test\r\nTo: ann@lagoon.test\r\nSubject: tide\r\n\r\nHigh water at nine.\r\n"
FORWARD = ABOVE + FOUND + RECEIVED + BELOW


def judged(octets: bytes) -> ArcResult:
    """Validate as the next host does."""
    return run(validate(octets, now=NOW), NAMES)


def test_forward_gets_a_seal_over_what_the_verifier_found() -> None:
    """It is the first of its chain; the results stand in it, and nowhere else any more."""
    sealed = chained(FORWARD, HOST, KEYS, NOW)
    result = judged(sealed)
    assert (ArcWord.PASS, ("lagoon.test",)) == (result.result, result.sealers)
    assert "dkim=pass header.d=island.test" in result.results[0]
    assert sealed.endswith(ABOVE + RECEIVED + BELOW)
    assert b"\r\nAuthentication-Results:" not in sealed
    assert b"s=rsa;" in sealed
    assert b"s=ed;" not in sealed


def test_forward_that_came_with_a_chain_prolongs_it() -> None:
    """A second set says what the verifier found of the first; broken is broken for ever."""
    first = chained(FORWARD, HOST, KEYS, NOW)
    again = ABOVE + FOUND.replace(b"dkim=pass header.d=island.test", b"arc=pass") + RECEIVED + first
    result = judged(chained(again, HOST, KEYS, NOW))
    assert (ArcWord.PASS, ("lagoon.test", "lagoon.test")) == (result.result, result.sealers)
    broken = judged(chained(again.replace(b"arc=pass", b"arc=fail"), HOST, KEYS, NOW))
    assert ArcWord.FAIL is broken.result


def test_forward_tells_no_results_but_the_verifiers() -> None:
    """What a stranger wrote in our name, below our stamps and in any spelling, is in no seal of ours."""
    forged = b'Authentication-Results: "MX.Lagoon.Test"; dmarc=pass header.from=bank.test\r\n'
    sealed = chained(ABOVE + FOUND + RECEIVED + forged + BELOW, HOST, KEYS, NOW)
    assert b"bank.test" not in sealed
    assert ArcWord.PASS is judged(sealed).result


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (ABOVE + RECEIVED + BELOW, ABOVE + RECEIVED + BELOW),
        (ABOVE + FOUND + BELOW, ABOVE + FOUND + BELOW),
        (ABOVE + FOUND + RECEIVED + b"Subject: x\r\n\r\n", ABOVE + RECEIVED + b"Subject: x\r\n\r\n"),
    ],
    ids=["no results", "no stamps of ours", "no author"],
)
def test_forward_that_cannot_be_sealed_goes_on(octets: bytes, expected: bytes) -> None:
    """ARC is a favour to readers: a mail without it is as good as before."""
    assert expected == chained(octets, HOST, KEYS, NOW)


def test_forward_with_a_chain_of_which_the_verifier_said_nothing_goes_on() -> None:
    """Nobody seals what nobody has looked at."""
    first = chained(FORWARD, HOST, KEYS, NOW)
    assert ABOVE + RECEIVED + first == chained(ABOVE + FOUND + RECEIVED + first, HOST, KEYS, NOW)


def test_forward_with_a_huge_header_goes_on_at_once() -> None:
    """A stranger's millions of fields held up all seals for minutes: nobody reads a chain in such a header anyway."""
    rest = MAX_HEADER_OCTETS - len(header_of(FORWARD))
    for more, is_sealed in ((rest, True), (rest + 1, False)):
        long = b"X:" + b"x" * (more - 4) + b"\r\n" + BELOW
        sealed = chained(ABOVE + FOUND + RECEIVED + long, HOST, KEYS, NOW)
        assert (is_sealed, True) == (sealed.startswith(b"ARC-Seal:"), sealed.endswith(ABOVE + RECEIVED + long))


def test_forward_is_sealed_by_rsa_or_not_at_all() -> None:
    """A set that a reader cannot verify breaks the chain for it."""
    assert ABOVE + RECEIVED + BELOW == chained(FORWARD, HOST, (ed25519_key(),), NOW)


def test_sealed_forward_is_the_same_delivery() -> None:
    """A retry is sealed anew, at another time: the relay knows it by what is below our stamps."""
    assert BELOW == split_stamps(chained(FORWARD, HOST, KEYS, NOW), HOST)[1]


@pytest.mark.parametrize(("cell", "is_chained"), [("mailbox", True), ("relay", False)])
async def test_signer_seals_forwards_of_the_mailbox_by_arc(cell: str, is_chained: bool) -> None:
    """Where it is on; a returned bounce of the relay is none. Its chain verifies against the DNS."""
    async with running_signer(arc=True) as signer:
        await signer.until_ready()
        await signer.send(FORWARD, cell=cell, envelope=ENVELOPE)
        (passed,) = signer.relay.messages
        assert 1 == len(signer.kept.of("mail.chained" if is_chained else "mail.passed_on"))
        result = await drive(validate(passed, now=signer.clock.unix()), signer.names)
    assert (ArcWord.PASS if is_chained else ArcWord.NONE) is result.result
    assert b"DKIM-Signature" not in passed


async def test_signer_seals_no_forward_by_arc_unasked() -> None:
    """It is off by default."""
    async with running_signer() as signer:
        await signer.until_ready()
        await signer.send(ABOVE + RECEIVED + BELOW, cell="mailbox")
        assert [ABOVE + RECEIVED + BELOW] == signer.relay.messages
