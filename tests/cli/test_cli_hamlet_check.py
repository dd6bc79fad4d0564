"""`scop hamlet check`: shared out, stopped and taken up again, with the same verdict and the same digest."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scop.cli import hamlet_check, hamlet_run
from scop.cli.hamlet import hamlet
from scop.hamlet import check as hamlet_check_library
from scop.hamlet.check import Outcome, Stage, check_chunk, chunks_of, corpus_digest

COUNT = 50


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Chunks of 10 mails, in a folder of the test's own."""
    monkeypatch.setattr(hamlet_check_library, "CHUNK_MAILS", 10)
    monkeypatch.chdir(tmp_path)


def run(*words: str | Path) -> Result:
    """Run `scop hamlet check` on one process."""
    given = ["check", "--seed", "5", "--count", str(COUNT), "--jobs", "1", *map(str, words)]
    return CliRunner().invoke(hamlet, given, catch_exceptions=False)


def expected_digest() -> str:
    """Return the digest of the corpus, reckoned as it is documented."""
    return corpus_digest(check_chunk(5, *place).digest for place in chunks_of(0, COUNT))


def test_cli_hamlet_check_says_what_became_of_every_mail() -> None:
    """How many, how large, which digest; nothing is left behind."""
    told = json.loads(run("--json").output)
    assert (COUNT, COUNT, expected_digest()) == (told["mails"], told["checked_now"], told["digest"])
    assert not list(Path().iterdir())
    output = run().output
    assert f"{COUNT} mails, 0 failures" in output
    assert expected_digest() in output


def test_cli_hamlet_check_goes_on_where_it_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered is not done again, and a line that was cut is."""
    done: list[int] = []

    def stop_at_30(seed: int, first: int, mails: int, observe: object) -> object:
        if first == 30:
            raise KeyboardInterrupt
        done.append(first)
        return check_chunk(seed, first, mails)

    monkeypatch.setattr(hamlet_run, "check_chunk", stop_at_30)
    stopped = CliRunner().invoke(hamlet, ["check", "--seed", "5", "--count", str(COUNT), "--jobs", "1"])
    assert "the same command goes on from here (hamlet-5.jsonl)" in stopped.output
    assert [0, 10, 20] == done
    with Path("hamlet-5.jsonl").open("ab") as state:
        state.write(b'{"first":30,"mails"')
    monkeypatch.setattr(hamlet_run, "check_chunk", check_chunk)
    told = json.loads(run("--json").output)
    assert (COUNT, 20, expected_digest()) == (told["mails"], told["checked_now"], told["digest"])
    assert not Path("hamlet-5.jsonl").exists()


def test_cli_hamlet_check_a_state_of_another_corpus_is_not_taken_up() -> None:
    """Nor one of another grammar: the first mail's digest stands in it. A named state is kept."""
    assert 0 == run("--state", "mine").exit_code
    assert Path("mine").exists()
    other = CliRunner().invoke(hamlet, ["check", "--seed", "6", "--count", "10", "--jobs", "1", "--state", "mine"])
    assert "remembers a run of another corpus; remove it, or say --state FILE" in other.output.replace("\n", " ")
    assert 0 == json.loads(run("--state", "mine", "--json").output)["checked_now"]


def test_cli_hamlet_check_lists_failures_and_answers_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first in full, all by their index; the report has everything."""
    failures = tuple(Outcome(index, Stage.VALUES, f"fields[{index}] \x1b[31m") for index in range(10))

    def failing(seed: int, first: int, mails: int, observe: object) -> object:
        found = check_chunk(seed, first, mails)
        return replace(found, failures=tuple(replace(one, index=first + one.index) for one in failures))

    monkeypatch.setattr(hamlet_run, "check_chunk", failing)
    done = run("--report", "report.json")
    assert 1 == done.exit_code
    assert "mail 19: values: fields[9] \\x1b[31m" in done.output
    assert f"and {COUNT - hamlet_check.SHOWN_FAILURES} more: 20, 21," in done.output
    report = json.loads(Path("report.json").read_bytes())
    assert {"index": 7, "stage": "values", "difference": "fields[7] \x1b[31m"} == report["failures"][7]


def test_cli_hamlet_check_on_two_processes_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever chunk ends first."""
    shared_out = json.loads(run("--jobs", "2", "--json").output)
    alone = json.loads(run("--json").output)
    assert {**alone, "jobs": 2, "seconds": 0} == {**shared_out, "seconds": 0}


def test_cli_hamlet_check_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """Nothing of a run that was killed goes on: whoever reads its output sees the end of it."""
    command = [sys.executable, "-m", "scop.cli", "hamlet", "check", "--count", "100000", "--jobs", "2"]
    with subprocess.Popen([*command, "--state", str(tmp_path / "state")], stdout=subprocess.PIPE) as run:
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
        patience = time.monotonic() + 60
        while len(children.read_text().split()) < 3 and time.monotonic() < patience:  # two, and who watches over them
            threading.Event().wait(0.02)
        run.kill()
        run.communicate(timeout=60)  # each worker holds our pipe while it lives


def test_cli_hamlet_check_names_peers_that_are_not_known_or_not_there() -> None:
    """With the command that installs them."""
    assert "nobody: not known; there are email-compat32" in run("--peers", "nobody").output.replace("\n", " ")


def test_cli_hamlet_check_counts_disagreements_by_cause() -> None:
    """Each with an example; the standard library is always there. They are no failures."""
    done = run("--peers", "email-compat32, email-default", "--json")
    peers = json.loads(done.output)["peers"]
    assert 0 == done.exit_code
    assert ["email-compat32", "email-default"] == list(peers)
    for tally in peers.values():
        assert 0 < tally["mails"] <= COUNT
        assert all(0 < cause["mails"] <= tally["mails"] for cause in tally["causes"].values())
        assert all(0 <= cause["example"] < COUNT for cause in tally["causes"].values())
    assert "reads" in run("--peers", "email-default").output
