"""A judgement as the reporter counts it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.verifier_world import LAGOON, judgement_of
from scop.cells.verifier.judged import Letter, judged_mail
from scop.cells.verifier.verdict import decide
from scop.dkim import DkimResult, DkimWord
from scop.dmarc import Disposition, DmarcResult, DmarcWord, Doubt, DoubtWord, OverrideWord, parse_policy
from scop.dmarc import Override as Deviation
from scop.mesh.vocabulary.reporter import DkimJudged, JudgedMail, Override, PublishedPolicy
from scop.spf import SpfResult, SpfWord

RECORD = parse_policy(b"v=DMARC1; p=reject; sp=none; adkim=s; rua=mailto:a@lagoon.test!10m; ruf=mailto:f@lagoon.test")
LETTER = Letter(1.5, "t1", "harbor.test", b"Subject: x\r\n")
REJECTED = DmarcResult(
    DmarcWord.FAIL,
    Disposition.REJECT,
    "lagoon.test",
    policy=Disposition.REJECT,
    author_domain="lagoon.test",
    published=RECORD,
)


def _told(dmarc: DmarcResult, *doubts: Doubt, spf: SpfWord = SpfWord.FAIL) -> JudgedMail:
    judgement = judgement_of(
        dmarc,
        *doubts,
        spf=SpfResult(spf, "lagoon.test"),
        dkim=(DkimResult(DkimWord.PASS, "list.test", "s"), DkimResult(DkimWord.PERMERROR)),
    )
    found = judged_mail(judgement, decide(judgement), LETTER)
    assert found is not None
    return found


def test_a_judgement_is_told_as_reports_have_it() -> None:
    """Row, policy as published, identifiers and results (RFC 9990 §3.1); a signature without a domain is none."""
    assert JudgedMail(
        unix=1.5,
        trace="t1",
        source_address=LAGOON,
        author_domain="lagoon.test",
        envelope_from="lagoon.test",
        envelope_to="harbor.test",
        policy=PublishedPolicy(
            "lagoon.test",
            p="reject",
            sp="none",
            adkim="s",
            rua=("mailto:a@lagoon.test",),
            ruf=("mailto:f@lagoon.test",),
        ),
        disposition="reject",
        dkim_aligned=False,
        spf_aligned=False,
        spf_domain="lagoon.test",
        spf_scope="mfrom",
        spf_result="fail",
        dkim=(DkimJudged("list.test", "s", "pass"),),
        header=b"Subject: x\r\n",
    ) == _told(REJECTED)


def test_nobody_is_told_where_nobody_published_a_policy() -> None:
    """Without a policy there is no domain owner who wants a report."""
    judgement = judgement_of(DmarcResult(DmarcWord.NONE))
    assert judged_mail(judgement, decide(judgement), LETTER) is None


@pytest.mark.parametrize(
    ("dmarc", "disposition", "overrides"),
    [
        (replace(REJECTED, result=DmarcWord.PASS, disposition=Disposition.NONE), "pass", ()),
        (replace(REJECTED, disposition=Disposition.QUARANTINE), "quarantine", ()),
        (
            replace(
                REJECTED,
                disposition=Disposition.NONE,
                overrides=(Deviation(OverrideWord.TRUSTED_FORWARDER, "the client is on our list"),),
            ),
            "none",
            (Override("trusted_forwarder", "the client is on our list"),),
        ),
        (
            replace(
                REJECTED,
                result=DmarcWord.TEMPERROR,
                disposition=Disposition.NONE,
                policy=Disposition.QUARANTINE,
            ),
            "none",
            (Override("other", "the DNS did not answer"),),
        ),
    ],
    ids=["pass", "quarantine", "override", "open"],
)
def test_what_was_done_is_told(dmarc: DmarcResult, disposition: str, overrides: tuple[Override, ...]) -> None:
    """The disposition is what was done, and a deviation has its reason (RFC 9989 §5.4)."""
    told = _told(dmarc)
    assert (disposition, overrides) == (told.disposition, told.overrides)


def test_a_refusal_for_another_reason_is_told_as_our_own() -> None:
    """A mail with two From fields is refused whatever the policy says."""
    lax = replace(REJECTED, disposition=Disposition.NONE, policy=Disposition.NONE)
    told = _told(lax, Doubt(DoubtWord.SEVERAL_FROM, "2 fields"))
    assert ("reject", ["local_policy"]) == (told.disposition, [one.type for one in told.overrides])


@pytest.mark.parametrize(
    ("options", "spf_aligned", "wanted"),
    [
        ("0", False, True),
        ("0", True, False),
        ("1", True, True),
        ("d", True, True),
        ("s", True, True),
        ("s:d", True, True),
    ],
)
def test_a_header_is_shown_only_to_who_asks_for_failures(options: str, spf_aligned: bool, wanted: bool) -> None:
    """Tag fo: all methods failed, any failed, a signature failed, SPF failed (RFC 9989 §4.7)."""
    published = parse_policy(f"v=DMARC1; p=none; fo={options}; ruf=mailto:f@lagoon.test".encode())
    told = _told(replace(REJECTED, published=published, spf_aligned=spf_aligned))
    assert wanted == bool(told.header)
    nobody = parse_policy(f"v=DMARC1; p=none; fo={options}".encode())
    assert b"" == _told(replace(REJECTED, published=nobody)).header
    suffix = parse_policy(f"v=DMARC1; p=none; psd=y; fo={options}; ruf=mailto:f@lagoon.test".encode())
    assert b"" == _told(replace(REJECTED, published=suffix)).header  # RFC 9990 §7.3
