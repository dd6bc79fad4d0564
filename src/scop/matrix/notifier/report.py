"""What one webhook says of one pipeline, whichever forge sent it.

A report is a piece of knowledge and no order: each carries by what it is older or newer than others
(`Stamp`), so that it does not matter when it comes in, or how often.
"""

from __future__ import annotations

import msgspec

from scop.matrix.notifier.status import Status

__all__ = ["Job", "Report", "Stamp"]


class Stamp(msgspec.Struct, frozen=True, order=True):
    """How new a piece of knowledge is: the attempt it is of, and the forge's own time of it."""

    attempt: int = 1
    unix: float = 0.0


class Job(msgspec.Struct, frozen=True):
    """One job of a pipeline."""

    name: str
    status: Status
    stamp: Stamp = Stamp()
    seconds: float | None = None
    url: str = ""
    is_optional: bool = False  # it may fail, and the pipeline passes
    note: str = ""  # why it stands so, in one line

    @property
    def rank(self) -> tuple[int, bool, float, int, float, str, str]:
        """What is greater is newer; a job that has ended never runs again in the same attempt."""
        stamp = self.stamp
        seconds = -1.0 if self.seconds is None else self.seconds
        return stamp.attempt, self.status.is_finished, stamp.unix, self.status.progress, seconds, self.url, self.note


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What is said; an empty text, and None, is what nothing is said about."""

    source: str  # of which forge or list: github, gitlab, forgejo, pypi …
    project: str
    pipeline: str  # its id there
    stamp: Stamp = Stamp()
    status: Status | None = None  # of the whole; None where only jobs are spoken of
    ref: str = ""  # branch or tag, without refs/heads/
    workflow: str = ""  # what tells pipelines of one branch apart
    number: str = ""  # as people call it
    attempt: str = ""  # the second and later, as people count them
    title: str = ""
    commit: str = ""
    author: str = ""  # a name for people
    author_ids: tuple[str, ...] = ()  # login and address, to find who it is in Matrix
    url: str = ""
    created_unix: float = 0.0
    seconds: float | None = None
    jobs: tuple[Job, ...] = ()

    @property
    def key(self) -> str:
        """The name of the pipeline among all that are known."""
        return f"{self.source}\n{self.project}\n{self.pipeline}"
