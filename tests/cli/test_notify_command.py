"""`scop matrix notify` as a person types it, where no homeserver is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.command_line import scop, sentence
from scop.cli.matrix.notify import _Given, _said
from scop.matrix.notifier import Report, Status


def given(**options: object) -> _Given:
    """Return the options, those that are not said as click gives them."""
    usual: dict[str, object] = {
        "room": "#ci:example.org", "status": None, "title": None, "url": "", "project": "", "ref": "", "commit": "",
        "pipeline": "", "jobs": (), "mention": (), "encrypted": False, "queue": None, "wait": 1.0,
        "forget": False, "as_json": False,
    }  # fmt: skip
    return _Given(**{**usual, **options})  # type: ignore[arg-type]  # of each its own


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say where, by --room"),
        (("--room", "ci"), "neither an alias"),
        (("--room", "#ci:example.org"), "there is nothing to tell"),
        (("--room", "#ci:example.org", "--title", "x", "--status", "failed", "--job", "test"), "NAME=STATUS"),
        (
            ("--room", "#ci:example.org", "--title", "x", "--status", "failed", "--job", "test=blue"),
            "status is none of",
        ),
        (("--room", "#ci:example.org", "--title", "x", "--mention", "bob"), "neither a user id"),
        (("--room", "#ci:example.org", "--title", "x"), "nobody is logged in here"),
        (("--room", "#ci:example.org", "--forget"), "nobody is logged in here"),
        (("serve", "-c", "nowhere.toml"), "there is no such file; `scop matrix notify init` writes one"),
        (("watch", "-c", "nowhere.toml"), "there is no such file"),
    ],
)
def test_notify_says_in_one_sentence_what_is_missing(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """Status 2 and one sentence; nothing is posted or kept."""
    store = () if words[:1] in (("serve",), ("watch",)) else ("--store", str(tmp_path / "accounts"))
    assert said in sentence(scop("matrix", "notify", *words[:0], *store, *words))


@pytest.mark.parametrize("command", ["serve", "watch"])
def test_notify_wants_something_to_do(command: str, tmp_path: Path) -> None:
    """A configuration without hooks serves nothing, one without packages watches nothing."""
    config = tmp_path / "notifier.toml"
    config.write_text('[rooms.ci]\nroom = "#ci:example.org"\n')
    assert "NAME]" in sentence(scop("matrix", "notify", command, "-c", str(config)))


def test_notify_init_writes_for_its_owner_alone_and_replaces_nothing(tmp_path: Path) -> None:
    """A second time nothing is changed."""
    folder = tmp_path / "notifier"
    first = scop("matrix", "notify", "init", str(folder), "--room", "#builds:example.org")
    assert (0, 0o600, 0o600) == (
        first.status,
        (folder / "secret").stat().st_mode & 0o777,
        (folder / "notifier.toml").stat().st_mode & 0o777,
    )
    before = (folder / "notifier.toml").read_text()
    assert 'room = "#builds:example.org"' in before
    assert "is there already" in sentence(scop("matrix", "notify", "init", str(folder)))
    assert before == (folder / "notifier.toml").read_text()


def test_options_make_a_report_of_a_pipeline() -> None:
    """What is said by options is what forges say by webhooks."""
    report = _said(
        given(title="Deploy", status=Status.FAILED, project="acme/shop", ref="main", jobs=("unit=tests=failed:2.5",))
    )
    assert isinstance(report, Report)
    assert ("acme/shop", "main", Status.FAILED, "Deploy") == (report.project, report.ref, report.status, report.title)
    assert [("unit=tests", Status.FAILED, 2.5)] == [(job.name, job.status, job.seconds) for job in report.jobs]


def test_options_without_a_pipeline_never_edit_what_was_told_before() -> None:
    """Two calls are two threads, two with one --pipeline are one."""

    def keys(**options: object) -> set[str]:
        reports = (_said(given(title="x", status=Status.PASSED, **options)) for _ in range(2))
        return {report.key for report in reports if isinstance(report, Report)}

    assert (2, 1) == (len(keys()), len(keys(pipeline="7")))


def test_input_that_begins_as_json_and_is_none_is_said_to_be(tmp_path: Path) -> None:
    """A brace at the beginning is no title."""
    said = scop("matrix", "notify", "--room", "#ci:example.org", "--store", str(tmp_path), stdin='{"project": ')
    assert "standard input begins as JSON and is none: Input data was truncated" in sentence(said)


def test_title_without_a_status_is_told_as_it_is() -> None:
    """Words and an address, of no pipeline."""
    said = _said(given(title="Lunch", url="https://x.example"))
    assert isinstance(said, dict)
    assert "Lunch https://x.example" == said["body"]
