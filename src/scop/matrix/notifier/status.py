"""How far a pipeline or a job is, in one vocabulary for all forges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

__all__ = ["Status", "status_of", "together"]


class Status(StrEnum):
    """Where it stands; `published` is a release that nobody tests."""

    QUEUED = "queued"
    RUNNING = "running"
    SKIPPED = "skipped"
    PUBLISHED = "published"
    PASSED = "passed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more comes of this attempt."""
        return self not in (Status.QUEUED, Status.RUNNING)

    @property
    def progress(self) -> int:
        """Which of two that are told for one moment counts: the greater."""
        return _PROGRESS[self]


_PROGRESS: Mapping[Status, int] = {status: number for number, status in enumerate(Status)}

# What GitHub (status and conclusion), GitLab, Gitea, Forgejo and Woodpecker say.
_WORDS: Mapping[str, Status] = {
    **dict.fromkeys(
        ("queued", "pending", "created", "waiting", "waiting_for_resource", "preparing", "scheduled", "requested",
         "blocked", "action_required", "manual", "waiting_for_callback"),
        Status.QUEUED,
    ),
    **dict.fromkeys(("running", "in_progress", "started", "canceling"), Status.RUNNING),
    **dict.fromkeys(("success", "passed", "succeeded", "successful", "ok", "fixed"), Status.PASSED),
    **dict.fromkeys(("failure", "failed", "error", "errored", "timed_out", "startup_failure", "broken", "declined"),
                    Status.FAILED),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "killed"), Status.CANCELLED),
    **dict.fromkeys(("skipped", "neutral", "stale"), Status.SKIPPED),
    **dict.fromkeys(("published", "released"), Status.PUBLISHED),
}  # fmt: skip


def status_of(word: str) -> Status | None:
    """Return what a forge's word means, None for one that is not known."""
    return _WORDS.get(word.strip().lower().replace("-", "_").replace(" ", "_"))


def together(statuses: Iterable[Status]) -> Status:
    """Return the status of a pipeline of which only its jobs are known."""
    found = set(statuses)
    if Status.RUNNING in found:
        return Status.RUNNING
    if Status.QUEUED in found:
        return Status.RUNNING if len(found) > 1 else Status.QUEUED
    for status in (Status.FAILED, Status.CANCELLED, Status.PASSED, Status.SKIPPED):
        if status in found:
            return status
    return Status.QUEUED
