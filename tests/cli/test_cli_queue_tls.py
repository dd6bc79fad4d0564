"""`scop queue tls`: what was counted, as rows for a person and as JSON for a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from scop.cli.queue_tls import tls
from scop.mesh.vocabulary.relay import ReadTlsResults, TlsFailures, TlsResults, TlsSessions

FAILED = TlsFailures("certificate-expired", "mx.sea.test", "192.0.2.9", "192.0.2.1", "certificate has expired", 2)
FOUND = TlsResults((TlsSessions("2026-11-28", "sea.test", "sts", ("mode: enforce",), ("mx.sea.test",), 7, (FAILED,)),))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ReadTlsResults]:
    """Answer in place of the relay, and keep what it was asked."""
    questions: list[ReadTlsResults] = []

    def ask(_config: Path, cell: str, question: ReadTlsResults) -> TlsResults:
        assert cell == "relay"
        questions.append(question)
        return FOUND

    monkeypatch.setattr("scop.cli.queue_tls.ask", ask)
    return questions


def test_cli_queue_tls_shows_successes_and_failures(asked: list[ReadTlsResults]) -> None:
    """Each destination has a line for what succeeded, and one for each way in which it failed."""
    said = CliRunner().invoke(tls, [], env={"COLUMNS": "200"})
    assert (0, [ReadTlsResults()]) == (said.exit_code, asked)
    for word in ("2026-11-28", "sea.test", "sts", "successful", "7", "certificate-expired", "mx.sea.test 192.0.2.9"):
        assert word in said.output


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "20261128"])
def test_cli_queue_tls_takes_no_day_that_is_none(asked: list[ReadTlsResults], day: str) -> None:
    """A slip in the day would look as if nothing had happened then."""
    said = CliRunner().invoke(tls, ["--day", day])
    assert (2, []) == (said.exit_code, asked)
    assert f"--day {day}: write it as YYYY-MM-DD" in said.output


def test_cli_queue_tls_narrows_down_and_speaks_json(asked: list[ReadTlsResults]) -> None:
    """A day and a destination are passed on; `--json` gives all that was counted."""
    said = CliRunner().invoke(tls, ["--day", "2026-11-28", "--domain", "Sea.Test", "--json"])
    assert [ReadTlsResults("2026-11-28", "sea.test")] == asked
    assert 7 == json.loads(said.output)["sessions"][0]["successes"]
