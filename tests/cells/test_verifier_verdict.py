"""The words with which the verifier decides, replies and stamps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.verifier_world import LAGOON, judgement_of
from scop.arc import ArcResult, ArcWord
from scop.authres import parse as parse_results
from scop.cells.verifier.results import cleaned, stamps
from scop.cells.verifier.verdict import Decision, decide
from scop.dkim import DkimResult, DkimWord
from scop.dmarc import Aligned, Disposition, DmarcResult, DmarcWord, Override, OverrideWord
from scop.spf import SpfResult, SpfWord

HOST = "mx.harbor.test"
REJECTED = DmarcResult(
    DmarcWord.FAIL,
    Disposition.REJECT,
    "lagoon.test",
    reason="private",
    policy=Disposition.REJECT,
    author_domain="lagoon.test",
)
PASSED = DmarcResult(
    DmarcWord.PASS,
    policy_domain="lagoon.test",
    dkim_aligned=True,
    policy=Disposition.REJECT,
    author_domain="lagoon.test",
    aligned=(Aligned("dkim", "lagoon.test"),),
)


def test_a_refusal_tells_the_policy_what_was_missing_and_no_private_reason() -> None:
    """The reply names DMARC, the domain that asked for it and what would have helped (RFC 9989 §7.2)."""
    forged = judgement_of(
        REJECTED,
        spf=SpfResult(SpfWord.PASS, "forger.test", reason="private"),
        dkim=(DkimResult(DkimWord.FAIL, "lagoon.test", "s", "private"),),
    )
    answer = decide(forged).reply
    assert answer is not None
    assert (550, "5.7.1") == (answer.code, answer.enhanced)
    assert (
        "Refused under the DMARC policy of lagoon.test (reject):",
        "SPF passes for forger.test, which is not lagoon.test;",
        "no DKIM signature of lagoon.test passes (fail for lagoon.test)",
    ) == answer.text


def test_a_reply_is_ascii_whatever_the_mail_says() -> None:
    """Nothing of the mail breaks a reply line or needs UTF-8 (RFC 6531 §3.7.4.1)."""
    odd = DmarcResult(DmarcWord.FAIL, Disposition.REJECT, "b\u00fc\r\n\udcffcher.test", author_domain="\u00fc" * 300)
    answer = decide(judgement_of(odd, spf=SpfResult(SpfWord.FAIL, "\u00fc.test"))).reply
    assert answer is not None
    assert all(line.isascii() and line.isprintable() and len(line) < 1500 for line in answer.text)


@pytest.mark.parametrize(
    ("dmarc", "decision", "sentence"),
    [
        (
            PASSED,
            Decision.DELIVER,
            "The author domain lagoon.test stands behind it: DKIM for lagoon.test passes and is aligned",
        ),
        (
            DmarcResult(DmarcWord.NONE, reason="no policy for lagoon.test", author_domain="lagoon.test"),
            Decision.DELIVER,
            "Nothing is asked for: no policy for lagoon.test",
        ),
        (
            DmarcResult(DmarcWord.TEMPERROR, author_domain="lagoon.test"),
            Decision.DEFER,
            "The DMARC policy of lagoon.test cannot be checked now, try again later",
        ),
        (
            DmarcResult(DmarcWord.TEMPERROR, policy_domain="lagoon.test", author_domain="lagoon.test"),
            Decision.DELIVER,
            "The DNS is silent, and the policy of lagoon.test asks for nothing",
        ),
        (
            DmarcResult(DmarcWord.FAIL, Disposition.QUARANTINE, "lagoon.test", author_domain="lagoon.test"),
            Decision.QUARANTINE,
            (
                "The DMARC policy of lagoon.test (quarantine) has it filed apart: SPF has nothing to check; "
                "there is no DKIM signature of lagoon.test"
            ),
        ),
        (
            DmarcResult(DmarcWord.FAIL, policy_domain="lagoon.test", author_domain="lagoon.test"),
            Decision.DELIVER,
            (
                "It fails DMARC (SPF has nothing to check; there is no DKIM signature of lagoon.test), but the policy "
                "of lagoon.test asks for nothing"
            ),
        ),
        (
            DmarcResult(
                DmarcWord.FAIL,
                policy_domain="lagoon.test",
                author_domain="lagoon.test",
                overrides=(Override(OverrideWord.LOCAL_POLICY, "arc=pass as[1].d=list.test"),),
            ),
            Decision.DELIVER,
            (
                "It fails DMARC (SPF has nothing to check; there is no DKIM signature of lagoon.test), but goes on: "
                "arc=pass as[1].d=list.test"
            ),
        ),
    ],
    ids=["pass", "none", "open", "silent", "quarantine", "p-none", "override"],
)
def test_one_sentence_decides(dmarc: DmarcResult, decision: Decision, sentence: str) -> None:
    """What is done is said in one sentence that names the domain and the reason."""
    verdict = decide(judgement_of(dmarc))
    assert (decision, sentence) == (verdict.decision, verdict.sentence)


def test_the_results_are_written_in_the_registry_s_words() -> None:
    """One result for each identity of SPF, each signature, the chain, the address and the author (RFC 8601 §2.7)."""
    judged = judgement_of(
        PASSED,
        spf=SpfResult(SpfWord.PASS, "lagoon.test"),
        helo=SpfResult(SpfWord.NONE, "mx.lagoon.test"),
        dkim=(
            DkimResult(DkimWord.PASS, "lagoon.test", "rsa", "", "@lagoon.test", "rsa-sha256", signature_start="a/+b"),
            DkimResult(DkimWord.FAIL, "lagoon.test", "ed", "", "x y@b.lagoon.test", is_testing=True),
        ),
        arc=ArcResult(ArcWord.PASS, ("list.test",), oldest_pass=0),
    )
    disposition, field = stamps(judged, decide(judged), HOST)
    assert b"X-SCoP-Disposition: none\r\n" == disposition
    written = parse_results(field)
    assert HOST == written.authserv_id
    assert ["", "", "", "test mode", "", "", ""] == [one.reason for one in written.results]
    assert [
        ("spf", "pass", {"smtp.mailfrom": "lagoon.test"}),
        ("spf", "none", {"smtp.helo": "mx.lagoon.test"}),
        (
            "dkim",
            "pass",
            {"header.d": "lagoon.test", "header.s": "rsa", "header.a": "rsa-sha256", "header.b": "a/+b"},
        ),
        ("dkim", "fail", {"header.d": "lagoon.test", "header.i": "x y@b.lagoon.test", "header.s": "ed"}),
        ("arc", "pass", {"smtp.remote-ip": LAGOON, "header.oldest-pass": "0"}),
        ("iprev", "permerror", {"policy.iprev": LAGOON}),
        ("dmarc", "pass", {"header.from": "lagoon.test", "policy.dmarc": "none"}),
    ] == [(one.method, one.result, dict(one.properties)) for one in written.results]


def test_an_override_is_written_down() -> None:
    """Whoever reads the mail later learns that it failed and why it is here (RFC 9989 §5.4)."""
    overrides = (Override(OverrideWord.LOCAL_POLICY, "arc=pass as[1].d=list.test"),)
    judged = judgement_of(
        DmarcResult(DmarcWord.FAIL, policy_domain="lagoon.test", author_domain="lagoon.test", overrides=overrides)
    )
    (result,) = (one for one in parse_results(stamps(judged, decide(judged), HOST)[1]).results if one.method == "dmarc")
    assert ("fail", "local_policy: arc=pass as[1].d=list.test") == (result.result, result.reason)


TEXT = st.one_of(st.text(max_size=30), st.text(max_size=3).map(lambda piece: piece * 300))


@given(domain=TEXT, selector=TEXT, identity=TEXT, comment=TEXT)
@settings(max_examples=40)
def test_nothing_of_the_mail_breaks_our_field(domain: str, selector: str, identity: str, comment: str) -> None:
    """Whatever stands in domains and identities, the field is one field of ASCII that reads as it was meant."""
    judged = judgement_of(
        DmarcResult(DmarcWord.FAIL, overrides=(Override(OverrideWord.OTHER, comment),)),
        spf=SpfResult(SpfWord.FAIL, domain),
        dkim=(DkimResult(DkimWord.FAIL, domain, selector, "", identity),),
    )
    verdict = decide(judged)
    field = stamps(judged, verdict, HOST)[1]
    assert field.isascii()
    assert all(line[:1] == b"\t" and 998 > len(line) for line in field.split(b"\r\n")[1:-1])
    assert ["spf", "spf", "dkim", "iprev", "dmarc"] == [one.method for one in parse_results(field).results]


def test_only_our_own_stamps_stay() -> None:
    """Fields in our name go from below, results in our name from above too; the filter's verdict stays."""
    forged = b"Authentication-Results: mx.harbor.test; dmarc=pass\r\n"
    verdict = b"X-SCoP-Spam: spam; score=0.99\r\n"
    received = b"Received: from x by mx.harbor.test; now\r\n"
    other = b"Authentication-Results: mx.lagoon.test; spf=pass\r\n"
    text = b"From: ceo@lagoon.test\r\n\r\nText\r\n"
    below = b"X-SCoP-Disposition: none\r\n" + forged + other + b"X-SCoP-Spam: ham\r\n" + text
    assert (verdict + received, other + text) == cleaned(verdict + forged + received, below, HOST, "harbor.test")
