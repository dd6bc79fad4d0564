"""The addresses of isemail, by Dominic Sayers and Michael Rushton: the verdict for each of the two uses.

isemail's categories say more than two verdicts do: a warning about DNS is none about the address, deprecated forms and
comments are a header field's, and "RFC 5322" means good there and only there. Control characters stand in the JSON as
themselves, unlike in isemail's XML.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.shared import shared_path
from scop.mime.fields.addr_spec import check_mailbox
from scop.smtp import Mailbox

_ENVELOPE = {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"}
_ERROR = "ISEMAIL_ERR"
# The older file calls it good by RFC 5321, the newer one deprecated: "::" for one group, which §4.1.3 does not have.
_DEPRECATED_IPV6 = "ISEMAIL_RFC5321_IPV6DEPRECATED"

_HYPHEN = "RFC 5322 §3.4.1 takes any dot-atom as domain, with a hyphen at the end of a label too; isemail asks STD 13"
_DISAGREEMENTS_5322 = {
    "isemail_tests.json": {"30": _HYPHEN, "31": _HYPHEN, "102": _HYPHEN},
    "isemail_tests-original.json": {"50": _HYPHEN, "51": _HYPHEN, "205": _HYPHEN, "206": _HYPHEN, "213": _HYPHEN},
}
FILES = sorted(_DISAGREEMENTS_5322)


def _cases(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads(shared_path("vectors", "address", name).read_text("utf-8"))
    return cases


def _is_for_envelope(case: dict[str, Any]) -> bool:
    return case["category"] in _ENVELOPE and case["diagnosis"] != _DEPRECATED_IPV6


@pytest.mark.parametrize("name", FILES)
def test_isemail_agrees_on_what_stands_in_an_envelope(name: str) -> None:
    """RFC 5321 §4.1.2 Mailbox: every case."""
    different = [
        each["id"] for each in _cases(name) if check_mailbox(each["address"]).is_valid_5321 != _is_for_envelope(each)
    ]
    assert [] == different


@pytest.mark.parametrize("name", FILES)
def test_isemail_agrees_on_what_stands_in_a_header_field(name: str) -> None:
    """RFC 5322 §3.4.1 addr-spec, obsolete forms and comments too: every case but those explained, 98 of 100."""
    cases = _cases(name)
    different = [
        case["id"] for case in cases if check_mailbox(case["address"]).is_valid_5322 == (case["category"] == _ERROR)
    ]
    assert list(_DISAGREEMENTS_5322[name]) == different
    assert len(different) <= 0.02 * len(cases)


@pytest.mark.parametrize("name", FILES)
def test_isemail_is_read_alike_by_the_envelope(name: str) -> None:
    """`scop.smtp.Mailbox`, which shares no code with this reader, takes the same addresses (RFC 5321 §4.1.2)."""
    different = [each["id"] for each in _cases(name) if _is_mailbox(each["address"]) != _is_for_envelope(each)]
    assert [] == different


def _is_mailbox(text: str) -> bool:
    try:
        Mailbox.parse(text)
    except ValueError:
        return False
    return text.isascii()
