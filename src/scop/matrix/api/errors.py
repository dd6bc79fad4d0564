"""The standard error response: what a server says when it does not do what was asked.

Standards: Matrix v1.19, Client-Server API §Standard error response, §Rate limiting.
"""

from __future__ import annotations

import msgspec

from scop.base import printable
from scop.matrix.api.http import HttpResponse
from scop.matrix.json_values import JsonObject

__all__ = ["MatrixError", "read_error"]

_MAX_RETRY_SECONDS = 3600.0  # whoever asks for more is asked again sooner


class MatrixError(Exception):
    """A server's refusal: its HTTP status, `errcode` (M_FORBIDDEN …), sentence and whole body."""

    def __init__(
        self, status: int, errcode: str, error: str, body: JsonObject, retry_after_seconds: float | None
    ) -> None:
        super().__init__(f"{errcode}: {printable(error)} (HTTP {status})")
        self.status = status
        self.errcode = errcode
        self.error = error
        self.body = body
        self.retry_after_seconds = retry_after_seconds

    @property
    def may_pass(self) -> bool:
        """Whether the same request may do better later: the server is busy, broken or has had enough of us."""
        return self.status == 429 or self.status >= 500 or self.errcode == "M_LIMIT_EXCEEDED"


def read_error(response: HttpResponse) -> MatrixError:
    """Return what an answer other than the expected one says; also where a proxy answered with a page."""
    try:
        body = msgspec.json.decode(response.body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = {}
    errcode, error = body.get("errcode"), body.get("error")
    return MatrixError(
        response.status,
        errcode if isinstance(errcode, str) else "M_UNKNOWN",
        error if isinstance(error, str) else f"the server answered {response.status}",
        body,
        _retry_after_seconds(body.get("retry_after_ms"), response.headers.get("retry-after")),
    )


def _retry_after_seconds(milliseconds: object, header: str | None) -> float | None:
    """Return how long to wait; the header counts before the older key of the body."""
    if header is not None and header.isascii() and header.isdigit():
        return min(float(header), _MAX_RETRY_SECONDS)
    if isinstance(milliseconds, int) and milliseconds >= 0:
        return min(milliseconds / 1000, _MAX_RETRY_SECONDS)
    return None
