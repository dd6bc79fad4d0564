"""Requests and responses: structs that become HTTP and are read from it, in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, ClassVar, Generic, TypeVar, cast, get_args, get_origin, get_type_hints
from urllib.parse import quote, unquote

import msgspec

from scop.base import RemoteProtocolError, printable
from scop.matrix.api.endpoint import Access, Body, Where
from scop.matrix.api.errors import read_error
from scop.matrix.api.http import HttpRequest, HttpResponse
from scop.matrix.api.unknown_keys import keep_unknown, with_unknown
from scop.matrix.json_values import JsonObject

__all__ = ["Endpoint", "Request", "Response"]

_Request = TypeVar("_Request", bound="Request[Response]")
_Answer = TypeVar("_Answer", bound="Response")
_Value = TypeVar("_Value", bound=Body)
_TAKES_TOKEN = (Access.USER, Access.OPTIONAL, Access.APP_SERVICE)
_JSON = (("content-type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how something is asked; names in braces in `path` are the wire names of fields that go there."""

    method: str
    path: str
    access: Access = Access.USER
    is_rate_limited: bool = False
    is_deprecated: bool = False


class Response(Body, frozen=True, kw_only=True):
    """What a server answers when it does what was asked."""

    status: ClassVar[int] = 200

    def to_http(self) -> HttpResponse:
        """Return it as a server sends it."""
        placed = _placed(self)
        headers = dict(placed.headers)
        if not placed.is_octets:
            headers["content-type"] = "application/json"
        return HttpResponse(self.status, headers, placed.body)


class Request(Body, Generic[_Answer], frozen=True, kw_only=True):
    """What a client or a server asks; each subclass names its `endpoint` and, in brackets, its response."""

    endpoint: ClassVar[Endpoint]

    def to_http(self, token: str | None = None) -> HttpRequest:
        """Return it as it is sent, with an access token where the endpoint takes one."""
        endpoint, placed = self.endpoint, _placed(self)
        path = endpoint.path
        for name, value in placed.path:
            path = path.replace("{" + name + "}", quote(value, safe=""))
        headers = placed.headers
        has_body = bool(placed.body) and endpoint.method not in ("GET", "HEAD")
        if has_body and not placed.is_octets:
            headers += _JSON
        if token is not None and endpoint.access in _TAKES_TOKEN:
            headers += (("authorization", f"Bearer {token}"),)
        return HttpRequest(endpoint.method, path, placed.query, headers, placed.body if has_body else b"")

    @classmethod
    def response_type(cls) -> type[_Answer]:
        """Return the type of the answer."""
        return cast("type[_Answer]", _response_type(cls))  # what stands in the brackets is the _Answer

    def read_response(self, answer: HttpResponse) -> _Answer:
        """Return what was answered; raises `MatrixError` for a refusal, `RemoteProtocolError` for a broken answer."""
        kind = self.response_type()
        if answer.status != kind.status and not (answer.status == 200 or 200 < answer.status < 300):
            raise read_error(answer)
        return _read(kind, answer.body, dict(answer.headers), {}, [])

    @classmethod
    def from_http(cls: type[_Request], request: HttpRequest) -> _Request:
        """Return what a client asks; raises `RemoteProtocolError`. The path is one that fits the endpoint's."""
        theirs, ours = request.path.split("/"), cls.endpoint.path.split("/")
        if len(theirs) != len(ours):
            raise RemoteProtocolError(f"{printable(request.path)} is not {cls.endpoint.path}")
        path = {name[1:-1]: unquote(value) for name, value in zip(ours, theirs, strict=True) if name.startswith("{")}
        headers = {name.lower(): value for name, value in request.headers}
        return _read(cls, request.body, headers, path, list(request.query))


