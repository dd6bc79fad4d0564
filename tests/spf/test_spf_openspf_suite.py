"""The whole openspf suite for RFC 7208, read where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from fakes.shared import shared_path
from scop.dns import StaticNames, run
from scop.spf import SpfOptions, SpfResult, check_mail_from

_OPTIONS = SpfOptions(default_explanation="DEFAULT", receiver="unknown")


def _scenarios() -> list[dict[str, Any]]:
    text = shared_path("vectors", "spf", "rfc7208-tests.yml").read_text("utf-8")
    return list(yaml.safe_load_all(text))


def _checks(scenario: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], SpfResult]]:
    names = StaticNames.from_openspf(scenario["zonedata"])
    for name, test in scenario["tests"].items():
        check = check_mail_from(test["host"], test["mailfrom"], test["helo"], _OPTIONS)
        yield name, test, run(check, names)


def test_spf_gives_the_results_of_the_openspf_suite() -> None:
    """Every test of the suite has one of its allowed results, and its explanation where one is named."""
    faults = []
    count = 0
    for scenario in _scenarios():
        for name, test, outcome in _checks(scenario):
            count += 1
            allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]
            wanted = test.get("explanation", outcome.explanation)
            if outcome.result not in allowed or outcome.explanation != wanted:
                faults.append((name, allowed, wanted, outcome))
    assert [] == faults
    assert count > 200


@pytest.mark.parametrize("host", ["1.2.3", "", "fe80::1%eth0", "example.com"])
def test_check_host_refuses_what_is_no_address(host: str) -> None:
    """An `ip` that is no address is the caller's fault, not an outcome."""
    with pytest.raises(ValueError, match=r"."):
        run(check_mail_from(host, "a@example.com", "example.com"), StaticNames({}))
