"""Laws of check_host that the openspf suite leaves open."""

from __future__ import annotations

import pytest

from fakes.recording_names import RecordingNames
from scop.dns import Question, StaticNames, run
from scop.spf import SpfOptions, SpfResult, SpfWord, check_host, check_mail_from


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


@pytest.mark.parametrize("domain", ["", "test", "[192.0.2.1]", "a..test", "x" * 64 + ".test", "häfen.test"])
def test_what_is_no_domain_has_no_policy(domain: str) -> None:
    """A malformed domain gives none and asks nothing (RFC 7208 §4.3)."""
    check = check_host("192.0.2.1", domain, f"x@{domain}", "h.test")
    with pytest.raises(StopIteration) as end:
        next(check)
    assert SpfWord.NONE is end.value.value.result


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
