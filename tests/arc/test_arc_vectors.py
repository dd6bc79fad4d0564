"""The signing suite of the ARC draft, from the shared vectors."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from fakes.shared import shared_path
from scop.arc import seal, validate
from scop.dns import TXT, StaticNames, run

NAMES = {"AS": "ARC-Seal", "AMS": "ARC-Message-Signature", "AAR": "ARC-Authentication-Results"}
# The tests of the suite, and what the chain is before and after: two mails come with a broken seal, one is sealed as
# broken already and gets no further set.
TESTS = {
    "message_body_eol_wsp": ("none", "pass"),
    "message_body_inl_wsp": ("none", "pass"),
    "message_body_end_lines": ("none", "pass"),
    "message_body_trail_crlf": ("none", "pass"),
    "headers_field_name_case": ("none", "pass"),
    "headers_field_unfold": ("none", "pass"),
    "headers_eol_wsp": ("none", "pass"),
    "headers_inl_wsp": ("none", "pass"),
    "headers_col_wsp": ("none", "pass"),
    "i0_base": ("none", "pass"),
    "i1_base": ("pass", "pass"),
    "i2_base": ("pass", "pass"),
    "i1_base_fail": ("fail", "fail"),
    "i2_base_fail": ("fail", "fail"),
    "no_additional_sig": ("fail", "fail"),
    "ar_merged1": ("none", "pass"),
    "ar_merged2": ("none", "pass"),
}


@cache
def suite() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return each test by its name with the scenario that it stands in."""
    text = shared_path("vectors", "arc", "arc-draft-sign-tests.yml").read_text(encoding="utf-8")
    return {name: (scenario, test) for scenario in yaml.safe_load_all(text) for name, test in scenario["tests"].items()}


def mail_of(test: dict[str, Any]) -> bytes:
    """Return the mail of a test as it travels."""
    return str(test["message"]).replace("\n", "\r\n").encode()


def names_of(scenario: dict[str, Any]) -> StaticNames:
    """Return the names of a scenario."""
    records = scenario["txt-records"].items()
    return StaticNames({(name, "TXT"): [TXT.of(text.replace("\n", "").encode())] for name, text in records})


def squeezed(field: str) -> str:
    """Return a field without folding, its white space like its canonical form, values of base64 in one piece."""
    flat = re.sub(r"\s+", " ", field).strip()
    return re.sub(r"(?<= b=)[^;]*", lambda found: found[0].replace(" ", ""), flat.replace(": ", ":", 1))


def test_arc_vectors_are_all_known() -> None:
    """The suite has these tests and no others."""
    assert sorted(TESTS) == sorted(suite())


def sealed_of(name: str) -> bytes:
    """Return what we prepend to the mail of a test."""
    scenario, test = suite()[name]
    return seal(
        mail_of(test),
        key=scenario["privatekey"],
        domain=scenario["domain"],
        selector=scenario["sel"],
        authserv_id=test["srv-id"],
        headers=test["sig-headers"].split(":"),
        now=test["t"],
    )


@pytest.mark.parametrize("name", TESTS)
def test_arc_vectors_are_sealed_as_the_suite_says(name: str) -> None:
    """RFC 8617 §5.1: all three fields, with the very signatures, since PKCS #1 v1.5 has one for each text."""
    _, test = suite()[name]
    expected = [squeezed(f"{field}: {test[kind]}") for kind, field in NAMES.items() if test[kind].strip()]
    assert expected == [squeezed(field) for field in re.split(r"\r\n(?=\S)", sealed_of(name).decode()) if field]


@pytest.mark.parametrize("name", TESTS)
def test_arc_vectors_are_judged_before_and_after(name: str) -> None:
    """RFC 8617 §5.2: the chains that come with the mails, and the chains that sealing makes of them."""
    scenario, test = suite()[name]
    mail = mail_of(test)
    words = [
        run(validate(octets, now=test["t"]), names_of(scenario)).result for octets in (mail, sealed_of(name) + mail)
    ]
    assert list(TESTS[name]) == words
