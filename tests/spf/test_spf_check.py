"""Laws of check_host that the openspf suite leaves open."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.random_spf import spf_scenarios
from fakes.recording_names import RecordingNames
from scop.dns import PTR, TXT, A, Question, Rdata, Security, StaticNames, run
from scop.spf import SpfOptions, SpfResult, SpfStep, SpfWord, check_helo, check_host, check_mail_from


def _names(**zone: list[object]) -> StaticNames:
    return StaticNames.from_openspf({name.replace("_", "."): records for name, records in zone.items()})


@pytest.mark.parametrize(("count", "expected"), [(10, "fail"), (11, "permerror")])
def test_ten_terms_may_ask(count: int, expected: str) -> None:
    """The eleventh term that asks is a permerror (RFC 7208 §4.6.4)."""
    names = _names(a_test=[{"TXT": "v=spf1" + " a" * count + " -all"}, {"A": "192.0.2.9"}])
    assert expected == run(check_mail_from("192.0.2.1", "x@a.test", "h.test"), names).result


@pytest.mark.parametrize(("count", "expected"), [(2, "fail"), (3, "permerror")])
def test_two_lookups_may_be_void(count: int, expected: str) -> None:
    """The third lookup that finds nothing is a permerror (RFC 7208 §4.6.4)."""
    text = "v=spf1" + "".join(f" exists:no{one}.a.test" for one in range(count)) + " -all"
    assert expected == run(check_mail_from("192.0.2.1", "x@a.test", "h.test"), _names(a_test=[{"TXT": text}])).result


def test_limits_are_arguments() -> None:
    """A caller may allow more or less (RFC 7208 §4.6.4: configurable)."""
    names = _names(a_test=[{"TXT": "v=spf1 a -all"}, {"A": "192.0.2.9"}])
    options = SpfOptions(max_lookups=0)
    assert SpfWord.PERMERROR is run(check_mail_from("192.0.2.9", "x@a.test", "h.test", options), names).result


def test_nothing_is_asked_that_need_not_be() -> None:
    """Mechanisms are evaluated from left to right and stop at the first match (RFC 7208 §4.6.2)."""
    names = RecordingNames(_names(a_test=[{"TXT": "v=spf1 ip4:192.0.2.0/24 a:b.test include:c.test -all"}]))
    run(check_mail_from("192.0.2.1", "x@a.test", "h.test"), names)
    assert [Question("a.test", "TXT")] == names.asked


def test_an_empty_reverse_path_is_postmaster_at_the_helo_name() -> None:
    """RFC 7208 §2.4: the HELO name stands in for an empty MAIL FROM."""
    names = _names(
        h_test=[{"TXT": "v=spf1 exists:%{l}.%{o}.ok.test -all"}], postmaster_h_test_ok_test=[{"A": "127.0.0.2"}]
    )
    outcome = run(check_mail_from("192.0.2.1", "", "h.test"), names)
    assert (SpfWord.PASS, "h.test") == (outcome.result, outcome.domain)


@pytest.mark.parametrize(
    "domain",
    [
        "",
        "test",
        "[192.0.2.1]",
        "a..test",
        "x" * 64 + ".test",
        "hä\0fen.test",
        "a.test\0.b.test",
        "(a.test",
        "a b.test",
    ],
    ids=range(9),
)
def test_what_is_no_domain_has_no_policy(domain: str) -> None:
    """A malformed domain gives none and asks nothing (RFC 7208 §4.3); the reason is one to read, also of no name."""
    check = check_host("192.0.2.1", domain, f"x@{domain}", "h.test")
    with pytest.raises(StopIteration) as end:
        next(check)
    assert (SpfWord.NONE, False) == (end.value.value.result, end.value.value.reason.startswith(" "))


@pytest.mark.parametrize("domain", ["häfen.test", "HÄFEN.test.", "häfen。test", "xn--hfen-loa.test"])
def test_international_names_are_judged_by_their_a_labels(domain: str) -> None:
    """U-labels become A-labels in each identity, before a name is asked for or fills a macro (RFC 8616 §4)."""
    names = StaticNames.from_openspf(
        {
            "xn--hfen-loa.test": [{"TXT": "v=spf1 exists:%{o}.%{h}.ok.test -all"}],
            "xn--hfen-loa.test.xn--hfen-loa.test.ok.test": [{"A": "127.0.0.2"}],
        }
    )
    helo = domain.removesuffix(".")
    for check in (
        check_mail_from("192.0.2.1", f"x@{helo}", helo),
        check_host("192.0.2.1", domain, f"x@{helo}", helo),
        check_helo("192.0.2.1", helo),
    ):
        outcome = run(check, names)
        assert (SpfWord.PASS, "xn--hfen-loa.test") == (outcome.result, outcome.domain)


def test_the_helo_name_is_an_identity_of_its_own() -> None:
    """RFC 7208 §2.3: it is checked as a domain with the local part postmaster, whatever MAIL FROM says."""
    names = _names(
        h_test=[{"TXT": "v=spf1 exists:%{l}.%{d}.ok.test -all"}], postmaster_h_test_ok_test=[{"A": "127.0.0.2"}]
    )
    outcome = run(check_helo("192.0.2.1", "H.test"), names)
    assert (SpfWord.PASS, "h.test", "exists:%{l}.%{d}.ok.test") == (outcome.result, outcome.domain, outcome.mechanism)


def test_a_helo_that_is_an_address_has_no_policy() -> None:
    """RFC 7208 §2.3: only a multi-label domain name can be checked."""
    assert SpfWord.NONE is run(check_helo("192.0.2.1", "[192.0.2.1]"), StaticNames({})).result


@pytest.mark.parametrize("forged", ["9.2.0.192.in-addr.arpa", "mail.a.test"])
def test_a_forged_answer_proves_no_name(forged: str) -> None:
    """RFC 7208 §5.5: a name is the client's only by answers that can be believed; a bogus one is none (RFC 4033 §5)."""
    zone: dict[tuple[str, str], list[Rdata]] = {
        ("a.test", "TXT"): [TXT.of(b"v=spf1 ptr -all")],
        ("9.2.0.192.in-addr.arpa", "PTR"): [PTR("mail.a.test")],
        ("mail.a.test", "A"): [A("192.0.2.9")],
    }
    check = check_mail_from("192.0.2.9", "x@a.test", "h.test")
    assert SpfWord.PASS is run(check, StaticNames(zone)).result
    check = check_mail_from("192.0.2.9", "x@a.test", "h.test")
    assert SpfWord.FAIL is run(check, StaticNames(zone, security={forged: Security.BOGUS})).result


