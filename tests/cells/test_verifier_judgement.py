"""What the verifier finds out about a mail, and what it does with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fakes.loops import jump, settled
from fakes.verifier_world import LAGOON, LIST, NOW, AsyncNames, SilentNames, mail, signed, through_list
from scop.cells.verifier.judgement import Judgement, JudgeOptions, Sending, _wholly_signed, judge
from scop.cells.verifier.verdict import decide
from scop.dkim import DkimResult, DkimWord
from scop.dmarc import DmarcWord, OverrideWord
from scop.dmarc.overrides import OverrideOptions
from scop.dns import Security
from scop.iprev import IprevWord, ReverseName
from scop.smtp import Mailbox
from scop.spf import SpfWord

FORGER = "198.51.100.66"
GENUINE = Sending(LAGOON, "mx.lagoon.test", Mailbox.parse("ceo@lagoon.test"))


def _sending(mail_from: str, address: str = FORGER) -> Sending:
    return Sending(address, "h.test", Mailbox.parse(mail_from) if mail_from else None)


async def _judge(octets: bytes, sending: Sending) -> Judgement:
    return await judge(octets, sending, AsyncNames(), now_unix=NOW)


async def test_a_genuine_mail_passes_everything() -> None:
    """The right address and both signatures: every method passes, nothing is refused."""
    found = await _judge(signed(mail()), GENUINE)
    assert (SpfWord.PASS, ["pass", "pass"], DmarcWord.PASS) == (
        found.spf.result,
        [one.result for one in found.dkim],
        found.dmarc.result,
    )
    assert "deliver" == decide(found).decision


@pytest.mark.parametrize(("insecure", "wanted"), [("", Security.SECURE), ("_dmarc.lagoon.test", Security.INSECURE)])
async def test_a_judgement_is_as_sure_as_the_least_sure_of_its_answers(insecure: str, wanted: Security) -> None:
    """RFC 4033 §5: one insecure policy among secure keys leaves the whole insecure."""
    names = AsyncNames(insecure=frozenset({insecure}))
    assert wanted is (await judge(signed(mail()), GENUINE, names, now_unix=NOW)).names


@pytest.mark.parametrize(
    ("octets", "sending", "result", "decision", "code"),
    [
        # A forged From, from the forger's own address and with his own or nobody's reverse-path
        (mail(), _sending("ceo@lagoon.test"), "fail", "refuse", 550),
        (mail(), _sending("me@plain.test"), "fail", "refuse", 550),
        (mail(), _sending(""), "fail", "refuse", 550),
        # A body that was changed on its way, or that never was what they signed
        (signed(mail()) + b"More\r\n", _sending("me@plain.test"), "fail", "refuse", 550),
        # Forwarded: only the signature vouches
        (signed(mail()), _sending("me@plain.test"), "pass", "deliver", None),
        # Not signed: only the address vouches
        (mail(), GENUINE, "pass", "deliver", None),
        # A second author that did not sign
        (signed(mail("a@lagoon.test, b@mild.test")), GENUINE, "fail", "quarantine", None),
        (mail("x@mild.test"), _sending("x@mild.test"), "fail", "quarantine", None),
        (mail("x@watching.test"), _sending("x@watching.test"), "fail", "deliver", None),
        (mail("x@plain.test"), _sending("x@plain.test"), "none", "deliver", None),
        (mail("nobody"), _sending("x@plain.test"), "permerror", "refuse", 550),
        # A silent DNS: the policy unknown, the policy reject, the policy none
        (mail("x@silent.test"), _sending("x@silent.test"), "temperror", "defer", 451),
        (mail("x@half.test"), _sending("x@half.test"), "temperror", "defer", 451),
        (mail("x@calm.test"), _sending("x@calm.test"), "temperror", "deliver", None),
    ],
)
async def test_each_mail_meets_its_policy(
    octets: bytes, sending: Sending, result: str, decision: str, code: int | None
) -> None:
    """A reject is obeyed, a quarantine is written down, an open question on p=reject is asked again (RFC 9989 §5.3)."""
    found = await _judge(octets, sending)
    verdict = decide(found)
    assert (result, decision) == (found.dmarc.result, verdict.decision)
    assert code == (verdict.reply.code if verdict.reply else None)


@pytest.mark.parametrize("address", ["", "unknown", "192.0.2", "192.0.2.1%eth0", "fe80::1%eth0"])
async def test_without_a_client_address_spf_says_none(address: str) -> None:
    """There is nothing to check, and that is no pass (RFC 7208 §2.6.1)."""
    assert SpfWord.NONE is (await _judge(mail(), replace(GENUINE, address=address))).spf.result


async def test_a_silent_resolver_costs_a_bounded_time() -> None:
    """Every question ends by the deadline, as one that nobody answered."""
    found = await judge(signed(mail()), GENUINE, SilentNames(), now_unix=NOW, options=JudgeOptions(seconds=0.01))
    assert (SpfWord.TEMPERROR, {"temperror"}, DmarcWord.TEMPERROR) == (
        found.spf.result,
        {one.result for one in found.dkim},
        found.dmarc.result,
    )
    assert "defer" == decide(found).decision


async def test_a_forger_s_slow_names_keep_no_policy_from_being_found() -> None:
    """The policy is asked for beside all else, so that its answer does not come too late (RFC 9989 §5.3.6)."""
    names = AsyncNames(waiting=frozenset({"slow.test"}))
    options = JudgeOptions(seconds=60)
    judging = [
        asyncio.create_task(judge(octets, _sending("x@slow.test"), names, now_unix=NOW, options=options))
        for octets in (mail(), signed(mail()))
    ]
    await settled()
    assert [False, False] == [each.done() for each in judging]
    jump(60)
    found, later = await asyncio.gather(*judging)
    assert ("temperror", "fail", "refuse") == (found.spf.result, found.dmarc.result, decide(found).decision)
    assert DmarcWord.PASS is later.dmarc.result


async def test_an_open_ended_signature_authenticates_nothing() -> None:
    """What stands behind l= is anybody's, so the mail is not its signer's (RFC 6376 §8.2)."""
    good = DkimResult(DkimWord.PASS, "lagoon.test", "s")
    assert good == _wholly_signed(good)
    assert DkimWord.POLICY is _wholly_signed(replace(good, unsigned_octets=1)).result
    failed = replace(good, result=DkimWord.FAIL, unsigned_octets=1)
    assert failed == _wholly_signed(failed)


async def test_the_client_s_name_for_itself_is_checked_too() -> None:
    """HELO is an identity of its own; without a reverse-path it is the one of MAIL FROM (RFC 7208 §2.3, §2.4)."""
    found = await _judge(mail(), replace(GENUINE, helo="lagoon.test"))
    assert ("pass", "lagoon.test") == (found.helo.result, found.helo.domain)
    bounced = await _judge(mail(), Sending(LAGOON, "lagoon.test", None))
    assert bounced.spf == bounced.helo
    assert DmarcWord.PASS is bounced.dmarc.result


async def test_a_name_that_the_door_confirmed_is_not_asked_for_again() -> None:
    """Whoever took the mail looked the client's name up; else it is done here (RFC 8601 §3)."""
    told = await _judge(mail(), replace(GENUINE, name="mx.lagoon.test"))
    assert (ReverseName(IprevWord.PASS, "mx.lagoon.test"), ()) == (told.reverse, told.asked["iprev"])
    asked = await _judge(mail(), GENUINE)
    assert (IprevWord.PERMERROR, 1) == (asked.reverse.result, len(asked.asked["iprev"]))


