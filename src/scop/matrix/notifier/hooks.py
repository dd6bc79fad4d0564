"""One webhook of one sender: is it signed, what is its id, what does it say.

Refusals name their HTTP status and, in `reply_hint`, the one sentence that the sender may read; the reason is for
the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scop.base import RemoteProtocolError, printable
from scop.matrix.notifier.forgejo import read_forgejo
from scop.matrix.notifier.generic import BY_NAME, Template, read_generic
from scop.matrix.notifier.github import read_github
from scop.matrix.notifier.gitlab import read_gitlab
from scop.matrix.notifier.payload import Payload
from scop.matrix.notifier.report import Report
from scop.matrix.notifier.signatures import Proof, is_proved, is_standard

__all__ = ["Delivery", "Forge", "Hook", "HookRefused", "receive"]

MAX_ID_CHARACTERS = 200


class Forge(StrEnum):
    """Who sends."""

    GITHUB = "github"
    GITLAB = "gitlab"
    FORGEJO = "forgejo"
    GITEA = "gitea"
    GENERIC = "generic"


class HookRefused(RemoteProtocolError):
    """A webhook that is not taken."""

    def __init__(self, status: int, reason: str, *, reply_hint: str) -> None:
        super().__init__(reason, reply_hint=reply_hint)
        self.status = status


@dataclass(frozen=True, slots=True)
class Hook:
    """Where one sender's webhooks come in."""

    path: str
    forge: Forge
    secrets: tuple[str, ...]  # several while one takes the place of another; none is only for tests behind a proxy
    source: str = ""  # what pipelines are said to be of; the forge's name without
    proof: Proof = Proof.HEX_SHA256  # of the generic form
    header: str = "x-signature-256"  # where it stands in the generic form
    template: Template = BY_NAME


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came in: its id at the sender, and what it says, if that is of a pipeline."""

    hook: str
    id: str
    event: str
    report: Report | None


# Where each forge says which event it is, which delivery, and how it proves itself; the first that is there counts.
_EVENTS: Mapping[Forge, tuple[str, ...]] = {
    Forge.GITHUB: ("x-github-event",),
    Forge.GITLAB: ("x-gitlab-event",),
    Forge.FORGEJO: ("x-forgejo-event", "x-gitea-event"),
    Forge.GITEA: ("x-gitea-event",),
    Forge.GENERIC: ("x-event",),
}
_IDS: Mapping[Forge, tuple[str, ...]] = {
    Forge.GITHUB: ("x-github-delivery",),
    # X-Gitlab-Event-UUID is shared by hooks that one hook sets off; this one stays the same over retries only.
    Forge.GITLAB: ("idempotency-key", "webhook-id"),
    Forge.FORGEJO: ("x-forgejo-delivery", "x-gitea-delivery"),
    Forge.GITEA: ("x-gitea-delivery",),
    Forge.GENERIC: ("idempotency-key", "webhook-id", "x-delivery"),
}
_PROOFS: Mapping[Forge, tuple[tuple[str, Proof], ...]] = {
    Forge.GITHUB: (("x-hub-signature-256", Proof.HUB_SHA256),),
    Forge.GITLAB: (("webhook-signature", Proof.STANDARD), ("x-gitlab-token", Proof.TOKEN)),
    Forge.FORGEJO: (
        ("x-forgejo-signature", Proof.HEX_SHA256),
        ("x-gitea-signature", Proof.HEX_SHA256),
        ("x-hub-signature-256", Proof.HUB_SHA256),
    ),
    Forge.GITEA: (("x-gitea-signature", Proof.HEX_SHA256), ("x-hub-signature-256", Proof.HUB_SHA256)),
}


def receive(hook: Hook, headers: Mapping[str, str], body: bytes, now_unix: float) -> Delivery:
    """Return what a webhook says; names of `headers` are in lower case. Raises `HookRefused`.

    The signature is checked before anything is read.
    """
    _check_proof(hook, headers, body, now_unix)
    if headers.get("content-type", "").partition(";")[0].strip().lower() not in ("application/json", ""):
        raise HookRefused(
            415,
            f"content type {printable(headers['content-type'])}",
            reply_hint="set the content type of the webhook to application/json",
        )
    event = _first(headers, _EVENTS[hook.forge])
    try:
        report = _read(hook, event, Payload.parse(body))
    except HookRefused:
        raise
    except RemoteProtocolError as fault:
        raise HookRefused(400, f"{event}: {fault}", reply_hint=fault.reply_hint or "not understood") from None
    given = _first(headers, _IDS[hook.forge])[:MAX_ID_CHARACTERS]
    return Delivery(hook.path, given or hashlib.sha256(body).hexdigest(), printable(event), report)


def _check_proof(hook: Hook, headers: Mapping[str, str], body: bytes, now_unix: float) -> None:
    if not hook.secrets:
        return
    proofs = _PROOFS.get(hook.forge) or ((hook.header, hook.proof),)
    for header, proof in proofs:
        if header not in headers:
            continue
        if proof is Proof.STANDARD:
            is_right = is_standard(headers, body, hook.secrets, now_unix)
        else:
            is_right = is_proved(proof, headers[header], body, hook.secrets)
        if is_right:
            return
        # One wrong proof is enough: another header must not make up for it.
        raise HookRefused(401, f"{header} is not made with the secret of {hook.path}", reply_hint="refused")
    names = ", ".join(header for header, _ in proofs)
    raise HookRefused(401, f"unsigned: none of {names} at {hook.path}", reply_hint="refused")


def _read(hook: Hook, event: str, payload: Payload) -> Report | None:
    source = hook.source or hook.forge.value
    if hook.forge is Forge.GENERIC:
        return read_generic(payload, hook.template, source)
    reader = {Forge.GITHUB: read_github, Forge.GITLAB: read_gitlab}.get(hook.forge, read_forgejo)
    return reader(event, payload, source)


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if headers.get(name)), "")
