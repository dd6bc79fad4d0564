"""What webhooks of Forgejo and Gitea say.

Forgejo sends `action_run_success`, `action_run_failure` and `action_run_recover` once a run has ended; Gitea sends
`workflow_run` and `workflow_job` in the shape of GitHub's, and both `status` and `release`.

Standards: https://forgejo.org/docs/latest/user/webhooks/ https://docs.gitea.com/usage/repository/webhooks
"""

from __future__ import annotations

from scop.matrix.notifier.github import read_github
from scop.matrix.notifier.payload import Payload, branch_of
from scop.matrix.notifier.report import Report, Stamp
from scop.matrix.notifier.status import status_of

__all__ = ["read_forgejo"]

_NANOSECONDS = 1e9


def read_forgejo(event: str, payload: Payload, source: str = "forgejo") -> Report | None:
    """Return what a webhook says, None where it is of no pipeline; raises `RemoteProtocolError`."""
    if event.startswith("action_run"):
        return _run(payload, source)
    return read_github(event, payload, source)


def _run(payload: Payload, source: str) -> Report | None:
    run = payload.at("run")
    # A recovery is a success after a failure; the action says which, the status of the run does so more finely.
    word = run.text("status") or payload.text("action")
    status = status_of(word) or status_of({"recover": "success"}.get(payload.text("action"), payload.text("action")))
    commit = run.at("head_commit")
    nanoseconds = run.seconds("duration")
    ended = run.unix("stopped") or run.unix("updated") or run.unix("updated_at")
    return Report(
        source=source,
        project=payload.text("repository", "full_name") or payload.need("run", "repository", "full_name"),
        pipeline=payload.need("run", "id"),
        stamp=Stamp(max(run.whole("attempt"), 1), ended),
        status=status,
        ref=_branch(run),
        workflow=run.text("workflow_id"),
        number=run.text("index_in_repo"),
        title=commit.text("message") or run.text("title"),
        commit=run.text("commit_sha") or run.text("head_sha"),
        author=_name(run.at("trigger_user")) or commit.text("author", "name"),
        author_ids=tuple(
            each
            for each in (
                run.text("trigger_user", "email") or commit.text("author", "email"),
                run.text("trigger_user", "login") or commit.text("author", "username"),
            )
            if each
        ),
        url=run.address("html_url"),
        created_unix=run.unix("created") or run.unix("created_at"),
        seconds=nanoseconds / _NANOSECONDS if nanoseconds else run.between("started", "stopped"),
    )


def _branch(run: Payload) -> str:
    """Return the branch, or the request such as #12; what comes of a fork is by whose it is."""
    branch = branch_of(run.text("prettyref") or run.text("head_branch"))
    return f"{run.text('trigger_user', 'login')}:{branch}" if run.flag("is_fork_pull_request") else branch


def _name(user: Payload) -> str:
    return user.text("full_name") or user.text("login")
