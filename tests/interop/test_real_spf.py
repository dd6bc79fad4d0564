"""pyspf beside us on 20,000 questions about records made from numbers.

A difference counts as explained only if its cause is known and taken away: asked again without it, pyspf says what we
say. The causes stand here and in docs/spf-differences.md; any other difference fails.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.random_spf import Zone, spf_scenarios
from fakes.recording_names import RecordingNames
from scop.dns import StaticNames, run
from scop.spf import SpfResult, check_mail_from

pytestmark = pytest.mark.interop

SEED, QUESTIONS = 7208, 20_000
PEER = "/usr/bin/python3"  # of the distribution, which has the module
PROGRAM = Path(__file__).parent / "programs" / "pyspf_answers.py"
MANY = 1000
_MODIFIER = re.compile(r"(?<= )(redirect|exp)(?==)", re.IGNORECASE)
_REFUSED_MACRO = re.compile(r"%\{d0\}|%\{l-\+r\}")


@dataclass(frozen=True)
class Answer:
    """What pyspf says, and in which words."""

    result: str
    words: str


@dataclass
class Case:
    """One question, our answer and the latest of pyspf."""

    zone: Zone
    question: tuple[str, str, str]
    ours: SpfResult
    theirs: Answer
    void_lookups: int = 2
    causes: tuple[str, ...] = field(default=())

    @property
    def differs(self) -> bool:
        """Whether we say something else."""
        return self.ours.result != self.theirs.result


def _texts_changed(zone: Zone, change: Callable[[str, str], str]) -> Zone:
    """Return a zone with each policy changed; `change` is given the owner and the text."""

    def entry(owner: str, each: object) -> object:
        if isinstance(each, dict) and "TXT" in each:
            return {"TXT": change(owner, each["TXT"])}
        return each

    return {owner: [entry(owner, each) for each in entries] for owner, entries in zone.items()}


def _without_own_circles(case: Case) -> None:
    """Let a policy include itself by way of a copy of itself, which pyspf takes for another."""
    copies = {f"copy-of-{owner}": list(entries) for owner, entries in case.zone.items() if ".arpa" not in owner}

    def to_copy(owner: str, text: str) -> str:
        own = re.compile(rf"(?<=include:)(?:%\{{d\}}|{re.escape(owner)})(?= |$)", re.IGNORECASE)
        return own.sub(f"copy-of-{owner}", text)

    def to_original(owner: str, text: str) -> str:
        return re.sub(r"(?<=include:)%\{d\}(?= |$)", owner.removeprefix("copy-of-"), text)

    case.zone = _texts_changed(case.zone, to_copy) | _texts_changed(copies, to_original)


def _with_many_void_lookups(case: Case) -> None:
    case.void_lookups = MANY


def _silent_only_where_we_ask(case: Case) -> None:
    names = RecordingNames(StaticNames.from_openspf(case.zone))
    run(check_mail_from(*case.question), names)
    asked = {question.name for question in names.asked}
    case.zone = {
        owner: [each for each in entries if each != "TIMEOUT" or owner in asked] for owner, entries in case.zone.items()
    }


def _with_names_of_clients_that_answer(case: Case) -> None:
    entries = [each for entries in case.zone.values() for each in entries if isinstance(each, dict)]
    names = {each["PTR"] for each in entries if "PTR" in each}
    case.zone = {
        owner: [each for each in entries if each != "TIMEOUT" or owner not in names]
        for owner, entries in case.zone.items()
    }


def _with_small_modifiers(case: Case) -> None:
    case.zone = _texts_changed(case.zone, lambda _owner, text: _MODIFIER.sub(lambda found: found[0].lower(), text))


def _with_macros_that_both_refuse(case: Case) -> None:
    case.zone = _texts_changed(case.zone, lambda _owner, text: _REFUSED_MACRO.sub("%{x}", text))


@dataclass(frozen=True)
class Cause:
    """Why we differ: how it is known, and how it is taken away."""

    name: str
    is_suspected: Callable[[Case], bool]
    take_away: Callable[[Case], None]


CAUSES = (
    Cause("a policy includes itself", lambda case: "trivial recursion" in case.theirs.words, _without_own_circles),
    Cause("void look-ups", lambda case: "Void lookup limit" in case.theirs.words, _with_many_void_lookups),
    Cause("more is asked", lambda case: case.theirs.result == "temperror", _silent_only_where_we_ask),
    Cause(
        "a name of the client is silent",
        lambda case: case.theirs.result == "temperror",
        _with_names_of_clients_that_answer,
    ),
    Cause(
        "a macro against the grammar",
        lambda case: any(_REFUSED_MACRO.search(text) for text in _texts(case.zone)),
        _with_macros_that_both_refuse,
    ),
    Cause(
        "a modifier in capitals",
        lambda case: any(not found.islower() for text in _texts(case.zone) for found in _MODIFIER.findall(text)),
        _with_small_modifiers,
    ),
)


def _texts(zone: Zone) -> Iterable[str]:
    return (each["TXT"] for entries in zone.values() for each in entries if isinstance(each, dict) and "TXT" in each)


def _ask_pyspf(scenarios: Sequence[dict[str, object]]) -> list[Answer]:
    done = subprocess.run(
        [PEER, str(PROGRAM)], input=json.dumps(scenarios), capture_output=True, text=True, check=True, timeout=120
    )
    return [Answer(*each) for each in json.loads(done.stdout)["answers"]]


def _cases() -> list[Case]:
    scenarios = spf_scenarios(SEED, QUESTIONS)
    theirs = iter(_ask_pyspf([{"zone": each.zone, "questions": each.questions} for each in scenarios]))
    cases = []
    for scenario in scenarios:
        names = StaticNames.from_openspf(scenario.zone)
        for question in scenario.questions:
            ours = run(check_mail_from(*question), names)
            cases.append(Case(scenario.zone, question, ours, next(theirs)))
    return cases


def _explain(cases: list[Case]) -> None:
    """Take away one suspected cause after the other, and ask again, until nothing more is suspected."""
    is_open = [case for case in cases if case.differs]
    while is_open:
        again = []
        for case in is_open:
            cause = next((each for each in CAUSES if each.name not in case.causes and each.is_suspected(case)), None)
            if cause is not None:
                cause.take_away(case)
                case.causes += (cause.name,)
                again.append(case)
        asked: list[dict[str, object]] = [
            {"zone": case.zone, "questions": [case.question], "void_lookups": case.void_lookups} for case in again
        ]
        for case, answer in zip(again, _ask_pyspf(asked), strict=True):
            case.theirs = answer
        is_open = [case for case in again if case.differs]


def test_real_pyspf_differs_for_known_reasons_only() -> None:
    """Of 20,000 questions we answer nearly all alike; of the others each has a cause that we can name and take away."""
    try:
        subprocess.run([PEER, "-c", "import spf"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("SKIPPED ALOUD: pyspf is not here (apt-get install python3-spf)")
    cases = _cases()
    assert {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"} == {
        str(case.ours.result) for case in cases
    }
    different = [case for case in cases if case.differs]
    _explain(different)
    unexplained = [(case.question, case.ours, case.theirs, case.zone) for case in different if case.differs]
    counts = Counter(" + ".join(case.causes) for case in different)
    print(f"\n{len(different)} of {len(cases)} differ:", *(f"  {n:4} {name}" for name, n in counts.items()), sep="\n")
    assert [] == unexplained[:3]
    assert len(different) < len(cases) // 10
