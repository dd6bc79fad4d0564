"""Requests that want to know again who asks: the password of the one who is logged in, or a yes in a browser.

Standards: Matrix v1.19 CS §User-Interactive Authentication API, §OAuth authentication, §Fallback.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from scop.matrix.api.client_server.definitions import AuthenticationData
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.request import Request, Response
from scop.matrix.json_values import JsonObject
from scop.matrix.oauth.server import shown_url
from scop.matrix.steps import Steps, ask, ask_at

__all__ = ["ConfirmationWanted", "Credentials", "confirmed", "confirmed_at"]

_Answer = TypeVar("_Answer", bound=Response)
_PASSWORD = "m.login.password"  # noqa: S105 - the name of a stage
_DUMMY = "m.login.dummy"
_TOKEN = "m.login.registration_token"  # noqa: S105 - the name of a stage
_MAX_STAGES = 8
_OAUTH = "m.oauth"
_IN_BROWSER = (_OAUTH, "m.login.sso")  # what nobody but a person with a browser can go through


class ConfirmationWanted(MatrixError):
    """The server wants a person to say yes in a browser; after that the same is asked with `session` as credentials."""

    def __init__(self, refusal: MatrixError, stage: str, session: str) -> None:
        super().__init__(refusal.status, refusal.errcode, refusal.error, refusal.body, refusal.retry_after_seconds)
        self.stage = stage
        self.session = session

    def url_at(self, homeserver_url: str) -> str | None:
        """Return where that is; None where the server names no page that one may open."""
        if self.stage != _OAUTH:
            # §Fallback: a page of the homeserver for any stage.
            wanted = urlencode({"session": self.session})
            return f"{homeserver_url}/_matrix/client/v3/auth/{self.stage}/fallback/web?{wanted}"
        params = self.body.get("params")
        named = params.get(_OAUTH) if isinstance(params, dict) else None
        return shown_url(named.get("url"), homeserver_url) if isinstance(named, dict) else None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What we can show when asked; None and empty where there is nothing."""

    user_id: str | None = None
    password: str | None = field(default=None, repr=False)
    registration_token: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)  # in which a person said yes in a browser

    def stages(self) -> dict[str, JsonObject]:
        """Return the stages that can be gone through, and what each takes."""
        stages: dict[str, JsonObject] = {_DUMMY: {}}
        if self.password is not None and self.user_id is not None:
            identifier = {"type": "m.id.user", "user": self.user_id}
            stages[_PASSWORD] = {"identifier": identifier, "password": self.password}
        if self.registration_token is not None:
            stages[_TOKEN] = {"token": self.registration_token}
        return stages


def confirmed(make: Callable[[AuthenticationData | None], Request[_Answer]], shown: Credentials) -> Steps[_Answer]:
    """Ask, and go through the stages that the server wants; raises its `MatrixError` where we cannot."""
    return (yield from confirmed_at(None, make, shown))


def confirmed_at(
    base_url: str | None, make: Callable[[AuthenticationData | None], Request[_Answer]], shown: Credentials
) -> Steps[_Answer]:
    """Do the same at another server than the session's."""
    auth = None if shown.session is None else AuthenticationData(session=shown.session)
    stages = shown.stages()
    for _ in range(_MAX_STAGES):
        try:
            return (yield from _asked(base_url, make(auth)))
        except MatrixError as refusal:
            stage = _next_stage(refusal, stages)
            # A stage that is refused (its errcode is beside the flows) is not tried again.
            if stage is None or (auth is not None and auth.type == stage and "errcode" in refusal.body):
                raise (_for_a_person(refusal, stages) if stage is None else refusal) from None
            session = refusal.body.get("session")
            auth = AuthenticationData(
                type=stage, session=session if isinstance(session, str) else None, unknown=stages[stage]
            )
    return (yield from _asked(base_url, make(auth)))


def _asked(base_url: str | None, request: Request[_Answer]) -> Steps[_Answer]:
    return (yield from ask(request) if base_url is None else ask_at(base_url, request))


def _for_a_person(refusal: MatrixError, shown: Collection[str]) -> MatrixError:
    """Return a refusal as what a person can do about it in a browser, if that is what is wanted."""
    if _PASSWORD not in shown and _next_stage(refusal, (_DUMMY, _PASSWORD)) is not None:
        return refusal  # a password would do
    session = refusal.body.get("session")
    stage = _next_stage(refusal, (_DUMMY, *_IN_BROWSER))
    return ConfirmationWanted(refusal, stage, session) if stage in _IN_BROWSER and isinstance(session, str) else refusal


def _next_stage(refusal: MatrixError, able: Collection[str]) -> str | None:
    """Return the stage to go through next: of the first flow that we can end."""
    flows, done = refusal.body.get("flows"), refusal.body.get("completed")
    if refusal.status != 401 or not isinstance(flows, list):
        return None
    completed = set(done) if isinstance(done, list) else set()
    for flow in flows:
        stages = flow.get("stages") if isinstance(flow, dict) else None
        if isinstance(stages, list):
            left = [stage for stage in stages if stage not in completed]
            if left and all(stage in able for stage in left):
                return str(left[0])
    return None
