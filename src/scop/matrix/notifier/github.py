"""What GitHub's webhooks say.

Runs of Actions come as `workflow_run` and `workflow_job`; other CI speaks by `check_suite`, `check_run` and `status`.
Actions fills check suites and runs, too: those are passed over, else each run had two threads.

Standards: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from scop.matrix.notifier.payload import Payload, branch_of
from scop.matrix.notifier.report import Job, Report, Stamp
from scop.matrix.notifier.status import Status, status_of

__all__ = ["read_github"]

_ACTIONS = "github-actions"


def read_github(event: str, payload: Payload, source: str = "github") -> Report | None:
    """Return what a webhook says, None where it is of no pipeline; raises `RemoteProtocolError`."""
    reader = _READERS.get(event)
    return reader(payload, source) if reader else None


def _status(state: Payload) -> Status | None:
    """Return what status and conclusion say together; the conclusion is there once it is completed."""
    return status_of(state.text("conclusion") or state.text("status"))


def _run(payload: Payload, source: str) -> Report | None:
    run = payload.at("workflow_run")
    status, attempt = _status(run), max(run.whole("run_attempt"), 1)
    commit = run.at("head_commit")
    return Report(
        source=source,
        project=payload.need("repository", "full_name"),
        pipeline=payload.need("workflow_run", "id"),
        stamp=Stamp(attempt, run.unix("updated_at")),
        status=status,
        ref=_branch(payload, run),
        workflow=run.text("name") or payload.text("workflow", "name") or run.text("path"),
        number=run.text("run_number"),
        attempt=str(attempt) if attempt > 1 else "",
        title=run.text("display_title") or commit.text("message"),
        commit=run.text("head_sha"),
        author=commit.text("author", "name") or run.text("actor", "login"),
        author_ids=_ids(commit.text("author", "email"), run.text("actor", "login")),
        url=run.address("html_url"),
        created_unix=run.unix("created_at"),
        seconds=run.between("run_started_at", "updated_at") if status and status.is_finished else None,
    )


def _job(payload: Payload, source: str) -> Report | None:
    job = payload.at("workflow_job")
    status = _status(job)
    attempt = max(job.whole("run_attempt"), 1)
    stamp = Stamp(attempt, max(job.unix(name) for name in ("created_at", "started_at", "completed_at")))
    name = payload.need("workflow_job", "name")
    return Report(
        source=source,
        project=payload.need("repository", "full_name"),
        pipeline=payload.need("workflow_job", "run_id"),
        stamp=stamp,
        ref=branch_of(job.text("head_branch")),
        workflow=job.text("workflow_name"),
        commit=job.text("head_sha"),
        jobs=(Job(name, status, stamp, _seconds(job, status), job.address("html_url")),) if status else (),
    )


def _suite(payload: Payload, source: str) -> Report | None:
    suite = payload.at("check_suite")
    if suite.text("app", "slug") == _ACTIONS:
        return None
    return Report(
        source=source,
        project=payload.need("repository", "full_name"),
        pipeline="suite-" + payload.need("check_suite", "id"),
        stamp=Stamp(1, suite.unix("updated_at")),
        status=_status(suite),
        ref=branch_of(suite.text("head_branch")),
        workflow=suite.text("app", "name"),
        title=suite.text("head_commit", "message"),
        commit=suite.text("head_sha"),
        author=suite.text("head_commit", "author", "name"),
        author_ids=_ids(suite.text("head_commit", "author", "email"), payload.text("sender", "login")),
        url=_at(payload, "commit", suite.text("head_sha")),
        created_unix=suite.unix("created_at"),
    )


def _check(payload: Payload, source: str) -> Report | None:
    check = payload.at("check_run")
    if check.text("app", "slug") == _ACTIONS:
        return None
    status = _status(check)
    stamp = Stamp(1, max(check.unix("started_at"), check.unix("completed_at")))
    url = check.address("details_url") or check.address("html_url")
    name = payload.need("check_run", "name")
    return Report(
        source=source,
        project=payload.need("repository", "full_name"),
        pipeline="suite-" + payload.need("check_run", "check_suite", "id"),
        stamp=stamp,
        ref=branch_of(check.text("check_suite", "head_branch")),
        workflow=check.text("app", "name"),
        commit=check.text("head_sha"),
        jobs=(Job(name, status, stamp, _seconds(check, status), url),) if status else (),
    )


def _commit_status(payload: Payload, source: str) -> Report | None:
    status = status_of(payload.text("state"))
    stamp = Stamp(1, max(payload.unix("updated_at"), payload.unix("created_at")))
    sha = payload.need("sha")
    commit = payload.at("commit", "commit")
    project = payload.text("repository", "full_name") or payload.need("name")
    name = payload.text("context") or "default"
    return Report(
        source=source,
        project=project,
        pipeline="commit-" + sha,
        stamp=stamp,
        ref=payload.text("branches", "0", "name"),
        title=commit.text("message"),
        commit=sha,
        author=commit.text("author", "name"),
        author_ids=_ids(commit.text("author", "email"), payload.text("commit", "author", "login")),
        url=payload.address("commit", "html_url") or payload.address("target_url"),
        created_unix=commit.unix("committer", "date"),
        jobs=(Job(name, status, stamp, None, payload.address("target_url")),) if status else (),
    )


def _release(payload: Payload, source: str) -> Report | None:
    # Of one release come `created`, `published` and `released`; the last two are of the same moment.
    if payload.text("action") not in ("published", "released", "prereleased"):
        return None
    release = payload.at("release")
    tag = payload.need("release", "tag_name")
    return Report(
        source=source,
        project=payload.need("repository", "full_name"),
        pipeline="release-" + tag,
        stamp=Stamp(1, release.unix("published_at")),
        status=Status.PUBLISHED,
        ref=tag,
        workflow="release",
        title=release.text("name") or tag,
        author=release.text("author", "login"),
        url=release.address("html_url"),
        created_unix=release.unix("published_at") or release.unix("created_at"),
    )


def _branch(payload: Payload, run: Payload) -> str:
    """Return the branch; one of a fork by whose it is, as its main is not ours."""
    branch, head = branch_of(run.text("head_branch")), run.text("head_repository", "full_name")
    if branch and head and head != payload.text("repository", "full_name"):
        return f"{head.partition('/')[0]}:{branch}"
    return branch


def _seconds(job: Payload, status: Status | None) -> float | None:
    return job.between("started_at", "completed_at") if status and status.is_finished else None


def _at(payload: Payload, *steps: str) -> str:
    base = payload.address("repository", "html_url")
    return "/".join((base, *steps)) if base else ""


def _ids(*ids: str) -> tuple[str, ...]:
    return tuple(each for each in ids if each)


_READERS = {
    "workflow_run": _run,
    "workflow_job": _job,
    "check_suite": _suite,
    "check_run": _check,
    "status": _commit_status,
    "release": _release,
}