def test_the_names_of_a_client_are_asked_for_once() -> None:
    """However many terms want them: their number is in the hands of whoever owns the address (RFC 7208 §4.6.4)."""
    zone: dict[tuple[str, str], list[Rdata]] = {
        ("a.test", "TXT"): [TXT.of(b"v=spf1" + b" ptr:b.test exists:%{p}.c.test a:%{p}.c.test" * 2 + b" -all")],
        ("9.2.0.192.in-addr.arpa", "PTR"): [PTR("mail.a.test")],
        ("mail.a.test", "A"): [A("192.0.2.9")],
        ("mail.a.test.c.test", "AAAA"): [],
    }
    names = RecordingNames(StaticNames(zone))
    run(check_mail_from("192.0.2.9", "x@a.test", "h.test"), names)
    assert (1, 1) == (
        names.asked.count(Question("9.2.0.192.in-addr.arpa", "PTR")),
        names.asked.count(Question("mail.a.test", "A")),
    )


@given(st.integers(0, 2**32), st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=40)
def test_every_check_ends_with_a_word_and_few_questions(seed: int, local_part: str, helo: str) -> None:
    """Whatever is published and whoever asks: one of the seven words, and no more questions than the limits allow."""
    (scenario,) = spf_scenarios(seed, 5)
    for address, sender, _ in scenario.questions:
        names = RecordingNames(StaticNames.from_openspf(scenario.zone))
        found = run(check_mail_from(address, f"{local_part}@{sender.rpartition('@')[2]}", helo), names)
        assert found.result in set(SpfWord)
        assert found.reason.isprintable()
        # A TXT and at most eleven more for each of ten terms, the client's names, an explanation.
        assert len(names.asked) <= 1 + 10 * 12 + 11 + 1


