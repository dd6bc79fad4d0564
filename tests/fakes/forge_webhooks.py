"""Webhooks in the shapes that forges document, cut to what matters, and how each forge signs them."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field

import msgspec

__all__ = [
    "SECRET",
    "Sent",
    "forgejo",
    "forgejo_run",
    "generic",
    "github",
    "github_job",
    "github_release",
    "github_run",
    "gitlab",
    "gitlab_build",
    "gitlab_job",
    "gitlab_pipeline",
]

SECRET = "It's a Secret to Everybody"  # as in GitHub's documentation

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Sent:
    """One webhook on the wire; names of headers in lower case."""

    headers: dict[str, str]
    body: bytes = field(repr=False)


def _signed(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, "sha256").hexdigest()


def github(event: str, payload: Json, delivery: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958") -> Sent:
    """Return a webhook as GitHub sends it."""
    body = json.dumps(payload).encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/044aadd",
        "x-github-delivery": delivery,
        "x-github-event": event,
        "x-hub-signature-256": f"sha256={_signed(body)}",
    }
    return Sent(headers, body)


def gitlab(event: str, payload: Json, key: str = "f5e5f430-f57b-4e6e-9fac-d9128cd7232f") -> Sent:
    """Return a webhook as GitLab sends it."""
    headers = {
        "content-type": "application/json",
        "user-agent": "GitLab/18.0.0",
        "idempotency-key": key,
        "x-gitlab-event": event,
        "x-gitlab-event-uuid": "13792a34-cac6-4fda-95a8-c58e00a3954e",
        "x-gitlab-token": SECRET,
    }
    return Sent(headers, json.dumps(payload).encode())


def forgejo(event: str, payload: Json, delivery: str = "f6266f16-1bf3-46a5-9ea4-602e06ead473") -> Sent:
    """Return a webhook as Forgejo sends it, which names events in the older forges' headers, too."""
    body = json.dumps(payload).encode()
    headers = {
        "content-type": "application/json",
        "x-forgejo-delivery": delivery,
        "x-forgejo-event": event,
        "x-forgejo-signature": _signed(body),
        "x-gitea-event": event,
        "x-gitea-signature": _signed(body),
        "x-github-event": event,
        "x-hub-signature-256": f"sha256={_signed(body)}",
    }
    return Sent(headers, body)


def generic(payload: Json) -> Sent:
    """Return a webhook of our own form."""
    body = msgspec.json.encode(payload)
    headers = {"content-type": "application/json", "x-signature-256": _signed(body)}
    return Sent(headers, body)


def github_run(action: str = "completed", **changed: object) -> Json:
    """Return the payload of workflow_run."""
    run: Json = {
        "id": 9_001,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "display_title": "Fix the total of a basket",
        "head_branch": "main",
        "head_sha": "3f2a9c1de0c1f4d1f6b6f1e6bb3e1d1f0f6a9c1d",
        "run_number": 123,
        "run_attempt": 1,
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "html_url": "https://github.com/acme/shop/actions/runs/9001",
        "created_at": "2026-11-29T12:00:00Z",
        "run_started_at": "2026-11-29T12:00:00Z",
        "updated_at": "2026-11-29T12:03:12Z",
        "actor": {"login": "alice"},
        "head_commit": {
            "id": "3f2a9c1de0c1f4d1f6b6f1e6bb3e1d1f0f6a9c1d",
            "message": "Fix the total of a basket\n\nIt forgot the last item.",
            "author": {"name": "Alice", "email": "alice@acme.example"},
        },
    }
    return {
        "action": action,
        "workflow_run": {**run, **changed},
        "workflow": {"name": "CI"},
        "repository": {"full_name": "acme/shop", "html_url": "https://github.com/acme/shop"},
        "sender": {"login": "alice"},
    }


def github_job(name: str, action: str = "completed", **changed: object) -> Json:
    """Return the payload of workflow_job."""
    job: Json = {
        "id": 77,
        "run_id": 9_001,
        "run_attempt": 1,
        "workflow_name": "CI",
        "head_branch": "main",
        "head_sha": "3f2a9c1de0c1f4d1f6b6f1e6bb3e1d1f0f6a9c1d",
        "name": name,
        "status": "completed",
        "conclusion": "success",
        "html_url": "https://github.com/acme/shop/actions/runs/9001/job/77",
        "created_at": "2026-11-29T12:00:01Z",
        "started_at": "2026-11-29T12:00:05Z",
        "completed_at": "2026-11-29T12:00:17Z",
        "steps": [],
    }
    return {"action": action, "workflow_job": {**job, **changed}, "repository": {"full_name": "acme/shop"}}


