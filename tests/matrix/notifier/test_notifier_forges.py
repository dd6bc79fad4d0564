"""What webhooks of each forge are read as."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.forge_webhooks import (
    SECRET,
    Sent,
    forgejo,
    forgejo_run,
    generic,
    github,
    github_job,
    github_release,
    github_run,
    gitlab,
    gitlab_build,
    gitlab_job,
    gitlab_pipeline,
)
from scop.matrix.notifier import Forge, Hook, HookRefused, Job, Report, Stamp, Status, Template, receive, status_of
from scop.matrix.notifier.payload import Payload

NOW = 1_700_000_000.0
NOON = 1_795_953_600.0  # 2026-11-29T12:00:00Z


def read(forge: Forge, sent: Sent, template: Template | None = None) -> Report | None:
    """Read a webhook that is rightly signed."""
    hook = Hook("/hook", forge, (SECRET,), template=template or Template())
    return receive(hook, sent.headers, sent.body, NOW).report


def test_github_run_is_read_whole() -> None:
    """A workflow_run says where, what, whose, how it stands and how long it took."""
    assert Report(
        source="github",
        project="acme/shop",
        pipeline="9001",
        stamp=Stamp(1, NOON + 192),
        status=Status.PASSED,
        ref="main",
        workflow="CI",
        number="123",
        title="Fix the total of a basket",
        commit="3f2a9c1de0c1f4d1f6b6f1e6bb3e1d1f0f6a9c1d",
        author="Alice",
        author_ids=("alice@acme.example", "alice"),
        url="https://github.com/acme/shop/actions/runs/9001",
        created_unix=NOON,
        seconds=192.0,
    ) == read(Forge.GITHUB, github("workflow_run", github_run()))


@pytest.mark.parametrize(
    ("status", "conclusion", "expected"),
    [
        ("queued", None, Status.QUEUED),
        ("in_progress", None, Status.RUNNING),
        ("completed", "failure", Status.FAILED),
        ("completed", "timed_out", Status.FAILED),
        ("completed", "startup_failure", Status.FAILED),
        ("completed", "cancelled", Status.CANCELLED),
        ("completed", "skipped", Status.SKIPPED),
        ("completed", "neutral", Status.SKIPPED),
        ("completed", "action_required", Status.QUEUED),
    ],
)
def test_github_run_stands_as_status_and_conclusion_say(status: str, conclusion: str | None, expected: Status) -> None:
    """The conclusion counts once there is one."""
    report = read(Forge.GITHUB, github("workflow_run", github_run(status=status, conclusion=conclusion)))
    assert report is not None
    assert expected == report.status


def test_github_job_is_a_job_of_its_run() -> None:
    """A workflow_job speaks of one job and says nothing of the whole."""
    report = read(Forge.GITHUB, github("workflow_job", github_job("test", conclusion="failure")))
    assert report is not None
    url = "https://github.com/acme/shop/actions/runs/9001/job/77"
    assert (Job("test", Status.FAILED, Stamp(1, NOON + 17), 12.0, url),) == report.jobs
    assert (None, "9001") == (report.status, report.pipeline)


@pytest.mark.parametrize("event", ["check_suite", "check_run"])
def test_github_checks_of_actions_are_passed_over(event: str) -> None:
    """What Actions says by workflow_run opens no second thread."""
    payload: dict[str, object] = {
        "action": "completed",
        event: {"id": 1, "name": "test", "app": {"slug": "github-actions"}},
        "repository": {"full_name": "acme/shop"},
    }
    assert read(Forge.GITHUB, github(event, payload)) is None


def test_github_checks_of_others_are_one_pipeline() -> None:
    """The suite of another app and its runs are one thread."""
    app = {"slug": "other-ci", "name": "Other CI"}
    repository = {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"}
    suite = {
        "id": 5,
        "app": app,
        "head_branch": "main",
        "head_sha": "abc",
        "status": "completed",
        "conclusion": "failure",
    }
    run = {"name": "lint", "app": app, "check_suite": {"id": 5, "head_branch": "main"}, "status": "in_progress"}
    whole = read(Forge.GITHUB, github("check_suite", {"check_suite": suite, "repository": repository}))
    part = read(Forge.GITHUB, github("check_run", {"check_run": run, "repository": repository}))
    assert whole is not None
    assert part is not None
    assert (whole.key, Status.FAILED) == (part.key, whole.status)
    assert [("lint", Status.RUNNING)] == [(job.name, job.status) for job in part.jobs]


def test_github_commit_status_is_a_job_of_the_commit() -> None:
    """A status is one context of a commit."""
    payload: dict[str, object] = {
        "sha": "abc",
        "name": "acme/shop",
        "state": "pending",
        "context": "ci/woodpecker",
        "target_url": "https://ci.example/1",
        "updated_at": "2026-11-29T12:00:00Z",
        "branches": [{"name": "main"}],
        "commit": {"commit": {"message": "Fix", "author": {"name": "A", "email": "a@b.example"}}},
    }
    report = read(Forge.GITHUB, github("status", payload))
    assert report is not None
    assert ("commit-abc", "main", Status.QUEUED) == (report.pipeline, report.ref, report.jobs[0].status)


def test_github_release_is_published_once() -> None:
    """Of a draft nothing is told, of one that is published all."""
    report = read(Forge.GITHUB, github("release", github_release()))
    assert report is not None
    assert ("release-v1.2.0", Status.PUBLISHED) == (report.pipeline, report.status)
    assert read(Forge.GITHUB, github("release", github_release("created"))) is None


@pytest.mark.parametrize("event", ["ping", "push", "star", ""])
def test_github_events_of_no_pipeline_are_taken_and_say_nothing(event: str) -> None:
    """The ping that GitHub sends first is answered as any other."""
    assert read(Forge.GITHUB, github(event, {"zen": "Keep it logically awesome."})) is None


def test_gitlab_pipeline_is_read_with_its_jobs() -> None:
    """A Pipeline Hook says all jobs; its attempt is the greatest id among them."""
    builds = (
        gitlab_build("lint", "success", 378),
        gitlab_build("deploy", "manual", 380, started_at=None, finished_at=None, duration=None),
    )
    report = read(Forge.GITLAB, gitlab("Pipeline Hook", gitlab_pipeline("failed", builds)))
    assert report is not None
    assert ("31", Status.FAILED, 63.0, 380) == (report.pipeline, report.status, report.seconds, report.stamp.attempt)
    assert [("lint", Status.PASSED), ("deploy", Status.SKIPPED)] == [(job.name, job.status) for job in report.jobs]
    assert ("user@gitlab.com", "root") == report.author_ids


def test_gitlab_job_is_of_the_pipeline_it_names() -> None:
    """A Job Hook and a Pipeline Hook of one pipeline have one key, in older and newer shapes."""
    whole = read(Forge.GITLAB, gitlab("Pipeline Hook", gitlab_pipeline()))
    part = read(Forge.GITLAB, gitlab("Job Hook", gitlab_job("running")))
    system = read(Forge.GITLAB, gitlab("System Hook", gitlab_job("running")))
    assert whole is not None
    assert part is not None
    assert (whole.key, part) == (part.key, system)
    assert [Status.RUNNING] == [job.status for job in part.jobs]


@pytest.mark.parametrize(
    ("action", "expected"),
    [("success", Status.PASSED), ("failure", Status.FAILED), ("recover", Status.PASSED)],
)
def test_forgejo_run_is_read_whole(action: str, expected: Status) -> None:
    """Forgejo says how a run has ended, in nanoseconds how long it took."""
    report = read(Forge.FORGEJO, forgejo(f"action_run_{action}", forgejo_run(action)))
    assert report is not None
    assert (expected, 570.0, "12", "main") == (report.status, report.seconds, report.number, report.ref)
    assert ("forgejo", "acme/shop", "12346") == (report.source, report.project, report.pipeline)


def test_gitea_run_is_read_as_githubs() -> None:
    """Gitea's workflow_run has the shape of GitHub's and a source of its own."""
    sent = forgejo("workflow_run", github_run())
    report, theirs = read(Forge.GITEA, sent), read(Forge.GITHUB, github("workflow_run", github_run()))
    assert theirs is not None
    assert msgspec.structs.replace(theirs, source="gitea") == report


def test_gitlab_pipelines_of_other_kinds_are_lines_of_their_own() -> None:
    """A nightly pipeline on a branch is not what was pushed there; a name of a pipeline makes no difference."""
    kinds = [
        read(Forge.GITLAB, gitlab("Pipeline Hook", gitlab_pipeline(source=source, name=name)))
        for source, name in (("push", "One"), ("web", "Two"), ("schedule", None))
    ]
    assert ["", "", "schedule"] == [report.workflow for report in kinds if report]


def test_branch_of_a_fork_is_not_ours() -> None:
    """What somebody else calls main turns our main neither red nor green."""
    fork = github_run(head_repository={"full_name": "mallory/shop"})
    request = {"iid": 7, "source_project_id": 2, "target_project_id": 1}
    reports = (
        read(Forge.GITHUB, github("workflow_run", fork)),
        read(Forge.GITLAB, gitlab("Pipeline Hook", {**gitlab_pipeline(), "merge_request": request})),
        read(Forge.FORGEJO, forgejo("action_run_failure", forgejo_run(is_fork_pull_request=True))),
    )
    assert ["mallory:main", "!7 master", "gridhead:main"] == [report.ref for report in reports if report]


def test_generic_form_is_read_by_our_keys() -> None:
    """Without a template the keys are ours."""
    payload: dict[str, object] = {
        "project": "acme/shop",
        "pipeline": 7,
        "status": "success",
        "ref": "refs/heads/main",
        "url": "https://ci.example/7",
        "seconds": 90,
        "at": 1_795_953_600,
        "jobs": [{"name": "test", "status": "failure", "seconds": 12.5}],
    }
    report = read(Forge.GENERIC, generic(payload))
    assert report is not None
    assert ("7", Status.PASSED, "main", 90.0) == (report.pipeline, report.status, report.ref, report.seconds)
    assert (Job("test", Status.FAILED, Stamp(1, NOON), 12.5),) == report.jobs


def test_generic_template_finds_our_keys_in_any_json() -> None:
    """A template says where our keys stand, and what their words mean."""
    template = Template(
        keys={
            "project": "{repo.owner}/{repo.name}",
            "status": "{state}",
            "pipeline": "{ids.0}",
            "title": "Build of {who}",
        },
        statuses={"GRÜN": Status.PASSED},
        jobs_at="inner.steps",
        job_keys={"name": "{title}", "status": "{state}"},
    )
    payload: dict[str, object] = {
        "repo": {"owner": "acme", "name": "shop"},
        "state": "GRÜN",
        "ids": [5],
        "who": "Alice",
        "inner": {"steps": [{"title": "unit", "state": "running"}]},
    }
    report = read(Forge.GENERIC, generic(payload), template)
    assert report is not None
    said = (report.project, report.pipeline, report.status, report.title, report.jobs[0].name)
    assert ("acme/shop", "5", Status.PASSED, "Build of Alice", "unit") == said


@pytest.mark.parametrize(
    ("payload", "hint"),
    [
        ({"status": "passed"}, "project is missing"),
        ({"project": "a", "status": "purple"}, "status is none of"),
        ({"project": "a"}, "status is none of"),
    ],
)
def test_generic_form_refuses_what_says_nothing(payload: dict[str, object], hint: str) -> None:
    """The sender is told which key is missing."""
    with pytest.raises(HookRefused) as caught:
        read(Forge.GENERIC, generic(payload))
    assert caught.value.status == 400
    assert caught.value.reply_hint.startswith(hint)


def test_template_names_a_key_that_is_not_known() -> None:
    """A template with a slip in it is refused when it is written."""
    with pytest.raises(ValueError, match="projekt: known here are"):
        Template(keys={"projekt": "{x}"})


def status_told(hook: Hook, headers: dict[str, str], body: bytes) -> int:
    """Return the status that a webhook is answered with."""
    try:
        receive(hook, headers, body, NOW)
    except HookRefused as refused:
        return refused.status
    return 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EVENTS = ["workflow_run", "workflow_job", "check_suite", "check_run", "status", "release", "action_run_failure",
          "Pipeline Hook", "Job Hook", "Release Hook"]  # fmt: skip
KEYS = ["workflow_run", "workflow_job", "check_suite", "check_run", "release", "run", "object_attributes", "builds",
        "repository", "project", "id", "name", "status", "created_at"]  # fmt: skip


@given(forge=st.sampled_from(Forge), event=st.sampled_from(EVENTS), json=st.dictionaries(st.sampled_from(KEYS), JSON))
def test_readers_raise_refusals_only(forge: Forge, event: str, json: dict[str, object]) -> None:
    """Whatever JSON comes, it is a report, nothing to tell, or a refusal."""
    body = msgspec.json.encode(json)
    headers = dict.fromkeys(("x-github-event", "x-gitlab-event", "x-gitea-event", "x-forgejo-event"), event)
    assert status_told(Hook("/", forge, ()), headers, body) in (200, 400)


@given(octets=st.binary(max_size=40))
def test_payload_that_is_no_json_is_refused(octets: bytes) -> None:
    """No octets but a refusal come out of a body."""
    hook = Hook("/", Forge.GENERIC, ())
    assert status_told(hook, {}, octets) in (200, 400)


@pytest.mark.parametrize("word", ["SUCCESS", "in-progress", "timed out", " failed "])
def test_status_words_are_known_however_they_are_written(word: str) -> None:
    """Case, dashes and blanks do not matter."""
    assert status_of(word) is not None


def test_payload_shows_one_bounded_line() -> None:
    """What is shown never breaks a line, controls nothing, and ends."""
    assert "a b" == Payload({"x": "a\x1bb\nc"}).text("x")
    assert 300 == len(Payload({"x": "y" * 1000}).text("x"))
    assert "" == Payload({"x": "javascript:alert(1)"}).address("x")
