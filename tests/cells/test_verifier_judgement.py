"""What the verifier finds out about a mail, and what it writes or replies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.verifier_world import LAGOON, NOW, AsyncNames, SilentNames, mail, signed
from scop.authres import parse as parse_results
from scop.cells.verifier.judgement import Judgement, Sending, _wholly_signed, judge
from scop.cells.verifier.verdict import cleaned, refusal, stamps
from scop.dkim import DkimResult, DkimWord
from scop.dmarc import Disposition, DmarcResult, DmarcWord
from scop.dns import Security
from scop.smtp import Mailbox
from scop.spf import SpfResult, SpfWord

HOST = "mx.harbor.test"
FORGER = "198.51.100.66"
GENUINE = Sending(LAGOON, "mx.lagoon.test", Mailbox.parse("ceo@lagoon.test"))


def _sending(mail_from: str, address: str = FORGER) -> Sending:
    return Sending(address, "h.test", Mailbox.parse(mail_from) if mail_from else None)


async def _judge(octets: bytes, sending: Sending) -> Judgement:
    return await judge(octets, sending, AsyncNames(), now_unix=NOW)


def _judgement(dmarc: DmarcResult, *dkim: DkimResult) -> Judgement:
    return Judgement(GENUINE, ("lagoon.test",), SpfResult(SpfWord.NONE), dkim, dmarc)


async def test_a_genuine_mail_passes_everything() -> None:
    """The right address and both signatures: every method passes, nothing is refused."""
    found = await _judge(signed(mail()), GENUINE)
    assert (SpfWord.PASS, ["pass", "pass"], DmarcWord.PASS) == (
        found.spf.result,
        [one.result for one in found.dkim],
        found.dmarc.result,
    )
    assert refusal(found) is None


@pytest.mark.parametrize(("insecure", "wanted"), [("", Security.SECURE), ("_dmarc.lagoon.test", Security.INSECURE)])
async def test_a_judgement_is_as_sure_as_the_least_sure_of_its_answers(insecure: str, wanted: Security) -> None:
    """RFC 4033 §5: one insecure policy among secure keys leaves the whole insecure."""
    names = AsyncNames(insecure=frozenset({insecure}))
    assert wanted is (await judge(signed(mail()), GENUINE, names, now_unix=NOW)).names


@pytest.mark.parametrize(
    ("octets", "sending", "result", "disposition", "code"),
    [
        # A forged From, from the forger's own address and with his own or nobody's reverse-path
        (mail(), _sending("ceo@lagoon.test"), "fail", "reject", 550),
        (mail(), _sending("me@plain.test"), "fail", "reject", 550),
        (mail(), _sending(""), "fail", "reject", 550),
        # A body that was changed on its way, or that never was what they signed
        (signed(mail()) + b"More\r\n", _sending("me@plain.test"), "fail", "reject", 550),
        # Forwarded: only the signature vouches
        (signed(mail()), _sending("me@plain.test"), "pass", "none", None),
        # Not signed: only the address vouches
        (mail(), GENUINE, "pass", "none", None),
        # A second author that did not sign
        (signed(mail("a@lagoon.test, b@mild.test")), GENUINE, "fail", "quarantine", None),
        (mail("x@mild.test"), _sending("x@mild.test"), "fail", "quarantine", None),
        (mail("x@watching.test"), _sending("x@watching.test"), "fail", "none", None),
        (mail("x@plain.test"), _sending("x@plain.test"), "none", "none", None),
        (mail("nobody"), _sending("x@plain.test"), "permerror", "none", None),
        # A silent DNS: the policy unknown, the policy reject, the policy none
        (mail("x@silent.test"), _sending("x@silent.test"), "temperror", "none", 451),
        (mail("x@half.test"), _sending("x@half.test"), "temperror", "none", 451),
        (mail("x@calm.test"), _sending("x@calm.test"), "temperror", "none", None),
    ],
)
async def test_each_mail_meets_its_policy(
    octets: bytes, sending: Sending, result: str, disposition: str, code: int | None
) -> None:
    """A reject is obeyed, a quarantine is written down, an open question on p=reject is asked again (RFC 9989 §5.3)."""
    found = await _judge(octets, sending)
    assert (result, disposition) == (found.dmarc.result, found.dmarc.disposition)
    answer = refusal(found)
    assert code == (answer.code if answer else None)


@pytest.mark.parametrize("address", ["", "unknown", "192.0.2", "192.0.2.1%eth0", "fe80::1%eth0"])
async def test_without_a_client_address_spf_says_none(address: str) -> None:
    """There is nothing to check, and that is no pass (RFC 7208 §2.6.1)."""
    assert SpfWord.NONE is (await _judge(mail(), replace(GENUINE, address=address))).spf.result


async def test_a_silent_resolver_costs_a_bounded_time() -> None:
    """Every question ends by the deadline, as one that nobody answered."""
    found = await judge(signed(mail()), GENUINE, SilentNames(), now_unix=NOW, seconds=0.01)
    assert (SpfWord.TEMPERROR, {"temperror"}, DmarcWord.TEMPERROR) == (
        found.spf.result,
        {one.result for one in found.dkim},
        found.dmarc.result,
    )
    answer = refusal(found)
    assert answer is not None
    assert answer.is_temporary


async def test_an_open_ended_signature_authenticates_nothing() -> None:
    """What stands behind l= is anybody's, so the mail is not its signer's (RFC 6376 §8.2)."""
    good = DkimResult(DkimWord.PASS, "lagoon.test", "s")
    assert good == _wholly_signed(good)
    assert DkimWord.POLICY is _wholly_signed(replace(good, unsigned_octets=1)).result
    failed = replace(good, result=DkimWord.FAIL, unsigned_octets=1)
    assert failed == _wholly_signed(failed)


def test_a_refusal_tells_the_policy_and_no_private_reason() -> None:
    """The reply names DMARC and the domain that asked for it, nothing of the log (RFC 9989 §7.2)."""
    reject = DmarcResult(DmarcWord.FAIL, Disposition.REJECT, "lagoon.test", reason="private", policy=Disposition.REJECT)
    answer = refusal(_judgement(reject))
    assert answer is not None
    assert (550, "5.7.1") == (answer.code, answer.enhanced)
    assert "DMARC policy of lagoon.test" in str(answer)
    assert "private" not in str(answer)


async def test_the_results_are_written_in_the_registry_s_words() -> None:
    """One result for SPF, one for each signature, one for DMARC (RFC 8601 §2.7)."""
    disposition, field = stamps(await _judge(signed(mail()), GENUINE), HOST)
    assert b"X-SCoP-Disposition: none\r\n" == disposition
    written = parse_results(field)
    assert HOST == written.authserv_id
    assert [
        ("spf", "pass", {"smtp.mailfrom": "lagoon.test"}),
        ("dkim", "pass", {"header.d": "lagoon.test", "header.s": "rsa"}),
        ("dkim", "pass", {"header.d": "lagoon.test", "header.s": "ed"}),
        ("dmarc", "pass", {"header.from": "lagoon.test"}),
    ] == [(one.method, one.result, dict(one.properties)) for one in written.results]


async def test_nothing_found_is_written_too() -> None:
    """An empty reverse-path is known by its HELO name; no signature is `dkim=none`; no author has no domain."""
    written = parse_results(stamps(await _judge(mail("nobody"), _sending("")), HOST)[1])
    assert [("spf", {"smtp.helo": "h.test"}), ("dkim", {}), ("dmarc", {})] == [
        (one.method, dict(one.properties)) for one in written.results
    ]
    assert ["none", "none", "permerror"] == [one.result for one in written.results]


def test_only_our_own_stamps_stay() -> None:
    """Fields in our name go from below, results in our name from above too; the filter's verdict stays."""
    forged = b"Authentication-Results: mx.harbor.test; dmarc=pass\r\n"
    verdict = b"X-SCoP-Spam: spam; score=0.99\r\n"
    received = b"Received: from x by mx.harbor.test; now\r\n"
    other = b"Authentication-Results: mx.lagoon.test; spf=pass\r\n"
    below = b"X-SCoP-Disposition: none\r\n" + forged + other + b"X-SCoP-Spam: ham\r\n" + mail()
    assert (verdict + received, other + mail()) == cleaned(verdict + forged + received, below, HOST)
