"""The standard error response: what a server says when it does not do what was asked.

Standards: Matrix v1.19, Client-Server API §Standard error response, §Rate limiting, §User-Interactive Authentication.
"""

from __future__ import annotations

import msgspec

from scop.base import printable
from scop.matrix.api.http import HttpResponse
from scop.matrix.json_values import JsonObject

__all__ = ["Flow", "MatrixError", "Redirected", "UserInteractive", "read_error"]

_NOTHING_SAID = "M_UNKNOWN"
_MAX_RETRY_SECONDS = 3600.0  # whoever asks for more is asked again sooner


class MatrixError(Exception):
    """A server's refusal: its HTTP status, `errcode` (M_FORBIDDEN …), sentence and whole body."""

    def __init__(
        self, status: int, errcode: str, error: str, body: JsonObject, retry_after_seconds: float | None
    ) -> None:
        super().__init__(f"{printable(errcode)}: {printable(error)} (HTTP {status})")
        self.status = status
        self.errcode = errcode
        self.error = error
        self.body = body
        self.retry_after_seconds = retry_after_seconds

    @property
    def may_pass(self) -> bool:
        """Whether the same request may do better later: the server is busy, broken or has had enough of us."""
        return self.status == 429 or self.status >= 500 or self.errcode == "M_LIMIT_EXCEEDED"

    @property
    def is_of_homeserver(self) -> bool:
        """Whether a homeserver says it, and not what stands before one (a proxy, while the homeserver restarts)."""
        # §Standard error response: it has an `errcode`. What is too large for a proxy stays too large.
        is_said = "errcode" in self.body or "flows" in self.body or self.errcode != _NOTHING_SAID
        return is_said or self.status == 413

    @property
    def is_soft_logout(self) -> bool:
        """Whether the token has ended and the device has not: its keys count on after a new login."""
        return self.errcode == "M_UNKNOWN_TOKEN" and self.body.get("soft_logout") is True

    def to_http(self) -> HttpResponse:
        """Return it as a server sends it."""
        headers = {"content-type": "application/json"}
        if self.retry_after_seconds is not None:
            headers["retry-after"] = str(-int(-self.retry_after_seconds // 1))
        body = {**self.body, "errcode": self.errcode, "error": self.error}
        return HttpResponse(self.status, headers, msgspec.json.encode(body))


class Redirected(MatrixError):
    """What was asked for is at another place."""

    def __init__(self, status: int, location: str) -> None:
        super().__init__(status, _NOTHING_SAID, f"redirected to {location}", {}, None)
        self.location = location

    def to_http(self) -> HttpResponse:
        """Return it as a server sends it."""
        return HttpResponse(self.status, {"location": self.location})


class Flow(msgspec.Struct, frozen=True):
    """One way to authenticate: stages that are all to be passed, in this order."""

    stages: tuple[str, ...]


class _Challenge(msgspec.Struct, frozen=True):
    flows: tuple[Flow, ...]
    session: str | None = None
    params: dict[str, dict[str, object]] = msgspec.field(default_factory=dict)
    completed: tuple[str, ...] = ()


class UserInteractive(MatrixError):
    """The server wants to know that the user is there: ask again with `auth` for one stage of a flow, and `session`."""

    def __init__(self, refusal: MatrixError, challenge: _Challenge) -> None:
        super().__init__(refusal.status, refusal.errcode, refusal.error, refusal.body, refusal.retry_after_seconds)
        self.flows = challenge.flows
        self.session = challenge.session
        self.params = challenge.params
        self.completed = challenge.completed

    def next_stages(self) -> frozenset[str]:
        """Return the stages of which one may be passed now."""
        done = set(self.completed)
        left = ([stage for stage in flow.stages if stage not in done] for flow in self.flows)
        return frozenset(stages[0] for stages in left if stages)


def read_error(response: HttpResponse) -> MatrixError:
    """Return what an answer other than the expected one says; also where a proxy answered with a page."""
    location = response.headers.get("location")
    if 300 <= response.status < 400 and location is not None:
        return Redirected(response.status, location)
    try:
        body = msgspec.json.decode(response.body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = {}
    errcode, error = body.get("errcode"), body.get("error")
    refusal = MatrixError(
        response.status,
        errcode if isinstance(errcode, str) else _NOTHING_SAID,
        error if isinstance(error, str) else f"the server answered {response.status}",
        body,
        _retry_after_seconds(body.get("retry_after_ms"), response.headers.get("retry-after")),
    )
    # Matrix v1.19 CS §User-Interactive API in the REST API: a 401 that has flows is a question.
    if response.status == 401 and "flows" in body:
        return _user_interactive(refusal)
    return refusal


def _user_interactive(refusal: MatrixError) -> MatrixError:
    try:
        return UserInteractive(refusal, msgspec.convert(refusal.body, _Challenge))
    except (msgspec.ValidationError, RecursionError):
        return refusal


def _retry_after_seconds(milliseconds: object, header: str | None) -> float | None:
    """Return how long to wait; the header counts before the older key of the body."""
    if header is not None and header.isascii() and header.isdigit():
        return min(float(header), _MAX_RETRY_SECONDS)
    if isinstance(milliseconds, int) and milliseconds >= 0:
        return min(milliseconds, _MAX_RETRY_SECONDS * 1000) / 1000
    return None