def test_steps_tell_how_a_result_came_about() -> None:
    """Each policy and each term that was looked at, in order; those of included policies stand below their term."""
    names = _names(
        a_test=[{"TXT": "v=spf1 ip4:192.0.2.9 include:b.test redirect=c.test"}],
        b_test=[{"TXT": "v=spf1 -all"}],
        c_test=[{"TXT": "v=spf1 ?all"}],
    )
    found = run(check_mail_from("192.0.2.1", "x@a.test", "h.test", SpfOptions(notes_steps=True)), names)
    assert (
        SpfStep(0, "a.test", "v=spf1 ip4:192.0.2.9 include:b.test redirect=c.test", "policy"),
        SpfStep(0, "a.test", "ip4:192.0.2.9", "does not match"),
        SpfStep(0, "a.test", "include:b.test", "does not match"),
        SpfStep(1, "b.test", "v=spf1 -all", "policy"),
        SpfStep(1, "b.test", "-all", "matches: fail"),
        SpfStep(0, "a.test", "redirect", "nothing before it matches, so it decides"),
        SpfStep(0, "c.test", "v=spf1 ?all", "policy"),
        SpfStep(0, "c.test", "?all", "matches: neutral"),
    ) == found.steps
    assert found == run(check_mail_from("192.0.2.1", "x@a.test", "h.test"), names)


def test_a_check_that_ends_within_a_term_leaves_it_open() -> None:
    """What follows a fault was not looked at."""
    names = _names(a_test=[{"TXT": "v=spf1 include:none.test -all"}])
    found = run(check_mail_from("192.0.2.1", "x@a.test", "h.test", SpfOptions(notes_steps=True)), names)
    assert (SpfWord.PERMERROR, "") == (found.result, found.steps[-1].outcome)


@pytest.mark.parametrize("sender", ["a\\9@a.test", "a b@a.test", "a\0@a.test", "jösé@a.test", "x" * 300 + "@a.test"])
def test_no_sender_breaks_the_check(sender: str) -> None:
    """Whatever a local part is, a macro makes a name of it or matches nothing (RFC 7208 §7.3, RFC 8616 §4)."""
    names = _names(a_test=[{"TXT": "v=spf1 exists:%{l}.a.test exists:%{s}.a.test -all exp=%{l}.e.test"}])
    assert SpfWord.FAIL is run(check_mail_from("192.0.2.1", sender, "h.test"), names).result


def test_an_explanation_is_one_bounded_line() -> None:
    """The owner's text can neither break a line nor flood a reply."""
    names = _names(
        a_test=[{"TXT": "v=spf1 -all exp=e.a.test"}], e_a_test=[{"TXT": ["%{h} " + "x" * 200, "x" * 255, "x" * 255]}]
    )
    outcome = run(check_mail_from("192.0.2.1", "x@a.test", "evil\r\n250 ok"), names)
    assert outcome.explanation.isprintable()
    assert len(outcome.explanation) <= 500


def test_a_result_can_be_built_by_hand() -> None:
    """Words are taken in the registry's spelling and no other."""
    assert SpfWord.PASS is SpfResult(result="pass", domain="a.test").result  # type: ignore[arg-type]  # what other programs write
    with pytest.raises(ValueError, match="good"):
        SpfResult(result="good")  # type: ignore[arg-type]  # not a word
