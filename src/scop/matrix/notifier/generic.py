"""What any other program says: JSON of our own keys, or of its keys with a template that says where ours stand in it.

A template gives for each of our keys a text with places in braces, such as `{repo.owner}/{repo.name}`; a number counts
into a list. Jobs are a list at one place, each with a template of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.notifier.payload import Payload, branch_of, web_address
from scop.matrix.notifier.report import Job, Report, Stamp
from scop.matrix.notifier.status import Status, status_of

__all__ = ["BY_NAME", "JOB_KEYS", "KEYS", "Template", "read_generic"]

KEYS = (
    "source", "project", "pipeline", "status", "ref", "workflow", "number", "title", "commit", "author",
    "author_email", "url", "created", "at", "seconds", "attempt",
)  # fmt: skip
JOB_KEYS = ("name", "status", "seconds", "url", "note", "at", "attempt")


class Template(msgspec.Struct, frozen=True):
    """Where in somebody's JSON our keys stand; without it they stand there by their own names."""

    keys: Mapping[str, str] = {}
    statuses: Mapping[str, Status] = {}  # their words, where ours do not know them
    jobs_at: str = "jobs"
    job_keys: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        for where, known in ((self.keys, KEYS), (self.job_keys, JOB_KEYS)):
            for key in where:
                if key not in known:
                    raise ValueError(f"{key}: known here are {', '.join(known)}")


BY_NAME = Template()


def read_generic(payload: Payload, template: Template = BY_NAME, source: str = "generic") -> Report:
    """Return what is said; raises `RemoteProtocolError` where project or status is missing."""
    said = _Filled(payload, template.keys)
    status = _status(said.text("status"), template)
    ref = branch_of(said.text("ref"))
    attempt = max(said.whole("attempt"), 1)
    stamp = Stamp(attempt, said.unix("at"))
    project = said.need("project")
    commit = said.text("commit")
    return Report(
        source=said.text("source") or source,
        project=project,
        pipeline=said.text("pipeline") or said.text("number") or commit or f"{ref} {said.text('title')}".strip(),
        stamp=stamp,
        status=status,
        ref=ref,
        workflow=said.text("workflow"),
        number=said.text("number"),
        attempt=str(attempt) if attempt > 1 else "",
        title=said.text("title"),
        commit=commit,
        author=said.text("author"),
        author_ids=tuple(each for each in (said.text("author_email"), said.text("author")) if each),
        url=web_address(said.text("url")),
        created_unix=said.unix("created"),
        seconds=said.seconds("seconds") if status.is_finished else None,
        jobs=tuple(_job(each, template, stamp) for each in payload.each(*template.jobs_at.split("."))),
    )


def _job(payload: Payload, template: Template, whole: Stamp) -> Job:
    said = _Filled(payload, template.job_keys)
    stamp = Stamp(max(said.whole("attempt"), whole.attempt), said.unix("at") or whole.unix)
    status = _status(said.text("status"), template)
    seconds = said.seconds("seconds") if status.is_finished else None
    url = web_address(said.text("url"))
    return Job(said.need("name"), status, stamp, seconds, url, note=said.text("note"))


def _status(word: str, template: Template) -> Status:
    found = template.statuses.get(word) or status_of(word)
    if found is None:
        words = ", ".join(Status)
        raise RemoteProtocolError(f"status {word!r} is not known", reply_hint=f"status is none of {words}")
    return found


class _Filled:
    """Reads our keys out of somebody's JSON."""

    def __init__(self, payload: Payload, keys: Mapping[str, str]) -> None:
        self._payload = payload
        self._keys = keys

    def text(self, key: str) -> str:
        if key not in self._keys:
            return self._payload.text(key) if not self._keys else ""
        return self._payload.filled(self._keys[key])

    def need(self, key: str) -> str:
        found = self.text(key)
        if not found:
            raise RemoteProtocolError(f"{key} is missing", reply_hint=f"{key} is missing")
        return found

    def whole(self, key: str) -> int:
        return Payload(self.text(key)).whole()

    def unix(self, key: str) -> float:
        text = self.text(key)
        return Payload(_number(text) if _number(text) is not None else text).unix()

    def seconds(self, key: str) -> float | None:
        return Payload(_number(self.text(key))).seconds()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
