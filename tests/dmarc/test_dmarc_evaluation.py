"""The evaluation, by the rules of the standard and the attacks it names; its appendix has a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from fakes.recording_names import RecordingNames
from scop.dmarc import Disposition, DmarcResult, DmarcWord, evaluate, evaluate_authors
from scop.dns import StaticNames, run
from scop.spf import SpfResult, SpfWord

NONE, QUARANTINE, REJECT = Disposition
PASS = SpfWord.PASS


@dataclass(frozen=True)
class Signature:
    """As much of a DKIM result as DMARC looks at."""

    domain: str
    result: str = "pass"


def _names(policies: Mapping[str, str | None], *exist: str) -> StaticNames:
    """Publish policies by domain (None: the DNS is silent there) and addresses of the domains that exist."""
    zone: dict[str, list[object]] = {name: [{"A": "192.0.2.1"}] for name in exist}
    for domain, text in policies.items():
        zone[f"_dmarc.{domain}"] = ["TIMEOUT"] if text is None else [{"TXT": f"v=DMARC1; {text}"}]
    return StaticNames.from_openspf(zone)


def _judge(
    names: StaticNames, author: str, spf: str | SpfResult = "", dkim: Sequence[str | Signature] = ()
) -> DmarcResult:
    """Evaluate with passing identifiers, given as their domains."""
    result = SpfResult(PASS, spf) if isinstance(spf, str) else spf
    signatures = [Signature(one) if isinstance(one, str) else one for one in dkim]
    return run(evaluate(author, result, signatures), names)  # type: ignore[arg-type]  # stands in for a DkimResult


def _aligned(outcome: DmarcResult) -> tuple[str, bool, bool]:
    return outcome.result, outcome.spf_aligned, outcome.dkim_aligned


@pytest.mark.parametrize(
    ("author", "identifier", "tags", "aligned"),
    [
        # RFC 9989 §4.4 table 1, §B.1.1 and §B.1.2
        ("news.example.com", "foo.example.com", "", True),
        ("news.example.com", "foo.example.com", "; aspf=s; adkim=s", False),
        ("news.example.com", "news.example.com", "; aspf=s; adkim=s", True),
        ("news.example.com", "foo.example.net", "", False),
        ("example.com", "child.example.com", "", True),
        ("child.example.com", "example.com", "", True),
        ("child.example.com", "example.net", "", False),
        ("Example.COM", "EXAMPLE.com", "; aspf=s; adkim=s", True),
        # Not in the standard: a name that only ends alike
        ("example.com", "notexample.com", "", False),
        ("example.com", "example.com.evil.com", "", False),
        ("example.com", "", "", False),
    ],
)
def test_identifiers_are_aligned_as_the_standard_shows(
    author: str, identifier: str, tags: str, *, aligned: bool
) -> None:
    """SPF and DKIM alone each decide in the same way (RFC 9989 §4.4)."""
    names = _names({"example.com": f"p=reject{tags}"}, "child.example.com", "news.example.com")
    expected = DmarcWord.PASS if aligned else DmarcWord.FAIL
    assert (expected, aligned, False) == _aligned(_judge(names, author, spf=identifier))
    assert (expected, False, aligned) == _aligned(_judge(names, author, dkim=[identifier]))


@pytest.mark.parametrize(
    ("policies", "identifier", "aligned"),
    [
        # RFC 9989 §4.10.2, the three closing examples for a.mail.example.com
        ({"mail.example.com": "p=reject", "example.com": "p=reject"}, "other.example.com", True),
        ({"mail.example.com": "p=reject; psd=n", "example.com": "p=reject"}, "example.com", False),
        ({"mail.example.com": "p=reject; psd=n", "example.com": "p=reject"}, "mail.example.com", True),
        ({"com": "p=reject; psd=y"}, "other.example.com", True),
        ({"com": "p=reject; psd=y"}, "example.net.com", False),
    ],
)
def test_the_organizational_domain_examples(policies: Mapping[str, str], identifier: str, *, aligned: bool) -> None:
    """RFC 9989 §4.10.2: psd=n is the domain, psd=y stands one above it, else the highest record."""
    outcome = _judge(_names(policies, "a.mail.example.com"), "a.mail.example.com", identifier)
    assert aligned is outcome.spf_aligned


def test_a_public_suffix_lends_its_policy_where_no_other_is() -> None:
    """RFC 9989 §4.10.1: the author domain, its organization, its public suffix, in this order."""
    names = _names({"bank.example": "p=reject; psd=y; np=quarantine"}, "giant.bank.example")
    assert REJECT is _judge(names, "giant.bank.example").disposition
    assert QUARANTINE is _judge(names, "nobody.bank.example").disposition


def test_a_walk_asks_eight_names_at_most() -> None:
    """RFC 9989 §4.10: the names that the standard lists, and no others."""
    names = RecordingNames(_names({}))
    run(evaluate("a.b.c.d.e.f.g.h.i.j.mail.example.com", None), names)
    tails = ["a.b.c.d.e.f.g.h.i.j.mail", "g.h.i.j.mail", "h.i.j.mail", "i.j.mail", "j.mail", "mail"]
    expected = [f"_dmarc.{tail}.example.com" for tail in tails] + ["_dmarc.example.com", "_dmarc.com"]
    assert expected == [question.name for question in names.asked]


@pytest.mark.parametrize(
    ("tags", "author", "disposition"),
    [
        ("p=none", "example.com", NONE),
        ("p=quarantine", "example.com", QUARANTINE),
        ("p=reject", "example.com", REJECT),
        ("p=reject; t=y", "example.com", QUARANTINE),
        ("p=quarantine; t=y", "example.com", NONE),
        ("p=none; sp=reject", "example.com", NONE),
        ("p=none; sp=reject", "sub.example.com", REJECT),
        ("p=none; sp=quarantine; np=reject", "sub.example.com", QUARANTINE),
        ("p=none; sp=quarantine; np=reject", "nowhere.example.com", REJECT),
        ("p=reject; np=none", "sub.example.com", REJECT),
        ("p=reject; np=none", "nowhere.example.com", NONE),
    ],
)
def test_mail_that_fails_meets_the_policy(tags: str, author: str, disposition: Disposition) -> None:
    """The tag that counts depends on where the record is and whether the author domain exists (RFC 9989 §4.10.1)."""
    outcome = _judge(_names({"example.com": tags}, "example.com", "sub.example.com"), author)
    assert (DmarcWord.FAIL, disposition) == (outcome.result, outcome.disposition)


@pytest.mark.parametrize("word", [word for word in SpfWord if word is not SpfWord.PASS])
def test_only_a_pass_authenticates(word: SpfWord) -> None:
    """An identifier that is aligned but did not pass authenticates nothing (RFC 9989 §4.4)."""
    names = _names({"example.com": "p=reject"})
    outcome = _judge(names, "example.com", SpfResult(word, "example.com"), [Signature("example.com", word)])
    assert (False, False) == (outcome.spf_aligned, outcome.dkim_aligned)
    assert outcome.result is (DmarcWord.TEMPERROR if word is SpfWord.TEMPERROR else DmarcWord.FAIL)


def test_one_good_signature_among_bad_ones_suffices() -> None:
    """RFC 9989 §4.4.1."""
    signatures = [Signature("example.com", "fail"), Signature("evil.test"), Signature("example.com")]
    outcome = _judge(_names({"example.com": "p=reject"}), "example.com", SpfResult(SpfWord.TEMPERROR, "x"), signatures)
    assert (DmarcWord.PASS, False, True) == _aligned(outcome)


@pytest.mark.parametrize(
    "policies",
    [{}, {"example.com": "p=maybe"}, {"example.net": "p=reject"}],
    ids=["no record", "no valid policy", "elsewhere"],
)
def test_without_a_policy_dmarc_does_not_apply(policies: Mapping[str, str]) -> None:
    """RFC 9989 §4.10.1: no record means no DMARC, though everything passed."""
    assert DmarcWord.NONE is _judge(_names(policies), "example.com", "example.com", ["example.com"]).result


def test_two_records_at_one_name_are_none() -> None:
    """RFC 9989 §4.10 step 2; other TXT records beside the one do not count."""
    zone = {"_dmarc.example.com": [{"TXT": "v=DMARC1; p=reject"}, {"TXT": "v=DMARC1; p=none"}]}
    assert DmarcWord.NONE is _judge(StaticNames.from_openspf(zone), "example.com").result
    zone["_dmarc.example.com"][1] = {"TXT": "v=other"}
    assert REJECT is _judge(StaticNames.from_openspf(zone), "example.com").disposition


def test_a_silent_dns_is_no_verdict() -> None:
    """RFC 9989 §5.3.6: neither pass nor fail; what the policy would be is told where it is known."""
    unknown = _judge(_names({"example.com": None}), "example.com", "example.com")
    assert (DmarcWord.TEMPERROR, NONE, "") == (unknown.result, unknown.disposition, unknown.policy_domain)
    names = _names({"example.com": "p=reject", "mail.example.com": None})
    known = _judge(names, "example.com", "mail.example.com")
    assert (DmarcWord.TEMPERROR, NONE, REJECT) == (known.result, known.disposition, known.policy)


@pytest.mark.parametrize("policy", ["p=reject", "p=quarantine", "p=none"])
def test_a_stranger_s_silent_dns_opens_no_question(policy: str) -> None:
    """A name outside of the author's organization is not aligned, whatever it publishes (RFC 9989 §4.4)."""
    names = RecordingNames(_names({"example.com": policy, "evil.com": None}))
    outcome = run(evaluate("mail.example.com", SpfResult(PASS, "evil.com"), [Signature("x.evil.com")]), names)  # type: ignore[list-item]  # stands in for a DkimResult
    assert (DmarcWord.FAIL, False) == (outcome.result, any("evil" in question.name for question in names.asked))