def github_release(action: str = "published") -> Json:
    """Return the payload of release."""
    return {
        "action": action,
        "release": {
            "tag_name": "v1.2.0",
            "name": "Baskets that add up",
            "html_url": "https://github.com/acme/shop/releases/tag/v1.2.0",
            "author": {"login": "alice"},
            "created_at": "2026-11-28T09:00:00Z",
            "published_at": "2026-11-29T13:00:00Z",
        },
        "repository": {"full_name": "acme/shop"},
    }


def gitlab_pipeline(status: str = "success", builds: tuple[Json, ...] = (), **changed: object) -> Json:
    """Return the payload of a Pipeline Hook."""
    attributes: Json = {
        "id": 31,
        "iid": 3,
        "name": "Pipeline for branch: master",
        "ref": "master",
        "tag": False,
        "sha": "bcbb5ec396a2c0f828686f14fac9b80b780504f2",
        "source": "push",
        "status": status,
        "detailed_status": "passed",
        "stages": ["build", "test"],
        "created_at": "2016-08-12 15:23:28 UTC",
        "finished_at": None if status in ("pending", "running") else "2016-08-12 15:26:29 UTC",
        "duration": None if status in ("pending", "running") else 63,
        "url": "http://example.com/gitlab-org/gitlab-test/-/pipelines/31",
    }
    return {
        "object_kind": "pipeline",
        "object_attributes": {**attributes, **changed},
        "user": {"id": 1, "name": "Administrator", "username": "root", "email": "[REDACTED]"},
        "project": {
            "path_with_namespace": "gitlab-org/gitlab-test",
            "web_url": "http://example.com/gitlab-org/gitlab-test",
        },
        "commit": {
            "id": "bcbb5ec396a2c0f828686f14fac9b80b780504f2",
            "message": "test\n",
            "title": "test",
            "author": {"name": "User", "email": "user@gitlab.com"},
        },
        "builds": list(builds),
    }


def gitlab_build(name: str, status: str, number: int, **changed: object) -> Json:
    """Return one entry of `builds`."""
    return {
        "id": number,
        "stage": "test",
        "name": name,
        "status": status,
        "created_at": "2016-08-12 15:23:28 UTC",
        "started_at": "2016-08-12 15:26:12 UTC",
        "finished_at": "2016-08-12 15:26:29 UTC",
        "duration": 17.0,
        "manual": False,
        "allow_failure": False,
        **changed,
    }


def gitlab_job(status: str = "success", number: int = 380, **changed: object) -> Json:
    """Return the payload of a Job Hook."""
    job: Json = {
        "object_kind": "build",
        "ref": "master",
        "tag": False,
        "sha": "bcbb5ec396a2c0f828686f14fac9b80b780504f2",
        "build_id": number,
        "build_name": "test-image",
        "build_stage": "test",
        "build_status": status,
        "build_created_at": "2016-08-12 15:23:28 UTC",
        "build_started_at": "2016-08-12 15:26:12 UTC",
        "build_finished_at": None,
        "build_duration": None,
        "build_allow_failure": False,
        "pipeline_id": 31,
        "project_name": "gitlab-org / gitlab-test",
        "commit": {"message": "test\n", "author_name": "User", "author_email": "user@gitlab.com"},
        "repository": {"homepage": "http://example.com/gitlab-org/gitlab-test"},
    }
    return {**job, **changed}


def forgejo_run(action: str = "failure", **changed: object) -> Json:
    """Return the payload of action_run_…."""
    run: Json = {
        "id": 12_346,
        "title": "Refactor the connection",
        "workflow_id": "test.yml",
        "index_in_repo": 12,
        "trigger_user": {"login": "gridhead", "full_name": "Akashdeep", "email": "g@example.org"},
        "prettyref": "main",
        "commit_sha": "b2c3d4e5f6a7890123456789012345678901bcde",
        "event": "push",
        "status": "success" if action == "recover" else action,
        "started": "2026-04-14T11:15:30Z",
        "stopped": "2026-04-14T11:25:00Z",
        "created": "2026-04-14T11:15:00Z",
        "updated": "2026-04-14T11:25:00Z",
        "duration": 570_000_000_000,
        "html_url": "https://codeberg.org/acme/shop/actions/runs/12",
        "repository": {"full_name": "acme/shop"},
    }
    return {"action": action, "run": {**run, **changed}, "prior_status": "running"}
