"""Every example of RFC 9989's appendix B, and those of its text, with the names and records that it prints."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.recording_names import RecordingNames
from scop.dkim import DkimResult, DkimWord
from scop.dmarc import Disposition, DmarcResult, DmarcWord, author_domain, evaluate, parse_policy
from scop.dmarc.discovery import discover
from scop.dns import StaticNames, run
from scop.mime import parse
from scop.spf import SpfResult, SpfWord

REST = b"Date: Fri, Feb 15 2002 16:54:30 -0800\r\nTo: receiver@example.org\r\nSubject: here's a sample\r\n\r\nText\r\n"
NONE, QUARANTINE, REJECT = Disposition


def _names(*domains: str, record: str = "v=DMARC1; p=reject") -> StaticNames:
    return StaticNames.from_openspf({f"_dmarc.{domain}": [{"TXT": record}] for domain in domains})


def _judged(names: StaticNames, author: str, spf: str = "", dkim: str = "") -> DmarcResult:
    """Evaluate a mail from `sender@author` whose identifiers passed."""
    domain = author_domain(parse(f"From: sender@{author}\r\n".encode() + REST))
    mail_from = SpfResult(SpfWord.PASS, spf) if spf else None
    signatures = (DkimResult(DkimWord.PASS, dkim),) if dkim else ()
    return run(evaluate(domain, mail_from, signatures), names)


@pytest.mark.parametrize("method", ["spf", "dkim"])
@pytest.mark.parametrize(
    ("identifier", "author", "mode", "aligned"),
    [
        ("example.com", "example.com", "s", True),  # example 1
        ("child.example.com", "example.com", "r", True),  # example 2 of SPF
        ("example.com", "child.example.com", "r", True),  # example 2 of DKIM
        ("child.example.com", "example.com", "s", False),
        ("example.net", "child.example.com", "r", False),  # example 3
    ],
)
def test_identifier_alignment(method: str, identifier: str, author: str, mode: str, *, aligned: bool) -> None:
    """RFC 9989 §B.1.1 and §B.1.2: strict, relaxed and no alignment."""
    names = _names("example.com", record=f"v=DMARC1; p=reject; aspf={mode}; adkim={mode}")
    outcome = _judged(names, author, **{method: identifier})
    assert aligned is (outcome.spf_aligned if method == "spf" else outcome.dkim_aligned)
    assert aligned is (outcome.result is DmarcWord.PASS)


MONITORING = "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com"
RECORDS = {
    "B.2.1": (MONITORING, NONE, ("mailto:dmarc-feedback@example.com",), ()),
    "B.2.2": (
        f"{MONITORING}; ruf=mailto:auth-reports@example.com",
        NONE,
        ("mailto:dmarc-feedback@example.com",),
        ("mailto:auth-reports@example.com",),
    ),
    "B.2.3": (
        f"{MONITORING}; ruf=mailto:auth-reports@thirdparty.example.net",
        NONE,
        ("mailto:dmarc-feedback@example.com",),
        ("mailto:auth-reports@thirdparty.example.net",),
    ),
    "B.2.5 testing": (
        "v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net; t=y",
        NONE,
        ("mailto:dmarc-feedback@example.com", "mailto:tld-test@thirdparty.example.net"),
        (),
    ),
    "B.2.5": (
        "v=DMARC1; p=reject; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net",
        REJECT,
        ("mailto:dmarc-feedback@example.com", "mailto:tld-test@thirdparty.example.net"),
        (),
    ),
}


@pytest.mark.parametrize("section", RECORDS)
def test_the_domain_owner_records(section: str) -> None:
    """RFC 9989 §B.2: what each record asks for mail that fails, and for reports (§B.2.4: see the destinations)."""
    text, disposition, reports, failures = RECORDS[section]
    policy = parse_policy(text.encode())
    assert policy is not None
    assert (reports, failures, ()) == (policy.aggregate_uris, policy.failure_uris, policy.defects)
    assert disposition is _judged(_names("test.example.com", record=text), "test.example.com").disposition


def test_the_receiver_example() -> None:
    """RFC 9989 §B.3.1: both identifiers are aligned and the policy is not applied; without them it is."""
    record = "v=DMARC1; p=reject; aspf=r; rua=mailto:dmarc-feedback@example.com"
    names = _names("example.com", record=record)
    passed = _judged(names, "example.com", "mail.example.com", "example.com")
    assert (DmarcWord.PASS, True, True, NONE) == (
        passed.result,
        passed.spf_aligned,
        passed.dkim_aligned,
        passed.disposition,
    )
    assert REJECT is _judged(names, "example.com").disposition


def test_the_simple_walk() -> None:
    """RFC 9989 §B.4.1: the highest record is the organization's."""
    names = _names("example.com", "signing.example.com")
    outcome = _judged(names, "example.com", "example.com", "signing.example.com")
    assert (True, True, "example.com") == (outcome.spf_aligned, outcome.dkim_aligned, outcome.policy_domain)
    assert "example.com" == run(discover("signing.example.com"), names).organization