@pytest.mark.parametrize(
    ("domains", "result", "disposition"),
    [
        ((), DmarcWord.PERMERROR, NONE),
        (("lagoon.test",), DmarcWord.PASS, NONE),
        (("lagoon.test", "bank.test"), DmarcWord.FAIL, REJECT),
        (("bank.test", "lagoon.test"), DmarcWord.FAIL, REJECT),
        (("lagoon.test", "mild.test"), DmarcWord.FAIL, NONE),
        (("mild.test", "bank.test"), DmarcWord.FAIL, REJECT),
        (("lagoon.test", "nobody.test"), DmarcWord.NONE, NONE),
        (("lagoon.test", "silent.test"), DmarcWord.TEMPERROR, NONE),
        (("lagoon.test", "a.test", "b.test", "c.test", "d.test"), DmarcWord.NONE, NONE),
        (("lagoon.test", "a.test", "b.test", "c.test", "d.test", "e.test"), DmarcWord.PERMERROR, REJECT),
        # What may turn out to be refused comes before what is to be filed apart, and what is refused before all
        (("soft.test", "silent.test"), DmarcWord.TEMPERROR, NONE),
        (("bank.test", "silent.test"), DmarcWord.FAIL, REJECT),
        (("soft.test", "bank.test"), DmarcWord.FAIL, REJECT),
    ],
)
def test_several_authors_pass_only_together(
    domains: tuple[str, ...], result: DmarcWord, disposition: Disposition
) -> None:
    """A mail that shows a domain which did not sign never passes (RFC 9989 §11.5)."""
    policies = {"lagoon.test": "p=reject", "bank.test": "p=reject", "soft.test": "p=quarantine", "mild.test": "p=none"}
    names = _names({**policies, "silent.test": None})
    outcome = run(evaluate_authors(domains, SpfResult(PASS, "lagoon.test")), names)
    assert (result, disposition) == (outcome.result, outcome.disposition)
    assert (outcome.result is DmarcWord.PASS) == (domains == ("lagoon.test",))


@pytest.mark.parametrize("domain", ["x" * 64 + ".test", "a..test", "häfen.test", ".".join(["x" * 60] * 5)])
def test_a_name_that_cannot_be_asked_has_no_policy(domain: str) -> None:
    """What no DNS query can carry is not asked."""
    assert DmarcWord.NONE is run(evaluate(domain, None), _names({})).result


def test_no_author_domain_is_a_permerror() -> None:
    """RFC 9989 §5.3.1: without one domain there is nothing to evaluate."""
    assert DmarcWord.PERMERROR is run(evaluate(None, SpfResult(PASS, "a.test")), _names({})).result
