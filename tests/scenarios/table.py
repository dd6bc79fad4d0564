"""Writes docs/dns-scenarios.md: what became of every scenario, by name, with the reason where it did not pass.

Run it as `python -m scenarios.table` with `tests` on the path; a test holds the page to what the scenarios come to.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import dns.exception

from scenarios.replay import Mismatch, play
from scenarios.rpl import read_scenario
from scenarios.settings import NotSupported

__all__ = ["PAGE", "Outcome", "Verdict", "judged", "page_of"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dns-scenarios.md"

# Why a scenario that differs does so: a decision of ours, or a bug that is known.
DIFFERENCES = {
    "iter_scrub_rr_length": "Unbound adds EDE 0 (other) where it left out a malformed record; we leave it out silently",
    "val_scrub_rr_length": "Unbound adds EDE 0 (other) to the SERVFAIL; we say EDE 6 (DNSSEC bogus), the reason it has",
    "val_cnametocnamewctoposwc": "Unbound sets TC as its NS records do not fit; without them our whole answer does",
}

_HEAD = """# Replays of resolver scenarios

<!-- Written by `tests/scenarios/table.py` from what they come to: change that, not this. -->

Each scenario is a play from Unbound's test suite (`.rpl`): mock servers by address and step, a clock that stands still,
questions and the answers that are wanted. Our resolver's generator is driven through it without a socket
([tests/scenarios](../tests/scenarios)); the data lies beside the project and is not copied.

Compared are flags, rcode, question, answers, SOA, denials, signatures, EDNS options and, where a scenario says so, TTLs
and reasons. Not compared is what an answer may leave out: the additional section, and NS records beside an answer, for
our answers are always minimal. SHA-1 counts only in scenarios that say `fake-sha1`; nothing that runs accepts it.

"""


class Verdict(StrEnum):
    """What became of a scenario."""

    PASS = "pass"
    FAIL = "fail"
    NOT_SUPPORTED = "not supported"


@dataclass(frozen=True)
class Outcome:
    """One scenario's verdict, what it is about, and why it did not pass."""

    name: str
    title: str
    verdict: Verdict
    reason: str = ""


def judged(path: Path) -> Outcome:
    """Play one scenario."""
    try:
        scenario = read_scenario(path)
    except (ValueError, IndexError, SyntaxError, dns.exception.DNSException) as fault:
        return Outcome(path.stem, "", Verdict.NOT_SUPPORTED, f"it cannot be read: {fault}")
    try:
        play(scenario)
    except NotSupported as fault:
        return Outcome(scenario.name, scenario.title, Verdict.NOT_SUPPORTED, str(fault))
    except Mismatch as fault:
        return Outcome(scenario.name, scenario.title, Verdict.FAIL, DIFFERENCES.get(scenario.name, str(fault)))
    except Exception as fault:  # one that breaks us fails by that name, and the others are played
        text = f"{type(fault).__name__}: {fault}"
        return Outcome(scenario.name, scenario.title, Verdict.FAIL, text)
    return Outcome(scenario.name, scenario.title, Verdict.PASS)


def page_of(outcomes: list[Outcome]) -> str:
    """Return the whole page."""
    count = Counter(outcome.verdict for outcome in outcomes)
    tried = count[Verdict.PASS] + count[Verdict.FAIL]
    share = round(100 * count[Verdict.PASS] / tried) if tried else 0
    summary = (
        f"Of {len(outcomes)} scenarios {count[Verdict.PASS]} pass, {count[Verdict.FAIL]} fail and "
        f"{count[Verdict.NOT_SUPPORTED]} are not supported: {share} % of those that use options we have.\n"
    )
    lines = [summary, "| scenario | what it plays | verdict | why |", "|---|---|---|---|"]
    lines += [f"| {o.name} | {_cell(o.title)} | {o.verdict} | {_cell(o.reason)} |" for o in outcomes]
    return _HEAD + "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|") or "–"


def main(folder: Path) -> None:
    """Write the page."""
    PAGE.write_text(page_of([judged(path) for path in sorted(folder.glob("*.rpl"))]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