def test_the_deep_walk() -> None:
    """RFC 9989 §B.4.2: eight questions, in this order, find the organization of a name of thirteen labels."""
    author = "a.b.c.d.e.f.g.h.i.j.k.example.com"
    names = RecordingNames(_names("example.com", "signing.example.com"))
    found = run(discover(author), names)
    assert ("example.com", "example.com") == (found.organization, found.policy_domain)
    expected = [author, "g.h.i.j.k.example.com", "h.i.j.k.example.com", "i.j.k.example.com", "j.k.example.com"]
    expected += ["k.example.com", "example.com", "com"]
    assert [f"_dmarc.{name}" for name in expected] == [question.name for question in names.asked]
    outcome = _judged(_names("example.com", "signing.example.com"), author, "example.com", "signing.example.com")
    assert (True, True) == (outcome.spf_aligned, outcome.dkim_aligned)


def test_the_walk_to_a_public_suffix() -> None:
    """RFC 9989 §B.4.3: each bank is an organization of its own below psd=y."""
    records = {"bank.example": "v=DMARC1; p=none; psd=y", "giant.bank.example": "v=DMARC1; p=reject"}
    names = StaticNames.from_openspf({f"_dmarc.{name}": [{"TXT": text}] for name, text in records.items()})
    organizations = {
        "giant.bank.example": "giant.bank.example",
        "mail.giant.bank.example": "giant.bank.example",
        "mail.mega.bank.example": "mega.bank.example",
    }
    assert organizations == {name: run(discover(name), names).organization for name in organizations}
    outcome = _judged(names, "giant.bank.example", "mail.giant.bank.example", "mail.mega.bank.example")
    assert (True, False, REJECT) == (outcome.spf_aligned, outcome.dkim_aligned, outcome.policy)


def test_a_record_too_deep_is_not_found() -> None:
    """RFC 9989 §5.1.8: between the author domain and seven labels nobody looks."""
    names = _names("example.com", "b.c.d.e.f.g.example.com")
    author = "mail.a.b.c.d.e.f.g.example.com"
    assert "example.com" == run(discover(author), names).policy_domain
    assert author == run(discover(author), _names("example.com", author)).policy_domain


def test_a_record_above_the_organization_lets_others_pass_unless_psd_parts_them() -> None:
    """RFC 9989 §11.8: psd=n at the organization, or psd=y above it, keeps sisters apart."""
    open_names = _names("mail.example.com", "example.com")
    assert DmarcWord.PASS is _judged(open_names, "evil.example.com", "mail.example.com").result
    records = {"mail.example.com": "v=DMARC1; p=reject; psd=n", "example.com": "v=DMARC1; p=reject"}
    names = StaticNames.from_openspf({f"_dmarc.{name}": [{"TXT": text}] for name, text in records.items()})
    assert DmarcWord.FAIL is _judged(names, "evil.example.com", "mail.example.com").result


@pytest.mark.parametrize("tags", ["pct=0", "pct=50", "rf=afrf; ri=86400", "pct=x; rf=; ri=-1"])
def test_tags_of_before_change_nothing(tags: str) -> None:
    """RFC 9989 §A.6 and §C.5.2: pct, rf and ri are no longer known, whatever they say."""
    plain = parse_policy(b"v=DMARC1; p=reject")
    assert plain == parse_policy(f"v=DMARC1; p=reject; {tags}".encode())
    outcome = _judged(_names("example.com", record=f"v=DMARC1; {tags}; p=reject"), "example.com")
    assert REJECT is outcome.disposition


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", "1"),
        ("0:d", "0d"),
        ("d:s:1", "1ds"),
        ("s", "s"),
        ("d:1:s", "1ds"),
        ("D:S", "ds"),
        ("0:1", "0"),
        ("d:d", "0"),
        ("x", "0"),
        ("", "0"),
        ("1:", "0"),
    ],
)
def test_failure_options_are_read(value: str, expected: str) -> None:
    """RFC 9989 §4.8, dmarc-fo: each at most once, 0 and 1 exclude each other; what is malformed means 0."""
    policy = parse_policy(f"v=DMARC1; p=none; ruf=mailto:a@x.test; fo={value}".encode())
    assert policy is not None
    assert set(expected) == policy.failure_options


def test_what_reports_need_is_told() -> None:
    """RFC 9990 §3.1.1: the author domain, the record with its tags, the action, and why it deviates."""
    record = "v=DMARC1; p=reject; sp=none; t=y; adkim=s; pct=5"
    outcome = _judged(_names("example.com", record=record), "example.com")
    assert outcome.published is not None
    assert ("example.com", "example.com") == (outcome.author_domain, outcome.policy_domain)
    assert (("p", "reject"), ("sp", "none"), ("t", "y"), ("adkim", "s")) == outcome.published.tags
    assert ("s", "") == (outcome.published.tag("adkim"), outcome.published.tag("aspf"))
    assert ["policy_test_mode"] == [one.word for one in outcome.overrides]
    assert "quarantine" == outcome.action
    passed = replace(outcome, result=DmarcWord.PASS, disposition=NONE)
    assert ("pass", "none") == (passed.action, replace(passed, policy=NONE).action)