@cache
def _response_type(kind: type) -> type[Response]:
    bases: tuple[object, ...] = getattr(kind, "__orig_bases__", ())
    for base in bases:
        if get_origin(base) is Request:
            answer: object = get_args(base)[0]
            if isinstance(answer, type) and issubclass(answer, Response):
                return answer
    raise TypeError(f"{kind.__name__} does not say what answers it: class {kind.__name__}(Request[…])")


@dataclass(frozen=True, slots=True)
class _Placed:
    """The fields of a request or response, each where it goes."""

    path: tuple[tuple[str, str], ...]
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_octets: bool


@dataclass(frozen=True, slots=True)
class _Place:
    attribute: str
    name: str  # on the wire
    where: Where
    kind: object
    is_many: bool


@cache
def _places(kind: type[Body]) -> tuple[_Place, ...]:
    """Return the fields of a type that do not go into a JSON body."""
    hints = get_type_hints(kind, include_extras=True)
    places = []
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        if get_origin(hint) is Annotated and isinstance(where := get_args(hint)[1], Where):
            bare = get_args(hint)[0]
            is_many = get_origin(bare) is tuple
            places.append(_Place(field.name, field.encode_name, where, bare, is_many))
    return tuple(places)


def _text(value: object) -> str:
    """Return a value as it stands in a path, a query or a header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _placed(value: Body) -> _Placed:
    found: dict[Where, list[tuple[str, str]]] = {Where.PATH: [], Where.QUERY: [], Where.HEADER: []}
    json: object = None
    has_whole = False
    places = _places(type(value))
    for place in places:
        one = getattr(value, place.attribute)
        if place.where is Where.BODY:
            json, has_whole = one, True
        elif one is not None:
            many = one if place.is_many else (one,)
            found[place.where].extend((place.name, _text(each)) for each in many)
    if has_whole:
        is_octets = isinstance(json, bytes)
        body = json if isinstance(json, bytes) else _encoded(json)
    else:
        is_octets, keys = False, with_unknown(value)
        for place in places:
            keys.pop(place.name, None)
        body = _encoded(keys)
    return _Placed(tuple(found[Where.PATH]), tuple(found[Where.QUERY]), tuple(found[Where.HEADER]), body, is_octets)


def _encoded(json: object) -> bytes:
    if isinstance(json, Body):
        json = with_unknown(json)
    elif isinstance(json, tuple | list):
        json = [with_unknown(one) if isinstance(one, Body) else one for one in json]
    return msgspec.json.encode(json)


def _read(
    kind: type[_Value], body: bytes, headers: dict[str, str], path: dict[str, str], query: list[tuple[str, str]]
) -> _Value:
    places = _places(kind)
    whole = next((place for place in places if place.where is Where.BODY), None)
    try:
        json: JsonObject
        if whole is None:
            json = msgspec.json.decode(body, type=dict[str, object]) if body else {}
            sent = dict(json)
        elif whole.kind is bytes:
            json, sent = {}, {whole.name: body}
        else:
            json = {whole.name: msgspec.json.decode(body) if body else None}
            sent = dict(json)
        for place in places:
            if place.where is not Where.BODY:
                _put(sent, place, headers, path, query)
        value = msgspec.convert(sent, kind, strict=True, builtin_types=(bytes,))
        keep_unknown(value, json)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError(f"not a {kind.__name__}: {error}") from error
    return value


def _put(
    sent: JsonObject, place: _Place, headers: dict[str, str], path: dict[str, str], query: list[tuple[str, str]]
) -> None:
    """Put into `sent` what stands in the path, the query or a header, as the kind of value that is wanted."""
    sent.pop(place.name, None)  # a key of the body is no such field
    if place.where is Where.PATH:
        found = [path[place.name]] if place.name in path else []
    elif place.where is Where.HEADER:
        found = [headers[place.name.lower()]] if place.name.lower() in headers else []
    else:
        found = [value for name, value in query if name == place.name]
    if found:
        words: object = found if place.is_many else found[-1]
        sent[place.name] = msgspec.to_builtins(msgspec.convert(words, place.kind, strict=False))
