"""Whole stories of forges, their webhooks in any order and any number: the end is always the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.forge_webhooks import (
    SECRET,
    Sent,
    forgejo,
    forgejo_run,
    github,
    github_job,
    github_run,
    gitlab,
    gitlab_build,
    gitlab_job,
    gitlab_pipeline,
)
from scop.matrix.notifier import Forge, Hook, Known, fold, pipeline_after, receive
from scop.matrix.notifier.shown import headline, overview


def first_message(forge: Forge, story: Sequence[Sent]) -> str:
    """Return what the first message says once all webhooks have come in this order."""
    known: Known | None = None
    for sent in story:
        report = receive(Hook("/", forge, (SECRET,)), sent.headers, sent.body, 0.0).report
        assert report is not None
        known, _ = fold(known, pipeline_after(known, report), ())
    assert known is not None
    return str(overview(known.pipeline)["body"])


def run(minute: int, status: str, conclusion: str | None = None, attempt: int = 1) -> Sent:
    """Return a workflow_run of one moment."""
    moment = f"2026-11-29T12:{minute:02d}:00Z"
    said: dict[str, object] = {"status": status, "conclusion": conclusion, "run_attempt": attempt, "updated_at": moment}
    return github("workflow_run", github_run("completed", **said))


def ended_job(minute: int, conclusion: str, attempt: int = 1) -> Sent:
    """Return a workflow_job that ended at one moment."""
    moment = f"2026-11-29T12:{minute:02d}:00Z"
    return github("workflow_job", github_job("test", conclusion=conclusion, run_attempt=attempt, completed_at=moment))


GITHUB = (
    run(1, "queued"),
    run(2, "in_progress"),
    ended_job(3, "failure"),
    run(4, "completed", "failure"),
    run(5, "queued", attempt=2),
    ended_job(6, "success", attempt=2),
    run(7, "completed", "success", attempt=2),
)
# GitLab counts no attempts: the job that is tried again is a new one.
GITLAB = (
    gitlab("Pipeline Hook", gitlab_pipeline("pending", (gitlab_build("test", "pending", 1, finished_at=None),))),
    gitlab("Pipeline Hook", gitlab_pipeline("running", (gitlab_build("test", "running", 1, finished_at=None),))),
    gitlab("Pipeline Hook", gitlab_pipeline("failed", (gitlab_build("test", "failed", 1),))),
    gitlab("Pipeline Hook", gitlab_pipeline("running", (gitlab_build("test", "running", 2, finished_at=None),))),
    gitlab("Job Hook", gitlab_job("running", 2, build_name="test")),
    gitlab("Pipeline Hook", gitlab_pipeline("success", (gitlab_build("test", "success", 2),))),
)
FORGEJO = (
    forgejo("action_run_failure", forgejo_run("failure", stopped="2026-04-14T11:20:00Z")),
    forgejo("action_run_recover", forgejo_run("recover", stopped="2026-04-14T11:25:00Z")),
)


@pytest.mark.parametrize(
    ("forge", "story", "end"),
    [
        (Forge.GITHUB, GITHUB, "passed in 7 min 00 s (attempt 2)"),
        (Forge.GITLAB, GITLAB, "passed in 1 min 03 s"),
        (Forge.FORGEJO, FORGEJO, "passed in 9 min 30 s"),
    ],
)
@given(data=st.data())
def test_story_ends_the_same_in_any_order(forge: Forge, story: tuple[Sent, ...], end: str, data: st.DataObject) -> None:
    """Failed, tried again, passed: late and repeated webhooks change nothing of it."""
    told = data.draw(st.permutations((*story, *data.draw(st.lists(st.sampled_from(story), max_size=3)))))
    found = first_message(forge, told)
    assert first_message(forge, story) == found
    assert found.splitlines()[0].endswith(end)


def test_headline_is_the_first_line() -> None:
    """What clients show of a thread in a list is the line that says how it is."""
    report = receive(Hook("/", Forge.GITHUB, ()), GITHUB[0].headers, GITHUB[0].body, 0.0).report
    assert report is not None
    assert headline(pipeline_after(None, report)) == first_message(Forge.GITHUB, GITHUB[:1]).splitlines()[0]
