"""What GitLab's webhooks say: of pipelines with all their jobs, of single jobs, and of releases.

GitLab counts no attempts. A job that is tried again is a new one with a greater id, and its pipeline goes back to
running: so the greatest id of a job is what a later attempt is known by.

Standards: https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from __future__ import annotations

from collections.abc import Iterable

from scop.matrix.notifier.payload import Payload
from scop.matrix.notifier.report import Job, Report, Stamp
from scop.matrix.notifier.status import Status, status_of

__all__ = ["read_gitlab"]

# What fails at night, or as a child of another, does not make red what was pushed. Names of pipelines are no kinds:
# they may be of one pipeline each.
_OTHER_KINDS = {"schedule": "schedule", "parent_pipeline": "child", "pipeline": "downstream"}


def read_gitlab(event: str, payload: Payload, source: str = "gitlab") -> Report | None:
    """Return what a webhook says, None where it is of no pipeline; raises `RemoteProtocolError`."""
    # System hooks are all called `System Hook`; the kind stands in the body.
    reader = _READERS.get(payload.text("object_kind")) or _READERS.get(event)
    return reader(payload, source) if reader else None


def _pipeline(payload: Payload, source: str) -> Report | None:
    pipeline = payload.at("object_attributes")
    builds = list(payload.each("builds"))
    jobs = tuple(filter(None, map(_build, builds)))
    status = status_of(pipeline.text("status"))
    moments = [pipeline.unix("created_at"), pipeline.unix("finished_at"), *(job.stamp.unix for job in jobs)]
    commit = payload.at("commit")
    number = payload.need("object_attributes", "id")
    return Report(
        source=source,
        project=payload.need("project", "path_with_namespace"),
        pipeline=number,
        stamp=Stamp(_attempt(job.stamp.attempt for job in jobs), max(moments)),
        status=status,
        ref=_branch(payload),
        workflow=_OTHER_KINDS.get(pipeline.text("source"), ""),
        number=number,
        title=payload.text("merge_request", "title") or commit.text("title") or commit.text("message"),
        commit=pipeline.text("sha"),
        author=commit.text("author", "name") or payload.text("user", "name"),
        author_ids=_ids(commit.text("author", "email"), payload.text("user", "username")),
        url=pipeline.address("url") or _at(payload, "pipelines", number),
        created_unix=pipeline.unix("created_at"),
        seconds=pipeline.seconds("duration") if status and status.is_finished else None,
        jobs=jobs,
    )


def _build(build: Payload) -> Job | None:
    word = build.text("status")
    status = Status.SKIPPED if word == "manual" else status_of(word)  # nobody has started it
    name = build.text("name")
    if not status or not name:
        return None
    moments = (build.unix(each) for each in ("created_at", "started_at", "finished_at"))
    seconds = build.seconds("duration") if status.is_finished else None
    return Job(name, status, Stamp(max(build.whole("id"), 1), max(moments)), seconds, "", build.flag("allow_failure"))


def _job(payload: Payload, source: str) -> Report | None:
    word = payload.text("build_status")
    status = Status.SKIPPED if word == "manual" else status_of(word)
    moments = (
        payload.unix(f"build_{each}_at_iso") or payload.unix(f"build_{each}_at")
        for each in ("created", "started", "finished")
    )
    stamp = Stamp(max(payload.whole("build_id"), 1), max(moments))
    project = payload.text("project", "path_with_namespace") or payload.need("project_name").replace(" / ", "/")
    seconds = payload.seconds("build_duration") if status and status.is_finished else None
    url = _at(payload, "jobs", payload.text("build_id"))
    name = payload.need("build_name")
    job = Job(name, status, stamp, seconds, url, payload.flag("build_allow_failure")) if status else None
    return Report(
        source=source,
        project=project,
        pipeline=payload.need("pipeline_id"),
        stamp=stamp,
        ref=payload.text("ref"),
        commit=payload.text("sha"),
        title=payload.text("commit", "message"),
        author=payload.text("commit", "author_name"),
        author_ids=_ids(payload.text("commit", "author_email")),
        url=_at(payload, "pipelines", payload.text("pipeline_id")),
        jobs=(job,) if job else (),
    )


def _release(payload: Payload, source: str) -> Report | None:
    if payload.text("action") not in ("create", "update"):
        return None
    tag = payload.need("tag")
    return Report(
        source=source,
        project=payload.need("project", "path_with_namespace"),
        pipeline="release-" + tag,
        stamp=Stamp(1, payload.unix("released_at")),
        status=Status.PUBLISHED,
        ref=tag,
        workflow="release",
        title=payload.text("name") or tag,
        url=payload.address("url"),
        created_unix=payload.unix("released_at") or payload.unix("created_at"),
    )


def _branch(payload: Payload) -> str:
    """Return the branch; one of a fork by its merge request, as its main is not ours."""
    ref, request = payload.text("object_attributes", "ref"), payload.at("merge_request")
    if request and request.whole("source_project_id") != request.whole("target_project_id"):
        return f"!{request.text('iid')} {ref}"
    return ref


def _attempt(ids: Iterable[int]) -> int:
    return max(ids, default=1)


def _at(payload: Payload, *steps: str) -> str:
    base = payload.address("project", "web_url") or payload.address("repository", "homepage")
    return "/".join((base, "-", *steps)) if base else ""


def _ids(*ids: str) -> tuple[str, ...]:
    # GitLab hides addresses behind this word.
    return tuple(each for each in ids if each and each != "[REDACTED]")


_READERS = {
    "pipeline": _pipeline,
    "build": _job,
    "release": _release,
    "Pipeline Hook": _pipeline,
    "Job Hook": _job,
    "Release Hook": _release,
}
