"""TLS reports read: what must be there, what is noted, and where the bounds lie."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from scop.base import LimitExceeded, RemoteProtocolError
from scop.reports import Limits, TlsReport, parse_tls
from scop.reports.tls_values import TlsResultType

FAILURE = {"result-type": "certificate-expired", "failed-session-count": 2, "sending-mta-ip": "192.0.2.1"}
REPORT: dict[str, Any] = {
    "organization-name": "A",
    "date-range": {"start-datetime": "2026-11-28T00:00:00Z", "end-datetime": "2026-11-28T23:59:59Z"},
    "contact-info": "a@a.test",
    "report-id": "1",
    "policies": [
        {
            "policy": {"policy-type": "sts", "policy-string": ["version: STSv1"], "policy-domain": "b.test"},
            "summary": {"total-successful-session-count": 1, "total-failure-session-count": 2},
            "failure-details": [FAILURE],
        }
    ],
}


def read_with(path: str, value: object, *, lenient: bool = False) -> TlsReport:
    """Return the report in which the value at a path is another; None takes it out."""
    changed = copy.deepcopy(REPORT)
    place: Any = changed
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return parse_tls(json.dumps(changed).encode(), lenient=lenient)


NOTED: dict[str, tuple[str, object, str]] = {
    "no organization": ("organization-name", None, "it has no organization-name"),
    "no contact": ("contact-info", "", "it has no contact-info"),
    "no id": ("report-id", None, "it has no report-id"),
    "no policy": ("policies", [], "it has no policy"),
    "no zone": ("date-range/end-datetime", "2026-11-28T23:59:59", "end-datetime has no zone"),
    "number as a string": (
        "policies/0/summary/total-failure-session-count",
        "2",
        "total-failure-session-count is a string",
    ),
    "new result type": (
        "policies/0/failure-details/0/result-type",
        "quantum-failure",
        "result-type is 'quantum-failure', read as validation-failure",
    ),
    "host as address": ("policies/0/failure-details/0/sending-mta-ip", "mx.a.test", "sending-mta-ip is no address"),
}


@pytest.mark.parametrize("name", NOTED)
def test_what_changes_no_count_is_noted(name: str) -> None:
    """A report that departs from RFC 8460 §4.4 without leaving a doubt is read, and says how it departs."""
    path, value, sentence = NOTED[name]
    assert (sentence,) == read_with(path, value).defects


SILENT: dict[str, tuple[str, object]] = {
    "one host as a string": ("policies/0/policy/mx-host", "*.b.test"),
    "no failures": ("policies/0/failure-details", None),
    "no string": ("policies/0/policy/policy-string", None),
    "offset": ("date-range/start-datetime", "2026-11-28 01:00:00.5+01:00"),
    "more than is known": ("vendor", {"a": [1.5, None, True]}),
}


@pytest.mark.parametrize("name", SILENT)
def test_what_others_write_rightly_has_no_defect(name: str) -> None:
    """RFC 8460 §4.4: optional members, and the forms of its own example."""
    report = read_with(*SILENT[name])
    assert ((), "2026-11-28T00:00:00+00:00") == (
        report.defects,
        report.begin.astimezone(report.end.tzinfo).isoformat()[:25],
    )


REFUSED: dict[str, tuple[str, object, str]] = {
    "no span": ("date-range", None, "date-range is missing, or no object"),
    "no policies": ("policies", None, "policies is missing, or no list of objects"),
    "policies of numbers": ("policies", [1], "policies is missing, or no list of objects"),
    "no domain": ("policies/0/policy/policy-domain", None, "a policy has no policy-domain"),
    "unknown type": (
        "policies/0/policy/policy-type",
        "dnssec",
        "policy-type is 'dnssec', none of tlsa, sts, no-policy",
    ),
    "no summary": ("policies/0/summary", None, "summary is missing, or no object"),
    "no count": ("policies/0/summary/total-failure-session-count", None, "is missing, or no whole number"),
    "broken count": ("policies/0/summary/total-failure-session-count", 1.5, "is missing, or no whole number"),
    "negative count": ("policies/0/summary/total-failure-session-count", -1, "is '-1', no number from 0"),
    "truth as count": ("policies/0/summary/total-failure-session-count", True, "is missing, or no whole number"),
    "huge count": ("policies/0/summary/total-failure-session-count", 2**53, "no number from 0 to 9007199254740991"),
    "name of numbers": ("organization-name", 1, "organization-name is no string"),
    "hosts of numbers": ("policies/0/policy/mx-host", [1], "mx-host is no list of strings"),
    "no time": ("date-range/end-datetime", "yesterday", "end-datetime is 'yesterday', no time of RFC 3339"),
    "no such time": ("date-range/end-datetime", "2026-02-30T00:00:00Z", "no time that there is"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_leaves_a_doubt_is_refused(name: str) -> None:
    """RFC 8460 §4.4: the span, the domain and the counts must be there, each as what it is."""
    path, value, sentence = REFUSED[name]
    with pytest.raises(RemoteProtocolError) as caught:
        read_with(path, value)
    assert sentence in str(caught.value)


def test_words_in_other_letters_are_a_leniency() -> None:
    """RFC 8460 §4.4 spells the policy types in small letters."""
    with pytest.raises(RemoteProtocolError):
        read_with("policies/0/policy/policy-type", "STS")
    assert ("policy-type is 'STS'",) == read_with("policies/0/policy/policy-type", "STS", lenient=True).defects
    failure = read_with("policies/0/failure-details/0/result-type", "Certificate-Expired").policies[0].failures[0]
    assert TlsResultType.CERTIFICATE_EXPIRED is failure.result_type


def test_the_number_of_failures_is_bounded() -> None:
    """As many as the limit are read, one more is not."""
    octets = json.dumps(REPORT).encode()
    assert 1 == len(parse_tls(octets, limits=Limits(records=1)).policies)
    two = json.dumps(REPORT).replace('[{"result', f'[{json.dumps(FAILURE)}, {{"result').encode()
    with pytest.raises(LimitExceeded, match="failure-details: at most 1"):
        parse_tls(two, limits=Limits(records=1))


def test_an_aggregate_report_is_no_tls_report() -> None:
    """Each reader takes its own form only."""
    with pytest.raises(RemoteProtocolError, match="a TLS report is a JSON object"):
        parse_tls(b"<feedback/>")
