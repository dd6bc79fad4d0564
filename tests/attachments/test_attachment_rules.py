"""The operator's YARA rules: what they match is found, and what is wrong with them is said."""

from __future__ import annotations

import pytest

from scop.attachments import Finding, Kind, Options, Severity, examine_thing
from scop.attachments.rules import Rules
from scop.attachments.thing import Thing

_RULES = """
rule invoice_fraud { meta: severity = "dangerous" description = "a known fraud" strings: $a = "new bank" condition: $a }
rule silent { strings: $a = "hello" condition: $a }
rule mild { meta: severity = "note" strings: $a = "kind" condition: $a }
"""


def test_rule_that_matches_is_found() -> None:
    """A match is a finding with the rule's name, its severity and what it says of itself."""
    options = Options(checks=(Rules.compile({"own.yar": _RULES}),))
    found = examine_thing(Thing(b"hello, we have a new bank, kind regards", "bill.txt", place="part 2"), options)
    assert [
        Finding(Kind.RULE, Severity.DANGEROUS, "part 2", "bill.txt matches the rule invoice_fraud: a known fraud"),
        Finding(Kind.RULE, Severity.SUSPICIOUS, "part 2", "bill.txt matches the rule silent."),
        Finding(Kind.RULE, Severity.NOTE, "part 2", "bill.txt matches the rule mild."),
    ] == list(found)


def test_rule_that_is_wrong_is_said() -> None:
    """Rules that cannot be compiled are refused with the name of where they stand."""
    with pytest.raises(ValueError, match=r"own\.yar"):
        Rules.compile({"own.yar": "rule broken { condition: }"})


def test_rule_cannot_include_a_file() -> None:
    """A rule that names another file is refused: rules are texts, and reading files is the caller's."""
    with pytest.raises(ValueError, match=r"own\.yar"):
        Rules.compile({"own.yar": 'include "/etc/passwd"\nrule a { condition: true }'})


def test_rules_match_few_times() -> None:
    """However many rules match, the findings are bounded."""
    many = "\n".join(f"rule r{number} {{ condition: true }}" for number in range(100))
    assert len(list(Rules.compile({"own.yar": many})(Thing(b"x")))) <= 33
