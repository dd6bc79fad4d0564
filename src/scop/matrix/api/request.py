"""Requests and responses: structs that become HTTP and are read from it, in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Generic, TypeVar, cast, get_args, get_origin
from urllib.parse import quote, unquote

from scop.base import RemoteProtocolError, printable
from scop.matrix.api.endpoint import Access, Body
from scop.matrix.api.errors import read_error
from scop.matrix.api.http import HttpRequest, HttpResponse
from scop.matrix.api.placing import Received, has_body, place, read, read_answer

__all__ = ["Endpoint", "Request", "Response"]

_Request = TypeVar("_Request", bound="Request[Response]")
_Answer_co = TypeVar("_Answer_co", bound="Response", covariant=True)
_JSON = ("content-type", "application/json")
_TAKES_TOKEN = (Access.USER, Access.OPTIONAL, Access.APP_SERVICE)
_STATE_KEY = "/{stateKey}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how something is asked; names in braces in `path` are the wire names of fields that go there."""

    method: str
    path: str
    access: Access = Access.USER
    is_rate_limited: bool = False
    is_deprecated: bool = False
    is_idempotent: bool = False  # of POSTs that other standards describe: a second one changes nothing more

    def paths(self) -> tuple[str, ...]:
        """Return the forms of the path, the usual one first."""
        # Matrix v1.19 CS §Getting/setting state: an empty state key and the slash before it may be left out.
        return (self.path, self.path.removesuffix(_STATE_KEY)) if self.path.endswith(_STATE_KEY) else (self.path,)

    def parameters_of(self, path: str) -> dict[str, str] | None:
        """Return what stands in the path for each name in braces, or None where the path is another endpoint's."""
        theirs, ours = path.split("/"), _segments(self.path)
        if len(theirs) == len(ours) - 1 and len(self.paths()) > 1:
            theirs.append("")
        if len(theirs) != len(ours):
            return None
        found = {}
        for (segment, name), word in zip(ours, theirs, strict=True):
            if name is not None:
                found[name] = _unquoted(word)
            elif segment != word:
                return None
        return found


@cache
def _segments(path: str) -> tuple[tuple[str, str | None], ...]:
    """Return the segments of an endpoint's path, each with the name of the parameter that it is, if it is one."""
    return tuple((one, one[1:-1] if one.startswith("{") else None) for one in path.split("/"))


class Response(Body, frozen=True, kw_only=True):
    """What a server answers when it does what was asked."""

    status: ClassVar[int] = 200

    def to_http(self) -> HttpResponse:
        """Return it as a server sends it."""
        placed = place(self)
        headers = {name.lower(): value for name, value in placed.headers}
        if not placed.is_octets:
            headers["content-type"] = "application/json"
        return HttpResponse(self.status, headers, placed.body)


class Request(Body, Generic[_Answer_co], frozen=True, kw_only=True):
    """What a client or a server asks; each subclass names its `endpoint` and, in brackets, its response."""

    endpoint: ClassVar[Endpoint]

    def to_http(self, token: str | None = None) -> HttpRequest:
        """Return it as it is sent, with an access token where the endpoint takes one."""
        endpoint, placed = self.endpoint, place(self)
        path = endpoint.path
        for name, value in placed.path:
            path = path.replace("{" + name + "}", _quoted(value))
        headers = placed.headers
        is_sent = endpoint.method in ("POST", "PUT") or (endpoint.method == "DELETE" and has_body(type(self)))
        if is_sent and not placed.is_octets:
            headers += (_JSON,)
        if token is not None and endpoint.access in _TAKES_TOKEN:
            headers += (("authorization", f"Bearer {token}"),)
        return HttpRequest(endpoint.method, path, placed.query, headers, placed.body if is_sent else b"")

    @classmethod
    def response_type(cls) -> type[_Answer_co]:
        """Return the type of the answer."""
        return cast("type[_Answer_co]", _response_type(cls))  # what stands in the brackets is the _Answer_co

    def read_response(self, answer: HttpResponse) -> _Answer_co:
        """Return what was answered; raises `MatrixError` for a refusal, `RemoteProtocolError` for a broken answer."""
        kind = self.response_type()
        if answer.status != kind.status and not 200 <= answer.status < 300:
            raise read_error(answer)
        return read_answer(kind, Received(answer.body, dict(answer.headers), {}, ()))

    @classmethod
    def from_http(cls: type[_Request], request: HttpRequest) -> _Request:
        """Return what a client asks; raises `RemoteProtocolError`."""
        path = cls.endpoint.parameters_of(request.path)
        if path is None:
            raise RemoteProtocolError(f"{printable(request.path)} is not {cls.endpoint.path}")
        headers = {name.lower(): value for name, value in request.headers}
        return read(cls, Received(request.body, headers, path, request.query))


def _quoted(segment: str) -> str:
    # RFC 3986 §5.2.4: a client or proxy would take these away as steps in a hierarchy.
    return quote(segment, safe="") if segment not in (".", "..") else segment.replace(".", "%2E")


def _unquoted(segment: str) -> str:
    if "%" not in segment:
        return segment
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise RemoteProtocolError(f"{printable(segment)} is not UTF-8 in percent-encoding") from error


@cache
def _response_type(kind: type) -> type[Response]:
    bases: tuple[object, ...] = getattr(kind, "__orig_bases__", ())
    for base in bases:
        origin = get_origin(base)
        if isinstance(origin, type) and issubclass(origin, Request):
            answer: object = get_args(base)[0]
            if isinstance(answer, type) and issubclass(answer, Response):
                return answer
    raise TypeError(f"{kind.__name__} does not say what answers it: class {kind.__name__}(Request[…])")