async def test_each_check_tells_what_it_asked() -> None:
    """Every question stands with the check that put it, also where another check had asked it already."""
    found = await _judge(signed(mail()), replace(GENUINE, helo="lagoon.test"))
    names = {check: [one.question.name for one in asked] for check, asked in found.asked.items()}
    assert {
        "spf": ["lagoon.test"],
        "helo": ["lagoon.test"],
        "dkim": ["rsa._domainkey.lagoon.test", "ed._domainkey.lagoon.test"],
        "iprev": ["1.2.0.192.in-addr.arpa"],
        "dmarc": ["_dmarc.lagoon.test"],
    } == {check: asked for check, asked in names.items() if asked}


@pytest.mark.parametrize("allow", [FORGER, "198.51.100.0/24", "plain.test"], ids=["address", "network", "domain"])
async def test_whom_we_trust_no_policy_refuses(allow: str) -> None:
    """An allowed client or authenticated domain puts the policy aside, and that is recorded (RFC 9989 §5.4)."""
    sending = Sending(FORGER, "h.test", Mailbox.parse("list@plain.test"))
    options = JudgeOptions(OverrideOptions(allow=(allow,)))
    found = await judge(mail(), sending, AsyncNames(), now_unix=NOW, options=options)
    assert DmarcWord.FAIL is found.dmarc.result
    is_proved = allow != "plain.test"  # the forger's own address is none of plain.test, so its name proves nothing
    assert ("deliver" if is_proved else "refuse") == decide(found).decision
    assert ([OverrideWord.TRUSTED_FORWARDER] if is_proved else []) == [one.word for one in found.dmarc.overrides]


