"""What is known of one pipeline from all that was said of it, in whatever order it came.

Each fact is kept with its rank, and the greatest rank wins: taking a report in is commutative, associative and
idempotent, so late and repeated webhooks change nothing and never move a pipeline back.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.matrix.notifier.report import Job, Report, Stamp
from scop.matrix.notifier.status import Status, together

__all__ = ["Fact", "Pipeline", "Told"]

MAX_JOBS = 500

_TEXTS = ("ref", "workflow", "number", "attempt", "title", "commit", "author", "url")


class Fact(msgspec.Struct, frozen=True, order=True):
    """One value and how much it weighs: what speaks of the whole pipeline weighs more than what speaks of a job."""

    is_of_whole: bool
    stamp: Stamp
    value: str


class Told(msgspec.Struct, frozen=True):
    """What was said of the whole pipeline's status."""

    status: Status
    stamp: Stamp
    seconds: float | None = None

    @property
    def rank(self) -> tuple[int, bool, float, int, float]:
        """What is greater is newer; in one attempt nothing comes after the end."""
        seconds = -1.0 if self.seconds is None else self.seconds
        return self.stamp.attempt, self.status.is_finished, self.stamp.unix, self.status.progress, seconds


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known."""

    source: str
    project: str
    pipeline: str
    told: Told | None = None
    facts: Mapping[str, Fact] = {}
    jobs: Mapping[str, Job] = {}
    author_ids: tuple[str, ...] = ()
    created_unix: float = 0.0  # the earliest that was said

    @classmethod
    def of(cls, report: Report) -> Pipeline:
        """Return what one report lets know."""
        return cls(source=report.source, project=report.project, pipeline=report.pipeline).taking(report)

    def taking(self, report: Report) -> Pipeline:
        """Return what is known once a report is taken in."""
        told = self.told
        if report.status is not None:
            said = Told(report.status, report.stamp, report.seconds)
            told = said if told is None else max(told, said, key=lambda each: each.rank)
        created = (unix for unix in (self.created_unix, report.created_unix) if unix)
        return msgspec.structs.replace(
            self,
            told=told,
            facts=self._facts(report),
            jobs=self._jobs(report.jobs),
            author_ids=tuple(sorted({*self.author_ids, *report.author_ids})),
            created_unix=min(created, default=0.0),
        )

    def _facts(self, report: Report) -> dict[str, Fact]:
        facts = dict(self.facts)
        for name in _TEXTS:
            value: str = getattr(report, name)
            if value:
                fact = Fact(report.status is not None, report.stamp, value)
                facts[name] = max(fact, facts.get(name, fact))
        return facts

    def _jobs(self, said: tuple[Job, ...]) -> dict[str, Job]:
        jobs = dict(self.jobs)
        for job in said:
            known = jobs.get(job.name)
            if known is not None:
                jobs[job.name] = max(known, job, key=lambda each: each.rank)
            elif len(jobs) < MAX_JOBS:
                jobs[job.name] = job
        return jobs

    def text(self, name: str) -> str:
        """Return what is known under a name: ref, workflow, number, attempt, title, commit, author or url."""
        fact = self.facts.get(name)
        return fact.value if fact else ""

    @property
    def key(self) -> str:
        """The name of the pipeline among all that are known."""
        return f"{self.source}\n{self.project}\n{self.pipeline}"

    @property
    def line(self) -> str:
        """The name of what is green or red: the pipelines of one kind on one branch."""
        # Each release has a ref of its own; one follows the other all the same.
        ref = "" if self.pipeline.startswith("release-") else self.text("ref")
        return "\n".join((self.source, self.project, ref, self.text("workflow")))

    @property
    def status(self) -> Status:
        """Where the whole stands."""
        if self.told is not None:
            return self.told.status
        return together(job.status for job in self.jobs.values() if not job.is_optional or not job.status.is_finished)

    @property
    def attempt(self) -> int:
        """Which attempt its status is of."""
        if self.told is not None:
            return self.told.stamp.attempt
        return max((job.stamp.attempt for job in self.jobs.values()), default=1)

    @property
    def seconds(self) -> float | None:
        """How long it took, once it has ended."""
        return self.told.seconds if self.told is not None else None

    @property
    def order(self) -> tuple[int, float, str]:
        """What is greater was started later: forges count up, and where they do not, the moment says it."""
        number = int(self.pipeline) if self.pipeline.isdecimal() and len(self.pipeline) < 19 else 0
        return number, self.created_unix, self.pipeline
