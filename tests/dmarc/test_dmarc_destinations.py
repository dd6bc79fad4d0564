"""Where reports may go, by the examples of the standards and the attacks that they prevent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from fakes.recording_names import RecordingNames
from scop.base import Check
from scop.dmarc.destinations import (
    MAX_DESTINATIONS,
    DestinationWord,
    ReportKind,
    mailto_address,
    verify_destinations,
)
from scop.dns import Answer, Question, StaticNames, run

VERIFIED, REFUSED, UNSUPPORTED, TEMPERROR = DestinationWord


def report_destinations(
    domain: str, uris: Sequence[str], kind: ReportKind = ReportKind.AGGREGATE
) -> Check[Question, Answer, tuple[str, ...]]:
    """Return the addresses alone."""
    found = yield from verify_destinations(domain, uris, kind)
    return tuple(address for one in found for address in one.addresses)


def _names(records: Mapping[str, str | Sequence[str]]) -> StaticNames:
    """Publish TXT records by name."""
    texts = {name: [found] if isinstance(found, str) else found for name, found in records.items()}
    return StaticNames.from_openspf(
        {name: [one if one == "TIMEOUT" else {"TXT": one} for one in found] for name, found in texts.items()}
    )


RED = {"_dmarc.blue.example.com": "v=DMARC1; p=none; rua=mailto:reports@red.example.net"}
ASKED = "blue.example.com._report._dmarc.red.example.net"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("v=DMARC1", ("reports@red.example.net",)),
        ("v=DMARC1;", ("reports@red.example.net",)),
        (["v=spf1", "v=DMARC1;"], ("reports@red.example.net",)),
        (["v=DMARC1", "v=DMARC1"], ("reports@red.example.net",)),
        ("v=DMARC1; rua=mailto:other@red.example.net", ("other@red.example.net",)),
        ("v=DMARC1; rua=mailto:a@red.example.net,mailto:b@red.example.net", ("a@red.example.net", "b@red.example.net")),
        # Step 9: neither the one nor the other
        ("v=DMARC1; rua=mailto:other@elsewhere.test", ()),
        ("v=DMARC1; rua=mailto:a@red.example.net,mailto:b@elsewhere.test", ()),
        ("v=DMARC1; rua=https://red.example.net/r", ()),
        ("v=DMARC1; ruf=mailto:other@elsewhere.test", ("reports@red.example.net",)),
        # Steps 6 and 7
        ("p=none; v=DMARC1", ()),
        ("v=dmarc1", ()),
        ((), ()),
        ("TIMEOUT", ()),
    ],
)
def test_another_organization_must_ask_for_reports(answer: str | Sequence[str], expected: tuple[str, ...]) -> None:
    """RFC 9990 §4, the example of blue and red, and what each step refuses."""
    names = RecordingNames(_names({**RED, ASKED: answer}))
    uris = ["mailto:reports@red.example.net"]
    assert expected == run(report_destinations("blue.example.com", uris), names)
    assert ASKED in [question.name for question in names.asked]


def test_a_silent_dns_is_told_apart_from_a_refusal() -> None:
    """RFC 9990 §4 step 5: the test can be repeated later."""
    found = run(verify_destinations("blue.example.com", ["mailto:r@red.example.net"]), _names({ASKED: "TIMEOUT"}))
    assert [TEMPERROR] == [one.word for one in found]


@pytest.mark.parametrize(
    "uri",
    ["mailto:dmarc@blue.example.com", "mailto:dmarc@example.com", "MAILTO:dmarc@mail.blue.example.com?subject=x"],
)
def test_within_an_organization_nothing_is_asked(uri: str) -> None:
    """RFC 9990 §4: the same organizational domain, found by the tree walk."""
    names = RecordingNames(_names({**RED, "_dmarc.example.com": "v=DMARC1; p=none"}))
    address = uri[7:].partition("?")[0]
    assert (address,) == run(report_destinations("blue.example.com", [uri]), names)
    assert not any("_report" in question.name for question in names.asked)


def test_two_customers_of_one_suffix_are_two_organizations() -> None:
    """RFC 9989 §4.10.2: psd=y parts them."""
    names = _names({"_dmarc.bank.example": "v=DMARC1; p=none; psd=y"})
    uris = ["mailto:r@mega.bank.example"]
    assert [REFUSED] == [one.word for one in run(verify_destinations("giant.bank.example", uris), names)]


def test_the_third_party_examples() -> None:
    """RFC 9989 §B.2.3 and §B.2.4: a third party lets itself be named, and says at which address."""
    uris = ["mailto:auth-reports@thirdparty.example.net"]
    name = "example.com._report._dmarc.thirdparty.example.net"
    names = _names({name: "v=DMARC1;"})
    assert ("auth-reports@thirdparty.example.net",) == run(
        report_destinations("example.com", uris, ReportKind.FAILURE), names
    )
    override = (
        "v=DMARC1; rua=mailto:aggregate-reports@thirdparty.example.net; "
        "ruf=mailto:failure-reports@thirdparty.example.net"
    )
    names = _names({name: override})
    assert ("failure-reports@thirdparty.example.net",) == run(
        report_destinations("example.com", uris, ReportKind.FAILURE), names
    )


def test_each_uri_is_told_about() -> None:
    """Unsupported schemes are ignored and said to be (RFC 9989 §4.7); the same URI counts once."""
    uris = ["https://x.test/r", "mailto:nobody", "mailto:a@x.test", "mailto:a@x.test"]
    found = run(verify_destinations("x.test", uris), _names({}))
    assert [UNSUPPORTED, UNSUPPORTED, VERIFIED] == [one.word for one in found]


@pytest.mark.parametrize("count", [MAX_DESTINATIONS, MAX_DESTINATIONS + 1])
def test_only_so_many_destinations_count(count: int) -> None:
    """A record that names a crowd makes nobody ask for each of it."""
    uris = [f"mailto:a{number}@x.test" for number in range(count)]
    assert MAX_DESTINATIONS == len(run(report_destinations("x.test", uris), _names({})))


def test_a_name_too_long_to_be_asked_confirms_nothing() -> None:
    """RFC 9990 §4 step 4."""
    long = ".".join(["x" * 60] * 2)
    found = run(verify_destinations(f"{long}.test", [f"mailto:a@{long}.example"]), _names({}))
    assert [REFUSED] == [one.word for one in found]


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("mailto:a@x.test", "a@x.test"),
        ("mailto:a+b%2cc@X.TEST", None),  # a comma is no part of an atom
        ("mailto:a%2Bb@X.TEST.", "a+b@x.test"),
        ("mailto:a@häfen.test", "a@xn--hfen-loa.test"),
        ("mailto:a%0d%0aRCPT@x.test", None),
        ("mailto:a@x.test,b@y.test", None),
        ("mailto:<a@x.test>", None),
        ("mailto:", None),
        ("a@x.test", None),
    ],
)
def test_an_address_is_read_from_a_uri(uri: str, expected: str | None) -> None:
    """RFC 6068 §2: what is quoted is opened, and only one plain address is taken."""
    assert expected == mailto_address(uri)
