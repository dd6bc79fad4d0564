"""Laws that hold of every request and response, whatever is in them."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fakes.api_values import JSON, JSON_OBJECTS, bodies_of
from fakes.examples import drawn
from fakes.typed_operations import AnyRequest
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.operations import OPERATIONS
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.http import HttpRequest, HttpResponse

_SAMPLED = st.sampled_from(OPERATIONS)
_OCTETS = st.binary(max_size=40) | (JSON | JSON_OBJECTS).map(msgspec.json.encode)
_HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "content-disposition", "location", "retry-after"]), st.text(max_size=8)
)


@drawn(400)
@given(st.data())
def test_request_read_from_http_is_what_was_written(data: st.DataObject) -> None:
    """from_http ∘ to_http is the identity for every request class and whatever its fields hold."""
    kind = data.draw(_SAMPLED)
    request = data.draw(bodies_of(kind))
    assert request == kind.from_http(request.to_http())


@drawn(400)
@given(st.data())
def test_response_read_from_http_is_what_was_written(data: st.DataObject) -> None:
    """read_response ∘ to_http is the identity for every response class and whatever its fields hold."""
    kind = data.draw(_SAMPLED)
    request = data.draw(bodies_of(kind))
    answer = data.draw(bodies_of(kind.response_type()))
    assert answer == request.read_response(answer.to_http())


@drawn(300)
@given(_SAMPLED, st.data(), st.integers(100, 599), _HEADERS, _OCTETS)
def test_response_of_any_octets_is_an_answer_or_a_fault(
    kind: AnyRequest, data: st.DataObject, status: int, headers: dict[str, str], body: bytes
) -> None:
    """Of an arbitrary answer nothing escapes but `MatrixError` and `RemoteProtocolError`."""
    request = data.draw(bodies_of(kind))
    with suppress(MatrixError, RemoteProtocolError):
        request.read_response(HttpResponse(status, headers, body))


@drawn(300)
@given(_SAMPLED, st.text(max_size=10), st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4))), _OCTETS)
def test_request_of_any_octets_is_one_or_a_fault(
    kind: AnyRequest, segment: str, query: list[tuple[str, str]], body: bytes
) -> None:
    """Of an arbitrary request nothing escapes but `RemoteProtocolError`."""
    path = "/".join(segment if name.startswith("{") else name for name in kind.endpoint.path.split("/"))
    with suppress(RemoteProtocolError):
        kind.from_http(HttpRequest("GET", path, tuple(query), (), body))