@pytest.mark.parametrize(
    ("octets", "mail_from", "decision"),
    [
        (mail().replace(b"From:", b"X-From:"), "x@plain.test", "refuse"),
        (b"From: x@plain.test\r\n" + mail("x@plain.test"), "x@plain.test", "refuse"),
        (mail("MAILER-DAEMON"), "x@plain.test", "refuse"),
        (mail("MAILER-DAEMON"), "", "quarantine"),
        (mail('"ceo@lagoon.test" <x@plain.test>'), "x@plain.test", "deliver"),
        (mail('"<ceo@lagoon.test>" <x@plain.test>'), "x@plain.test", "refuse"),
    ],
    ids=["no-from", "two-from", "no-domain", "no-domain-notice", "quoted-name", "quoted-address"],
)
async def test_a_mail_of_doubtful_authorship_is_refused_or_judged_strictly(
    octets: bytes, mail_from: str, decision: str
) -> None:
    """Where readers may be shown different authors, no mail passes as one of them (RFC 9989 §11.5)."""
    assert decision == decide(await _judge(octets, _sending(mail_from))).decision


FROM_LIST = Sending(LIST, "list.test", Mailbox.parse("list-bounces@list.test"))


@pytest.mark.parametrize(
    ("trusted", "decision"), [(("list.test",), "deliver"), (("other.test",), "refuse"), ((), "refuse")]
)
async def test_a_trusted_sealer_spares_what_it_changed(trusted: tuple[str, ...], decision: str) -> None:
    """A list breaks signatures; who trusts its seal believes what it saw, and the result stays (RFC 8617 §7.2.1)."""
    options = JudgeOptions(OverrideOptions(trusted_sealers=trusted))
    octets = through_list(signed(mail()))
    found = await judge(octets, FROM_LIST, AsyncNames(), now_unix=NOW, options=options)
    assert ("pass", "fail", decision) == (found.arc.result, found.dmarc.result, decide(found).decision)
    tampered = octets.replace(b"The list", b"The thief")
    found = await judge(tampered, FROM_LIST, AsyncNames(), now_unix=NOW, options=options)
    assert ("fail", "refuse") == (found.arc.result, decide(found).decision)


@pytest.mark.parametrize(("trusted", "decision"), [(("list.test",), "defer"), ((), "refuse")])
async def test_a_seal_that_cannot_be_checked_now_is_asked_again(trusted: tuple[str, ...], decision: str) -> None:
    """The mail might be spared by a seal whose key the DNS does not tell: it is not refused for good yet."""
    names = AsyncNames(silent=frozenset({"arc._domainkey.list.test"}))
    options = JudgeOptions(OverrideOptions(trusted_sealers=trusted))
    found = await judge(through_list(signed(mail())), FROM_LIST, names, now_unix=NOW, options=options)
    assert ("fail", "fail", decision) == (found.arc.result, found.dmarc.result, decide(found).decision)
